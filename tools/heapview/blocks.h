/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * blocks - the text of debugfs' file `blocks`, read into a model
 */
#ifndef HEAPVIEW_BLOCKS_H
#define HEAPVIEW_BLOCKS_H

#include "fail.h"
#include "model.h"

bool blocks_parse(struct model *model, const char *text, size_t length, bool gaps, u32 *missing,
		  const char *name, struct problem *problem);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * blocks - parser of the debugfs file `blocks`
 */
#ifndef HEAPVIEW_BLOCKS_H
#define HEAPVIEW_BLOCKS_H

#include "fail.h"
#include "model.h"

/*
 * Parse @text, which ends with '\0', into @model. Set @missing to the number of granules that no
 * line covers; without @gaps, that is an error. @name is the name of the file, for errors.
 */
bool blocks_parse(struct model *model, const char *text, size_t length, bool gaps, u32 *missing,
		  const char *name, struct problem *problem);

#endif

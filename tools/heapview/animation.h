/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * animation - a part of a trace as a moving picture
 */
#ifndef HEAPVIEW_ANIMATION_H
#define HEAPVIEW_ANIMATION_H

#include "source.h"

/* From after event @from to after event @to. */
bool animation_write(struct source *source, const char *path, u32 from, u32 to,
		     struct problem *problem);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * drawing - what all pictures are made of
 */
#ifndef HEAPVIEW_DRAWING_H
#define HEAPVIEW_DRAWING_H

#include <stdio.h>

#include <linux/types.h>

#include "fail.h"

#define BACKGROUND	"#14171e"

/* At most @most characters of @text; -1: all. */
void draw_escaped(FILE *file, const char *text, int most);
void draw_rect(FILE *file, double x, double y, double width, double height, const char *fill);

/* @class is one or more of big, dim and end. */
void draw_text(FILE *file, double x, double y, const char *class, const char *words);

/* Write the picture with the elements @inside on a dark background to the file @path. */
bool drawing_write(const char *path, const char *title, u32 width, u32 height, const char *inside,
		   struct problem *problem);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * svg - a heap as a picture
 */
#ifndef HEAPVIEW_SVG_H
#define HEAPVIEW_SVG_H

#include "source.h"

bool svg_write(const struct source *source, const char *path, struct problem *problem);

#endif

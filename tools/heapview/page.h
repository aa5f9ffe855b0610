/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * page - the page of a single owner: the sizes of its blocks, and in a trace their ages
 */
#ifndef HEAPVIEW_PAGE_H
#define HEAPVIEW_PAGE_H

#include "terminal.h"
#include "view.h"

/* @place: the list; the first row is a heading. */
void page_draw(const struct view *view, const struct place *place);

#endif

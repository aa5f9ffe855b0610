/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * panes - the parts of the screen
 */
#ifndef HEAPVIEW_PANES_H
#define HEAPVIEW_PANES_H

#include "view.h"

/* Draw all. @prompt replaces the last line; it may be NULL. */
void panes_draw(struct view *view, const char *prompt);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * panes - the parts of the screen
 */
#ifndef HEAPVIEW_PANES_H
#define HEAPVIEW_PANES_H

#include "view.h"

void panes_draw(struct view *view, const char *prompt);

#endif

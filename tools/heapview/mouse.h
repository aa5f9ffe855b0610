/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mouse - the actions of the mouse on the screen of a heap
 */
#ifndef HEAPVIEW_MOUSE_H
#define HEAPVIEW_MOUSE_H

#include "view.h"

/* Take the event of a KEY_MOUSE. */
void mouse_used(struct view *view);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * keys - the actions of the keys
 */
#ifndef HEAPVIEW_KEYS_H
#define HEAPVIEW_KEYS_H

#include "view.h"

void key_pressed(struct view *view, int key);

#endif

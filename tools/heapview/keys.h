/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * keys - what each key does
 */
#ifndef HEAPVIEW_KEYS_H
#define HEAPVIEW_KEYS_H

#include "view.h"

/* Asks for words in the last line; false when somebody has thought better of it. */
bool ask(struct view *view, const char *question, char *answer, size_t room);

void key_pressed(struct view *view, int key);
void view_refresh(struct view *view);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * prompt - a line of input at the bottom of the screen
 */
#ifndef HEAPVIEW_PROMPT_H
#define HEAPVIEW_PROMPT_H

#include "view.h"

/* Read @answer. Return false when the input is cancelled. */
bool prompt_read(struct view *view, const char *question, char *answer, size_t room);

#endif

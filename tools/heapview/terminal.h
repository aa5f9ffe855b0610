/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * terminal - the terminal: with or without colours, with or without block characters
 *
 * All four combinations work: a serial console has eight colours or none, and only ASCII.
 */
#ifndef HEAPVIEW_TERMINAL_H
#define HEAPVIEW_TERMINAL_H

#include <ncurses.h>

#include "cells.h"
#include "history.h"
#include "palette.h"

#define ESCAPE	27		/* the key */

void terminal_start(void);
void terminal_stop(void);
bool terminal_has_colours(void);

attr_t terminal_ink(int colour);
attr_t terminal_title(void);

void put_cell(const struct model *model, const struct cell *cell, u32 wanted, bool cursor);
void put_swatch(const struct owner *owner);
void put_zone(enum zone zone, u32 level, bool here);
void put_bar(int colour, char letter, u32 width);

#endif

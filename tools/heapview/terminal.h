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
#include "fail.h"
#include "history.h"
#include "palette.h"

#define ESCAPE	27		/* the key */

bool terminal_start(struct problem *problem);
void terminal_stop(void);
bool terminal_has_colours(void);

/* In seconds */
double terminal_now(void);

/* Wait for a key. Return ERR at @due, or when the terminal is gone. With @due 0, wait for ever. */
int terminal_key(double due);

/* A terminal that is gone answers at once, for ever; SIGHUP may be ignored. */
bool terminal_gone(void);

/* Where the mouse was clicked, or what its wheel did: -1 is up, 1 is down, 0 is a click. */
struct mouse {
	int y, x;
	int wheel;
};

/* The event of a KEY_MOUSE. Return false if it is neither. */
bool terminal_mouse(struct mouse *mouse);

/* Scroll a list of @rows lines only if @chosen is not visible. @first: the first visible line. */
void terminal_scroll(u32 *first, u32 chosen, u32 rows, u32 count);

attr_t terminal_ink(int colour);
attr_t terminal_title(void);

/* Text at the cursor. A longer one loses its middle. */
void put_words(attr_t ink, int room, const char *text);

/* A line in the colours of a title. */
void put_title(int y, int x, int columns, const char *text);

void put_cell(const struct model *model, const struct cell *cell, u32 wanted, bool cursor);
void put_swatch(const struct owner *owner);
void put_zone(enum zone zone, u32 level, bool here);
void put_bar(int colour, char letter, u32 width);

#endif

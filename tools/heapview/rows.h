/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * rows - the table of all heaps as lines of text
 */
#ifndef HEAPVIEW_ROWS_H
#define HEAPVIEW_ROWS_H

#include <stdio.h>

#include "heaps.h"

/* Longer than any line. */
#define ROW_ROOM	512

/* The name of a column. That of COLUMNS is "name". */
const char *column_name(enum column column);

/* Names and owners are shortened if they do not fit into @room columns. */
void rows_heading(const struct heaps *heaps, char line[ROW_ROOM], int room);
void rows_line(const struct heaps *heaps, u32 number, char line[ROW_ROOM], int room);

/* The output of --once. Owners have all of their names. */
void rows_print(const struct heaps *heaps, FILE *file);

#endif

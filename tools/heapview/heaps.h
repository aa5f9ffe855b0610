/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * heaps - all heaps of the running kernel, a row each
 */
#ifndef HEAPVIEW_HEAPS_H
#define HEAPVIEW_HEAPS_H

#include <linux/types.h>

#include "fail.h"
#include "file.h"

/* What a row has. The first ones are bytes, the others are counts. */
enum column {
	COLUMN_USED,
	COLUMN_PEAK,
	COLUMN_LARGEST,
	COLUMN_GROWTH,
	COLUMN_FAILURES,
	COLUMN_FINDINGS,
	COLUMNS
};

#define NUMBER_UNKNOWN	-1		/* version 1 of the format has no largest hole */

/**
 * struct row - a heap
 * @name: its name
 * @id: its number, which is never reused
 * @first: used bytes when the heap was first seen
 * @numbers: what is shown, by column
 * @owner: the call site that has most bytes, or "-"
 * @owner_bytes: the bytes that it asked for
 */
struct row {
	char name[64];
	u64 id;
	s64 first;
	s64 numbers[COLUMNS];
	char owner[256];
	u64 owner_bytes;
};

/**
 * struct heaps - the table
 * @debugfs: the mount point of debugfs
 * @rows: the heaps
 * @count: number of @rows
 */
struct heaps {
	const char *debugfs;
	struct row *rows;
	u32 count;
};

/*
 * Read all heaps again. A heap that is gone has no row. Return false when there are heaps that
 * cannot be read; @problem is about the last of them.
 */
bool heaps_read(struct heaps *heaps, struct problem *problem);
void heaps_free(struct heaps *heaps);

/* Most first, and by name. With @by == COLUMNS, by name only. */
void heaps_sort(struct heaps *heaps, enum column by);

/* Read the file `heaps`: a line for each heap. The name is the first column in all versions. */
bool heaps_list(const char *debugfs, struct text *text, struct problem *problem);

/* The line behind @line, or NULL. The first one has the names of the columns. */
const char *heaps_next(const char *line);

#endif

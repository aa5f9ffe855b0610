// SPDX-License-Identifier: GPL-2.0-only
/*
 * rows - the table of all heaps as lines of text
 */
#include <string.h>

#include <linux/minmax.h>

#include "rows.h"
#include "words.h"

static const struct {
	const char *name;
	int width;
} columns[COLUMNS] = {
	[COLUMN_USED] = { "used", 8 },
	[COLUMN_PEAK] = { "peak", 8 },
	[COLUMN_LARGEST] = { "hole", 8 },
	[COLUMN_GROWTH] = { "growth", 10 },
	[COLUMN_FAILURES] = { "failures", 9 },
	[COLUMN_FINDINGS] = { "findings", 9 },
};

const char *column_name(enum column column)
{
	return column == COLUMNS ? "name" : columns[column].name;
}

#define OWNER_WIDTH	8		/* at least */

/* As wide as the longest name, as long as there is room for the rest. */
static int name_width(const struct heaps *heaps, int room)
{
	int width = strlen("name"), length;
	u32 i;

	for (i = 0; i < heaps->count; i++) {
		length = strlen(heaps->rows[i].name);
		width = max(width, length);
	}
	for (i = 0; i < COLUMNS; i++)
		room -= columns[i].width;
	return min(width, max(room - 2 - OWNER_WIDTH, 8));
}

static int put_number(char *line, size_t room, enum column column, s64 number)
{
	char word[WORD];

	if (column < COLUMN_GROWTH)
		return snprintf(line, room, "%*s", columns[column].width,
				number == NUMBER_UNKNOWN ? "-" : human(word, number));
	return snprintf(line, room, column == COLUMN_GROWTH && number ? "%+*lld" : "%*lld",
			columns[column].width, (long long)number);
}

void rows_heading(const struct heaps *heaps, char line[ROW_ROOM], int room)
{
	int i, length = snprintf(line, ROW_ROOM, "%-*s", name_width(heaps, room), "name");

	for (i = 0; i < COLUMNS; i++)
		length += snprintf(line + length, ROW_ROOM - length, "%*s", columns[i].width,
				   columns[i].name);
	snprintf(line + length, ROW_ROOM - length, "  owner");
}

void rows_line(const struct heaps *heaps, u32 number, char line[ROW_ROOM], int room)
{
	const struct row *row = &heaps->rows[number];
	int width = name_width(heaps, room), length, i;

	snprintf(line, ROW_ROOM, "%-*s", width, row->name);
	length = strlen(shorten(line, width));
	for (i = 0; i < COLUMNS; i++)
		length += put_number(line + length, ROW_ROOM - length, i, row->numbers[i]);
	length += snprintf(line + length, ROW_ROOM - length, "  ");
	snprintf(line + length, ROW_ROOM - length, "%s", row->owner);
	shorten(line + length, max(room - length, 0));
}

void rows_print(const struct heaps *heaps, FILE *file)
{
	char line[ROW_ROOM];
	u32 i;

	rows_heading(heaps, line, ROW_ROOM);
	fprintf(file, "%s\n", line);
	for (i = 0; i < heaps->count; i++) {
		rows_line(heaps, i, line, ROW_ROOM);
		fprintf(file, "%s\n", line);
	}
}

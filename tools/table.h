/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * table - a table of debugfs: the first line names the columns, blanks separate them
 *
 * A field is found by the name of its column, so columns may be added or moved. Only the last
 * column may contain blanks. Format version 1 has one blank between columns; version 2 aligns them.
 */
#ifndef TOOLS_TABLE_H
#define TOOLS_TABLE_H

#include <linux/types.h>

#define TABLE_COLUMNS	16		/* maximum */

/**
 * struct table - the columns of a table
 * @count: number of columns
 * @fields: for each column, the number of the field that it has, or TABLE_NONE
 */
struct table {
	u32 count;
	u32 fields[TABLE_COLUMNS];
};

#define TABLE_NONE	UINT32_MAX

/*
 * Lines end with '\n' or '\0'. Return false when one of the @count @names is missing in the
 * heading, or when the last of them is not the last column.
 */
bool table_open(struct table *table, const char *heading, const char * const *names, u32 count);

/* Set @fields, in the order of the names. Return false when the line has too few columns. */
bool table_split(const struct table *table, const char *line, const char **fields);

/* Is the field @word? */
bool table_is(const char *field, const char *word);

/* Return false when the field is not a number. */
bool table_number(const char *field, u64 *number);

#endif

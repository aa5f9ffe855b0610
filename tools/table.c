// SPDX-License-Identifier: GPL-2.0-only
/*
 * table - a table of debugfs: the first line names the columns, blanks separate them
 */
#include <string.h>

#include "table.h"

static size_t length_of(const char *field)
{
	return strcspn(field, "\n ");
}

static const char *skip_blanks(const char *text)
{
	return text + strspn(text, " ");
}

static u32 find_name(const char *field, const char * const *names, u32 count)
{
	u32 i;

	for (i = 0; i < count; i++) {
		if (table_is(field, names[i]))
			return i;
	}
	return TABLE_NONE;
}

bool table_open(struct table *table, const char *heading, const char * const *names, u32 count)
{
	const char *field = skip_blanks(heading);
	u32 number = TABLE_NONE, found = 0;

	table->count = 0;
	while (length_of(field) && table->count < TABLE_COLUMNS) {
		number = find_name(field, names, count);
		if (number != TABLE_NONE)
			found |= 1U << number;
		table->fields[table->count++] = number;
		field = skip_blanks(field + length_of(field));
	}
	return !length_of(field) && found == (1U << count) - 1 && number == count - 1;
}

bool table_split(const struct table *table, const char *line, const char **fields)
{
	u32 i;

	for (i = 0; i < table->count; i++) {
		line = skip_blanks(line);
		if (!length_of(line))
			return false;
		if (table->fields[i] != TABLE_NONE)
			fields[table->fields[i]] = line;
		line += length_of(line);
	}
	return true;
}

bool table_is(const char *field, const char *word)
{
	size_t length = length_of(field);

	return length == strlen(word) && !memcmp(field, word, length);
}

bool table_number(const char *field, u64 *number)
{
	const char *text = field;

	*number = 0;
	while (*text >= '0' && *text <= '9' && text - field < 19)
		*number = 10 * *number + (*text++ - '0');
	return text != field && text == field + length_of(field);
}

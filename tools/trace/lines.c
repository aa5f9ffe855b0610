// SPDX-License-Identifier: GPL-2.0-only
/*
 * lines - read a text file by lines, with line numbers for errors
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "die.h"
#include "lines.h"
#include "packed.h"
#include "printable.h"

struct lines lines_open(const char *path)
{
	return (struct lines){
		.name = strcmp(path, "-") ? path : "stdin",
		.file = packed_open(path),
	};
}

void lines_die(const struct lines *lines, const char *format, ...)
{
	char what[256];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(what, sizeof(what), format, arguments);
	va_end(arguments);
	make_printable(what);
	die("%s, line %lu: %s", lines->name, lines->number, what);
}

static int is_text(const struct lines *lines, size_t length)
{
	return strlen(lines->text) == length;
}

char *lines_next(struct lines *lines)
{
	ssize_t length = getline(&lines->text, &lines->room, lines->file);

	if (length < 0 && ferror(lines->file))
		die("%s: %s", lines->name, strerror(errno));
	if (length < 0)
		return NULL;
	lines->number++;
	if (!is_text(lines, length))
		lines_die(lines, "this is not text");
	lines->truncated = lines->text[length - 1] != '\n';
	if (!lines->truncated)
		lines->text[length - 1] = '\0';
	return lines->text;
}

void lines_close(struct lines *lines)
{
	fclose(lines->file);
	free(lines->text);
}

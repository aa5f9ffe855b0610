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

struct lines lines_open(const char *path)
{
	return (struct lines){
		.name = strcmp(path, "-") ? path : "stdin",
		.file = packed_open(path),
	};
}

void lines_die(const struct lines *lines, const char *format, ...)
{
	va_list arguments;

	fprintf(stderr, "%s: %s, line %lu: ", program_invocation_short_name, lines->name,
		lines->number);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	exit(1);
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

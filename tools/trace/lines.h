/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lines - read a text file by lines, with line numbers for errors; it may be compressed
 */
#ifndef LINES_H
#define LINES_H

#include <stdio.h>

/**
 * struct lines - an open file
 * @name: name of the file, for errors
 * @file: the file
 * @number: number of the current line, from 1
 * @truncated: the line has no end
 * @text: the current line, without its end
 * @room: capacity of @text
 */
struct lines {
	const char *name;
	FILE *file;
	unsigned long number;
	int truncated;
	char *text;
	size_t room;
};

/* @path: - is stdin. @file is NULL after an error. */
struct lines lines_open(const char *path);

/* The next line, or NULL at the end of the file. */
char *lines_next(struct lines *lines);

void lines_close(struct lines *lines);

/* There is an error in the current line: die. */
void lines_die(const struct lines *lines, const char *format, ...)
	__attribute__((noreturn, format(printf, 2, 3)));

#endif

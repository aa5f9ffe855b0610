/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lines - a text file, line by line, and where an error is
 */
#ifndef LINES_H
#define LINES_H

#include <stdio.h>

/**
 * struct lines - a file that is read
 * @name: for those who read of an error
 * @file: open
 * @number: of the line read last, from 1
 * @cut: the last line has no end: the file is truncated
 * @text: the line, without its end
 * @room: bytes of @text
 */
struct lines {
	const char *name;
	FILE *file;
	unsigned long number;
	int cut;
	char *text;
	size_t room;
};

struct lines lines_open(const char *path);
char *lines_next(struct lines *lines);
void lines_close(struct lines *lines);

/* The line read last is wrong. */
void lines_die(const struct lines *lines, const char *format, ...)
	__attribute__((noreturn, format(printf, 2, 3)));

#endif

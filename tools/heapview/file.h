/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * file - the text of a file in debugfs, or in a copy
 */
#ifndef HEAPVIEW_FILE_H
#define HEAPVIEW_FILE_H

#include <stddef.h>

#include "fail.h"

/* The text of a file, which ends with '\0'. The buffer is reused by the next read. */
struct text {
	char *bytes;
	size_t length, room;
};

bool file_read(const char *path, struct text *text, struct problem *problem);

/* Explain errno. Always false. */
bool cannot_read(const char *path, struct problem *problem);
bool is_debugfs(const char *path);

#endif

// SPDX-License-Identifier: GPL-2.0-only
/*
 * plain - packed.h without libraries: plain files only
 */
#include <string.h>

#include "packed.h"

FILE *packed_open(const char *path)
{
	return strcmp(path, "-") ? fopen(path, "r") : stdin;
}

FILE *packed_write(int fd, const char *path)
{
	return fdopen(fd, "w");
}

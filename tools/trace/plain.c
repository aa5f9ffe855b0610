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

FILE *packed_create(const char *path)
{
	return path && strcmp(path, "-") ? fopen(path, "w") : stdout;
}

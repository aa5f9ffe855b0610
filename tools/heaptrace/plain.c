// SPDX-License-Identifier: GPL-2.0-only
/*
 * plain - heaptrace without libtracefs and libtracecmd, which cannot record, nor read trace.dat
 */
#define _GNU_SOURCE
#include <errno.h>

#include "../trace/die.h"
#include "dat.h"
#include "options.h"

int record_main(int argc, char **argv)
{
	die("this program is built without libtracefs: it cannot record");
}

/* To the reader of text, the file is not text. */
bool dat_is(const char *path)
{
	return false;
}

void dat_read(const char *path, void (*take)(void *context, const struct lines *line),
	      void *context)
{
}

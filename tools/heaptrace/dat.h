/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dat - the file trace.dat of trace-cmd
 */
#ifndef DAT_H
#define DAT_H

#include <stdbool.h>

#include "../trace/lines.h"

/* Does the file begin as a trace.dat? */
bool dat_is(const char *path);

/*
 * Call @take for heapmod's events, in time order, each as the line that `trace-cmd report` prints.
 * A file that cannot be read is fatal. The caller goes on in a child process, and must not have
 * written anything before.
 */
void dat_read(const char *path, void (*take)(void *context, const struct lines *line),
	      void *context);

#endif

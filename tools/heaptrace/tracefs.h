/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tracefs - an instance of tracefs, which does not disturb other tracing
 */
#ifndef TRACEFS_H
#define TRACEFS_H

#include <linux/types.h>

/**
 * struct tracefs - the instance
 * @path: its folder
 */
struct tracefs {
	char path[4096];
};

void tracefs_start(struct tracefs *tracefs, const char *root, u64 kilobytes);

/* Switch on the events of one heap, all at the same moment. */
void tracefs_follow(struct tracefs *tracefs, u32 heap);

/* Write a mark into the event stream. */
void tracefs_mark(struct tracefs *tracefs, const char *text);

/* Read from the pipe. Return the number of bytes, or 0 when the pipe is empty. */
size_t tracefs_read(char *piece, size_t room);

/* Stop the events. The pipe can still be read. */
void tracefs_stop(struct tracefs *tracefs);

/* The number of events for which the buffers of the CPUs had no room. */
u64 tracefs_lost(struct tracefs *tracefs);

/* Remove the instance. Also called at exit. */
void tracefs_remove(void);

#endif

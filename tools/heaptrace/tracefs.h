/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tracefs - an instance of the kernel's tracing, which disturbs nobody else's
 */
#ifndef TRACEFS_H
#define TRACEFS_H

#include <linux/types.h>

/**
 * struct tracefs - an instance, of which there is one
 * @path: its folder
 */
struct tracefs {
	char path[4096];
};

void tracefs_start(struct tracefs *tracefs, const char *root, u64 kilobytes);
void tracefs_follow(struct tracefs *tracefs, u32 heap);
void tracefs_mark(struct tracefs *tracefs, const char *text);
size_t tracefs_read(char *piece, size_t room);
void tracefs_stop(struct tracefs *tracefs);
u64 tracefs_lost(struct tracefs *tracefs);
void tracefs_remove(void);

#endif

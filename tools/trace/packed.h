/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * packed - files that are compressed by xz or zstd, or plain, as streams of plain bytes
 *
 * unpack.c and pack.c need liblzma and libzstd. plain.c takes their place where these are not to be
 * had. Invalid files and lack of memory are fatal.
 */
#ifndef PACKED_H
#define PACKED_H

#include <stdio.h>

/* Read a file; - is stdin. Its first bytes say how it is compressed. NULL: see errno. */
FILE *packed_open(const char *path);

/*
 * Write to @fd, the file @path. It is compressed if its name ends with .xz or .zst, and then
 * complete only after fclose(). NULL: see errno.
 */
FILE *packed_write(int fd, const char *path);

#endif

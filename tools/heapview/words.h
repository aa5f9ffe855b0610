/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * words - numbers for output, and from input
 */
#ifndef HEAPVIEW_WORDS_H
#define HEAPVIEW_WORDS_H

#include "model.h"

#define WORD	32

/* 905B, 12.5K, 64.0M */
const char *human(char word[WORD], u64 bytes);
const char *percent(char word[WORD], u64 part, u64 whole);

/* The end of a noun after its number: "1 block", "2 blocks". */
const char *plural(u32 count);

/* Replace the middle of @text by two dots if it is longer than @room. Both ends remain. */
char *shorten(char *text, size_t room);

/* 4096, 0x1000, 4K */
bool parse_bytes(const char *text, u64 *bytes);

/* The byte counters of stats that add up to the region. */
struct kind {
	const char *name;
	const char *key;
	char letter;
	int colour;
};

#define KINDS	9

extern const struct kind kinds[KINDS];

/* Divide a bar of @width in proportion to the counters. A small part gets at least a column. */
void kinds_widths(const struct stats *stats, u32 width, u32 widths[KINDS]);

#endif

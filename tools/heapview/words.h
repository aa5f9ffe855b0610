/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * words - numbers as people read them
 */
#ifndef HEAPVIEW_WORDS_H
#define HEAPVIEW_WORDS_H

#include "model.h"

#define WORD	32

const char *human(char word[WORD], u64 bytes);
const char *percent(char word[WORD], u64 part, u64 whole);
bool parse_bytes(const char *text, u64 *bytes);

/* The kinds of bytes that stats tells of, which add up to the region. */
struct kind {
	const char *name;
	const char *key;
	char letter;
	int colour;
};

#define KINDS	8

extern const struct kind kinds[KINDS];

void kinds_widths(const struct stats *stats, u32 width, u32 widths[KINDS]);

#endif

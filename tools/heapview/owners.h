/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * owners - call sites by name: how much each owns, its colour and its letter
 *
 * An owner that was seen once keeps its number, its colour and its letter as long as the program
 * runs, whatever it owns meanwhile.
 */
#ifndef HEAPVIEW_OWNERS_H
#define HEAPVIEW_OWNERS_H

#include <linux/types.h>

#define OWNER_NONE	UINT32_MAX
#define OWNER_COLOURS	12
#define LETTERS		26

struct owner {
	char *name;
	u64 granules;			/* of its blocks, all included */
	u64 asked;
	u32 blocks;
	u8 colour;
	char letter;			/* '\0' when all are given away */
	bool seen;			/* has both */
};

/**
 * struct owners - a table of them
 * @table: by number
 * @count: of them
 * @order: numbers, most bytes first
 * @hash: numbers + 1 by name; open, a power of two
 * @hash_size: of it
 * @taken: owners by colour
 * @letters: given away
 */
struct owners {
	struct owner *table;
	u32 count;
	u32 *order;
	u32 *hash;
	u32 hash_size;
	u32 taken[OWNER_COLOURS];
	u32 letters;
};

u32 owners_number(struct owners *owners, const char *name, size_t length);
void owners_empty(struct owners *owners);
void owners_settle(struct owners *owners);
void owners_free(struct owners *owners);
u32 owners_live(const struct owners *owners);

static inline void owner_gains(struct owners *owners, u32 number, u32 granules, u64 asked)
{
	struct owner *owner = &owners->table[number];

	owner->granules += granules;
	owner->asked += asked;
	owner->blocks++;
}

#endif

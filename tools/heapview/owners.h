/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * owners - call sites by name: what each one owns, its colour and its letter
 *
 * An owner keeps its number, its colour and its letter while the program runs, also when it owns
 * nothing.
 */
#ifndef HEAPVIEW_OWNERS_H
#define HEAPVIEW_OWNERS_H

#include <linux/types.h>

#define OWNER_NONE	UINT32_MAX
#define OWNER_COLOURS	12
#define LETTERS		26

struct owner {
	char *name;
	u64 granules;			/* of its blocks */
	u64 asked;			/* bytes requested */
	u32 blocks;
	u8 colour;
	char letter;			/* '\0' when all letters are taken */
	bool seen;			/* colour and letter are set */
};

/**
 * struct owners - a table of owners
 * @table: owners by number
 * @count: number of owners
 * @order: numbers, most bytes first
 * @hash: numbers + 1 by name, with open addressing
 * @hash_size: size of @hash, a power of two
 * @taken: number of owners by colour
 * @letters: number of letters in use
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

/* The number of a name; a new name is added. */
u32 owners_number(struct owners *owners, const char *name, size_t length);

/* Clear what the owners own. */
void owners_empty(struct owners *owners);

/* All blocks are added: sort, and set colour and letter of new owners, largest first. */
void owners_settle(struct owners *owners);
void owners_free(struct owners *owners);

/* The number of owners that own something: the first ones in @order. */
u32 owners_live(const struct owners *owners);

static inline void owner_add(struct owners *owners, u32 number, u32 granules, u64 asked)
{
	struct owner *owner = &owners->table[number];

	owner->granules += granules;
	owner->asked += asked;
	owner->blocks++;
}

#endif

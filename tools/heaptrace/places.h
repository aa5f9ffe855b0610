/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * places - the block of each granule, if its allocation was seen
 */
#ifndef PLACES_H
#define PLACES_H

#include <linux/types.h>

struct places {
	u32 *ids;			/* by granule; 0: no known block */
	size_t room;
};

void places_put(struct places *places, u64 at, u64 granules, u32 id);

/* Remove the first block that has any of these granules. Return its id, or 0. */
u32 places_take(struct places *places, u64 at, u64 granules);

/* The first block that has any of these granules; 0 if there is none. */
u32 places_find(const struct places *places, u64 at, u64 granules);

void places_free(struct places *places);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * places - which block has which granules, as far as its allocation was seen
 */
#ifndef PLACES_H
#define PLACES_H

#include <linux/types.h>

struct places {
	u32 *ids;			/* by granule; 0 where no block is known */
	size_t room;
};

void places_put(struct places *places, u64 at, u64 granules, u32 id);
u32 places_take(struct places *places, u64 at, u64 granules);
u32 places_find(const struct places *places, u64 at, u64 granules);

#endif

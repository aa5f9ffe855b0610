// SPDX-License-Identifier: GPL-2.0-only
/*
 * places - the block of each granule, if its allocation was seen
 *
 * Every granule has an entry, so that a block whose free was lost is found when any part of its
 * place is reused.
 */
#include "../trace/die.h"
#include "places.h"

static u32 id_at(const struct places *places, u64 at)
{
	return at < places->room ? places->ids[at] : 0;
}

void places_put(struct places *places, u64 at, u64 granules, u32 id)
{
	u64 i;

	places->ids = grow(places->ids, &places->room, at + granules, sizeof(*places->ids));
	for (i = at; i < at + granules; i++)
		places->ids[i] = id;
}

u32 places_find(const struct places *places, u64 at, u64 granules)
{
	u64 i;

	for (i = at; i < at + granules && i < places->room; i++) {
		if (places->ids[i])
			return places->ids[i];
	}
	return 0;
}

u32 places_take(struct places *places, u64 at, u64 granules)
{
	u32 id = places_find(places, at, granules);

	if (!id)
		return 0;
	while (id_at(places, at) != id)
		at++;
	while (at && id_at(places, at - 1) == id)
		at--;
	for (; id_at(places, at) == id; at++)
		places->ids[at] = 0;
	return id;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * places - the block of each granule, if its allocation was seen
 *
 * Every granule has an entry, so that a block whose free was lost is found when any part of its
 * place is reused.
 */
#define _GNU_SOURCE
#include <string.h>
#include <sys/mman.h>

#include "../trace/die.h"
#include "places.h"

static u32 id_at(const struct places *places, u64 at)
{
	return at < places->room ? places->ids[at] : 0;
}

/* An entry takes memory only when it is written. */
static void enlarge(struct places *places, size_t want)
{
	size_t before = places->room * sizeof(*places->ids);
	size_t bytes = 2 * want * sizeof(*places->ids);
	void *ids;

	if (want <= places->room)
		return;
	if (before)
		ids = mremap(places->ids, before, bytes, MREMAP_MAYMOVE);
	else
		ids = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (ids == MAP_FAILED)
		die("no address space for %zu bytes: %s", bytes, strerror(errno));
	places->ids = ids;
	places->room = 2 * want;
}

void places_free(struct places *places)
{
	if (places->ids)
		munmap(places->ids, places->room * sizeof(*places->ids));
}

void places_put(struct places *places, u64 at, u64 granules, u32 id)
{
	u64 i;

	enlarge(places, at + granules);
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

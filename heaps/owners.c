// SPDX-License-Identifier: GPL-2.0-only
/*
 * owners - the call sites that allocate from a heap
 */
#include "heaps/owners.h"

/*
 * Probe from the hashed slot to the one of the caller. A free slot ends the search, unless slots
 * were released: then that of the caller may be behind it. Return: its number, or OWNER_OTHER;
 * then @free is set to the first free slot, or to OWNER_OTHER.
 */
static u32 probe(const struct heap_owners *owners, unsigned long caller, u32 *free)
{
	u32 number = heap_owner_first(owners, caller);
	unsigned long found;
	unsigned int i;

	*free = OWNER_OTHER;
	for (i = 0; i < OWNERS_PROBES; i++, number = (number + 1) & owners->mask) {
		if (number == OWNER_OTHER)
			continue;
		found = READ_ONCE(owners->table[number].caller);
		if (found == caller)
			return number;
		if (found)
			continue;
		if (*free == OWNER_OTHER)
			*free = number;
		if (!owners->gaps)
			break;
	}
	return OWNER_OTHER;
}

struct heap_owner *heap_owner_lookup(struct heap_owners *owners, unsigned long caller)
{
	u32 free, number = probe(owners, caller, &free);

	if (number == OWNER_OTHER && free != OWNER_OTHER) {
		owners->table[free].number = free;
		WRITE_ONCE(owners->table[free].caller, caller);
		number = free;
	}
	return &owners->table[number];
}

/*
 * As heap_owner_lookup(), without the lock. Return: the number of the slot, or OWNER_NONE. No slot
 * is released at the same time.
 */
u32 heap_owner_peek_further(const struct heap_owners *owners, unsigned long caller)
{
	u32 free, number = probe(owners, caller, &free);

	return number == OWNER_OTHER && free != OWNER_OTHER ? OWNER_NONE : number;
}

/* The owner has no live block. Its counters stay in the sums of the heap. */
void heap_owner_release(struct heap_owners *owners, struct heap_owner *owner)
{
	struct heap_owner *other = &owners->table[OWNER_OTHER];

	if (owner == other)
		return;
	owners->gaps = true;
	other->allocs += owner->allocs;
	other->frees += owner->frees;
	other->failures += owner->failures;
	*owner = (struct heap_owner){};
}

/* @room is negative: the bytes in live blocks exceed the peak. */
void heap_owner_update_peak(struct heap_owner *owner)
{
	owner->peak -= owner->room;
	owner->room = 0;
}

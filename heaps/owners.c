// SPDX-License-Identifier: GPL-2.0-only
/*
 * owners - the call sites that allocate from a heap
 */
#include "heaps/owners.h"

/*
 * Probe from the hashed slot to the one of the caller. A free slot ends the search, unless slots
 * were released: then that of the caller may be behind it.
 */
struct heap_owner *heap_owner_lookup(struct heap_owners *owners, unsigned long caller)
{
	u32 number = hash_long(caller, 8) & owners->mask;
	u32 free = OWNER_OTHER;
	unsigned int probe;

	for (probe = 0; probe < OWNERS_PROBES; probe++, number = (number + 1) & owners->mask) {
		if (number == OWNER_OTHER)
			continue;
		if (owners->table[number].caller == caller)
			return &owners->table[number];
		if (owners->table[number].caller)
			continue;
		if (free == OWNER_OTHER)
			free = number;
		if (!owners->gaps)
			break;
	}
	if (free != OWNER_OTHER) {
		owners->table[free].number = free;
		WRITE_ONCE(owners->table[free].caller, caller);
	}
	return &owners->table[free];
}

/* As heap_owner_lookup(), without assigning a slot. */
int heap_owner_peek_further(struct heap_owners *owners, unsigned long caller)
{
	u32 number = hash_long(caller, 8) & owners->mask;
	int other = OWNER_OTHER;
	unsigned int probe;
	unsigned long found;

	for (probe = 0; probe < OWNERS_PROBES; probe++, number = (number + 1) & owners->mask) {
		if (number == OWNER_OTHER)
			continue;
		found = READ_ONCE(owners->table[number].caller);
		if (found == caller)
			return number;
		if (!found)
			other = -1;
	}
	return other;
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

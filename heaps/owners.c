// SPDX-License-Identifier: GPL-2.0-only
/*
 * owners - the call sites that allocate from a heap
 */
#include "heaps/owners.h"

/* Probe from the hashed slot to the first that is the caller's, or free. */
struct heap_owner *heap_owner_lookup(struct heap_owners *owners, unsigned long caller)
{
	u32 number = hash_long(caller, 8) & owners->mask;
	struct heap_owner *owner;
	unsigned int probe;

	for (probe = 0; probe < OWNERS_PROBES; probe++, number = (number + 1) & owners->mask) {
		owner = &owners->table[number];
		if (number == OWNER_OTHER)
			continue;
		if (!owner->caller) {
			owner->caller = caller;
			owner->number = number;
		}
		if (owner->caller == caller)
			return owner;
	}
	return &owners->table[OWNER_OTHER];
}

/* @room is negative: the bytes in live blocks exceed the peak. */
void heap_owner_update_peak(struct heap_owner *owner)
{
	owner->peak -= owner->room;
	owner->room = 0;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * heap_owners - the call sites that allocate from a heap
 */
#include "heap_owners.h"

/* From the place that the hash gives, to the first that is the caller's or free. */
u32 heap_owner_search(struct heap_owners *owners, unsigned long caller)
{
	u8 owner = hash_long(caller, 8);
	unsigned int probe;

	for (probe = 0; probe < OWNERS_PROBES; probe++, owner++) {
		if (owner == OWNER_OTHER)
			continue;
		if (owners->table[owner].caller == caller)
			return owner;
		if (!owners->table[owner].caller) {
			owners->table[owner].caller = caller;
			return owner;
		}
	}
	return OWNER_OTHER;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * heap_owners - the call sites that allocate from a heap
 *
 * A header has room for a small number, not for an address. The table gives each call site
 * its number: an open hash of fixed size, looked up in at most OWNERS_PROBES steps. What finds no
 * place is counted to OWNER_OTHER.
 */
#ifndef HEAP_OWNERS_H
#define HEAP_OWNERS_H

#include <linux/hash.h>
#include <linux/types.h>

#define HEAP_OWNERS	256
#define OWNERS_PROBES	8
#define OWNER_OTHER	0		/* a place that the hash never gives */

struct heap_owner {
	unsigned long caller;
	u32 blocks;
	u64 bytes;			/* asked */
};

struct heap_owners {
	struct heap_owner table[HEAP_OWNERS];
};

u32 heap_owner_search(struct heap_owners *owners, unsigned long caller);

/* The number of @caller, which is given one when it comes for the first time. */
static inline u32 heap_owner_of(struct heap_owners *owners, unsigned long caller)
{
	u32 owner = hash_long(caller, 8);

	return owners->table[owner].caller == caller ? owner : heap_owner_search(owners, caller);
}

static inline void heap_owner_gains(struct heap_owners *owners, u32 owner, u64 bytes)
{
	owners->table[owner].blocks++;
	owners->table[owner].bytes += bytes;
}

static inline void heap_owner_loses(struct heap_owners *owners, u32 owner, u64 bytes)
{
	owners->table[owner].blocks--;
	owners->table[owner].bytes -= bytes;
}

#endif

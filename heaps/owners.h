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

#include <linux/compiler.h>
#include <linux/hash.h>
#include <linux/types.h>

#define HEAP_OWNERS	256
#define OWNERS_PROBES	8
#define OWNER_OTHER	0		/* a place that the hash never gives */

/**
 * struct heap_owner - what a call site has of a heap
 * @caller: the call site; 0 for OWNER_OTHER, and where there is none
 * @allocs: allocations that succeeded
 * @frees: how many of those blocks are freed, by whomever
 * @peak: most bytes ever in live blocks, as they were asked for
 * @room: how many bytes less than that there are now: one number to change, and its sign tells
 *	  of a new peak
 * @failures: allocations that did not fit
 * @number: of the place, for headers
 */
struct heap_owner {
	unsigned long caller;
	u64 allocs;
	u64 frees;
	u64 peak;
	s64 room;
	u64 failures : 56;
	u64 number : 8;
};

struct heap_owners {
	struct heap_owner table[HEAP_OWNERS];
};

void heap_owner_update_peak(struct heap_owner *owner);
struct heap_owner *heap_owner_lookup(struct heap_owners *owners, unsigned long caller);

/* The place of @caller, who is given one when he comes for the first time. */
static inline struct heap_owner *heap_owner_find(struct heap_owners *owners, unsigned long caller)
{
	struct heap_owner *owner = &owners->table[hash_long(caller, 8)];

	return owner->caller == caller ? owner : heap_owner_lookup(owners, caller);
}

static inline void heap_owner_add(struct heap_owner *owner, u64 bytes)
{
	owner->allocs++;
	owner->room -= bytes;
	if (unlikely(owner->room < 0))
		heap_owner_update_peak(owner);
}

static inline void heap_owner_remove(struct heap_owner *owner, u64 bytes)
{
	owner->frees++;
	owner->room += bytes;
}

/* Nothing of his lives, not even what was lost when its header was. */
static inline void heap_owner_clear(struct heap_owner *owner)
{
	owner->frees = owner->allocs;
	owner->room = owner->peak;
}

/* Live blocks, and the bytes that they were asked for. */
static inline u64 heap_owner_blocks(const struct heap_owner *owner)
{
	return owner->allocs - owner->frees;
}

static inline u64 heap_owner_bytes(const struct heap_owner *owner)
{
	return owner->peak - owner->room;
}

#endif

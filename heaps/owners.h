/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * owners - the call sites that allocate from a heap
 *
 * An owner is a call site. A header has room for a small number, not for an address. The table
 * assigns the numbers: an open hash of fixed size, searched in at most OWNERS_PROBES steps. A call
 * site that finds no free slot is accounted to OWNER_OTHER. A call site that has no live block
 * loses its slot when its module is unloaded or the heap is reset; what it has counted is then
 * OWNER_OTHER's. The size of the region determines that of the table, so that a small heap stays
 * cheap.
 */
#ifndef HEAP_OWNERS_H
#define HEAP_OWNERS_H

#include <linux/compiler.h>
#include <linux/hash.h>
#include <linux/limits.h>
#include <linux/log2.h>
#include <linux/types.h>

#define OWNERS_MIN	16
#define OWNERS_MAX	256		/* a header has 8 bits for a number */
#define OWNERS_REGION	4096		/* bytes of region for a slot */
#define OWNERS_PROBES	8
#define OWNER_OTHER	0		/* a slot that the hash never assigns */
#define OWNER_NONE	U32_MAX		/* no slot is assigned */

/**
 * struct heap_owner - the accounting of one call site
 * @caller: the call site, or its number in heaps/sites.h; 0 for OWNER_OTHER and for a free slot
 * @allocs: allocations that succeeded
 * @frees: how many of these blocks were freed, from any call site
 * @peak: maximum of the bytes requested for live blocks
 * @room: @peak minus the bytes in live blocks now. Only this changes with each call; a negative
 *	  value means a new peak.
 * @failures: allocations that failed
 * @number: of the slot, for headers
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

/**
 * struct heap_owners - the table
 * @mask: number of slots minus one; the number of slots is a power of two
 * @gaps: a slot was released, so a free slot may stand in front of that of a caller
 * @table: the slots
 */
struct heap_owners {
	u32 mask;
	bool gaps;
	struct heap_owner table[];
};

/* Slots for a region of @bytes. */
static inline u32 heap_owners_for(u64 bytes)
{
	u64 slots = bytes / OWNERS_REGION;

	if (slots >= OWNERS_MAX)
		return OWNERS_MAX;
	return slots > OWNERS_MIN ? rounddown_pow_of_two((unsigned long)slots) : OWNERS_MIN;
}

static inline u32 heap_owners_count(const struct heap_owners *owners)
{
	return owners->mask + 1;
}

/* The slot of a number from a header: inside the table, also when a seal was forged. */
static inline struct heap_owner *heap_owner_at(struct heap_owners *owners, u32 number)
{
	return &owners->table[number & owners->mask];
}

void heap_owner_update_peak(struct heap_owner *owner);
u32 heap_owner_peek_further(const struct heap_owners *owners, unsigned long caller);
struct heap_owner *heap_owner_lookup(struct heap_owners *owners, unsigned long caller);
void heap_owner_release(struct heap_owners *owners, struct heap_owner *owner);

/* The number of the slot that is probed first. */
static inline u32 heap_owner_first(const struct heap_owners *owners, unsigned long caller)
{
	return hash_long(caller, 8) & owners->mask;
}

/* The slot of @caller, assigned on the first call. */
static inline struct heap_owner *heap_owner_find(struct heap_owners *owners, unsigned long caller)
{
	struct heap_owner *owner = &owners->table[heap_owner_first(owners, caller)];

	return owner->caller == caller ? owner : heap_owner_lookup(owners, caller);
}

/* Without the lock: is the slot of @caller the first one? Then @number is set. */
static inline bool heap_owner_peek(const struct heap_owners *owners, unsigned long caller,
				   u32 *number)
{
	*number = heap_owner_first(owners, caller);
	return READ_ONCE(owners->table[*number].caller) == caller;
}

/* Account @blocks allocations, of @bytes in all. */
static inline void heap_owner_add(struct heap_owner *owner, u32 blocks, u64 bytes)
{
	owner->allocs += blocks;
	owner->room -= bytes;
	if (unlikely(owner->room < 0))
		heap_owner_update_peak(owner);
}

static inline void heap_owner_remove(struct heap_owner *owner, u64 bytes)
{
	owner->frees++;
	owner->room += bytes;
}

/* No block is live, not even one whose header was overwritten, so that its owner is unknown. */
static inline void heap_owner_clear(struct heap_owner *owner)
{
	owner->frees = owner->allocs;
	owner->room = owner->peak;
}

/* Live blocks, and the bytes requested for them. */
static inline u64 heap_owner_blocks(const struct heap_owner *owner)
{
	return owner->allocs - owner->frees;
}

static inline u64 heap_owner_bytes(const struct heap_owner *owner)
{
	return owner->peak - owner->room;
}

#endif

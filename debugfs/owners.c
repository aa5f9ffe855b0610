// SPDX-License-Identifier: GPL-2.0-only
/*
 * owners - what each call site has of a heap, a line each, most live bytes first
 */
#include <linux/seq_file.h>
#include <linux/sort.h>

#include "heaps/compat.h"
#include "heaps/walk.h"
#include "debugfs.h"

/* How two numbers that are sorted downwards stand. */
static int downwards(u64 a, u64 b)
{
	return a < b ? 1 : a > b ? -1 : 0;
}

/* By live bytes, then by their peak; what is alike in both stands by address, for a fixed order. */
static int by_bytes(const void *one, const void *other)
{
	const struct heap_owner *a = one, *b = other;

	return downwards(heap_owner_bytes(a), heap_owner_bytes(b)) ?:
	       downwards(a->peak, b->peak) ?: downwards(b->caller, a->caller);
}

static void copy_owners(struct heap_owner *owners, struct heapmod *heap)
{
	u32 from;

	for (from = 0; from < HEAP_OWNERS; from += HEAPS_BATCH)
		heapmod_copy_owners(heap, from, owners + from, HEAPS_BATCH);
}

static void print_owner(struct seq_file *file, const struct heap_owner *owner)
{
	if (!owner->allocs && !owner->failures)
		return;
	seq_printf(file, "%llu %llu %llu %llu %llu %llu ", heap_owner_blocks(owner),
		   heap_owner_bytes(owner), owner->peak, owner->allocs, owner->frees,
		   (u64)owner->failures);
	if (owner->caller)
		seq_printf(file, "%pS\n", (void *)owner->caller);
	else
		seq_puts(file, "other\n");
}

int heapmod_owners_show(struct seq_file *file, void *unused)
{
	struct heap_owner *owners;
	u32 i;

	owners = kvmalloc_array(HEAP_OWNERS, sizeof(*owners), GFP_KERNEL);
	if (!owners)
		return -ENOMEM;
	copy_owners(owners, file->private);
	sort(owners, HEAP_OWNERS, sizeof(*owners), by_bytes, NULL);
	seq_puts(file, "live_blocks live_bytes peak_bytes allocs frees failures owner\n");
	for (i = 0; i < HEAP_OWNERS; i++)
		print_owner(file, &owners[i]);
	kvfree(owners);
	return 0;
}

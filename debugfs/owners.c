// SPDX-License-Identifier: GPL-2.0-only
/*
 * owners - the call sites that allocate from a heap, one line each, most live bytes first
 */
#include <linux/minmax.h>
#include <linux/seq_file.h>
#include <linux/sort.h>

#include "heaps/compat.h"
#include "heaps/walk.h"
#include "debugfs.h"

/* For sort(): larger numbers first. */
static int compare_descending(u64 a, u64 b)
{
	return a < b ? 1 : a > b ? -1 : 0;
}

/* By live bytes, then by peak, then by address, so that the order is total. */
static int by_bytes(const void *one, const void *other)
{
	const struct heap_owner *a = one, *b = other;

	return compare_descending(heap_owner_bytes(a), heap_owner_bytes(b)) ?:
	       compare_descending(a->peak, b->peak) ?:
	       compare_descending(b->caller, a->caller);
}

static void copy_owners(struct heap_owner *owners, struct heapmod *heap, u32 count)
{
	u32 from;

	for (from = 0; from < count; from += HEAPS_BATCH)
		heapmod_copy_owners(heap, from, owners + from, min(count - from, HEAPS_BATCH));
}

static void print_line(struct seq_file *file, const struct heap_owner *owner)
{
	if (!owner->allocs && !owner->failures)
		return;
	seq_printf(file, "%11llu %12llu %12llu %12llu %12llu %9llu ", heap_owner_blocks(owner),
		   heap_owner_bytes(owner), owner->peak, owner->allocs, owner->frees,
		   (u64)owner->failures);
	print_owner(file, owner->caller);
}

void print_owners(struct seq_file *file, struct heap_owner *owners, u32 count)
{
	u32 i;

	sort(owners, count, sizeof(*owners), by_bytes, NULL);
	seq_printf(file, "%11s %12s %12s %12s %12s %9s %s\n", "live_blocks", "live_bytes",
		   "peak_bytes", "allocs", "frees", "failures", "owner");
	for (i = 0; i < count; i++)
		print_line(file, &owners[i]);
}

int heapmod_owners_show(struct seq_file *file, void *unused)
{
	struct heapmod *heap = file->private;
	u32 count = heap_owners_count(&heap->owners);
	struct heap_owner *owners;

	owners = kvmalloc_array(count, sizeof(*owners), GFP_KERNEL);
	if (!owners)
		return -ENOMEM;
	copy_owners(owners, heap, count);
	print_owners(file, owners, count);
	kvfree(owners);
	return 0;
}

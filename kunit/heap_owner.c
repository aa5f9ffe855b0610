// SPDX-License-Identifier: GPL-2.0-only
/*
 * heap_owner - blocks are accounted to their call sites, excess call sites to "other"
 */
#include "heaps/heaps.h"
#include "probe.h"
#include "suite.h"

#define SITES	(2 * OWNERS_MAX)

/* Made-up call sites: the table compares addresses only. */
static unsigned long site(int i)
{
	return 0x1000 + 16 * (unsigned long)i;
}

static u8 *blocks[SITES];

static void allocate(struct kunit *test, int count)
{
	int i;

	for (i = 0; i < count; i++) {
		blocks[i] = heapmod_alloc_caller(test->priv, 1 + i, GFP_KERNEL, site(i));
		KUNIT_ASSERT_NOT_NULL(test, blocks[i]);
	}
}

static struct heap_owner *owner_of(struct heapmod *heap, unsigned long caller)
{
	int i;

	for (i = 0; i < heap_owners_count(&heap->owners); i++) {
		if (heap->owners.table[i].caller == caller)
			return &heap->owners.table[i];
	}
	return NULL;
}

static void each_call_site_has_an_owner(struct kunit *test)
{
	struct heapmod *heap = suite_exact_heap(test, 1 << 16, 0);
	const struct heap_owner *owner;
	int i;

	allocate(test, 10);
	for (i = 0; i < 10; i++) {
		owner = owner_of(heap, site(i));
		KUNIT_ASSERT_NOT_NULL(test, owner);
		KUNIT_EXPECT_EQ(test, heap_owner_blocks(owner), 1);
		KUNIT_EXPECT_EQ(test, heap_owner_bytes(owner), 1 + i);
		heapmod_free(heap, blocks[i]);
		KUNIT_EXPECT_EQ(test, heap_owner_blocks(owner), 0);
		KUNIT_EXPECT_EQ(test, heap_owner_bytes(owner), 0);
	}
}

/* The counters of all owners add up to those of the heap. */
static void expect_sums(struct kunit *test, struct heapmod *heap)
{
	struct heapmod_stats stats;
	u64 live = 0, bytes = 0, failures = 0;
	int i;

	for (i = 0; i < heap_owners_count(&heap->owners); i++) {
		live += heap_owner_blocks(&heap->owners.table[i]);
		bytes += heap_owner_bytes(&heap->owners.table[i]);
		failures += heap->owners.table[i].failures;
	}
	heapmod_get_stats(heap, &stats);
	KUNIT_EXPECT_EQ(test, live, stats.blocks);
	KUNIT_EXPECT_EQ(test, bytes, stats.asked_bytes);
	KUNIT_EXPECT_EQ(test, failures, stats.failures);
}

static void owners_have_a_peak(struct kunit *test)
{
	struct heapmod *heap = suite_exact_heap(test, 1 << 16, 0);
	const struct heap_owner *owner;
	int i;

	for (i = 0; i < 3; i++)
		blocks[i] = heapmod_alloc_caller(heap, 100, GFP_KERNEL, site(0));
	owner = owner_of(heap, site(0));
	KUNIT_ASSERT_NOT_NULL(test, owner);
	KUNIT_EXPECT_EQ(test, owner->peak, 300);
	heapmod_free(heap, blocks[0]);
	heapmod_free(heap, blocks[1]);
	blocks[0] = heapmod_alloc_caller(heap, 150, GFP_KERNEL, site(0));
	KUNIT_EXPECT_EQ(test, heap_owner_bytes(owner), 250);
	KUNIT_EXPECT_EQ(test, owner->peak, 300);
	blocks[1] = heapmod_alloc_caller(heap, 51, GFP_KERNEL, site(0));
	KUNIT_EXPECT_EQ(test, owner->peak, 301);
	KUNIT_EXPECT_EQ(test, owner->allocs, 5);
	KUNIT_EXPECT_EQ(test, owner->frees, 2);
	expect_sums(test, heap);
	for (i = 0; i < 3; i++)
		heapmod_free(heap, blocks[i]);
	KUNIT_EXPECT_EQ(test, owner->peak, 301);
	expect_sums(test, heap);
}

static void failures_are_accounted(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, REGION(10));

	KUNIT_EXPECT_NULL(test, heapmod_alloc_caller(heap, FILL(11), __GFP_NOWARN, site(0)));
	KUNIT_EXPECT_NULL(test, heapmod_alloc_caller(heap, FILL(11), __GFP_NOWARN, site(1)));
	KUNIT_EXPECT_NULL(test, heapmod_alloc_caller(heap, SIZE_MAX, __GFP_NOWARN, site(1)));
	KUNIT_EXPECT_EQ(test, (u64)owner_of(heap, site(0))->failures, 1);
	KUNIT_EXPECT_EQ(test, (u64)owner_of(heap, site(1))->failures, 2);
	expect_sums(test, heap);
}

/* As a reset or the module notifier does on another CPU, between two holds of the lock. */
static void release_slot(void *data, u32 id, u64 offset, u64 asked, u64 bytes,
			 unsigned long caller)
{
	struct heapmod *heap = data;
	struct heap_owner *owner;
	unsigned long flags;

	raw_spin_lock_irqsave(&heap->lock, flags);
	owner = owner_of(heap, site(0));
	if (owner) {
		heap->owners.table[OWNER_OTHER].failures += owner->failures;
		*owner = (struct heap_owner){};
	}
	raw_spin_unlock_irqrestore(&heap->lock, flags);
}

/* The failure that made an allocation complete the deferred frees is taken back. */
static void a_failure_outlives_its_slot(struct kunit *test)
{
	struct heapmod *heap = suite_exact_heap(test, REGION(10), 0);
	struct tracepoint *point;
	unsigned long flags, nmi;

	blocks[0] = suite_alloc(test, FILL(10));
	point = probe_start(test, "heapmod_free", release_slot, heap);
	raw_spin_lock_irqsave(&heap->lock, flags);
	nmi = suite_enter_nmi();
	heapmod_free(heap, blocks[0]);
	suite_leave_nmi(nmi);
	raw_spin_unlock(&heap->lock);
	blocks[0] = heapmod_alloc_caller(heap, FILL(10), __GFP_NOWARN, site(0));
	local_irq_restore(flags);
	probe_stop(point, release_slot, heap);
	KUNIT_EXPECT_NOT_NULL(test, blocks[0]);
	expect_sums(test, heap);
}

static void excess_call_sites_are_other(struct kunit *test)
{
	struct heapmod *heap = suite_exact_heap(test, 1 << 20, 0);
	const struct heap_owner *other = &heap->owners.table[OWNER_OTHER];
	int i;

	allocate(test, SITES);
	KUNIT_EXPECT_GE(test, heap_owner_blocks(other), SITES - OWNERS_MAX + 1);
	KUNIT_EXPECT_EQ(test, other->caller, 0);
	expect_sums(test, heap);
	for (i = 0; i < SITES; i++)
		heapmod_free(heap, blocks[i]);
	KUNIT_EXPECT_EQ(test, heap_owner_blocks(other), 0);
	expect_sums(test, heap);
}

static void reset_releases_all_slots(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, 1 << 20);

	allocate(test, SITES);
	KUNIT_EXPECT_NULL(test, heapmod_alloc_caller(heap, 1 << 20, __GFP_NOWARN, site(0)));
	heapmod_reset(heap);
	expect_sums(test, heap);
	KUNIT_EXPECT_NULL(test, owner_of(heap, site(0)));
	blocks[0] = heapmod_alloc_caller(heap, 10, GFP_KERNEL, site(SITES));
	KUNIT_ASSERT_NOT_NULL(test, owner_of(heap, site(SITES)));
	KUNIT_EXPECT_EQ(test, heap_owner_bytes(owner_of(heap, site(SITES))), 10);
	expect_sums(test, heap);
}

/* The next call site behind number @i whose search begins at the same slot as that of number 0. */
static int next_colliding(const struct heap_owners *owners, int i)
{
	u32 hash = hash_long(site(0), 8) & owners->mask;

	do
		i++;
	while ((hash_long(site(i), 8) & owners->mask) != hash);
	return i;
}

/*
 * A search goes on behind a slot that was released, and a new call site takes that slot. The reset
 * releases all slots; then the first call site loses its slot as when its module is unloaded.
 */
static void released_slots_hide_no_owner(struct kunit *test)
{
	struct heapmod *heap = suite_exact_heap(test, 1 << 16, 0);
	int i = next_colliding(&heap->owners, 0), k = next_colliding(&heap->owners, i);
	struct heap_owner *first, *second;

	heapmod_reset(heap);
	heapmod_free(heap, heapmod_alloc_caller(heap, 8, GFP_KERNEL, site(0)));
	blocks[0] = heapmod_alloc_caller(heap, 8, GFP_KERNEL, site(i));
	first = owner_of(heap, site(0));
	second = owner_of(heap, site(i));
	KUNIT_ASSERT_NOT_NULL(test, first);
	KUNIT_ASSERT_NOT_NULL(test, second);
	*first = (struct heap_owner){};
	blocks[1] = heapmod_alloc_caller(heap, 8, GFP_KERNEL, site(i));
	KUNIT_EXPECT_EQ(test, heap_owner_blocks(second), 2);
	blocks[2] = heapmod_alloc_caller(heap, 8, GFP_KERNEL, site(k));
	KUNIT_EXPECT_PTR_EQ(test, owner_of(heap, site(k)), first);
	for (i = 0; i < 3; i++)
		heapmod_free(heap, blocks[i]);
	KUNIT_EXPECT_EQ(test, heap_owner_blocks(second), 0);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(each_call_site_has_an_owner),
	KUNIT_CASE(owners_have_a_peak),
	KUNIT_CASE(failures_are_accounted),
	KUNIT_CASE(a_failure_outlives_its_slot),
	KUNIT_CASE(excess_call_sites_are_other),
	KUNIT_CASE(reset_releases_all_slots),
	KUNIT_CASE(released_slots_hide_no_owner),
	{}
};

SUITE(cases);

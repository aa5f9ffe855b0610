// SPDX-License-Identifier: GPL-2.0-only
/*
 * heap_contain - each mistake of a client gets its verdict, and the heap stays usable
 *
 * After each mistake the heap serves many more operations, and is checked.
 */
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/irq_work.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/prandom.h>
#include <linux/smp.h>
#include <linux/string.h>

#include "core/block.h"
#include "heaps/heaps.h"
#include "probe.h"
#include "suite.h"

#define OPERATIONS	10000
#define LIVE		32

/* Allocate and free at random; blocks must keep their contents. */
static void serve(struct kunit *test)
{
	struct rnd_state random;
	struct {
		u8 *ptr;
		u32 size;
	} live[LIVE] = {}, *one;
	int i;

	prandom_seed_state(&random, 1);
	for (i = 0; i < OPERATIONS + LIVE; i++) {
		one = &live[i < OPERATIONS ? prandom_u32_state(&random) % LIVE : i - OPERATIONS];
		if (one->ptr) {
			KUNIT_ASSERT_NULL(test, memchr_inv(one->ptr, one - live, one->size));
			heapmod_free(test->priv, one->ptr);
			one->ptr = NULL;
		} else if (i < OPERATIONS) {
			one->size = 1 + prandom_u32_state(&random) % 200;
			one->ptr = suite_alloc(test, one->size);
			memset(one->ptr, one - live, one->size);
		}
	}
	KUNIT_EXPECT_EQ(test, heapmod_check(test->priv), 0);
}

/* A write that a client must not make. This file is built without KASAN. */
static void poke(void *ptr, int offset, u8 value)
{
	WRITE_ONCE(*((u8 *)ptr + offset), value);
}

/* Flip bits of a byte that may have any value: a constant may be that value. */
static void flip(void *ptr, int offset)
{
	u8 *byte = (u8 *)ptr + offset;

	WRITE_ONCE(*byte, READ_ONCE(*byte) ^ 0x55);
}

/* A row of blocks, so that each has a used neighbour. */
static void make_row(struct kunit *test, u8 *row[], int count, size_t size)
{
	int i;

	for (i = 0; i < count; i++)
		row[i] = suite_alloc(test, size);
}

static void overrun(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, 1 << 16);
	u8 *row[3];

	make_row(test, row, 3, 100);
	poke(row[1], 100, 0);
	KUNIT_EXPECT_EQ(test, heapmod_check(heap), -EUCLEAN);
	heapmod_free(heap, row[1]);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).overrun, 1);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).blocks, 2);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).quarantine_bytes, 0);
	serve(test);
}

static void corrupt_header(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, 1 << 16);
	u8 *row[3];
	int i;

	make_row(test, row, 3, FILL(7));
	for (i = 0; i < 8; i++)
		poke(row[0], FILL(7) + i, 'A');
	KUNIT_EXPECT_EQ(test, heapmod_check(heap), -EUCLEAN);
	heapmod_free(heap, row[1]);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).corrupt_header, 1);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).quarantine_blocks, 1);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).quarantine_bytes, 7 * SUITE_GRANULE);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).blocks, 2);
	heapmod_free(heap, row[1]);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).double_free, 1);
	KUNIT_EXPECT_FALSE(test, heapmod_owns(heap, row[1]));
	serve(test);
}

/* The size of the block to be zeroed is read from the map, not from its corrupt header. */
static void corrupt_sensitive_block(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, 1 << 16);
	u8 *row[3];
	int i;

	make_row(test, row, 3, 100);
	memset(row[1], 0x42, 100);
	flip(row[1], -1);
	heapmod_free_sensitive(heap, row[1]);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).corrupt_header, 1);
	for (i = 0; i < 100; i++)
		KUNIT_ASSERT_NE(test, row[1][i], 0x42);
	serve(test);
}

/* The header of a hole is repaired by the allocation that takes it. */
static void corrupt_hole(struct kunit *test)
{
	struct heapmod *heap = suite_exact_heap(test, 1 << 16, 0);
	u8 *row[3];

	make_row(test, row, 3, FILL(7));
	heapmod_free(heap, row[0]);
	heapmod_free(heap, row[1]);
	flip(row[0], -4);
	KUNIT_EXPECT_EQ(test, heapmod_check(heap), -EUCLEAN);
	KUNIT_EXPECT_PTR_EQ(test, suite_alloc(test, FILL(7)), (void *)row[0]);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).corrupt_header, 1);
	serve(test);
}

/* For any number of corrupt headers, at most an eighth of the heap is quarantined. */
static void quarantine_is_bounded(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, REGION(800));
	u8 *row[100];
	int i;

	make_row(test, row, 100, FILL(7));
	for (i = 0; i < 100; i++)
		flip(row[i], -4);
	for (i = 0; i < 100; i++)
		heapmod_free(heap, row[i]);
	KUNIT_EXPECT_GE(test, suite_stats(heap).corrupt_header, 100);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).blocks, 0);
	KUNIT_EXPECT_LE(test, suite_stats(heap).quarantine_bytes, 100 * SUITE_GRANULE);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).quarantine_blocks, 14);
	serve(test);
}

#define ROUNDS		100
#define ROW		100		/* in more chunks than a check reads with the lock held */

static int check_until_stopped(void *heap)
{
	while (!kthread_should_stop()) {
		suite_need_resched();
		heapmod_check(heap);
		cond_resched();
	}
	return 0;
}

/* A failure must not end the case here: the other thread uses the heap. */
static void spoil_and_reset(struct heapmod *heap)
{
	static void *row[ROW];
	unsigned long flags;
	size_t count, i;

	count = heapmod_alloc_bulk(heap, FILL(7), __GFP_NOWARN, ROW, row);
	for (i = 0; i < count; i += 10) {
		raw_spin_lock_irqsave(&heap->lock, flags);	/* a check reads headers */
		flip(row[i], -1);
		raw_spin_unlock_irqrestore(&heap->lock, flags);
		heapmod_free(heap, row[i]);
	}
	heapmod_reset(heap);
}

/* The reset that frees this block gives the CPU to the check at the end of the batch. */
static void give_way(void *unused, u32 heap, u64 offset, u64 asked, u64 bytes,
		     unsigned long caller)
{
	suite_need_resched();
}

/* Between two steps of a reset a check finds damaged headers, but the index is intact. */
static void check_during_resets(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, 1 << 16);
	struct tracepoint *point;
	struct task_struct *task;
	int i;

	point = probe_start(test, "heapmod_free", give_way, NULL);
	task = kthread_run(check_until_stopped, heap, "check");
	for (i = 0; i < ROUNDS && !IS_ERR(task); i++)
		spoil_and_reset(heap);
	probe_stop(point, give_way, NULL);
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	kthread_stop(task);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).corrupt_index, 0);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).frozen, 0);
	KUNIT_EXPECT_GE(test, suite_stats(heap).corrupt_header, ROUNDS * ROW / 10);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).quarantine_blocks, 0);
}

static void use_after_free(struct kunit *test)
{
	struct heapmod *heap = suite_exact_heap(test, 1 << 16, HEAPMOD_POISON);
	u8 *row[3];

	make_row(test, row, 3, 100);
	heapmod_free(heap, row[1]);
	poke(row[1], 40, 0);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).use_after_free, 0);
	KUNIT_EXPECT_PTR_EQ(test, suite_alloc(test, 100), (void *)row[1]);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).use_after_free, 1);
	heapmod_free(heap, row[1]);
	serve(test);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).use_after_free, 1);
}

/* What a shrink frees includes the byte that was overrun. */
static void overrun_before_shrink(struct kunit *test)
{
	struct heapmod *heap = suite_heap_flags(test, 1 << 16, HEAPMOD_POISON);
	u8 *row[3];

	make_row(test, row, 3, 100);
	poke(row[1], 100, 0);
	KUNIT_EXPECT_PTR_EQ(test, heapmod_realloc(heap, row[1], 10, GFP_KERNEL), (void *)row[1]);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).overrun, 1);
	suite_alloc(test, 60);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).use_after_free, 0);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).pending_bytes, 0);
	serve(test);
}

/* A resize that moves the block counts its overrun once. So does one that fails, and the free. */
static void overrun_before_move(struct kunit *test)
{
	struct heapmod *heap = suite_heap_flags(test, 1 << 16, HEAPMOD_POISON);
	u8 *row[4];

	make_row(test, row, 4, 100);
	poke(row[1], 100, 0);
	KUNIT_EXPECT_PTR_NE(test, heapmod_realloc(heap, row[1], 300, GFP_KERNEL), (void *)row[1]);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).overrun, 1);
	poke(row[2], 100, 0);
	KUNIT_EXPECT_NULL(test, heapmod_realloc(heap, row[2], 1 << 16, __GFP_NOWARN));
	heapmod_free(heap, row[2]);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).overrun, 2);
	serve(test);
}

/* The lock becomes unavailable, as for an NMI. */
static void pretend_nmi(void *unused, u32 heap, u64 offset, u64 was_asked, u64 was_bytes,
			u64 asked, u64 bytes, unsigned long caller)
{
	if (!in_nmi())
		preempt_count_add(NMI_OFFSET);
}

static void hold_lock(void *data)
{
	struct heapmod *heap = data;

	raw_spin_lock(&heap->lock);
	oops_in_progress = 1;
	mdelay(10);
	raw_spin_unlock(&heap->lock);
}

/* The same with SMP: another CPU holds the lock for a while, and in an oops it is only tried. */
static void pretend_oops(void *data, u32 heap, u64 offset, u64 was_asked, u64 was_bytes,
			 u64 asked, u64 bytes, unsigned long caller)
{
	unsigned int other = cpumask_any_but(cpu_online_mask, get_cpu());
	bool called = !smp_call_function_single(other, hold_lock, data, 0);

	put_cpu();
	while (called && !READ_ONCE(oops_in_progress))
		cpu_relax();
}

/* Return: whether there was a probe that made the lock unavailable. */
static bool end_pretence(void)
{
	bool nmi = in_nmi(), oops = oops_in_progress;

	if (nmi)
		preempt_count_sub(NMI_OFFSET);
	oops_in_progress = 0;
	return nmi || oops;
}

/* A resize that has begun to free the end of a block also ends. */
static void shrink_is_all_or_nothing(struct kunit *test)
{
	void *probe = IS_ENABLED(CONFIG_SMP) ? pretend_oops : pretend_nmi;
	struct heapmod *heap = suite_heap_flags(test, 1 << 16, HEAPMOD_POISON);
	struct tracepoint *point;
	bool probed;
	u8 *row[3];
	void *ptr;

	if (IS_ENABLED(CONFIG_SMP) && num_online_cpus() == 1)
		kunit_skip(test, "no other CPU can hold the lock");
	make_row(test, row, 3, 100);
	memset(row[1], 0x42, 100);
	point = probe_start(test, "heapmod_resize", probe, heap);
	ptr = heapmod_realloc(heap, row[1], 10, GFP_KERNEL);
	probed = end_pretence();
	probe_stop(point, probe, heap);
	KUNIT_EXPECT_TRUE(test, probed);
	KUNIT_EXPECT_PTR_EQ(test, ptr, (void *)row[1]);
	KUNIT_EXPECT_EQ(test, heapmod_usable_size(heap, row[1]), 10);
	KUNIT_EXPECT_NULL(test, memchr_inv(row[1], 0x42, 10));
	KUNIT_EXPECT_EQ(test, suite_stats(heap).pending_bytes, 0);
	serve(test);
}

/* A check also reads free memory: small holes, and all of a large one. */
static void check_finds_use_after_free(struct kunit *test)
{
	struct heapmod *heap = suite_heap_flags(test, 1 << 16, HEAPMOD_POISON);
	const int offsets[] = { 0, 40, 103, 5000, 50001 };
	u8 *row[3];
	int i;

	make_row(test, row, 3, 100);
	heapmod_free(heap, row[1]);
	KUNIT_EXPECT_EQ(test, heapmod_check(heap), 0);
	for (i = 0; i < ARRAY_SIZE(offsets); i++) {
		poke(row[1], offsets[i], 0);
		KUNIT_EXPECT_EQ(test, heapmod_check(heap), -EUCLEAN);
		poke(row[1], offsets[i], HEAP_PATTERN);
		KUNIT_EXPECT_EQ(test, heapmod_check(heap), 0);
	}
	serve(test);
}

/* An overrun of 16 bytes hits the redzone, and not the next header. */
static void redzone(struct kunit *test)
{
	struct heapmod *heap = suite_heap_flags(test, 1 << 16, HEAPMOD_REDZONE);
	u8 *row[3];
	int i;

	make_row(test, row, 3, FILL(7));
	KUNIT_EXPECT_EQ(test, suite_stats(heap).redzone_bytes, 3 * SUITE_GRANULE);
	for (i = 0; i < 16; i++)
		poke(row[1], FILL(7) + i, 'A');
	heapmod_free(heap, row[1]);
	heapmod_free(heap, row[2]);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).overrun, 1);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).corrupt_header, 0);
	serve(test);
}

static void wrong_heap(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, 1 << 16);
	struct heapmod *other = heapmod_create("other", 1 << 16, 0);
	void *ptr;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, other);
	ptr = heapmod_alloc(other, 100, GFP_KERNEL);
	heapmod_free(heap, ptr);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).wrong_heap, 1);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).foreign, 0);
	KUNIT_EXPECT_TRUE(test, heapmod_owns(other, ptr));
	heapmod_free(other, ptr);
	heapmod_destroy(other);
	serve(test);
}

static void invalid_pointers(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, 1 << 16);
	u8 *ptr = suite_alloc(test, 100);
	int local;

	heapmod_free(heap, ptr + 1);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).misaligned, 1);
	heapmod_free(heap, ptr + 16);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).interior, 1);
	heapmod_free(heap, &local);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).foreign, 1);
	heapmod_free(heap, ptr);
	heapmod_free(heap, ptr);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).double_free, 1);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).refused, 4);
	serve(test);
}

/* A free bit inside the block of @ptr, without a start bit. */
static void flip_hole(struct heapmod *heap, const u8 *ptr)
{
	u32 at = (ptr - (u8 *)heap->core.region) / SUITE_GRANULE;

	heap->core.index.chunks[at / HEAP_CHUNK].free ^= BIT_ULL(at % HEAP_CHUNK);
}

/* Clients cannot reach the index, so the test corrupts it. */
static void corrupt_index(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, 1 << 16);
	struct heapmod_stats before, after;
	u8 *row[3];

	make_row(test, row, 3, 100);
	flip_hole(heap, row[1]);
	KUNIT_EXPECT_EQ(test, heapmod_check(heap), -EUCLEAN);
	before = suite_stats(heap);
	KUNIT_EXPECT_EQ(test, before.frozen, 1);
	KUNIT_EXPECT_EQ(test, before.corrupt_index, 1);
	KUNIT_EXPECT_NULL(test, heapmod_alloc(heap, 16, GFP_KERNEL | __GFP_NOWARN));
	heapmod_free(heap, row[0]);
	heapmod_free(heap, row[1]);
	after = suite_stats(heap);
	KUNIT_EXPECT_EQ(test, after.failures, before.failures + 1);
	KUNIT_EXPECT_EQ(test, after.refused, before.refused + 2);
	KUNIT_EXPECT_EQ(test, after.blocks, 3);
	KUNIT_EXPECT_EQ(test, after.corrupt_index, 1);
	KUNIT_EXPECT_FALSE(test, heapmod_owns(heap, row[0]));
	KUNIT_EXPECT_EQ(test, heapmod_check(heap), -EUCLEAN);
	flip_hole(heap, row[1]);
	/* kmemleak must not keep this block, either: it would read memory that is unmapped. */
	row[2][-1] ^= 1;
	test->priv = NULL;
	heapmod_destroy(heap);
}

/* While the kernel oopses, the next holder of the lock may be unable to drop it. */
static void an_oops_defers_what_has_two_steps(struct kunit *test)
{
	struct heapmod *heap = suite_heap_flags(test, REGION(100), HEAPMOD_POISON);
	void *ptr = suite_alloc(test, FILL(2));
	bool deferred;

	oops_in_progress++;
	heapmod_free(heap, ptr);
	deferred = heap_defers(&heap->deferred);
	oops_in_progress--;
	KUNIT_EXPECT_TRUE(test, deferred);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).blocks, 0);
}

/* ... so neither the irq_work nor the work item waits for it. */
static void an_oops_postpones_reports(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, REGION(100));
	u8 *ptr = suite_alloc(test, 10);
	unsigned long flags;

	flip(ptr, 10);
	local_irq_save(flags);
	heapmod_free(heap, ptr);
	oops_in_progress++;
	local_irq_restore(flags);
	irq_work_sync(&heap->follow_up);
	flush_delayed_work(&heap->slow_work);
	KUNIT_EXPECT_EQ(test, heap_queued_findings(&heap->core), 1);
	oops_in_progress--;
	flush_delayed_work(&heap->slow_work);
	KUNIT_EXPECT_EQ(test, heap_queued_findings(&heap->core), 0);
}

/*
 * A report may be printed after the end of a reset, which releases the slot of the owner. Where the
 * irq_work has an interrupt of its own, it has printed it already, and the finding is a copy.
 */
static void a_report_of_a_reset_names_the_owner(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, REGION(100));

	flip(heapmod_alloc_caller(heap, 10, GFP_KERNEL, _THIS_IP_), 10);
	heapmod_reset(heap);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).overrun, 1);
	KUNIT_EXPECT_NE(test, heap->core.findings[0].owner, 0);
}

static void expect_remembered(struct kunit *test, struct heapmod *heap, void *ptr, u64 bytes)
{
	const struct heap_history *history = heap->history;
	const struct heap_freed *last = &history->freed[(history->count - 1) % HEAP_HISTORY];

	KUNIT_EXPECT_EQ(test, last->offset, heap_offset_of(&heap->core, ptr) - 8);
	KUNIT_EXPECT_EQ(test, last->bytes, bytes);
	KUNIT_EXPECT_NE(test, last->owner, 0);
	KUNIT_EXPECT_NE(test, last->caller, 0);
}

/* Whatever frees memory is in the history: later reports name it. */
static void history_has_resizes_and_resets(struct kunit *test)
{
	struct heapmod *heap = suite_heap_flags(test, REGION(100), HEAPMOD_POISON);
	u8 *ptr = suite_alloc(test, FILL(10));

	KUNIT_EXPECT_PTR_EQ(test, heapmod_realloc(heap, ptr, FILL(4), GFP_KERNEL), (void *)ptr);
	expect_remembered(test, heap, ptr + 4 * SUITE_GRANULE, 6 * SUITE_GRANULE);
	heapmod_reset(heap);
	expect_remembered(test, heap, ptr, 4 * SUITE_GRANULE);
}

/* It needs no lock, so the lock cannot be missing. */
static void zero_bytes_while_the_lock_is_busy(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, REGION(100));
	unsigned long flags, nmi;
	void *nothing, *ptr;

	raw_spin_lock_irqsave(&heap->lock, flags);
	nmi = suite_enter_nmi();
	nothing = heapmod_alloc(heap, 0, GFP_ATOMIC | __GFP_NOWARN);
	ptr = heapmod_alloc(heap, FILL(1), GFP_ATOMIC | __GFP_NOWARN);
	suite_leave_nmi(nmi);
	raw_spin_unlock_irqrestore(&heap->lock, flags);
	KUNIT_EXPECT_PTR_EQ(test, nothing, ZERO_SIZE_PTR);
	KUNIT_EXPECT_NULL(test, ptr);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).busy, 1);
}

/* While another report is printed, a finding stays in the queue. */
static void reports_do_not_mix(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, 1 << 16);
	u8 *ptr = suite_alloc(test, 100);

	heap->reporting = true;
	heapmod_free(heap, ptr + 1);
	suite_run_irq_work();
	irq_work_sync(&heap->follow_up);
	KUNIT_EXPECT_EQ(test, heap_queued_findings(&heap->core), 1);
	heap->reporting = false;
	flush_delayed_work(&heap->slow_work);
	KUNIT_EXPECT_EQ(test, heap_queued_findings(&heap->core), 0);
	heapmod_free(heap, ptr);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(overrun),
	KUNIT_CASE(corrupt_header),
	KUNIT_CASE(corrupt_sensitive_block),
	KUNIT_CASE(corrupt_hole),
	KUNIT_CASE(quarantine_is_bounded),
	KUNIT_CASE(check_during_resets),
	KUNIT_CASE(reports_do_not_mix),
	KUNIT_CASE(use_after_free),
	KUNIT_CASE(overrun_before_shrink),
	KUNIT_CASE(overrun_before_move),
	KUNIT_CASE(shrink_is_all_or_nothing),
	KUNIT_CASE(check_finds_use_after_free),
	KUNIT_CASE(redzone),
	KUNIT_CASE(wrong_heap),
	KUNIT_CASE(invalid_pointers),
	KUNIT_CASE(corrupt_index),
	KUNIT_CASE(an_oops_defers_what_has_two_steps),
	KUNIT_CASE(an_oops_postpones_reports),
	KUNIT_CASE(a_report_of_a_reset_names_the_owner),
	KUNIT_CASE(history_has_resizes_and_resets),
	KUNIT_CASE(zero_bytes_while_the_lock_is_busy),
	{}
};

SUITE(cases);

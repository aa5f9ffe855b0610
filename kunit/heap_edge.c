// SPDX-License-Identifier: GPL-2.0-only
/*
 * heap_edge - calls at the moment when another one ends: and sizes that wrap
 */
#include <linux/completion.h>
#include <linux/kthread.h>
#include <linux/string.h>

#include "heaps/heaps.h"
#include "suite.h"

#define BYTES	100

/* array_size() says SIZE_MAX of what overflows: the block stays as it is, whatever the flags. */
static void realloc_wraps(struct kunit *test)
{
	struct heapmod *heap = suite_heap_flags(test, 1 << 16, HEAPMOD_POISON | HEAPMOD_REDZONE);
	u8 *ptr = suite_alloc(test, BYTES);
	size_t less;

	memset(ptr, 7, BYTES);
	for (less = 0; less < 40; less++) {
		KUNIT_EXPECT_NULL(test, heapmod_realloc(heap, ptr, SIZE_MAX - less, __GFP_NOWARN));
		KUNIT_EXPECT_NULL(test, memchr_inv(ptr, 7, BYTES));
	}
	heapmod_free(heap, ptr);
}

/* As if that many frees were between their two steps; none is of a block of this heap. */
static void fill_claims(struct heapmod *heap)
{
	memset(heap->core.claims, 0xff, sizeof(heap->core.claims));
	heap->core.claim_count = HEAP_CLAIMS;
}

/* With no room for a claim a free waits, and nobody spins until there is. */
static void claims_full(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, 1 << 16);
	void *ptr = suite_alloc(test, BYTES);

	suite_alloc(test, BYTES);
	fill_claims(heap);
	heapmod_free(heap, ptr);
	irq_work_sync(&heap->follow_up);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).blocks, 2);
	KUNIT_EXPECT_FALSE(test, heapmod_owns(heap, ptr));
	heap->core.claim_count = 0;
	KUNIT_EXPECT_EQ(test, suite_stats(heap).blocks, 1);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).refused, 0);
}

struct watched {
	struct heapmod *heap;
	struct completion begun, go_on, gone;
	void *ptr;
	unsigned int told;
};

/* Sheds load, while somebody takes back that he wants to be told. */
static void shed(struct heapmod *heap, void *data)
{
	struct watched *watched = data;

	watched->told++;
	complete(&watched->begun);
	wait_for_completion(&watched->go_on);
	heapmod_free(heap, watched->ptr);
}

static int take_back(void *data)
{
	struct watched *watched = data;

	heapmod_watch(watched->heap, 0, NULL, NULL);
	complete(&watched->gone);
	return 0;
}

/* Who takes his watch back while he is told is not told again. */
static void unwatch(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, 1 << 16);
	struct watched watched = { .heap = heap };

	init_completion(&watched.begun);
	init_completion(&watched.go_on);
	init_completion(&watched.gone);
	KUNIT_ASSERT_EQ(test, heapmod_watch(heap, 50, shed, &watched), 0);
	watched.ptr = suite_alloc(test, 40000);
	wait_for_completion(&watched.begun);
	kthread_run(take_back, &watched, "take_back");
	schedule_timeout_uninterruptible(2);
	complete_all(&watched.go_on);
	wait_for_completion(&watched.gone);
	watched.ptr = suite_alloc(test, 40000);
	irq_work_sync(&heap->follow_up);
	flush_delayed_work(&heap->low.work);
	KUNIT_EXPECT_EQ(test, watched.told, 1);
	KUNIT_EXPECT_EQ(test, heap->core.watermark, U32_MAX);
}

struct waiting {
	struct heapmod *heap;
	struct completion done;
	void *ptr;
};

static int wait_for_ever(void *data)
{
	struct waiting *waiting = data;

	waiting->ptr = heapmod_alloc_wait(waiting->heap, 60000, __GFP_NOWARN,
					  MAX_SCHEDULE_TIMEOUT);
	complete(&waiting->done);
	return 0;
}

/* In a heap that is frozen nobody waits: neither who did, nor who comes. */
static void wait_frozen(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, 1 << 16);
	struct waiting waiting = { .heap = heap };
	u64 used;

	init_completion(&waiting.done);
	suite_alloc(test, 40000);
	kthread_run(wait_for_ever, &waiting, "waiting");
	while (list_empty_careful(&heap->waiters))
		schedule_timeout_uninterruptible(1);
	used = heap->core.used--;
	KUNIT_EXPECT_EQ(test, heapmod_check(heap), -EUCLEAN);
	heap->core.used = used;
	KUNIT_EXPECT_EQ(test, suite_stats(heap).frozen, 1);
	wait_for_completion(&waiting.done);
	KUNIT_EXPECT_NULL(test, waiting.ptr);
	KUNIT_EXPECT_NULL(test, heapmod_alloc_wait(heap, 16, __GFP_NOWARN, MAX_SCHEDULE_TIMEOUT));
	test->priv = NULL;
	heapmod_destroy(heap);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(realloc_wraps),
	KUNIT_CASE(unwatch),
	KUNIT_CASE(claims_full),
	KUNIT_CASE(wait_frozen),
	{}
};

SUITE(cases);

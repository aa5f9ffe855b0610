// SPDX-License-Identifier: GPL-2.0-only
/*
 * heap_edge - calls that overlap with the end of another one; sizes that wrap; full tables
 */
#include <linux/completion.h>
#include <linux/kthread.h>
#include <linux/string.h>

#include "heaps/heaps.h"
#include "suite.h"

#define BYTES	100

/* array_size() returns SIZE_MAX on overflow. A resize to such a size changes nothing. */
static void realloc_refuses_sizes_that_wrap(struct kunit *test)
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

/* Simulate the maximum of claimed blocks. No block of the heap is among them. */
static void fill_claims(struct heapmod *heap)
{
	memset(heap->core.claims, 0xff, sizeof(heap->core.claims));
	heap->core.claim_count = HEAP_CLAIMS;
}

/* A free without room for a claim is deferred. The follow-up must not spin on it. */
static void free_without_room_for_claims(struct kunit *test)
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
	struct completion started, resume, unwatched;
	void *ptr;
	unsigned int count;
};

/* The callback frees a block while another thread removes the watch. */
static void shed(struct heapmod *heap, void *data)
{
	struct watched *watched = data;

	watched->count++;
	complete(&watched->started);
	wait_for_completion(&watched->resume);
	heapmod_free(heap, watched->ptr);
}

static int remove_watch(void *data)
{
	struct watched *watched = data;

	heapmod_watch(watched->heap, 0, NULL, NULL);
	complete(&watched->unwatched);
	return 0;
}

/* A watch that is removed during its callback is not called again. */
static void unwatch_during_callback(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, 1 << 16);
	struct watched watched = { .heap = heap };

	init_completion(&watched.started);
	init_completion(&watched.resume);
	init_completion(&watched.unwatched);
	KUNIT_ASSERT_EQ(test, heapmod_watch(heap, 50, shed, &watched), 0);
	watched.ptr = suite_alloc(test, 40000);
	wait_for_completion(&watched.started);
	kthread_run(remove_watch, &watched, "remove_watch");
	schedule_timeout_uninterruptible(2);
	complete_all(&watched.resume);
	wait_for_completion(&watched.unwatched);
	watched.ptr = suite_alloc(test, 40000);
	irq_work_sync(&heap->follow_up);
	flush_delayed_work(&heap->low.work);
	KUNIT_EXPECT_EQ(test, watched.count, 1);
	KUNIT_EXPECT_EQ(test, heap->core.watermark, U32_MAX);
}

struct waiting {
	struct heapmod *heap;
	struct completion done;
	void *ptr;
};

static int wait_forever(void *data)
{
	struct waiting *waiting = data;

	waiting->ptr = heapmod_alloc_wait(waiting->heap, 60000, __GFP_NOWARN,
					  MAX_SCHEDULE_TIMEOUT);
	complete(&waiting->done);
	return 0;
}

/* A freeze ends all waits, and a later call returns at once. */
static void freeze_ends_waits(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, 1 << 16);
	struct waiting waiting = { .heap = heap };
	u64 used;

	init_completion(&waiting.done);
	suite_alloc(test, 40000);
	kthread_run(wait_forever, &waiting, "waiting");
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
	KUNIT_CASE(realloc_refuses_sizes_that_wrap),
	KUNIT_CASE(unwatch_during_callback),
	KUNIT_CASE(free_without_room_for_claims),
	KUNIT_CASE(freeze_ends_waits),
	{}
};

SUITE(cases);

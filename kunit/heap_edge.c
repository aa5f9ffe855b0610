// SPDX-License-Identifier: GPL-2.0-only
/*
 * heap_edge - calls that overlap with the end of another one; sizes that wrap; full tables
 */
#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/kthread.h>
#include <linux/sched.h>
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

/*
 * A free without room for a claim is deferred. The follow-up must not spin on it. With poison every
 * free takes two steps, and so needs a claim.
 */
static void free_without_room_for_claims(struct kunit *test)
{
	struct heapmod *heap = suite_heap_flags(test, 1 << 16, HEAPMOD_POISON);
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
static void shed(struct heapmod *heap, void *data, bool above)
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

	heapmod_unwatch(watched->heap, shed, watched);
	heapmod_complete_and_exit(&watched->unwatched, 0);
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
	flush_delayed_work(&heap->watermark.work);
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

	waiting->ptr = heapmod_alloc_wait(waiting->heap, 60000, 1, __GFP_NOWARN,
					  TASK_KILLABLE, MAX_SCHEDULE_TIMEOUT);
	heapmod_complete_and_exit(&waiting->done, 0);
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
	KUNIT_EXPECT_PTR_EQ(test, waiting.ptr, (void *)ERR_PTR(-EUCLEAN));
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(heapmod_alloc_wait(heap, 16, 1, __GFP_NOWARN,
								 TASK_KILLABLE,
								 MAX_SCHEDULE_TIMEOUT)),
			-EUCLEAN);
	test->priv = NULL;
	heapmod_destroy(heap);
}

static u64 searches(struct heapmod *heap)
{
	struct heapmod_stats stats = suite_stats(heap);
	u64 sum = 0;
	int i;

	for (i = 0; i < ARRAY_SIZE(stats.search_steps); i++)
		sum += stats.search_steps[i];
	return sum;
}

/* Counters go on beyond 32 bits. */
static void counters_do_not_wrap(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, 1 << 16);
	void *ptr;
	int i;

	for (i = 0; i < HEAP_STEP_CLASSES; i++)
		heap->core.index.searches[i] = U32_MAX;
	ptr = suite_alloc(test, BYTES);
	KUNIT_EXPECT_EQ(test, searches(heap), 1 + (u64)HEAP_STEP_CLASSES * U32_MAX);
	atomic64_set(&heap->refused, U32_MAX);
	heapmod_counter_inc(&heap->refused);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).refused, 1 + (u64)U32_MAX);
	heapmod_free(heap, ptr);
}

/* A check gives the CPU to another task that needs it, where the caller may be preempted. */
static void check_reschedules(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, 1 << 16);
	int tries;

	if (!IS_ENABLED(CONFIG_PREEMPT_COUNT))
		kunit_skip(test, "a check cannot know whether it may be preempted");
	suite_need_resched();
	if (!cond_resched())
		kunit_skip(test, "interrupts preempt a check");
	for (tries = 3; tries; tries--) {
		suite_need_resched();
		KUNIT_EXPECT_EQ(test, heapmod_check(heap), 0);
		if (!need_resched())
			break;	/* at its end, an interrupt may need the CPU again */
	}
	KUNIT_EXPECT_NE(test, tries, 0);
	preempt_disable();
	KUNIT_EXPECT_EQ(test, heapmod_check(heap), 0);
	preempt_enable();
	rcu_read_lock();
	KUNIT_EXPECT_EQ(test, heapmod_check(heap), 0);
	rcu_read_unlock();
}

struct creation {
	struct heapmod *busy;
	struct completion destroyed, created;
};

static int destroy_busy(void *data)
{
	struct creation *creation = data;

	heapmod_destroy(creation->busy);
	heapmod_complete_and_exit(&creation->destroyed, 0);
}

static int create_another(void *data)
{
	struct creation *creation = data;
	struct heapmod *heap = heapmod_create("another", 1 << 16, 0);

	if (!IS_ERR(heap))
		heapmod_destroy(heap);
	heapmod_complete_and_exit(&creation->created, 0);
}

/* heapmod_destroy() waits for a reader of the heap's files. Other heaps do not wait with it. */
static void reader_delays_only_its_heap(struct kunit *test)
{
	struct creation creation = {};
	unsigned long created;
	struct file *file;

	creation.busy = suite_heap(test, 1 << 16);
	file = filp_open("/sys/kernel/debug/heapmod/kunit/stats", O_RDONLY, 0);
	if (PTR_ERR_OR_ZERO(file) == -ENOENT)
		kunit_skip(test, "debugfs is not mounted");
	KUNIT_ASSERT_FALSE(test, IS_ERR(file));
	KUNIT_ASSERT_EQ(test, debugfs_file_get(file->f_path.dentry), 0);
	init_completion(&creation.destroyed);
	init_completion(&creation.created);
	test->priv = NULL;
	kthread_run(destroy_busy, &creation, "destroy_busy");
	schedule_timeout_uninterruptible(2);
	KUNIT_EXPECT_FALSE(test, completion_done(&creation.destroyed));
	kthread_run(create_another, &creation, "create_another");
	created = wait_for_completion_timeout(&creation.created, 60 * HZ);
	KUNIT_EXPECT_NE(test, created, 0);
	debugfs_file_put(file->f_path.dentry);
	wait_for_completion(&creation.destroyed);
	if (!created)
		wait_for_completion(&creation.created);
	filp_close(file, NULL);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(counters_do_not_wrap),
	KUNIT_CASE(check_reschedules),
	KUNIT_CASE(reader_delays_only_its_heap),
	KUNIT_CASE(realloc_refuses_sizes_that_wrap),
	KUNIT_CASE(unwatch_during_callback),
	KUNIT_CASE(free_without_room_for_claims),
	KUNIT_CASE(freeze_ends_waits),
	{}
};

SUITE(cases);

// SPDX-License-Identifier: GPL-2.0-only
/*
 * heap_wait - allocations that wait: in order, with a timeout, killed, in a heap that is destroyed
 *
 * Each case is repeated, with a new heap each time. The waiters are threads. The length of the
 * queue is read from the heap.
 */
#include <linux/completion.h>
#include <linux/irq_work.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/prandom.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>

#include "heaps/heaps.h"
#include "suite.h"

#define WAITERS		4
#define GRANULES	32

static unsigned int repetitions = 20;
module_param(repetitions, uint, 0444);
MODULE_PARM_DESC(repetitions, "of each case (default 20)");

struct waiting {
	struct heapmod *heap;
	size_t size;
	long timeout;
	struct task_struct *task;
	struct completion started;
	struct completion done;
	void *ptr;
	int place;			/* in the order of the returns */
};

static atomic_t served;

static int wait_for_block(void *data)
{
	struct waiting *waiting = data;

	allow_signal(SIGKILL);
	complete(&waiting->started);
	waiting->ptr = heapmod_alloc_wait(waiting->heap, waiting->size,
					  GFP_KERNEL | __GFP_NOWARN, waiting->timeout);
	waiting->place = atomic_inc_return(&served);
	complete(&waiting->done);
	return 0;
}

static void start(struct kunit *test, struct waiting *waiting, struct heapmod *heap, size_t size,
		  long timeout)
{
	struct task_struct *task;

	*waiting = (struct waiting){ .heap = heap, .size = size, .timeout = timeout };
	init_completion(&waiting->started);
	init_completion(&waiting->done);
	task = kthread_create(wait_for_block, waiting, "heap_wait");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	waiting->task = get_task_struct(task);
	wake_up_process(task);
	wait_for_completion(&waiting->started);
}

/* User-Mode Linux runs an irq_work at the next tick only. Run it now. */
static void run_irq_work(void)
{
	unsigned long flags;

	local_irq_save(flags);
	irq_work_run();
	local_irq_restore(flags);
}

static void finish(struct waiting *waiting)
{
	run_irq_work();
	wait_for_completion(&waiting->done);
	kthread_stop(waiting->task);
	put_task_struct(waiting->task);
}

static int queued(struct heapmod *heap)
{
	struct list_head *place;
	unsigned long flags;
	int count = 0;

	raw_spin_lock_irqsave(&heap->lock, flags);
	list_for_each(place, &heap->waiters)
		count++;
	raw_spin_unlock_irqrestore(&heap->lock, flags);
	return count;
}

static void until_queued(struct heapmod *heap, int count)
{
	while (queued(heap) != count)
		cond_resched();
}

/* The switch is counted after the task has left its run queue: wait for another tick. */
static void until_asleep(struct task_struct *task)
{
	while (READ_ONCE(task->on_rq))
		cond_resched();
	schedule_timeout_uninterruptible(1);
}

/* Start a waiter behind those in the queue. */
static void join(struct kunit *test, struct waiting *waiting, struct heapmod *heap, size_t size,
		 long timeout)
{
	int count = queued(heap);

	start(test, waiting, heap, size, timeout);
	until_queued(heap, count + 1);
}

/* A heap full of blocks of two granules. */
static struct heapmod *full_heap(struct kunit *test, void *blocks[GRANULES / 2])
{
	struct heapmod *heap = suite_heap(test, REGION(GRANULES));
	int i;

	for (i = 0; i < GRANULES / 2; i++)
		blocks[i] = suite_alloc(test, FILL(2));
	atomic_set(&served, 0);
	return heap;
}

/* No waiter, no live block, no event. Then destroy the heap. */
static void expect_unused(struct kunit *test, struct heapmod *heap)
{
	KUNIT_EXPECT_EQ(test, queued(heap), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&heap->waiting), 0);
	KUNIT_EXPECT_EQ(test, heap->core.events, 0);
	KUNIT_EXPECT_EQ(test, heap_live_blocks(&heap->core), 0);
	suite_exit(test);
	test->priv = NULL;
}

static void free_blocks(struct heapmod *heap, void *blocks[], int from, int to)
{
	int i;

	for (i = from; i < to; i++)
		heapmod_free(heap, blocks[i]);
}

static void room_without_wait(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, REGION(GRANULES));
	void *nothing = ZERO_SIZE_PTR;
	void *ptr = heapmod_alloc_wait(heap, FILL(GRANULES), GFP_KERNEL, 0);

	KUNIT_EXPECT_NOT_NULL(test, ptr);
	heapmod_free(heap, ptr);
	KUNIT_EXPECT_PTR_EQ(test, heapmod_alloc_wait(heap, 0, GFP_KERNEL, 0), nothing);
	expect_unused(test, heap);
}

/* A wait for a block larger than the region fails at once. */
static void sizes_that_never_fit(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, REGION(GRANULES));
	size_t huge = SIZE_MAX;

	OPTIMIZER_HIDE_VAR(huge);
	KUNIT_EXPECT_NULL(test, heapmod_alloc_wait(heap, FILL(GRANULES) + 1, __GFP_NOWARN,
						   MAX_SCHEDULE_TIMEOUT));
	KUNIT_EXPECT_NULL(test, heapmod_alloc_wait(heap, huge, __GFP_NOWARN,
						   MAX_SCHEDULE_TIMEOUT));
	KUNIT_EXPECT_NULL(test, heapmod_alloc_wait(NULL, 10, GFP_KERNEL, MAX_SCHEDULE_TIMEOUT));
	expect_unused(test, heap);
}

/* Each free serves the first waiter of the queue. */
static void waiters_are_served_in_order(struct kunit *test)
{
	struct waiting waiting[WAITERS];
	void *blocks[GRANULES / 2];
	struct heapmod *heap = full_heap(test, blocks);
	int i;

	for (i = 0; i < WAITERS; i++)
		join(test, &waiting[i], heap, FILL(2), MAX_SCHEDULE_TIMEOUT);
	for (i = 0; i < WAITERS; i++) {
		heapmod_free(heap, blocks[i]);
		finish(&waiting[i]);
		KUNIT_EXPECT_EQ(test, waiting[i].place, i + 1);
		KUNIT_EXPECT_PTR_EQ(test, waiting[i].ptr, blocks[i]);
		KUNIT_EXPECT_EQ(test, queued(heap), WAITERS - 1 - i);
	}
	free_blocks(heap, blocks, 0, GRANULES / 2);
	expect_unused(test, heap);
}

/*
 * While the first waiter does not fit, the second one waits, too, and neither wakes up. Allocations
 * that do not wait succeed.
 */
static void waiters_neither_overtake_nor_wake(struct kunit *test)
{
	struct waiting waiting[2];
	void *blocks[GRANULES / 2];
	struct heapmod *heap = full_heap(test, blocks);
	unsigned long switches[2];
	int i;

	join(test, &waiting[0], heap, FILL(4), MAX_SCHEDULE_TIMEOUT);
	join(test, &waiting[1], heap, FILL(2), MAX_SCHEDULE_TIMEOUT);
	for (i = 0; i < 2; i++) {
		until_asleep(waiting[i].task);
		switches[i] = waiting[i].task->nvcsw;
	}
	for (i = 0; i < 10; i += 2) {
		heapmod_free(heap, blocks[i]);
		run_irq_work();
	}
	KUNIT_EXPECT_EQ(test, queued(heap), 2);
	blocks[0] = suite_alloc(test, FILL(2));
	for (i = 0; i < 2; i++)
		KUNIT_EXPECT_EQ(test, waiting[i].task->nvcsw, switches[i]);
	heapmod_free(heap, blocks[1]);		/* now four granules are adjacent */
	finish(&waiting[0]);
	finish(&waiting[1]);
	KUNIT_EXPECT_NOT_NULL(test, waiting[0].ptr);
	KUNIT_EXPECT_NOT_NULL(test, waiting[1].ptr);
	heapmod_reset(heap);
	expect_unused(test, heap);
}

static void timeout_ends_a_wait(struct kunit *test)
{
	struct waiting waiting;
	void *blocks[GRANULES / 2];
	struct heapmod *heap = full_heap(test, blocks);

	start(test, &waiting, heap, FILL(4), 1);
	finish(&waiting);
	KUNIT_EXPECT_NULL(test, waiting.ptr);
	KUNIT_EXPECT_NULL(test, heapmod_alloc_wait(heap, FILL(4), __GFP_NOWARN, 0));
	free_blocks(heap, blocks, 0, GRANULES / 2);
	expect_unused(test, heap);
}

/* The first waiter is killed. Then the second one, which fits, is served. */
static void killed_waiter_leaves_the_queue(struct kunit *test)
{
	struct waiting waiting[2];
	void *blocks[GRANULES / 2];
	struct heapmod *heap = full_heap(test, blocks);

	join(test, &waiting[0], heap, FILL(8), MAX_SCHEDULE_TIMEOUT);
	join(test, &waiting[1], heap, FILL(2), MAX_SCHEDULE_TIMEOUT);
	heapmod_free(heap, blocks[5]);
	run_irq_work();
	KUNIT_EXPECT_EQ(test, queued(heap), 2);
	send_sig(SIGKILL, waiting[0].task, 1);
	finish(&waiting[0]);
	finish(&waiting[1]);
	KUNIT_EXPECT_NULL(test, waiting[0].ptr);
	KUNIT_EXPECT_PTR_EQ(test, waiting[1].ptr, blocks[5]);
	free_blocks(heap, blocks, 0, GRANULES / 2);
	expect_unused(test, heap);
}

/* A shrinking block serves a waiter, too. */
static void shrinking_serves_a_waiter(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, REGION(GRANULES));
	void *ptr = suite_alloc(test, FILL(GRANULES));
	struct waiting waiting;

	join(test, &waiting, heap, FILL(2), MAX_SCHEDULE_TIMEOUT);
	KUNIT_EXPECT_PTR_EQ(test, heapmod_realloc(heap, ptr, FILL(10), GFP_KERNEL), ptr);
	finish(&waiting);
	KUNIT_EXPECT_NOT_NULL(test, waiting.ptr);
	heapmod_free(heap, waiting.ptr);
	heapmod_free(heap, ptr);
	expect_unused(test, heap);
}

static void reset_serves_a_waiter(struct kunit *test)
{
	struct waiting waiting;
	void *blocks[GRANULES / 2];
	struct heapmod *heap = full_heap(test, blocks);

	join(test, &waiting, heap, FILL(GRANULES), MAX_SCHEDULE_TIMEOUT);
	heapmod_reset(heap);
	finish(&waiting);
	KUNIT_EXPECT_NOT_NULL(test, waiting.ptr);
	heapmod_free(heap, waiting.ptr);
	expect_unused(test, heap);
}

/* Each thread is in heapmod_alloc_wait(), or has returned from it. */
static void until_all_called(struct heapmod *heap)
{
	while (atomic_read(&heap->waiting) + atomic_read(&served) < WAITERS)
		cond_resched();
}

/* Waiters return without a block, also those that are about to join the queue. */
static void destroy_ends_waits(struct kunit *test)
{
	struct waiting waiting[WAITERS];
	void *blocks[GRANULES / 2];
	struct heapmod *heap = full_heap(test, blocks);
	int i;

	for (i = 0; i < WAITERS; i++)
		start(test, &waiting[i], heap, FILL(1 + i), MAX_SCHEDULE_TIMEOUT);
	until_all_called(heap);
	run_irq_work();
	test->priv = NULL;
	heapmod_destroy(heap);
	for (i = 0; i < WAITERS; i++) {
		finish(&waiting[i]);
		KUNIT_EXPECT_NULL(test, waiting[i].ptr);
	}
}

/* Some waiters are served, some time out, some are killed. The heap must be unused at the end. */
static void all_at_once(struct kunit *test)
{
	static struct rnd_state random;
	struct waiting waiting[WAITERS];
	void *blocks[GRANULES / 2];
	struct heapmod *heap = full_heap(test, blocks);
	int i;

	for (i = 0; i < WAITERS; i++)
		start(test, &waiting[i], heap, FILL(1 + prandom_u32_state(&random) % 4),
		      prandom_u32_state(&random) % 2 ? MAX_SCHEDULE_TIMEOUT : 0);
	for (i = 0; i < GRANULES / 2; i++) {
		heapmod_free(heap, blocks[i]);
		if (prandom_u32_state(&random) % 8 == 0)
			send_sig(SIGKILL, waiting[i % WAITERS].task, 1);
		cond_resched();
	}
	for (i = 0; i < WAITERS; i++) {
		finish(&waiting[i]);
		heapmod_free(heap, waiting[i].ptr);
	}
	expect_unused(test, heap);
}

#define REPEATED(name)							\
static void name##_repeated(struct kunit *test)				\
{									\
	unsigned int i;							\
									\
	for (i = 0; i < repetitions; i++)				\
		name(test);						\
}

REPEATED(room_without_wait)
REPEATED(waiters_are_served_in_order)
REPEATED(waiters_neither_overtake_nor_wake)
REPEATED(timeout_ends_a_wait)
REPEATED(killed_waiter_leaves_the_queue)
REPEATED(shrinking_serves_a_waiter)
REPEATED(reset_serves_a_waiter)
REPEATED(destroy_ends_waits)
REPEATED(all_at_once)

static struct kunit_case cases[] = {
	KUNIT_CASE(sizes_that_never_fit),
	KUNIT_CASE(room_without_wait_repeated),
	KUNIT_CASE(waiters_are_served_in_order_repeated),
	KUNIT_CASE(waiters_neither_overtake_nor_wake_repeated),
	KUNIT_CASE(timeout_ends_a_wait_repeated),
	KUNIT_CASE(killed_waiter_leaves_the_queue_repeated),
	KUNIT_CASE(shrinking_serves_a_waiter_repeated),
	KUNIT_CASE(reset_serves_a_waiter_repeated),
	KUNIT_CASE(destroy_ends_waits_repeated),
	KUNIT_CASE(all_at_once_repeated),
	{}
};

SUITE(cases);

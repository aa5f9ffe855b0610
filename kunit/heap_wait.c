// SPDX-License-Identifier: GPL-2.0-only
/*
 * heap_wait - allocations that wait: in order, with a timeout, killed, in a heap that is reset,
 * shut down or destroyed
 *
 * Each case is repeated, with a new heap each time. The waiters are threads. The length of the
 * queue is read from the heap.
 */
#include <linux/completion.h>
#include <linux/irq_work.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/prandom.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/stop_machine.h>

#include "heaps/compat.h"
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
	size_t align;
	unsigned int state;
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
	allow_signal(SIGUSR1);
	complete(&waiting->started);
	waiting->ptr = heapmod_alloc_wait(waiting->heap, waiting->size, waiting->align,
					  GFP_KERNEL | __GFP_NOWARN, waiting->state,
					  waiting->timeout);
	waiting->place = atomic_inc_return(&served);
	complete(&waiting->done);
	return 0;
}

static void start_as(struct kunit *test, struct waiting *waiting, const struct waiting *request)
{
	struct task_struct *task;

	*waiting = *request;
	init_completion(&waiting->started);
	init_completion(&waiting->done);
	task = kthread_create(wait_for_block, waiting, "heap_wait");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	waiting->task = get_task_struct(task);
	wake_up_process(task);
	wait_for_completion(&waiting->started);
}

static void start(struct kunit *test, struct waiting *waiting, struct heapmod *heap, size_t size,
		  long timeout)
{
	struct waiting request = { .heap = heap, .size = size, .align = 1, .state = TASK_KILLABLE,
				   .timeout = timeout };

	start_as(test, waiting, &request);
}

static void finish(struct waiting *waiting)
{
	suite_run_irq_work();
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

static void until_dequeued(struct task_struct *task)
{
	while (READ_ONCE(task->on_rq))
		cond_resched();
}

/* The switch is counted after the task has left its run queue, and before it has left its CPU. */
static void until_asleep(struct task_struct *task)
{
	until_dequeued(task);
#ifdef CONFIG_SMP
	while (smp_load_acquire(&task->on_cpu))	/* after the switch was counted */
		cond_resched();
#endif
}

/* On RT a thread runs the irq_work, so a reset sleeps until that has run, and waiters run on. */
static void skip_on_rt(struct kunit *test)
{
	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		kunit_skip(test, "a thread runs the irq_work");
}

/*
 * Let no waiter run on after it has been served, until this thread sleeps: it is on the same CPU,
 * and this thread has the higher priority.
 */
static void hold_waiter(struct waiting *waiting)
{
	set_cpus_allowed_ptr(current, cpumask_of(0));
	set_cpus_allowed_ptr(waiting->task, cpumask_of(0));
	sched_set_fifo(current);
}

static void release_waiter(void)
{
	sched_set_normal(current, 0);
	set_cpus_allowed_ptr(current, cpu_possible_mask);
}

static u64 owner_failures(struct heapmod *heap)
{
	u64 count = 0;
	u32 i;

	for (i = 0; i < heap_owners_count(&heap->owners); i++)
		count += heap->owners.table[i].failures;
	return count;
}

static void expect_failures(struct kunit *test, struct heapmod *heap, u64 count)
{
	KUNIT_EXPECT_EQ(test, suite_stats(heap).failures, count);
	KUNIT_EXPECT_EQ(test, owner_failures(heap), count);
}

/* Start a waiter behind those in the queue. With caches, it empties them when it has joined. */
static void join(struct kunit *test, struct waiting *waiting, struct heapmod *heap, size_t size,
		 long timeout)
{
	int count = queued(heap);

	start(test, waiting, heap, size, timeout);
	until_queued(heap, count + 1);
	until_dequeued(waiting->task);
	irq_work_sync(&heap->follow_up);
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
	KUNIT_EXPECT_EQ(test, suite_stats(heap).blocks, 0);
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
	void *ptr = heapmod_alloc_wait(heap, FILL(GRANULES), 1, GFP_KERNEL, TASK_KILLABLE, 0);

	KUNIT_EXPECT_NOT_NULL(test, ptr);
	heapmod_free(heap, ptr);
	ptr = heapmod_alloc_wait(heap, 0, 1, GFP_KERNEL, TASK_KILLABLE, 0);
	KUNIT_EXPECT_PTR_EQ(test, ptr, nothing);
	expect_unused(test, heap);
}

static long error_of(struct heapmod *heap, size_t size, long timeout)
{
	return PTR_ERR_OR_ZERO(heapmod_alloc_wait(heap, size, 1, __GFP_NOWARN, TASK_KILLABLE,
						  timeout));
}

static long refusal_of(struct heapmod *heap, size_t align, unsigned int state)
{
	return PTR_ERR_OR_ZERO(heapmod_alloc_wait(heap, 10, align, __GFP_NOWARN, state, 0));
}

/* A wait for a block larger than the region fails at once. */
static void sizes_that_never_fit(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, REGION(GRANULES));
	size_t huge = SIZE_MAX;

	OPTIMIZER_HIDE_VAR(huge);
	KUNIT_EXPECT_EQ(test, error_of(heap, FILL(GRANULES) + 1, MAX_SCHEDULE_TIMEOUT), -E2BIG);
	KUNIT_EXPECT_EQ(test, error_of(heap, huge, MAX_SCHEDULE_TIMEOUT), -E2BIG);
	KUNIT_EXPECT_EQ(test, refusal_of(heap, HEAPMOD_ALIGN_MAX, TASK_KILLABLE), -E2BIG);
	expect_failures(test, heap, 3);
	expect_unused(test, heap);
}

static void waits_refuse_invalid_arguments(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, REGION(GRANULES));

	KUNIT_EXPECT_EQ(test, error_of(NULL, 10, MAX_SCHEDULE_TIMEOUT), -EINVAL);
	KUNIT_EXPECT_EQ(test, error_of(heap, 10, -1), -EINVAL);
	KUNIT_EXPECT_EQ(test, error_of(heap, 10, LONG_MIN), -EINVAL);
	KUNIT_EXPECT_EQ(test, refusal_of(heap, 0, TASK_KILLABLE), -EINVAL);
	KUNIT_EXPECT_EQ(test, refusal_of(heap, 24, TASK_KILLABLE), -EINVAL);
	KUNIT_EXPECT_EQ(test, refusal_of(heap, 2 * HEAPMOD_ALIGN_MAX, TASK_KILLABLE), -EINVAL);
	KUNIT_EXPECT_EQ(test, refusal_of(heap, 16, TASK_RUNNING), -EINVAL);
	KUNIT_EXPECT_EQ(test, refusal_of(heap, 16, TASK_WAKEKILL), -EINVAL);
	KUNIT_EXPECT_EQ(test, refusal_of(heap, 16, TASK_NORMAL), -EINVAL);
	expect_failures(test, heap, 0);
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
		suite_run_irq_work();
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

/* The second waiter would fit, but stands behind one that does not. */
static void a_waiter_does_not_overtake_when_it_joins(struct kunit *test)
{
	struct waiting waiting[2];
	void *blocks[GRANULES / 2];
	struct heapmod *heap = full_heap(test, blocks);

	heapmod_free(heap, blocks[0]);
	join(test, &waiting[0], heap, FILL(4), MAX_SCHEDULE_TIMEOUT);
	join(test, &waiting[1], heap, FILL(2), MAX_SCHEDULE_TIMEOUT);
	heapmod_free(heap, blocks[1]);
	finish(&waiting[0]);
	KUNIT_EXPECT_PTR_EQ(test, waiting[0].ptr, blocks[0]);
	KUNIT_EXPECT_EQ(test, queued(heap), 1);
	heapmod_free(heap, blocks[2]);
	finish(&waiting[1]);
	KUNIT_EXPECT_PTR_EQ(test, waiting[1].ptr, blocks[2]);
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
	KUNIT_EXPECT_PTR_EQ(test, waiting.ptr, (void *)ERR_PTR(-ETIMEDOUT));
	KUNIT_EXPECT_EQ(test, error_of(heap, FILL(4), 0), -ETIMEDOUT);
	expect_failures(test, heap, 2);
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
	suite_run_irq_work();
	KUNIT_EXPECT_EQ(test, queued(heap), 2);
	send_sig(SIGKILL, waiting[0].task, 1);
	finish(&waiting[0]);
	finish(&waiting[1]);
	KUNIT_EXPECT_PTR_EQ(test, waiting[0].ptr, (void *)ERR_PTR(-EINTR));
	KUNIT_EXPECT_PTR_EQ(test, waiting[1].ptr, blocks[5]);
	expect_failures(test, heap, 1);
	free_blocks(heap, blocks, 0, GRANULES / 2);
	expect_unused(test, heap);
}

/* A task that was woken either returns, or sleeps once more. */
static void until_returned_or_asleep(struct waiting *waiting, unsigned long switches)
{
	while (!completion_done(&waiting->done) && READ_ONCE(waiting->task->nvcsw) == switches)
		cond_resched();
}

/* Send a signal to a task that waits. Return: whether that ended the wait, with -EINTR. */
static bool signal_ends_wait(struct kunit *test, unsigned int state, int signal)
{
	struct waiting waiting, request = { .size = FILL(2), .align = 1, .state = state,
					    .timeout = MAX_SCHEDULE_TIMEOUT };
	void *blocks[GRANULES / 2];
	unsigned long switches;
	bool ended;

	request.heap = full_heap(test, blocks);
	start_as(test, &waiting, &request);
	until_queued(request.heap, 1);
	until_asleep(waiting.task);
	switches = waiting.task->nvcsw;
	send_sig(signal, waiting.task, 1);
	wake_up_process(waiting.task);	/* as for another reason */
	until_returned_or_asleep(&waiting, switches);
	ended = completion_done(&waiting.done);
	heapmod_free(request.heap, blocks[0]);
	finish(&waiting);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(waiting.ptr), ended ? -EINTR : 0);
	heapmod_reset(request.heap);
	expect_unused(test, request.heap);
	return ended;
}

/* Only a signal that the state of the task allows ends a wait. */
static void the_state_says_which_signals_end_a_wait(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, signal_ends_wait(test, TASK_INTERRUPTIBLE, SIGUSR1));
	KUNIT_EXPECT_TRUE(test, signal_ends_wait(test, TASK_INTERRUPTIBLE, SIGKILL));
	KUNIT_EXPECT_FALSE(test, signal_ends_wait(test, TASK_KILLABLE, SIGUSR1));
	KUNIT_EXPECT_TRUE(test, signal_ends_wait(test, TASK_KILLABLE, SIGKILL));
	KUNIT_EXPECT_FALSE(test, signal_ends_wait(test, TASK_UNINTERRUPTIBLE, SIGKILL));
}

/* A waiter whose block must be aligned waits for an aligned place, not only for a large hole. */
static void an_aligned_waiter_waits_for_its_place(struct kunit *test)
{
	struct waiting waiting, request = { .size = FILL(2), .align = 128, .state = TASK_KILLABLE,
					    .timeout = MAX_SCHEDULE_TIMEOUT };
	void *blocks[GRANULES / 2], *first;
	int i;

	request.heap = suite_heap(test, REGION(GRANULES));
	first = suite_alloc(test, FILL(1));	/* so that payloads are aligned to 32 bytes */
	for (i = 0; i < GRANULES / 2 - 1; i++)
		blocks[i] = suite_alloc(test, FILL(2));
	blocks[i] = suite_alloc(test, FILL(1));
	i = 0;
	while (!IS_ALIGNED((unsigned long)blocks[i], 128))
		i++;
	start_as(test, &waiting, &request);
	until_queued(request.heap, 1);
	heapmod_free(request.heap, blocks[i + 2]);
	suite_run_irq_work();
	KUNIT_EXPECT_EQ(test, queued(request.heap), 1);
	free_blocks(request.heap, blocks, 0, i + 2);
	free_blocks(request.heap, blocks, i + 3, GRANULES / 2);
	finish(&waiting);
	KUNIT_EXPECT_TRUE(test, IS_ALIGNED((unsigned long)waiting.ptr, 128));
	expect_failures(test, request.heap, 0);
	heapmod_free(request.heap, waiting.ptr);
	heapmod_free(request.heap, first);
	expect_unused(test, request.heap);
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

/* The waiter was served, but does not run before the reset: it waits for another block. */
static void reset_takes_back_a_block(struct kunit *test)
{
	struct waiting waiting;
	void *blocks[GRANULES / 2], *other;
	struct heapmod *heap = full_heap(test, blocks);

	skip_on_rt(test);
	join(test, &waiting, heap, FILL(2), MAX_SCHEDULE_TIMEOUT);
	hold_waiter(&waiting);
	heapmod_free(heap, blocks[3]);
	suite_run_irq_work();
	KUNIT_EXPECT_EQ(test, queued(heap), 0);
	heapmod_reset(heap);
	other = suite_alloc(test, FILL(8));
	release_waiter();
	finish(&waiting);
	KUNIT_EXPECT_EQ(test, heap_live_blocks(&heap->core), 2);
	KUNIT_EXPECT_TRUE(test, heapmod_owns(heap, waiting.ptr));
	KUNIT_EXPECT_EQ(test, heapmod_usable_size(heap, waiting.ptr), FILL(2));
	heapmod_free(heap, waiting.ptr);
	heapmod_free(heap, other);
	expect_unused(test, heap);
}

/* Waiters that a reset sends back keep their places, before those that were not served. */
static void reset_keeps_the_order(struct kunit *test)
{
	struct waiting waiting[WAITERS];
	void *blocks[GRANULES / 2];
	struct heapmod *heap = full_heap(test, blocks);
	int i;

	skip_on_rt(test);
	for (i = 0; i < WAITERS; i++)
		join(test, &waiting[i], heap, FILL(2), MAX_SCHEDULE_TIMEOUT);
	for (i = 0; i < WAITERS; i++)
		hold_waiter(&waiting[i]);
	free_blocks(heap, blocks, 0, 2);
	suite_run_irq_work();
	KUNIT_EXPECT_EQ(test, queued(heap), WAITERS - 2);
	heapmod_reset(heap);
	release_waiter();
	for (i = 0; i < WAITERS; i++) {
		finish(&waiting[i]);
		KUNIT_EXPECT_PTR_EQ(test, waiting[i].ptr, blocks[i]);
	}
	free_blocks(heap, blocks, 0, WAITERS);
	expect_unused(test, heap);
}

/* The waiter was served, but does not run before the heap is gone. */
static void destroy_takes_back_a_block(struct kunit *test)
{
	struct waiting waiting;
	void *blocks[GRANULES / 2];
	struct heapmod *heap = full_heap(test, blocks);

	skip_on_rt(test);
	join(test, &waiting, heap, FILL(2), MAX_SCHEDULE_TIMEOUT);
	hold_waiter(&waiting);
	heapmod_free(heap, blocks[3]);
	suite_run_irq_work();
	test->priv = NULL;
	heapmod_destroy(heap);
	release_waiter();
	finish(&waiting);
	KUNIT_EXPECT_PTR_EQ(test, waiting.ptr, (void *)ERR_PTR(-ESHUTDOWN));
}

/* A block that was assigned, but not returned, is freed. */
static void shutdown_takes_back_a_block(struct kunit *test)
{
	struct waiting waiting[2];
	void *blocks[GRANULES / 2];
	struct heapmod *heap = full_heap(test, blocks);

	skip_on_rt(test);
	join(test, &waiting[0], heap, FILL(2), MAX_SCHEDULE_TIMEOUT);
	join(test, &waiting[1], heap, FILL(2), MAX_SCHEDULE_TIMEOUT);
	hold_waiter(&waiting[0]);
	hold_waiter(&waiting[1]);
	heapmod_free(heap, blocks[3]);
	suite_run_irq_work();
	heapmod_shutdown(heap);
	KUNIT_EXPECT_EQ(test, atomic_read(&heap->waiting), 0);
	release_waiter();
	finish(&waiting[0]);
	finish(&waiting[1]);
	KUNIT_EXPECT_PTR_EQ(test, waiting[0].ptr, (void *)ERR_PTR(-ESHUTDOWN));
	KUNIT_EXPECT_PTR_EQ(test, waiting[1].ptr, (void *)ERR_PTR(-ESHUTDOWN));
	KUNIT_EXPECT_EQ(test, heap_live_blocks(&heap->core), GRANULES / 2 - 1);
	heapmod_reset(heap);
	expect_unused(test, heap);
}

/* After a shutdown only frees work. */
static void shutdown_ends_allocations(struct kunit *test)
{
	void *blocks[GRANULES / 2];
	struct heapmod *heap = full_heap(test, blocks);

	heapmod_shutdown(heap);
	heapmod_free(heap, blocks[0]);
	KUNIT_EXPECT_NULL(test, heapmod_alloc(heap, 8, __GFP_NOWARN));
	KUNIT_EXPECT_EQ(test, error_of(heap, 8, MAX_SCHEDULE_TIMEOUT), -ESHUTDOWN);
	KUNIT_EXPECT_EQ(test, heap_live_blocks(&heap->core), GRANULES / 2 - 1);
	heapmod_reset(heap);
	KUNIT_EXPECT_NULL(test, heapmod_alloc(heap, 8, __GFP_NOWARN));
	heapmod_shutdown(heap);
	heapmod_shutdown(NULL);
	expect_unused(test, heap);
}

struct run {
	struct heapmod *heap;
	void **blocks;
	int left;			/* waiters that the irq_work has not served */
};

/* While no other CPU runs: it might run the work item already. */
static int run_alone(void *data)
{
	struct run *run = data;

	free_blocks(run->heap, run->blocks, 0, GRANULES / 2);
	irq_work_run();
	run->left = queued(run->heap);
	return 0;
}

/* One run of the irq_work serves a few waiters. A work item serves the rest. */
static void a_run_serves_few_waiters(struct kunit *test)
{
	struct waiting *waiting = kunit_kcalloc(test, GRANULES / 2, sizeof(*waiting), GFP_KERNEL);
	void *blocks[GRANULES / 2];
	struct heapmod *heap = full_heap(test, blocks);
	struct run run = { .heap = heap, .blocks = blocks };
	int i;

	KUNIT_ASSERT_NOT_NULL(test, waiting);
	skip_on_rt(test);
	for (i = 0; i < GRANULES / 2; i++)
		join(test, &waiting[i], heap, FILL(2), MAX_SCHEDULE_TIMEOUT);
	stop_machine(run_alone, &run, NULL);
	KUNIT_EXPECT_EQ(test, run.left, GRANULES / 2 - 8);
	for (i = 0; i < GRANULES / 2; i++) {
		finish(&waiting[i]);
		KUNIT_EXPECT_PTR_EQ(test, waiting[i].ptr, blocks[i]);
	}
	/* Not before: the work item may still serve, and would take what is free then. */
	for (i = 0; i < GRANULES / 2; i++)
		heapmod_free(heap, waiting[i].ptr);
	expect_unused(test, heap);
}

/* While a caller waits, only a free that makes room for the first waiter raises the irq_work. */
static void only_room_serves(struct kunit *test)
{
	struct waiting waiting;
	void *blocks[GRANULES / 2];
	struct heapmod *heap = full_heap(test, blocks);
	bool idle_after_alloc, idle_after_free, idle_after_room;
	unsigned long flags;

	skip_on_rt(test);
	join(test, &waiting, heap, FILL(4), MAX_SCHEDULE_TIMEOUT);
	heapmod_free(heap, blocks[0]);
	local_irq_save(flags);
	irq_work_run();
	blocks[0] = heapmod_alloc(heap, FILL(2), __GFP_NOWARN);
	idle_after_alloc = irq_work_queue(&heap->follow_up);
	irq_work_run();
	heapmod_free(heap, blocks[0]);
	idle_after_free = irq_work_queue(&heap->follow_up);
	irq_work_run();
	heapmod_free(heap, blocks[1]);
	idle_after_room = irq_work_queue(&heap->follow_up);
	local_irq_restore(flags);
	KUNIT_EXPECT_TRUE(test, idle_after_alloc);
	KUNIT_EXPECT_TRUE(test, idle_after_free);
	KUNIT_EXPECT_FALSE(test, idle_after_room);
	finish(&waiting);
	heapmod_free(heap, waiting.ptr);
	free_blocks(heap, blocks, 2, GRANULES / 2);
	expect_unused(test, heap);
}

/* A call with a timeout of 0 does not wait for the work item that frees them. */
static void deferred_frees_are_room(struct kunit *test)
{
	struct heapmod *heap = suite_heap_flags(test, REGION(GRANULES), HEAPMOD_POISON);
	void *ptr = suite_alloc(test, FILL(GRANULES));
	unsigned long flags;

	/* A hook, which poison is, does not run in an NMI. */
	flags = suite_enter_nmi();
	heapmod_free(heap, ptr);
	suite_leave_nmi(flags);
	KUNIT_EXPECT_EQ(test, error_of(heap, FILL(GRANULES), 0), 0);
	heapmod_reset(heap);
}

/* A task that waits does not prevent a suspend. */
static void waiters_can_be_frozen(struct kunit *test)
{
	struct waiting waiting;
	void *blocks[GRANULES / 2];
	struct heapmod *heap = full_heap(test, blocks);

	join(test, &waiting, heap, FILL(2), MAX_SCHEDULE_TIMEOUT);
	until_asleep(waiting.task);
	KUNIT_EXPECT_TRUE(test, heapmod_is_freezable(waiting.task));
	heapmod_free(heap, blocks[0]);
	finish(&waiting);
	free_blocks(heap, blocks, 0, GRANULES / 2);
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
	suite_run_irq_work();
	test->priv = NULL;
	heapmod_destroy(heap);
	for (i = 0; i < WAITERS; i++) {
		finish(&waiting[i]);
		KUNIT_EXPECT_PTR_EQ(test, waiting[i].ptr, (void *)ERR_PTR(-ESHUTDOWN));
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

	if (!random.s1)
		prandom_seed_state(&random, 1);
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
		if (!IS_ERR(waiting[i].ptr))
			heapmod_free(heap, waiting[i].ptr);
	}
	expect_unused(test, heap);
}

#define REPEATED(name)							\
static void name##_repeated(struct kunit *test)				\
{									\
	unsigned int i;							\
									\
	suite_param(test, "repetitions", &repetitions);			\
	for (i = 0; i < repetitions; i++)				\
		name(test);						\
}

REPEATED(room_without_wait)
REPEATED(waiters_are_served_in_order)
REPEATED(waiters_neither_overtake_nor_wake)
REPEATED(a_waiter_does_not_overtake_when_it_joins)
REPEATED(timeout_ends_a_wait)
REPEATED(killed_waiter_leaves_the_queue)
REPEATED(the_state_says_which_signals_end_a_wait)
REPEATED(an_aligned_waiter_waits_for_its_place)
REPEATED(shrinking_serves_a_waiter)
REPEATED(reset_serves_a_waiter)
REPEATED(reset_takes_back_a_block)
REPEATED(reset_keeps_the_order)
REPEATED(destroy_ends_waits)
REPEATED(destroy_takes_back_a_block)
REPEATED(shutdown_takes_back_a_block)
REPEATED(a_run_serves_few_waiters)
REPEATED(all_at_once)

static struct kunit_case cases[] = {
	KUNIT_CASE(sizes_that_never_fit),
	KUNIT_CASE(waits_refuse_invalid_arguments),
	KUNIT_CASE(room_without_wait_repeated),
	KUNIT_CASE(waiters_are_served_in_order_repeated),
	KUNIT_CASE(waiters_neither_overtake_nor_wake_repeated),
	KUNIT_CASE(a_waiter_does_not_overtake_when_it_joins_repeated),
	KUNIT_CASE(timeout_ends_a_wait_repeated),
	KUNIT_CASE(killed_waiter_leaves_the_queue_repeated),
	KUNIT_CASE(the_state_says_which_signals_end_a_wait_repeated),
	KUNIT_CASE(an_aligned_waiter_waits_for_its_place_repeated),
	KUNIT_CASE(shrinking_serves_a_waiter_repeated),
	KUNIT_CASE(reset_serves_a_waiter_repeated),
	KUNIT_CASE(reset_takes_back_a_block_repeated),
	KUNIT_CASE(reset_keeps_the_order_repeated),
	KUNIT_CASE(destroy_ends_waits_repeated),
	KUNIT_CASE(destroy_takes_back_a_block_repeated),
	KUNIT_CASE(shutdown_takes_back_a_block_repeated),
	KUNIT_CASE(shutdown_ends_allocations),
	KUNIT_CASE(a_run_serves_few_waiters_repeated),
	KUNIT_CASE(only_room_serves),
	KUNIT_CASE(deferred_frees_are_room),
	KUNIT_CASE(waiters_can_be_frozen),
	KUNIT_CASE(all_at_once_repeated),
	{}
};

SUITE(cases);

// SPDX-License-Identifier: GPL-2.0-only
/*
 * heap_lives - waits, resets, watches, shutdown and destroy race against each other
 *
 * In each life of a heap, two threads wait for blocks that take most of its region, one allocates
 * such blocks without waiting, one watches, and insmod resets the heap. At the end the heap is shut
 * down, or destroyed at once, while the two threads wait. A block must have one user at a time, and
 * a callback must not be called when its watch is over. insmod fails if anything is wrong.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/rwsem.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "heaps/heaps.h"

#define REGION	8192
#define BYTES	(REGION / 8 * 5)	/* of a block: there is room for one */
#define WAITERS	2
#define THREADS	(WAITERS + 3)
#define GFP	(GFP_KERNEL | __GFP_NOWARN)

static unsigned int lives = 10;
module_param(lives, uint, 0);
MODULE_PARM_DESC(lives, "heaps, one after the other");

static unsigned int resets = 1000;
module_param(resets, uint, 0);
MODULE_PARM_DESC(resets, "resets in each life");

static unsigned int flags;
module_param(flags, uint, 0);
MODULE_PARM_DESC(flags, "flags of the heaps");

/* A watch. Its callback must not run when it is over, nor another callback with it. */
struct watched {
	heapmod_watch_fn callback;
	bool over;
};

struct thread {
	struct task_struct *task;
	struct rnd_state random;
	u64 rounds, blocks;
};

static struct heapmod *heap;
static DECLARE_RWSEM(rule);		/* written: no block is used, only waits are running */
static unsigned int generation;		/* of the blocks: resets so far; changed with @rule */
static bool over;			/* the heap is about to be destroyed; changed with @rule */
static atomic_t left;			/* waiters that have not left */
static atomic_t endless;		/* waits without a timeout that have not returned */
static enum { RACE, PAUSE, SLEEP } phase; /* waiters wait for any time, not at all, for ever */
static atomic_t paused;
static atomic_t wrong;
static atomic_t calls;

#define VERIFY(condition) do {							\
	if (!(condition) && !atomic_fetch_inc(&wrong))				\
		pr_err("line %d\n", __LINE__);					\
} while (0)

static void use(struct thread *thread, u8 *ptr)
{
	u8 mark = prandom_u32_state(&thread->random);

	memset(ptr, mark, BYTES);
	cond_resched();
	VERIFY(!memchr_inv(ptr, mark, BYTES));
	heapmod_free(heap, ptr);
	thread->blocks++;
}

/* Return: whether to go on. A reset since @start may have freed the block, or the next one will. */
static bool pick_up(struct thread *thread, void *ptr, unsigned int start)
{
	bool stays;

	if (IS_ERR(ptr)) {
		VERIFY(PTR_ERR(ptr) == -ETIMEDOUT || PTR_ERR(ptr) == -ESHUTDOWN);
		return PTR_ERR(ptr) == -ETIMEDOUT && !READ_ONCE(over);
	}
	down_read(&rule);
	stays = !over;
	if (stays && start == generation)
		use(thread, ptr);
	up_read(&rule);
	return stays;
}

static void pause(void)
{
	atomic_inc(&paused);
	while (READ_ONCE(phase) == PAUSE)
		schedule_timeout_uninterruptible(1);
}

static int wait_for_blocks(void *data)
{
	static const long timeouts[] = { 0, 1, MAX_SCHEDULE_TIMEOUT, MAX_SCHEDULE_TIMEOUT };
	static const size_t aligns[] = { 1, 16, 64, 128 };
	u32 chosen;
	struct thread *thread = data;
	unsigned int start;
	long timeout;
	void *ptr;

	do {
		if (READ_ONCE(phase) == PAUSE)
			pause();
		start = READ_ONCE(generation);
		chosen = prandom_u32_state(&thread->random);
		timeout = READ_ONCE(phase) == SLEEP ? MAX_SCHEDULE_TIMEOUT : timeouts[chosen % 4];
		atomic_add(timeout == MAX_SCHEDULE_TIMEOUT, &endless);
		ptr = heapmod_alloc_wait(heap, BYTES, aligns[chosen / 4 % 4], GFP, TASK_KILLABLE,
					 timeout);
		atomic_sub(timeout == MAX_SCHEDULE_TIMEOUT, &endless);
		thread->rounds++;
	} while (pick_up(thread, ptr, start));
	atomic_dec(&left);
	return 0;
}

/* Also fills the default heap, which other modules may watch. */
static int allocate_blocks(void *data)
{
	struct thread *thread = data;
	void *ptr;

	while (!kthread_should_stop()) {
		down_read(&rule);
		ptr = heapmod_alloc(heap, BYTES, GFP);
		if (ptr)
			use(thread, ptr);
		up_read(&rule);
		heapmod_free(heapmod_default(), heapmod_alloc(heapmod_default(), BYTES, GFP));
		thread->rounds++;
		cond_resched();
	}
	return 0;
}

static void is_called(struct heapmod *watched, void *data, bool above)
{
	VERIFY(!READ_ONCE(((struct watched *)data)->over));
	atomic_inc(&calls);
	if (!down_read_trylock(&rule))
		return;
	heapmod_free(watched, heapmod_alloc(watched, 10, GFP));
	up_read(&rule);
	VERIFY(!READ_ONCE(((struct watched *)data)->over));
}

static void is_called_first(struct heapmod *watched, void *data, bool above)
{
	VERIFY(((struct watched *)data)->callback == is_called_first);
	is_called(watched, data, above);
}

static void is_called_second(struct heapmod *watched, void *data, bool above)
{
	VERIFY(((struct watched *)data)->callback == is_called_second);
	is_called(watched, data, above);
}

/* A thread has two watches at most. It ends one while the other thread does the same. */
static int watch_usage(struct thread *thread, heapmod_watch_fn callback)
{
	struct watched watches[2] = { { callback }, { callback } };
	unsigned int which = 0;

	while (!kthread_should_stop()) {
		u32 random = prandom_u32_state(&thread->random);

		WRITE_ONCE(watches[which].over, false);
		VERIFY(!heapmod_watch(heap, 1 + random % 99, callback, &watches[which]));
		which = !which;
		heapmod_unwatch(heap, callback, &watches[which]);
		WRITE_ONCE(watches[which].over, true);
		thread->rounds++;
		cond_resched();
	}
	which = !which;
	heapmod_unwatch(heap, callback, &watches[which]);
	WRITE_ONCE(watches[which].over, true);
	return 0;
}

static int watch_first(void *data)
{
	return watch_usage(data, is_called_first);
}

static int watch_second(void *data)
{
	return watch_usage(data, is_called_second);
}

static int start(struct thread *thread, int (*function)(void *data))
{
	struct task_struct *task = kthread_create(function, thread, "heap_lives");

	if (IS_ERR(task))
		return PTR_ERR(task);
	thread->task = get_task_struct(task);
	wake_up_process(task);
	return 0;
}

static void stop(struct thread *thread)
{
	if (!thread->task)
		return;
	kthread_stop(thread->task);
	put_task_struct(thread->task);
	thread->task = NULL;
}

static void reset(void)
{
	down_write(&rule);
	heapmod_reset(heap);
	generation++;	/* a block that a waiter got before this may have been freed */
	up_write(&rule);
	cond_resched();
}

static void verify_heap(void)
{
	struct heapmod_stats stats;

	heapmod_get_stats(heap, &stats);
	VERIFY(!stats.refused && !stats.frozen && !stats.corrupt_header && !stats.overrun &&
	       !stats.use_after_free);
	VERIFY(stats.blocks == stats.allocs - stats.frees);
	VERIFY(!heapmod_check(heap));
}

/* Only waits may be running when a heap is destroyed: wait until all waiters wait, or have left. */
static void destroy_at_once(void)
{
	down_write(&rule);
	over = true;
	up_write(&rule);
	while (atomic_read(&heap->waiting) != atomic_read(&left))
		cond_resched();
	heapmod_destroy(heap);
}

/* Fill the heap, then let all waiters sleep: only the shutdown can wake them. */
static void put_to_sleep(void)
{
	WRITE_ONCE(phase, PAUSE);
	do {
		reset();
		schedule_timeout_uninterruptible(1);
	} while (atomic_read(&paused) != WAITERS);
	reset();
	VERIFY(heapmod_alloc(heap, BYTES, GFP));
	WRITE_ONCE(phase, SLEEP);
	while (atomic_read(&endless) != WAITERS || atomic_read(&heap->waiting) != WAITERS)
		schedule_timeout_uninterruptible(1);
}

static void shut_down(void)
{
	heapmod_shutdown(heap);
	/* Otherwise a waiter that has timed out may call once more. */
	VERIFY(phase != SLEEP || !atomic_read(&heap->waiting));
	while (atomic_read(&left))
		cond_resched();
	verify_heap();
	heapmod_reset(heap);
	heapmod_destroy(heap);
}

static int live(struct thread *threads, unsigned int number)
{
	unsigned int i;
	int error = 0;

	heap = heapmod_create("lives", REGION, flags);
	if (IS_ERR(heap))
		return PTR_ERR(heap);
	over = false;
	phase = RACE;
	atomic_set(&paused, 0);
	for (i = 0; i < WAITERS; i++) {
		atomic_inc(&left);
		error = start(&threads[i], wait_for_blocks) ?: error;
	}
	error = start(&threads[WAITERS], allocate_blocks) ?: error;
	error = start(&threads[WAITERS + 1], watch_first) ?: error;
	error = start(&threads[WAITERS + 2], watch_second) ?: error;
	for (i = 0; i < resets && !error && !atomic_read(&wrong); i++)
		reset();
	stop(&threads[WAITERS]);
	stop(&threads[WAITERS + 1]);
	stop(&threads[WAITERS + 2]);
	reset();
	verify_heap();
	if (number % 4 == 0 && !error)
		put_to_sleep();
	if (number % 2 && !error)
		destroy_at_once();
	else
		shut_down();
	for (i = 0; i < WAITERS; i++)
		stop(&threads[i]);
	return error;
}

static int __init lives_init(void)
{
	static struct thread threads[THREADS];
	unsigned int i;
	int error = 0;

	for (i = 0; i < THREADS; i++)
		prandom_seed_state(&threads[i].random, i + 1);
	for (i = 0; i < lives && !error && !atomic_read(&wrong); i++)
		error = live(threads, i);
	pr_info("%u lives, %u resets, %llu waits (%llu blocks), %llu watches (%u calls), %llu allocations (%llu blocks)\n",
		i, generation, threads[0].rounds + threads[1].rounds,
		threads[0].blocks + threads[1].blocks,
		threads[WAITERS + 1].rounds + threads[WAITERS + 2].rounds, atomic_read(&calls),
		threads[WAITERS].rounds, threads[WAITERS].blocks);
	return error ?: atomic_read(&wrong) ? -EIO : 0;
}

static void __exit lives_exit(void)
{
}

module_init(lives_init);
module_exit(lives_exit);

MODULE_INFO(import_ns, "HEAPMOD");
MODULE_DESCRIPTION("Lifetimes of heaps");
MODULE_LICENSE("GPL");

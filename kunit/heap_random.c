// SPDX-License-Identifier: GPL-2.0-only
/*
 * heap_random - random calls from two threads, compared with a model
 *
 * Each thread has blocks of its own, and verifies their contents. It also waits, checks the heap,
 * watches it, passes wrong pointers, overruns its blocks, frees after a grace period, and frees as
 * an NMI does, which is deferred if the other thread holds the lock; a third thread resets the
 * heap. A semaphore keeps the rule of heapmod_reset(). At the end the counters of the heap must be
 * those of the model. The parameters `rounds` and `seed` are for longer runs, and to repeat one.
 */
#include <linux/kthread.h>
#include <linux/prandom.h>
#include <linux/random.h>
#include <linux/rwsem.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "suite.h"

#define THREADS	2
#define LIVE	48		/* blocks of a thread */
#define LARGEST	900		/* bytes */
#define BATCH	32		/* operations between two points where the heap may be reset */
#define BULK	6		/* blocks of a bulk call */
#define GFP	(GFP_KERNEL | __GFP_NOWARN)

static unsigned int rounds = 20000;
module_param(rounds, uint, 0444);
MODULE_PARM_DESC(rounds, "operations of each thread");

static unsigned int seed;
module_param(seed, uint, 0444);
MODULE_PARM_DESC(seed, "of the random numbers; 0: choose one");

struct held {
	u8 *ptr;
	u32 size;
	u8 pattern;
};

/* What a callback must see: it is not called when the watch is over. */
struct watched {
	bool over;
	unsigned int calls, late;
};

struct worker {
	struct task_struct *task;
	struct heapmod *heap;
	struct rnd_state random;
	struct held live[LIVE];
	struct watched watched;
	u64 allocs, frees, failures, interior, foreign, overruns;
	unsigned int wrong;		/* the line of the first error */
};

static DECLARE_RWSEM(rule);		/* written: no call that allocates is running */
static atomic_t running;
static atomic_t overrun_begun, overrun_ended;	/* between them a check finds the overrun */

/* The first line that did not hold is the result of the worker. */
static void verify(struct worker *worker, bool condition, unsigned int line)
{
	if (!condition && !worker->wrong)
		worker->wrong = line;
}

#define VERIFY(worker, condition)	verify(worker, condition, __LINE__)

static u32 below(struct worker *worker, u32 limit)
{
	return prandom_u32_state(&worker->random) % limit;
}

static bool is_intact(const struct held *block, size_t bytes)
{
	return !memchr_inv(block->ptr, block->pattern, bytes);
}

/* Account what an allocation has returned, and fill it. */
static void take(struct worker *worker, struct held *block, void *ptr, u32 size)
{
	if (IS_ERR_OR_NULL(ptr)) {
		worker->failures++;
		return;
	}
	worker->allocs++;
	*block = (struct held){ ptr, size, below(worker, 256) };
	VERIFY(worker, heapmod_usable_size(worker->heap, ptr) == size);
	memset(ptr, block->pattern, size);
}

/* Blocks of one size in free slots from a random one on. */
static void allocate_bulk(struct worker *worker)
{
	u32 size = 1 + below(worker, LARGEST), i = below(worker, LIVE - BULK), slots = 0, n;
	struct held *slot[BULK];
	void *ptrs[BULK];

	for (; i < LIVE && slots < BULK; i++) {
		if (!worker->live[i].ptr)
			slot[slots++] = &worker->live[i];
	}
	n = heapmod_alloc_bulk(worker->heap, size, GFP, slots, ptrs);
	VERIFY(worker, n <= slots);
	worker->failures += n < slots;
	for (i = 0; i < n; i++)
		take(worker, slot[i], ptrs[i], size);
}

static void allocate(struct worker *worker, struct held *block)
{
	static const u8 bytes[LARGEST];
	u32 size = 1 + below(worker, LARGEST), align = 1 << below(worker, 10);
	struct heapmod *heap = worker->heap;
	u8 *ptr;

	switch (below(worker, 6)) {
	case 0:
		ptr = heapmod_zalloc(heap, size, GFP);
		VERIFY(worker, !ptr || !memchr_inv(ptr, 0, size));
		break;
	case 1:
		ptr = heapmod_alloc_aligned(heap, size, align, GFP);
		VERIFY(worker, (uintptr_t)ptr % align == 0);
		break;
	case 2:
		ptr = heapmod_memdup(heap, bytes, size, GFP);
		VERIFY(worker, !ptr || !memchr_inv(ptr, 0, size));
		break;
	case 3:
		ptr = heapmod_alloc_wait(heap, size, 1, GFP, TASK_KILLABLE, below(worker, 2));
		VERIFY(worker, !IS_ERR(ptr) || PTR_ERR(ptr) == -ETIMEDOUT);
		break;
	default:
		ptr = heapmod_alloc(heap, size, GFP);
	}
	take(worker, block, ptr, size);
}

static void free_in_nmi(struct heapmod *heap, void *ptr)
{
	unsigned long flags = suite_enter_nmi();

	heapmod_free(heap, ptr);
	suite_leave_nmi(flags);
}

/* All blocks from a random one on, some of them beside each other. */
static void release_bulk(struct worker *worker)
{
	u32 i = below(worker, LIVE - BULK), n = 0;
	void *ptrs[BULK];

	for (; i < LIVE && n < BULK; i++) {
		struct held *block = &worker->live[i];

		if (!block->ptr)
			continue;
		VERIFY(worker, is_intact(block, block->size));
		ptrs[n++] = block->ptr;
		block->ptr = NULL;
	}
	worker->frees += n;
	heapmod_free_bulk(worker->heap, n, ptrs);
}

static void release(struct worker *worker, struct held *block)
{
	VERIFY(worker, is_intact(block, block->size));
	worker->frees++;
	switch (below(worker, 9)) {
	case 0:
		heapmod_free_sensitive(worker->heap, block->ptr);
		break;
	case 1:
	case 2:
		free_in_nmi(worker->heap, block->ptr);
		break;
	case 3:
		if (block->size >= sizeof(struct rcu_head)) {
			suite_free_rcu(worker->heap, block->ptr);
			break;
		}
		fallthrough;
	default:
		heapmod_free(worker->heap, block->ptr);
	}
	block->ptr = NULL;
}

static void resize(struct worker *worker, struct held *block)
{
	u32 size = 1 + below(worker, LARGEST), common = min(size, block->size);
	u8 *ptr = heapmod_realloc(worker->heap, block->ptr, size, GFP);

	if (!ptr) {
		worker->failures++;
		VERIFY(worker, is_intact(block, block->size));
		return;
	}
	worker->allocs += ptr != block->ptr;
	worker->frees += ptr != block->ptr;
	*block = (struct held){ ptr, size, block->pattern };
	VERIFY(worker, is_intact(block, common));
	memset(ptr, block->pattern, size);
}

/* The next free or resize reports it. A move allocates first, and may fail: then free the block. */
static void overrun(struct worker *worker, struct held *block)
{
	atomic_inc(&overrun_begun);
	smp_mb__after_atomic();		/* counted before a check can see it */
	/* The byte is slack: heapmod may read it in a check at the same time. */
	data_race(block->ptr[block->size] ^= 1);
	worker->overruns++;
	heapmod_free(worker->heap, block->ptr);
	worker->frees++;
	block->ptr = NULL;
	atomic_inc(&overrun_ended);
}

static void pass_wrong_pointer(struct worker *worker, struct held *block)
{
	if (block->size > SUITE_GRANULE) {
		heapmod_free(worker->heap, block->ptr + SUITE_GRANULE);
		worker->interior++;
	} else {
		heapmod_free(worker->heap, worker);
		worker->foreign++;
	}
}

static void is_called(struct heapmod *heap, void *data, bool above)
{
	struct watched *watched = data;

	watched->calls++;
	watched->late += READ_ONCE(watched->over);
}

/* Begin or end the watch of this thread. After the end it must not be called. */
static void watch(struct worker *worker)
{
	struct watched *watched = &worker->watched;

	if (!watched->over) {
		heapmod_unwatch(worker->heap, is_called, watched);
		WRITE_ONCE(watched->over, true);
		return;
	}
	WRITE_ONCE(watched->over, false);
	VERIFY(worker, !heapmod_watch(worker->heap, 1 + below(worker, 99), is_called, watched));
}

static void verify_heap(struct worker *worker)
{
	int ended = atomic_read(&overrun_ended);
	struct heapmod_stats s;
	int found;

	heapmod_get_stats(worker->heap, &s);
	/* Some may be pending. */
	VERIFY(worker, !s.frozen && s.blocks <= s.allocs - s.frees);
	VERIFY(worker, s.region_bytes == s.asked_bytes + s.slack_bytes + s.header_bytes +
	       s.hole_bytes + s.quarantine_bytes + s.pending_bytes + s.cached_bytes +
	       s.redzone_bytes + s.edge_bytes);
	found = heapmod_check(worker->heap);
	smp_rmb();	/* what it saw was counted before */
	VERIFY(worker, !found || atomic_read(&overrun_begun) != ended);
}

static void operate(struct worker *worker)
{
	struct held *block = &worker->live[below(worker, LIVE)];
	u32 choice = below(worker, 1024);

	if (choice == 0)
		verify_heap(worker);
	else if (choice < 4)
		watch(worker);
	else if (choice < 8)
		release_bulk(worker);
	else if (choice < 12)
		allocate_bulk(worker);
	else if (!block->ptr)
		allocate(worker, block);
	else if (choice < 24)
		overrun(worker, block);
	else if (choice < 32)
		pass_wrong_pointer(worker, block);
	else if (choice < 350)
		resize(worker, block);
	else
		release(worker, block);
}

static int work(void *data)
{
	struct worker *worker = data;
	unsigned int i;

	for (i = 0; i < rounds; i++) {
		if (i % BATCH == 0) {
			cond_resched();
			down_read(&rule);
		}
		operate(worker);
		if (i % BATCH == BATCH - 1 || i == rounds - 1)
			up_read(&rule);
	}
	atomic_dec(&running);
	return 0;
}

/* No thread uses the heap, and none has a block afterwards. */
static void reset(struct kunit *test, struct worker *workers)
{
	unsigned int i, k;

	down_write(&rule);
	heapmod_barrier(test->priv);
	KUNIT_EXPECT_EQ(test, heapmod_check(test->priv), 0);
	heapmod_reset(test->priv);
	KUNIT_EXPECT_EQ(test, suite_stats(test->priv).blocks, 0);
	for (i = 0; i < THREADS; i++) {
		for (k = 0; k < LIVE; k++) {
			workers[i].frees += !!workers[i].live[k].ptr;
			workers[i].live[k].ptr = NULL;
		}
	}
	up_write(&rule);
}

static void start(struct kunit *test, struct worker *worker, unsigned int number)
{
	worker->heap = test->priv;
	worker->watched.over = true;
	prandom_seed_state(&worker->random, seed + number);
	worker->task = kthread_create(work, worker, "heap_random/%u", number);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, worker->task);
	get_task_struct(worker->task);
}

static void expect_model(struct kunit *test, const struct worker *sum)
{
	struct heapmod_stats s = suite_stats(test->priv);

	KUNIT_EXPECT_EQ(test, s.allocs, sum->allocs);
	KUNIT_EXPECT_EQ(test, s.frees, sum->frees);
	KUNIT_EXPECT_EQ(test, s.failures, sum->failures);
	KUNIT_EXPECT_EQ(test, s.interior, sum->interior);
	KUNIT_EXPECT_EQ(test, s.foreign, sum->foreign);
	KUNIT_EXPECT_EQ(test, s.refused, sum->interior + sum->foreign);
	KUNIT_EXPECT_EQ(test, s.overrun, sum->overruns);
	KUNIT_EXPECT_EQ(test, s.corrupt_header + s.use_after_free + s.corrupt_index, 0);
	KUNIT_EXPECT_EQ(test, s.busy, 0);
}

static void add(struct worker *sum, const struct worker *worker)
{
	sum->allocs += worker->allocs;
	sum->frees += worker->frees;
	sum->failures += worker->failures;
	sum->interior += worker->interior;
	sum->foreign += worker->foreign;
	sum->overruns += worker->overruns;
	sum->watched.calls += worker->watched.calls;
	sum->watched.late += worker->watched.late;
}

static void run(struct kunit *test, unsigned int flags)
{
	struct worker *workers = kunit_kzalloc(test, (THREADS + 1) * sizeof(*workers), GFP_KERNEL);
	unsigned int i, resets = 0;

	KUNIT_ASSERT_NOT_NULL(test, workers);
	suite_param(test, "rounds", &rounds);
	suite_param(test, "seed", &seed);
	if (!seed) {
		seed = get_random_u32() | 1;
		kunit_info(test, "seed=%u was chosen\n", seed);
	}
	suite_heap_flags(test, THREADS * LIVE * LARGEST / 4, flags);
	atomic_set(&running, THREADS);
	for (i = 0; i < THREADS; i++)
		start(test, &workers[i], i);
	for (i = 0; i < THREADS; i++)
		wake_up_process(workers[i].task);
	for (; atomic_read(&running); resets++) {
		reset(test, workers);
		schedule_timeout_interruptible(1 + resets % 4);
	}
	for (i = 0; i < THREADS; i++) {
		kthread_stop(workers[i].task);
		put_task_struct(workers[i].task);
	}
	for (i = 0; i < THREADS; i++)
		heapmod_unwatch(test->priv, is_called, &workers[i].watched);
	reset(test, workers);
	for (i = 0; i < THREADS; i++) {
		KUNIT_EXPECT_EQ_MSG(test, workers[i].wrong, 0, "thread %u, line %u, seed %u", i,
				    workers[i].wrong, seed);
		add(&workers[THREADS], &workers[i]);
	}
	expect_model(test, &workers[THREADS]);
	KUNIT_EXPECT_EQ(test, workers[THREADS].watched.late, 0);
	kunit_info(test, "%llu allocations, %llu failures, %llu overruns, %u resets, %u callbacks\n",
		   workers[THREADS].allocs, workers[THREADS].failures, workers[THREADS].overruns,
		   resets, workers[THREADS].watched.calls);
}

static void random_calls(struct kunit *test)
{
	run(test, HEAPMOD_REDZONE);
}

static void random_calls_with_poison(struct kunit *test)
{
	run(test, HEAPMOD_REDZONE | HEAPMOD_POISON);
}

static void random_calls_with_caches(struct kunit *test)
{
	run(test, HEAPMOD_REDZONE | HEAPMOD_PERCPU);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(random_calls),
	KUNIT_CASE(random_calls_with_poison),
	KUNIT_CASE(random_calls_with_caches),
	{}
};

SUITE(cases);

// SPDX-License-Identifier: GPL-2.0-only
/*
 * heap_poll - the state that heapmod_poll() reports, and when it wakes
 *
 * A poller is an entry of this file in the wait queue, as poll() and epoll add one. The case
 * messages in the VM polls with programs.
 */
#include <linux/irq_work.h>
#include <linux/poll.h>
#include <linux/sched.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "heaps/heaps.h"
#include "suite.h"

#define GRANULES	8
#define ROOM		(EPOLLOUT | EPOLLWRNORM)
#define OVER		(EPOLLERR | EPOLLHUP | EPOLLPRI)
#define EXCEPTIONAL	(EPOLLPRI | EPOLLNVAL)	/* select() without the other two sets */

struct poller {
	struct heapmod *heap;
	poll_table table;
	wait_queue_entry_t entry;
	wait_queue_head_t *queue;
	struct delayed_work leave;
	bool is_epoll;
	bool leaves;			/* later, when it was woken */
	__poll_t only;			/* ignore other wakeups, as select() does */
	int wakeups;
	__poll_t key;
};

/* As epoll does, remove the entry when the queue is to be freed. */
static int wake(wait_queue_entry_t *entry, unsigned int mode, int sync, void *key)
{
	struct poller *poller = container_of(entry, struct poller, entry);

	if (poller->only && !(key_to_poll(key) & poller->only))
		return 0;
	poller->wakeups++;
	poller->key = key_to_poll(key);
	if (poller->is_epoll && poller->key & POLLFREE)
		list_del_init(&entry->entry);
	if (poller->leaves)
		schedule_delayed_work(&poller->leave, HZ / 20);
	return 1;
}

static void enqueue(struct file *file, wait_queue_head_t *queue, poll_table *table)
{
	struct poller *poller = container_of(table, struct poller, table);

	poller->queue = queue;
	add_wait_queue(queue, &poller->entry);
}

static void leave(struct poller *poller)
{
	remove_wait_queue(poller->queue, &poller->entry);
}

static void leave_later(struct work_struct *work)
{
	leave(container_of(to_delayed_work(work), struct poller, leave));
}

/* The first poll adds the entry, if it waits. */
static __poll_t begin(struct poller *poller, struct heapmod *heap, size_t size)
{
	*poller = (struct poller){ .heap = heap };
	init_poll_funcptr(&poller->table, enqueue);
	init_waitqueue_func_entry(&poller->entry, wake);
	INIT_LIST_HEAD(&poller->entry.entry);
	INIT_DELAYED_WORK(&poller->leave, leave_later);
	return heapmod_poll(heap, size, NULL, &poller->table);
}

/* Poll again, or for another size. */
static __poll_t state(struct heapmod *heap, size_t size)
{
	return heapmod_poll(heap, size, NULL, NULL);
}

/* Return: how often the poller was woken. */
static int wakeups(struct poller *poller)
{
	suite_run_irq_work();
	irq_work_sync(&poller->heap->follow_up);
	flush_work(&poller->heap->serve);
	return poller->wakeups;
}

static struct heapmod *full_heap(struct kunit *test, void *blocks[GRANULES])
{
	struct heapmod *heap = suite_heap(test, REGION(GRANULES));
	int i;

	for (i = 0; i < GRANULES; i++)
		blocks[i] = suite_alloc(test, FILL(1));
	return heap;
}

static void state_follows_the_holes(struct kunit *test)
{
	void *blocks[GRANULES];
	struct heapmod *heap = full_heap(test, blocks);

	KUNIT_EXPECT_EQ(test, state(heap, 1), 0);
	KUNIT_EXPECT_EQ(test, state(heap, 0), ROOM);
	heapmod_free(heap, blocks[1]);
	heapmod_free(heap, blocks[3]);
	KUNIT_EXPECT_EQ(test, state(heap, FILL(1)), ROOM);
	KUNIT_EXPECT_EQ(test, state(heap, FILL(1) + 1), 0);
	heapmod_free(heap, blocks[2]);
	KUNIT_EXPECT_EQ(test, state(heap, FILL(3)), ROOM);
	KUNIT_EXPECT_EQ(test, state(heap, FILL(3) + 1), 0);
	KUNIT_EXPECT_EQ(test, state(heap, FILL(GRANULES)), 0);
	suite_alloc(test, FILL(2));
	KUNIT_EXPECT_EQ(test, state(heap, FILL(1)), ROOM);
	KUNIT_EXPECT_EQ(test, state(heap, FILL(1) + 1), 0);
	heapmod_reset(heap);
	KUNIT_EXPECT_EQ(test, state(heap, FILL(GRANULES)), ROOM);
}

static void sizes_and_heaps_that_never_fit(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, REGION(GRANULES));

	KUNIT_EXPECT_EQ(test, state(heap, FILL(GRANULES) + 1), EPOLLERR);
	KUNIT_EXPECT_EQ(test, state(heap, SIZE_MAX), EPOLLERR);
	KUNIT_EXPECT_EQ(test, state(NULL, 1), OVER);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).failures, 0);
}

/* A free wakes if it makes a hole of the size, and only until the next poll has found no room. */
static void a_free_that_makes_room_wakes(struct kunit *test)
{
	void *blocks[GRANULES];
	struct heapmod *heap = full_heap(test, blocks);
	struct poller poller;

	KUNIT_EXPECT_EQ(test, begin(&poller, heap, FILL(2)), 0);
	heapmod_free(heap, blocks[1]);
	heapmod_free(heap, blocks[3]);
	KUNIT_EXPECT_EQ(test, wakeups(&poller), 0);
	heapmod_free(heap, blocks[2]);
	KUNIT_EXPECT_EQ(test, wakeups(&poller), 1);
	KUNIT_EXPECT_TRUE(test, poller.key & EPOLLOUT);
	KUNIT_EXPECT_EQ(test, state(heap, FILL(2)), ROOM);
	heapmod_free(heap, blocks[4]);
	KUNIT_EXPECT_EQ(test, wakeups(&poller), 1);
	KUNIT_EXPECT_EQ(test, state(heap, FILL(5)), 0);
	heapmod_free(heap, blocks[5]);
	KUNIT_EXPECT_EQ(test, wakeups(&poller), 2);
	leave(&poller);
	KUNIT_EXPECT_EQ(test, heap->core.events, 0);
}

/* The smaller one of two blocks is woken for, and then the other one. */
static void pollers_of_two_sizes(struct kunit *test)
{
	void *blocks[GRANULES];
	struct heapmod *heap = full_heap(test, blocks);
	struct poller small, large;

	KUNIT_EXPECT_EQ(test, begin(&small, heap, FILL(1)), 0);
	KUNIT_EXPECT_EQ(test, begin(&large, heap, FILL(2)), 0);
	heapmod_free(heap, blocks[0]);
	KUNIT_EXPECT_EQ(test, wakeups(&small), 1);
	KUNIT_EXPECT_EQ(test, state(heap, FILL(1)), ROOM);
	KUNIT_EXPECT_EQ(test, state(heap, FILL(2)), 0);
	heapmod_free(heap, blocks[1]);
	KUNIT_EXPECT_EQ(test, wakeups(&large), 2);
	KUNIT_EXPECT_EQ(test, state(heap, FILL(2)), ROOM);
	leave(&small);
	leave(&large);
}

/* An edge-triggered epoll does not poll again before a write has failed. */
static void a_failed_allocation_is_an_edge(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, REGION(GRANULES));
	struct poller poller;
	void *ptr;

	KUNIT_EXPECT_EQ(test, begin(&poller, heap, FILL(4)), ROOM);
	suite_alloc(test, FILL(4));
	ptr = suite_alloc(test, FILL(4));
	KUNIT_EXPECT_NULL(test, heapmod_alloc(heap, FILL(4), GFP_KERNEL | __GFP_NOWARN));
	KUNIT_EXPECT_EQ(test, wakeups(&poller), 0);
	heapmod_free(heap, ptr);
	KUNIT_EXPECT_EQ(test, wakeups(&poller), 1);
	leave(&poller);
}

/* With caches, the block that an allocation has not found may be in one. */
static void an_injected_failure_is_an_edge(struct kunit *test)
{
#ifdef CONFIG_FAULT_INJECTION
	/* A sixteenth of the region may be in caches. */
	struct heapmod *heap = suite_heap_flags(test, REGION(1000), HEAPMOD_PERCPU);
	struct poller poller;
	void *ptr;

	KUNIT_EXPECT_EQ(test, begin(&poller, heap, FILL(4)), ROOM);
	suite_alloc(test, FILL(996));
	ptr = suite_alloc(test, FILL(4));
	heapmod_free(heap, ptr);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).cached_bytes, 4 * SUITE_GRANULE);
	WRITE_ONCE(current->fail_nth, 1);
	KUNIT_EXPECT_NULL(test, heapmod_alloc(heap, FILL(4), GFP_KERNEL | __GFP_NOWARN));
	WRITE_ONCE(current->fail_nth, 0);
	KUNIT_EXPECT_EQ(test, wakeups(&poller), 1);
	leave(&poller);
	heapmod_reset(heap);
#else
	kunit_skip(test, "faults are not injected here");
#endif
}

static void a_reset_wakes(struct kunit *test)
{
	void *blocks[GRANULES];
	struct heapmod *heap = full_heap(test, blocks);
	struct poller poller;

	KUNIT_EXPECT_EQ(test, begin(&poller, heap, FILL(GRANULES)), 0);
	heapmod_reset(heap);
	KUNIT_EXPECT_EQ(test, wakeups(&poller), 1);
	KUNIT_EXPECT_EQ(test, state(heap, FILL(GRANULES)), ROOM);
	leave(&poller);
}

/*
 * An entry that is gone, because its file was closed or its poll has timed out, is not waited for:
 * any free disarms the heap, also one that makes no room.
 */
static void an_entry_that_is_gone_is_disarmed(struct kunit *test)
{
	void *blocks[GRANULES];
	struct heapmod *heap = full_heap(test, blocks);
	struct poller poller;

	KUNIT_EXPECT_EQ(test, begin(&poller, heap, FILL(2)), 0);
	leave(&poller);
	KUNIT_EXPECT_NE(test, heap->core.events, 0);
	heapmod_free(heap, blocks[0]);
	KUNIT_EXPECT_EQ(test, wakeups(&poller), 0);
	KUNIT_EXPECT_EQ(test, heap->core.events, 0);
	KUNIT_EXPECT_EQ(test, state(heap, FILL(2)), 0);
	KUNIT_EXPECT_EQ(test, heap->core.events, 0);
}

/* Epoll keeps an entry until its file is closed, so the shutdown removes it. */
static void a_shutdown_removes_entries_of_epoll(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, REGION(GRANULES));
	struct poller poller, late;

	KUNIT_EXPECT_EQ(test, begin(&poller, heap, FILL(1)), ROOM);
	poller.is_epoll = true;
	heapmod_shutdown(heap);
	KUNIT_EXPECT_EQ(test, poller.wakeups, 1);
	KUNIT_EXPECT_TRUE(test, poller.key & EPOLLHUP);
	/* This thread has added and removed the entries. */
	KUNIT_EXPECT_FALSE(test, waitqueue_active(&heap->pollers));
	KUNIT_EXPECT_EQ(test, begin(&late, heap, FILL(1)), OVER);
	KUNIT_EXPECT_PTR_EQ(test, late.queue, (wait_queue_head_t *)NULL);
	KUNIT_EXPECT_EQ(test, state(heap, 0), OVER);
}

/* poll() removes its entries itself, and a destroy waits for that. */
static void a_destroy_waits_for_poll(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, REGION(GRANULES));
	struct poller poller;

	KUNIT_EXPECT_EQ(test, begin(&poller, heap, FILL(1)), ROOM);
	poller.leaves = true;
	test->priv = NULL;
	heapmod_destroy(heap);
	KUNIT_EXPECT_TRUE(test, poller.key & EPOLLHUP);
	KUNIT_EXPECT_FALSE(test, delayed_work_pending(&poller.leave));
	flush_delayed_work(&poller.leave);
}

/* A select() for exceptional conditions alone is woken, and ends. */
static void a_shutdown_wakes_select(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, REGION(GRANULES));
	struct poller poller;

	KUNIT_EXPECT_EQ(test, begin(&poller, heap, FILL(1)), ROOM);
	poller.only = EXCEPTIONAL;
	poller.leaves = true;
	heapmod_shutdown(heap);
	flush_delayed_work(&poller.leave);
	KUNIT_EXPECT_EQ(test, poller.wakeups, 1);
	KUNIT_EXPECT_TRUE(test, state(heap, FILL(1)) & EXCEPTIONAL);
}

/* An armed heap queues work at each call, up to its end. */
static void a_shutdown_disarms(struct kunit *test)
{
	void *blocks[GRANULES];
	struct heapmod *heap = full_heap(test, blocks);
	struct poller poller;

	KUNIT_EXPECT_EQ(test, begin(&poller, heap, FILL(1)), 0);
	KUNIT_EXPECT_NE(test, heap->core.events, 0);
	poller.is_epoll = true;
	heapmod_shutdown(heap);
	KUNIT_EXPECT_EQ(test, heap->core.events, 0);
}

/* A hole without an aligned place is no reason to wake; a free that leaves one may be. */
static void a_failed_aligned_allocation_is_an_edge(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, REGION(GRANULES));
	struct poller poller;
	void *low, *high;

	low = heapmod_alloc_aligned(heap, FILL(1), 64, GFP_KERNEL);
	high = suite_alloc(test, FILL(4));
	KUNIT_ASSERT_NOT_NULL(test, low);
	KUNIT_EXPECT_EQ(test, begin(&poller, heap, FILL(5)), 0);
	KUNIT_EXPECT_NULL(test, heapmod_alloc_aligned(heap, FILL(1), 64, __GFP_NOWARN));
	KUNIT_EXPECT_EQ(test, wakeups(&poller), 0);
	heapmod_free(heap, low);
	KUNIT_EXPECT_EQ(test, wakeups(&poller), 1);
	heapmod_free(heap, high);
	leave(&poller);
}

/* The hole is only as large as the block: it is aligned by chance. */
static void a_hole_that_fits_exactly_wakes(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, REGION(GRANULES));
	struct poller poller;
	void *aligned = heapmod_alloc_aligned(heap, FILL(1), 64, GFP_KERNEL);

	suite_alloc(test, FILL(3));
	suite_alloc(test, FILL(4));
	KUNIT_EXPECT_EQ(test, begin(&poller, heap, FILL(4)), 0);
	KUNIT_EXPECT_NULL(test, heapmod_alloc_aligned(heap, FILL(1), 64, __GFP_NOWARN));
	heapmod_free(heap, aligned);
	KUNIT_EXPECT_EQ(test, wakeups(&poller), 1);
	leave(&poller);
	heapmod_reset(heap);
}

static void freeze(struct kunit *test, struct heapmod *heap)
{
	u64 used = heap->core.used--;

	KUNIT_EXPECT_EQ(test, heapmod_check(heap), -EUCLEAN);
	heap->core.used = used;
}

/* A program that is notified of edges learns from a failed allocation that it must poll again. */
static void a_frozen_heap_is_an_edge(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, REGION(GRANULES));
	struct poller poller;

	KUNIT_EXPECT_EQ(test, begin(&poller, heap, FILL(1)), ROOM);
	suite_alloc(test, FILL(1));
	freeze(test, heap);
	KUNIT_EXPECT_EQ(test, wakeups(&poller), 0);
	KUNIT_EXPECT_NULL(test, heapmod_alloc(heap, FILL(1), GFP_KERNEL | __GFP_NOWARN));
	KUNIT_EXPECT_EQ(test, wakeups(&poller), 1);
	KUNIT_EXPECT_TRUE(test, poller.key & EPOLLERR);
	leave(&poller);
	test->priv = NULL;
	heapmod_destroy(heap);
}

static void a_frozen_heap_is_an_error(struct kunit *test)
{
	void *blocks[GRANULES];
	struct heapmod *heap = full_heap(test, blocks);
	struct poller poller;

	KUNIT_EXPECT_EQ(test, begin(&poller, heap, FILL(1)), 0);
	freeze(test, heap);
	KUNIT_EXPECT_EQ(test, wakeups(&poller), 1);
	KUNIT_EXPECT_TRUE(test, poller.key & EPOLLERR);
	KUNIT_EXPECT_EQ(test, state(heap, FILL(1)), EPOLLERR);
	leave(&poller);
	test->priv = NULL;
	heapmod_destroy(heap);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(state_follows_the_holes),
	KUNIT_CASE(sizes_and_heaps_that_never_fit),
	KUNIT_CASE(a_free_that_makes_room_wakes),
	KUNIT_CASE(pollers_of_two_sizes),
	KUNIT_CASE(a_failed_allocation_is_an_edge),
	KUNIT_CASE(a_failed_aligned_allocation_is_an_edge),
	KUNIT_CASE(a_hole_that_fits_exactly_wakes),
	KUNIT_CASE(an_injected_failure_is_an_edge),
	KUNIT_CASE(a_reset_wakes),
	KUNIT_CASE(an_entry_that_is_gone_is_disarmed),
	KUNIT_CASE(a_shutdown_removes_entries_of_epoll),
	KUNIT_CASE(a_destroy_waits_for_poll),
	KUNIT_CASE(a_shutdown_wakes_select),
	KUNIT_CASE(a_shutdown_disarms),
	KUNIT_CASE(a_frozen_heap_is_an_edge),
	KUNIT_CASE(a_frozen_heap_is_an_error),
	{ }
};

SUITE(cases);

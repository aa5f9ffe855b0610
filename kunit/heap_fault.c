// SPDX-License-Identifier: GPL-2.0-only
/*
 * heap_fault - every call, with each of its allocations failing in turn
 *
 * Fault injection fails the nth allocation of a task, from the kernel or from a heap: here the
 * first, then the second, until the call makes no more. The call must succeed or return -ENOMEM,
 * must leave nothing behind, and the heap must stay usable.
 *
 * The VM case also injects faults into allocations that may wait, which is off by default.
 */
#include <linux/device.h>
#include <linux/nodemask.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "probe.h"
#include "suite.h"

#define BYTES	100
#define MOST	1000		/* allocations in a call; with more it must be an endless loop */

/* The allocation that fails, and whether the call reached it. */
struct fault {
	unsigned int nth;
	bool reached;
};

static void arm(const struct fault *fault)
{
	WRITE_ONCE(current->fail_nth, fault->nth);
}

static void disarm(struct fault *fault)
{
	fault->reached = !READ_ONCE(current->fail_nth);
	WRITE_ONCE(current->fail_nth, 0);
}

/* Use and destroy a new heap. */
static int use_heap(struct kunit *test, struct heapmod *heap)
{
	void *ptr;

	if (IS_ERR(heap))
		return PTR_ERR(heap);
	ptr = heapmod_alloc(heap, BYTES, GFP_KERNEL);
	KUNIT_EXPECT_NOT_NULL(test, ptr);
	heapmod_free(heap, ptr);
	KUNIT_EXPECT_EQ(test, heapmod_check(heap), 0);
	heapmod_destroy(heap);
	return 0;
}

static int create_flags(struct kunit *test, struct fault *fault, unsigned int flags)
{
	struct heapmod *heap;

	arm(fault);
	heap = heapmod_create("fault", 1 << 16, flags);
	disarm(fault);
	return use_heap(test, heap);
}

static int try_create(struct kunit *test, struct fault *fault)
{
	return create_flags(test, fault, 0);
}

static int try_create_debug(struct kunit *test, struct fault *fault)
{
	return create_flags(test, fault, HEAPMOD_POISON | HEAPMOD_REDZONE);
}

static int try_create_in(struct kunit *test, struct fault *fault)
{
	static char mem[4096];
	struct heapmod *heap;

	arm(fault);
	heap = heapmod_create_in("fault", mem, sizeof(mem), 0);
	disarm(fault);
	return use_heap(test, heap);
}

static int try_destroy(struct kunit *test, struct fault *fault)
{
	struct heapmod *heap = heapmod_create("fault", 1 << 16, 0);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, heap);
	KUNIT_EXPECT_NOT_NULL(test, heapmod_alloc(heap, BYTES, GFP_KERNEL));
	arm(fault);
	heapmod_destroy(heap);
	disarm(fault);
	return 0;
}

/* Use all of a new block, and free it. */
static int use_block(struct kunit *test, u8 *ptr, bool zeroed)
{
	if (IS_ERR_OR_NULL(ptr))
		return -ENOMEM;
	KUNIT_EXPECT_EQ(test, heapmod_usable_size(test->priv, ptr), BYTES);
	if (zeroed)
		KUNIT_EXPECT_NULL(test, memchr_inv(ptr, 0, BYTES));
	memset(ptr, 0xff, BYTES);
	heapmod_free(test->priv, ptr);
	return 0;
}

#define ALLOCATES(function, zeroed, ...)					\
static int try_##function(struct kunit *test, struct fault *fault)		\
{										\
	void *ptr;								\
										\
	arm(fault);								\
	ptr = heapmod_##function(test->priv, __VA_ARGS__);			\
	disarm(fault);								\
	return use_block(test, ptr, zeroed);					\
}

ALLOCATES(alloc, false, BYTES, __GFP_NOWARN)
ALLOCATES(zalloc, true, BYTES, __GFP_NOWARN)
ALLOCATES(alloc_array, false, BYTES / 4, 4, __GFP_NOWARN)
ALLOCATES(alloc_caller, false, BYTES, __GFP_NOWARN, _RET_IP_)
ALLOCATES(zalloc_caller, true, BYTES, __GFP_NOWARN, _RET_IP_)
ALLOCATES(alloc_array_caller, false, BYTES / 4, 4, __GFP_NOWARN, _RET_IP_)

/* A string that takes all bytes of a block. */
static const char text[BYTES] = { [0 ... BYTES - 2] = 'x' };

ALLOCATES(alloc_aligned, false, BYTES, 64, __GFP_NOWARN)
ALLOCATES(alloc_wait, false, BYTES, 64, __GFP_NOWARN, TASK_KILLABLE, 0)
ALLOCATES(realloc, false, NULL, BYTES, __GFP_NOWARN)
ALLOCATES(memdup, false, text, BYTES, __GFP_NOWARN)
ALLOCATES(strdup, false, text, __GFP_NOWARN)
ALLOCATES(asprintf, false, __GFP_NOWARN, "%s", text)
ALLOCATES(alloc_aligned_caller, false, BYTES, 64, __GFP_NOWARN, _RET_IP_)
ALLOCATES(alloc_wait_caller, false, BYTES, 64, __GFP_NOWARN, TASK_KILLABLE, 0, _RET_IP_)
ALLOCATES(realloc_caller, false, NULL, BYTES, __GFP_NOWARN, _RET_IP_)
ALLOCATES(memdup_caller, false, text, BYTES, __GFP_NOWARN, _RET_IP_)
ALLOCATES(strdup_caller, false, text, __GFP_NOWARN, _RET_IP_)

static void count_failure(void *data, u32 heap, u64 asked, unsigned long caller)
{
	(*(int *)data)++;
}

/* A bulk call that ends early reports why. */
static int try_alloc_bulk(struct kunit *test, struct fault *fault)
{
	static void *ptrs[3];
	static int failures;
	struct tracepoint *point = probe_start(test, "heapmod_fail", count_failure, &failures);
	size_t done;

	failures = 0;
	arm(fault);
	done = heapmod_alloc_bulk(test->priv, BYTES, __GFP_NOWARN, ARRAY_SIZE(ptrs), ptrs);
	disarm(fault);
	probe_stop(point, count_failure, &failures);
	KUNIT_EXPECT_EQ(test, failures, done < ARRAY_SIZE(ptrs));
	heapmod_free_bulk(test->priv, done, ptrs);
	return done == ARRAY_SIZE(ptrs) ? 0 : -ENOMEM;
}

/* A block that cannot be moved is unchanged. */
static int try_move(struct kunit *test, struct fault *fault)
{
	u8 *ptr = suite_alloc(test, BYTES), *wall = suite_alloc(test, BYTES);
	u8 *moved;

	memset(ptr, 7, BYTES);
	arm(fault);
	moved = heapmod_realloc(test->priv, ptr, 2 * BYTES, __GFP_NOWARN);
	disarm(fault);
	KUNIT_EXPECT_NULL(test, memchr_inv(moved ?: ptr, 7, BYTES));
	KUNIT_EXPECT_EQ(test, heapmod_usable_size(test->priv, moved ?: ptr),
			moved ? 2 * BYTES : BYTES);
	heapmod_free(test->priv, moved ?: ptr);
	heapmod_free(test->priv, wall);
	return moved ? 0 : -ENOMEM;
}

static int try_reset(struct kunit *test, struct fault *fault)
{
	suite_alloc(test, BYTES);
	arm(fault);
	heapmod_reset(test->priv);
	disarm(fault);
	return 0;
}

static int try_create_node(struct kunit *test, struct fault *fault)
{
	struct heapmod *heap;

	arm(fault);
	heap = heapmod_create_node("fault", 1 << 16, 0, first_online_node);
	disarm(fault);
	return use_heap(test, heap);
}

static void free_device(struct device *dev)
{
	kfree(dev);
}

/* The heap is destroyed with the device, or at once if it cannot be attached to it. */
static int try_create_devm(struct kunit *test, struct fault *fault)
{
	struct device *dev = kzalloc(sizeof(*dev), GFP_KERNEL);
	struct heapmod *heap;

	KUNIT_ASSERT_NOT_NULL(test, dev);
	device_initialize(dev);
	dev->release = free_device;
	arm(fault);
	heap = devm_heapmod_create(dev, "fault", 1 << 16, 0);
	disarm(fault);
	put_device(dev);
	return PTR_ERR_OR_ZERO(heap);
}

static int try_free_block(struct kunit *test, struct fault *fault)
{
	void *ptr = suite_alloc(test, BYTES);

	arm(fault);
	heapmod_free(test->priv, ptr);
	disarm(fault);
	KUNIT_EXPECT_FALSE(test, heapmod_owns(test->priv, ptr));
	return 0;
}

/* The calls that only read. */
static int try_query(struct kunit *test, struct fault *fault)
{
	void *ptr = suite_alloc(test, BYTES);
	struct heapmod_stats stats;
	int error;
	bool owns;

	arm(fault);
	heapmod_get_stats(test->priv, &stats);
	owns = heapmod_owns(test->priv, ptr) && heapmod_usable_size(test->priv, ptr) == BYTES;
	error = heapmod_check(test->priv);
	disarm(fault);
	KUNIT_EXPECT_EQ(test, stats.blocks, 1);
	KUNIT_EXPECT_TRUE(test, owns);
	heapmod_free(test->priv, ptr);
	return error;
}

/* After a failure the heap is empty and passes its check, and another heap can be created. */
static void expect_nothing_left(struct kunit *test)
{
	struct fault none = {};
	struct heapmod_stats stats;

	heapmod_get_stats(test->priv, &stats);
	KUNIT_EXPECT_EQ(test, stats.blocks, 0);
	KUNIT_EXPECT_EQ(test, stats.pending_bytes, 0);
	KUNIT_EXPECT_EQ(test, stats.hole_bytes + stats.cached_bytes + stats.edge_bytes,
			stats.region_bytes);
	KUNIT_EXPECT_EQ(test, heapmod_check(test->priv), 0);
	KUNIT_EXPECT_EQ(test, try_create(test, &none), 0);
}

/* Does an allocation that may wait fail? By default only others do. */
static bool is_switched_on(void)
{
	struct fault fault = { .nth = 1 };
	void *ptr;

	arm(&fault);
	ptr = kmalloc(BYTES, GFP_KERNEL);
	disarm(&fault);
	kfree(ptr);
	return !ptr;
}

/* Return: how often the call fails when each of its allocations fails in turn. */
static unsigned int fail_each(struct kunit *test, int (*call)(struct kunit *, struct fault *))
{
	struct fault fault = {};
	unsigned int failed = 0;
	int error;

	do {
		fault.nth++;
		error = call(test, &fault);
		KUNIT_EXPECT_TRUE_MSG(test, !error || (fault.reached && error == -ENOMEM),
				      "allocation %u failed: error %d", fault.nth, error);
		failed += !!error;
		expect_nothing_left(test);
	} while (fault.reached && fault.nth < MOST);
	KUNIT_EXPECT_FALSE(test, fault.reached);
	kunit_info(test, "%u allocations failed in turn, %u times the call failed\n",
		   fault.nth - 1, failed);
	return failed;
}

/*
 * The call must fail at least @least times, once for each allocation that it needs. If a slab is
 * refilled at the same time, that counts as an allocation, and a later one may not get its turn. So
 * the loop is repeated.
 */
static void every_failure(struct kunit *test, int (*call)(struct kunit *, struct fault *),
			  unsigned int least)
{
	unsigned int tries = 3;

	if (!is_switched_on())
		kunit_skip(test, "failslab/ignore-gfp-wait in debugfs is not N");
	suite_heap(test, 1 << 16);
	while (fail_each(test, call) < least) {
		if (!--tries) {
			KUNIT_FAIL(test, "the call failed less than %u times\n", least);
			break;
		}
	}
}

#define FAILS(function, least)							\
static void function##_fails(struct kunit *test)				\
{										\
	every_failure(test, try_##function, least);				\
}

/*
 * A caller that holds a raw lock reaches no hook that allocates or takes a sleeping lock: that
 * would count an allocation that may fail. The first call may inject a failure, except where that
 * takes a lock that sleeps.
 */
static void no_hook_allocates_under_a_raw_lock(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, 1 << 16);
	static DEFINE_RAW_SPINLOCK(lock);
	unsigned long flags;
	unsigned int left, injected = 1;
	void *ptr;

	if (IS_ENABLED(CONFIG_PREEMPT_RT) || IS_ENABLED(CONFIG_PROVE_RAW_LOCK_NESTING))
		injected = 0;
	raw_spin_lock_irqsave(&lock, flags);
	WRITE_ONCE(current->fail_nth, MOST);
	ptr = heapmod_alloc(heap, BYTES, GFP_ATOMIC);
	ptr = heapmod_realloc(heap, ptr, BYTES / 2, GFP_ATOMIC);
	ptr = heapmod_realloc(heap, ptr, 2 * BYTES, GFP_ATOMIC);
	heapmod_free(heap, ptr);
	left = READ_ONCE(current->fail_nth);
	WRITE_ONCE(current->fail_nth, 0);
	raw_spin_unlock_irqrestore(&lock, flags);
	KUNIT_EXPECT_NOT_NULL(test, ptr);
	KUNIT_EXPECT_EQ(test, left, MOST - injected);
}

/* 0 bytes need no memory, so nothing can fail. */
static void nothing_is_not_failed(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, 1 << 16);
	struct fault fault = { .nth = 1 };
	void *ptr, *ptrs[2];
	size_t count;

	arm(&fault);
	ptr = heapmod_alloc(heap, 0, GFP_KERNEL);
	count = heapmod_alloc_bulk(heap, 0, GFP_KERNEL, 2, ptrs);
	disarm(&fault);
	KUNIT_EXPECT_PTR_EQ(test, ptr, (void *)ZERO_SIZE_PTR);
	KUNIT_EXPECT_EQ(test, count, 2);
	KUNIT_EXPECT_FALSE(test, fault.reached);
}

FAILS(create, 3)		/* struct heapmod, the index, the region */
FAILS(create_debug, 3)
FAILS(create_in, 2)
FAILS(destroy, 0)
FAILS(alloc, 1)
FAILS(zalloc, 1)
FAILS(alloc_array, 1)
FAILS(alloc_caller, 1)
FAILS(alloc_bulk, 1)
FAILS(zalloc_caller, 1)
FAILS(alloc_array_caller, 1)
FAILS(alloc_aligned, 1)
FAILS(alloc_wait, 1)
FAILS(realloc, 1)
FAILS(memdup, 1)
FAILS(strdup, 1)
FAILS(asprintf, 1)
FAILS(alloc_aligned_caller, 1)
FAILS(alloc_wait_caller, 1)
FAILS(realloc_caller, 1)
FAILS(memdup_caller, 1)
FAILS(strdup_caller, 1)
FAILS(move, 1)
FAILS(reset, 0)
FAILS(create_node, 3)
FAILS(create_devm, 4)		/* and the devres entry */
FAILS(free_block, 0)
FAILS(query, 0)

static struct kunit_case cases[] = {
	KUNIT_CASE(no_hook_allocates_under_a_raw_lock),
	KUNIT_CASE(nothing_is_not_failed),
	KUNIT_CASE(create_fails),
	KUNIT_CASE(create_debug_fails),
	KUNIT_CASE(create_in_fails),
	KUNIT_CASE(destroy_fails),
	KUNIT_CASE(alloc_fails),
	KUNIT_CASE(zalloc_fails),
	KUNIT_CASE(alloc_array_fails),
	KUNIT_CASE(alloc_caller_fails),
	KUNIT_CASE(alloc_bulk_fails),
	KUNIT_CASE(zalloc_caller_fails),
	KUNIT_CASE(alloc_array_caller_fails),
	KUNIT_CASE(alloc_aligned_fails),
	KUNIT_CASE(alloc_wait_fails),
	KUNIT_CASE(realloc_fails),
	KUNIT_CASE(memdup_fails),
	KUNIT_CASE(strdup_fails),
	KUNIT_CASE(asprintf_fails),
	KUNIT_CASE(alloc_aligned_caller_fails),
	KUNIT_CASE(alloc_wait_caller_fails),
	KUNIT_CASE(realloc_caller_fails),
	KUNIT_CASE(memdup_caller_fails),
	KUNIT_CASE(strdup_caller_fails),
	KUNIT_CASE(move_fails),
	KUNIT_CASE(reset_fails),
	KUNIT_CASE(create_node_fails),
	KUNIT_CASE(create_devm_fails),
	KUNIT_CASE(free_block_fails),
	KUNIT_CASE(query_fails),
	{}
};

SUITE(cases);

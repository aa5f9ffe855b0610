// SPDX-License-Identifier: GPL-2.0-only
/*
 * heap_fault - every allocation fails once, in every call: the call says so or does without
 *
 * The kernel's fault injection lets the nth allocation of a task fail, be it of memory or of a
 * heap: here the first, the second and so on, until the call makes no more. Whatever failed, the
 * call succeeds or says that there is no memory, leaves nothing half made, and the heap serves on.
 *
 * The case of the VM opens what fault injection spares by default: allocations that may wait.
 */
#include <linux/device.h>
#include <linux/nodemask.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "suite.h"

#define BYTES	100
#define MOST	1000		/* allocations in a call: more is a loop */

/* The allocation that fails now, and whether the call came to it. */
struct fault {
	unsigned int nth;
	bool met;
};

static void arm(const struct fault *fault)
{
	WRITE_ONCE(current->fail_nth, fault->nth);
}

static void disarm(struct fault *fault)
{
	fault->met = !READ_ONCE(current->fail_nth);
	WRITE_ONCE(current->fail_nth, 0);
}

/* A heap that a call made serves, and goes. */
static int use_made(struct kunit *test, struct heapmod *heap)
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
	return use_made(test, heap);
}

static int create(struct kunit *test, struct fault *fault)
{
	return create_flags(test, fault, 0);
}

static int create_watchful(struct kunit *test, struct fault *fault)
{
	return create_flags(test, fault, HEAPMOD_POISON | HEAPMOD_REDZONE);
}

static int create_in(struct kunit *test, struct fault *fault)
{
	static char mem[4096];
	struct heapmod *heap;

	arm(fault);
	heap = heapmod_create_in("fault", mem, sizeof(mem), 0);
	disarm(fault);
	return use_made(test, heap);
}

static int destroy(struct kunit *test, struct fault *fault)
{
	struct heapmod *heap = heapmod_create("fault", 1 << 16, 0);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, heap);
	KUNIT_EXPECT_NOT_NULL(test, heapmod_alloc(heap, BYTES, GFP_KERNEL));
	arm(fault);
	heapmod_destroy(heap);
	disarm(fault);
	return 0;
}

/* Memory that a call gave is all the caller's, and taken back. */
static int use_block(struct kunit *test, u8 *ptr, bool zeroed)
{
	if (!ptr)
		return -ENOMEM;
	KUNIT_EXPECT_EQ(test, heapmod_usable_size(test->priv, ptr), BYTES);
	if (zeroed)
		KUNIT_EXPECT_NULL(test, memchr_inv(ptr, 0, BYTES));
	memset(ptr, 0xff, BYTES);
	heapmod_free(test->priv, ptr);
	return 0;
}

#define ALLOCATES(function, zeroed, ...)					\
static int function(struct kunit *test, struct fault *fault)			\
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

/* 99 characters and the zero behind them. */
static const char text[BYTES] =
	"A block that was to be moved and could not stays where it is; "
	"a string that found no room is none. ";

ALLOCATES(alloc_aligned, false, BYTES, 64, __GFP_NOWARN)
ALLOCATES(alloc_wait, false, BYTES, __GFP_NOWARN, 0)
ALLOCATES(realloc, false, NULL, BYTES, __GFP_NOWARN)
ALLOCATES(memdup, false, text, BYTES, __GFP_NOWARN)
ALLOCATES(strdup, false, text, __GFP_NOWARN)
ALLOCATES(asprintf, false, __GFP_NOWARN, "%s", text)
ALLOCATES(alloc_aligned_caller, false, BYTES, 64, __GFP_NOWARN, _RET_IP_)
ALLOCATES(alloc_wait_caller, false, BYTES, __GFP_NOWARN, 0, _RET_IP_)
ALLOCATES(realloc_caller, false, NULL, BYTES, __GFP_NOWARN, _RET_IP_)
ALLOCATES(memdup_caller, false, text, BYTES, __GFP_NOWARN, _RET_IP_)
ALLOCATES(strdup_caller, false, text, __GFP_NOWARN, _RET_IP_)

/* A block that cannot move, for want of another, is as it was. */
static int move(struct kunit *test, struct fault *fault)
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

static int reset(struct kunit *test, struct fault *fault)
{
	suite_alloc(test, BYTES);
	arm(fault);
	heapmod_reset(test->priv);
	disarm(fault);
	return 0;
}

static int create_node(struct kunit *test, struct fault *fault)
{
	struct heapmod *heap;

	arm(fault);
	heap = heapmod_create_node("fault", 1 << 16, 0, first_online_node);
	disarm(fault);
	return use_made(test, heap);
}

static void free_device(struct device *dev)
{
	kfree(dev);
}

/* The heap goes with the device; one that could not be tied to it went at once. */
static int create_devm(struct kunit *test, struct fault *fault)
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

static int free_block(struct kunit *test, struct fault *fault)
{
	void *ptr = suite_alloc(test, BYTES);

	arm(fault);
	heapmod_free(test->priv, ptr);
	disarm(fault);
	KUNIT_EXPECT_FALSE(test, heapmod_owns(test->priv, ptr));
	return 0;
}

/* All that only look. */
static int look(struct kunit *test, struct fault *fault)
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

/* What failed left nothing: the heap is empty and whole, and the name of another is free. */
static void expect_nothing_left(struct kunit *test)
{
	struct fault none = {};
	struct heapmod_stats stats;

	heapmod_get_stats(test->priv, &stats);
	KUNIT_EXPECT_EQ(test, stats.blocks, 0);
	KUNIT_EXPECT_EQ(test, stats.pending_bytes, 0);
	KUNIT_EXPECT_EQ(test, stats.hole_bytes + stats.edge_bytes, stats.region_bytes);
	KUNIT_EXPECT_EQ(test, heapmod_check(test->priv), 0);
	KUNIT_EXPECT_EQ(test, create(test, &none), 0);
}

/* How often the call fails, when each of its allocations does in turn. */
static unsigned int fail_each(struct kunit *test, int (*call)(struct kunit *, struct fault *))
{
	struct fault fault = {};
	unsigned int failed = 0;
	int error;

	do {
		fault.nth++;
		error = call(test, &fault);
		KUNIT_EXPECT_TRUE_MSG(test, !error || (fault.met && error == -ENOMEM),
				      "allocation %u failed: error %d", fault.nth, error);
		failed += !!error;
		expect_nothing_left(test);
	} while (fault.met && fault.nth < MOST);
	KUNIT_EXPECT_FALSE(test, fault.met);
	kunit_info(test, "%u allocations failed in turn, and %u times the call\n", fault.nth - 1,
		   failed);
	return failed;
}

/*
 * @least: how often the call must fail, for want of what it cannot do without. A slab that is
 * refilled meanwhile counts, too, so that what is behind it may miss its turn: then all are tried
 * again.
 */
static void every_failure(struct kunit *test, int (*call)(struct kunit *, struct fault *),
			  unsigned int least)
{
	unsigned int tries = 3;

	suite_heap(test, 1 << 16);
	while (fail_each(test, call) < least) {
		if (!--tries) {
			KUNIT_FAIL(test, "it did not fail %u times\n", least);
			break;
		}
	}
}

#define FAILS(function, least)							\
static void function##_fails(struct kunit *test)				\
{										\
	every_failure(test, function, least);					\
}

FAILS(create, 3)		/* itself, the index, the region */
FAILS(create_watchful, 3)
FAILS(create_in, 2)
FAILS(destroy, 0)
FAILS(alloc, 1)
FAILS(zalloc, 1)
FAILS(alloc_array, 1)
FAILS(alloc_caller, 1)
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
FAILS(create_devm, 4)		/* and what ties it to the device */
FAILS(free_block, 0)
FAILS(look, 0)

static struct kunit_case cases[] = {
	KUNIT_CASE(create_fails),
	KUNIT_CASE(create_watchful_fails),
	KUNIT_CASE(create_in_fails),
	KUNIT_CASE(destroy_fails),
	KUNIT_CASE(alloc_fails),
	KUNIT_CASE(zalloc_fails),
	KUNIT_CASE(alloc_array_fails),
	KUNIT_CASE(alloc_caller_fails),
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
	KUNIT_CASE(look_fails),
	{}
};

SUITE(cases);

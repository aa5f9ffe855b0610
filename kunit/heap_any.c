// SPDX-License-Identifier: GPL-2.0-only
/*
 * heap_any - the heap of an address, and frees by the address alone
 *
 * tests/regions.c compares the search with an oracle, and counts its steps.
 */
#include <linux/irq_work.h>
#include <linux/slab.h>

#include "suite.h"

#define MANY 200

static void finds_the_heap(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, REGION(100));
	char *ptr = suite_alloc(test, 100);
	char *region = ptr - SUITE_GRANULE;

	KUNIT_EXPECT_PTR_EQ(test, heapmod_of(ptr), heap);
	KUNIT_EXPECT_PTR_EQ(test, heapmod_of(ptr + 99), heap);
	KUNIT_EXPECT_PTR_EQ(test, heapmod_of(region), heap);
	KUNIT_EXPECT_PTR_EQ(test, heapmod_of(region + REGION(100) - 1), heap);
	KUNIT_EXPECT_TRUE(test, heapmod_of(region - 1) != heap);
	KUNIT_EXPECT_TRUE(test, heapmod_of(region + REGION(100)) != heap);
	KUNIT_EXPECT_NULL(test, heapmod_of(test));
	KUNIT_EXPECT_NULL(test, heapmod_of(NULL));
	KUNIT_EXPECT_NULL(test, heapmod_of((void *)~0UL));
	heapmod_free(heap, ptr);
}

static void frees(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, REGION(100));
	struct heapmod *other = heapmod_create("other", REGION(100), 0);
	void *mine = suite_alloc(test, 100);
	void *its = heapmod_alloc(other, 100, GFP_KERNEL);

	heapmod_free_any(its);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).blocks, 1);
	KUNIT_EXPECT_EQ(test, suite_stats(other).blocks, 0);
	heapmod_free_any(mine);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).blocks, 0);
	heapmod_free_any(NULL);
	heapmod_free_any(ZERO_SIZE_PTR);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).refused + suite_stats(other).refused, 0);
	heapmod_destroy(other);
}

/* The heap around a wrong pointer counts it. No heap counts one that is in none. */
static void refuses(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, REGION(100));
	void *outside = kunit_kzalloc(test, 64, GFP_KERNEL);
	char *ptr = suite_alloc(test, 100);

	heapmod_free_any(ptr + SUITE_GRANULE);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).interior, 1);
	heapmod_free_any(ptr + 1);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).misaligned, 1);
	heapmod_free_any(outside);
	heapmod_free_any((void *)~15UL);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).refused, 2);
	heapmod_free_any(ptr);
	heapmod_free_any(ptr);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).double_free, 1);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).frees, 1);
}

/* A heap in a block of @heap hides that block, until it is destroyed. */
static void nested(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, REGION(100));
	char *block = suite_alloc(test, 512);
	struct heapmod *inner = heapmod_create_in("inner", block, 512, 0);
	void *ptr = heapmod_alloc(inner, 100, GFP_KERNEL);

	KUNIT_EXPECT_PTR_EQ(test, heapmod_of(ptr), inner);
	KUNIT_EXPECT_PTR_EQ(test, heapmod_of(block), inner);
	KUNIT_EXPECT_PTR_EQ(test, heapmod_of(block - 1), heap);
	KUNIT_EXPECT_PTR_EQ(test, heapmod_of(block + 512), heap);
	heapmod_free_any(ptr);
	KUNIT_EXPECT_EQ(test, suite_stats(inner).frees, 1);
	heapmod_free_any(block);
	KUNIT_EXPECT_EQ(test, suite_stats(inner).foreign, 1);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).blocks, 1);
	heapmod_destroy(inner);
	KUNIT_EXPECT_PTR_EQ(test, heapmod_of(block), heap);
	heapmod_free_any(block);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).blocks, 0);
}

struct object {
	void *mem;
	void (*free)(const void *ptr);
};

static noinline void release(const struct object *object)
{
	object->free(object->mem);
	barrier();
}

static void as_a_function_pointer(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, REGION(100));
	struct object ours = { suite_alloc(test, 100), heapmod_free_any };
	struct object of_kmalloc = { kmalloc(100, GFP_KERNEL), kfree };

	release(&ours);
	release(&of_kmalloc);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).blocks, 0);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).frees, 1);
}

struct interrupt {
	struct irq_work work;
	void *ptr;
	struct heapmod *found;
};

static void free_in_interrupt(struct irq_work *work)
{
	struct interrupt *interrupt = container_of(work, struct interrupt, work);

	interrupt->found = heapmod_of(interrupt->ptr);
	heapmod_free_any(interrupt->ptr);
	heapmod_free_any(interrupt);
}

static void in_an_interrupt(struct kunit *test)
{
	static struct interrupt interrupt;
	struct heapmod *heap = suite_heap(test, REGION(100));

	interrupt.ptr = suite_alloc(test, 100);
	init_irq_work(&interrupt.work, free_in_interrupt);
	irq_work_queue(&interrupt.work);
	irq_work_sync(&interrupt.work);
	KUNIT_EXPECT_PTR_EQ(test, interrupt.found, heap);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).blocks, 0);
	KUNIT_EXPECT_EQ(test, suite_stats(heap).refused, 0);
}

static void destroy_many(struct heapmod **many, int count)
{
	while (count--)
		heapmod_destroy(many[count]);
}

/* Heaps of 64 bytes, one in each block of a heap. */
static void among_many(struct kunit *test)
{
	struct heapmod **many = kunit_kcalloc(test, MANY, sizeof(*many), GFP_KERNEL);
	struct heapmod *heap = suite_heap(test, REGION(8 * MANY));
	char name[16], *ptr;
	int i;

	for (i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "many%d", i);
		many[i] = heapmod_create_in(name, suite_alloc(test, 64), 64, 0);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, many[i]);
	}
	for (i = 0; i < MANY; i += MANY / 10) {
		ptr = heapmod_alloc(many[i], 16, GFP_KERNEL);
		KUNIT_EXPECT_PTR_EQ(test, heapmod_of(ptr), many[i]);
		heapmod_free_any(ptr);
		KUNIT_EXPECT_EQ(test, suite_stats(many[i]).frees, 1);
	}
	destroy_many(many, MANY);
	heapmod_reset(heap);
	ptr = suite_alloc(test, 64);
	KUNIT_EXPECT_PTR_EQ(test, heapmod_of(ptr), heap);
	heapmod_free_any(ptr);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(finds_the_heap),
	KUNIT_CASE(frees),
	KUNIT_CASE(refuses),
	KUNIT_CASE(nested),
	KUNIT_CASE(as_a_function_pointer),
	KUNIT_CASE(in_an_interrupt),
	KUNIT_CASE(among_many),
	{}
};

SUITE(cases);

// SPDX-License-Identifier: GPL-2.0-only
/*
 * heap_coalesce - a freed block is coalesced with the holes next to it
 */
#include "suite.h"

#define ROW	5

/* ROW adjacent blocks, and one that separates them from the hole behind. */
static void make_row(struct kunit *test, void *row[ROW])
{
	unsigned int i;

	suite_exact_heap(test, REGION(100), 0);
	for (i = 0; i < ROW; i++)
		row[i] = suite_alloc(test, FILL(i + 1));
	KUNIT_ASSERT_NOT_NULL(test, suite_alloc(test, FILL(1)));
}

static void free_one(struct kunit *test, void *ptr, u64 holes)
{
	heapmod_free(test->priv, ptr);
	KUNIT_EXPECT_EQ(test, suite_holes(test), holes);
	KUNIT_EXPECT_EQ(test, heapmod_check(test->priv), 0);
}

static void no_neighbour(struct kunit *test)
{
	void *row[ROW];

	make_row(test, row);
	free_one(test, row[2], 2);
	KUNIT_EXPECT_PTR_EQ(test, suite_alloc(test, FILL(3)), row[2]);
}

static void left_neighbour(struct kunit *test)
{
	void *row[ROW];

	make_row(test, row);
	free_one(test, row[1], 2);
	free_one(test, row[2], 2);
	KUNIT_EXPECT_PTR_EQ(test, suite_alloc(test, FILL(5)), row[1]);
}

static void right_neighbour(struct kunit *test)
{
	void *row[ROW];

	make_row(test, row);
	free_one(test, row[2], 2);
	free_one(test, row[1], 2);
	KUNIT_EXPECT_PTR_EQ(test, suite_alloc(test, FILL(5)), row[1]);
}

static void both_neighbours(struct kunit *test)
{
	void *row[ROW];

	make_row(test, row);
	free_one(test, row[1], 2);
	free_one(test, row[3], 3);
	free_one(test, row[2], 2);
	KUNIT_EXPECT_PTR_EQ(test, suite_alloc(test, FILL(9)), row[1]);
}

/* Permutation @number of ROW indices, from the digits of @number in the factorial base. */
static void order_of(unsigned int number, unsigned int order[ROW])
{
	unsigned int left[ROW] = { 0, 1, 2, 3, 4 };
	unsigned int i, j, pick;

	for (i = 0; i < ROW; i++) {
		pick = number % (ROW - i);
		number /= ROW - i;
		order[i] = left[pick];
		for (j = pick; j < ROW - 1; j++)
			left[j] = left[j + 1];
	}
}

static void all_orders_of_five(struct kunit *test)
{
	unsigned int order[ROW], number, i;
	void *row[ROW], *again[ROW];

	make_row(test, row);
	for (number = 0; number < 120; number++) {
		order_of(number, order);
		for (i = 0; i < ROW; i++) {
			heapmod_free(test->priv, row[order[i]]);
			KUNIT_EXPECT_EQ(test, heapmod_check(test->priv), 0);
		}
		KUNIT_EXPECT_EQ_MSG(test, suite_holes(test), 2, "order %u", number);
		for (i = 0; i < ROW; i++)
			again[i] = suite_alloc(test, FILL(i + 1));
		KUNIT_EXPECT_EQ_MSG(test, memcmp(row, again, sizeof(row)), 0, "order %u", number);
	}
}

static struct kunit_case cases[] = {
	KUNIT_CASE(no_neighbour),
	KUNIT_CASE(left_neighbour),
	KUNIT_CASE(right_neighbour),
	KUNIT_CASE(both_neighbours),
	KUNIT_CASE(all_orders_of_five),
	{}
};

SUITE(cases);

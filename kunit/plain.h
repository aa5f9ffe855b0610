/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * plain - the suites on a kernel without KUnit, as that of a distribution
 *
 * What the suites use of <kunit/test.h>, with the same names. A module runs its suite when it is
 * loaded, each case in a thread of its own, which a failed assertion ends. The parameter `results`
 * has a line for each case, as KUnit writes it.
 */
#ifndef KUNIT_PLAIN_H
#define KUNIT_PLAIN_H

#include <linux/completion.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "heaps/compat.h"

/* Memory that is freed when the case ends. */
struct plain_memory {
	struct plain_memory *next;
	u64 words[];
};

struct kunit {
	void *priv;
	const struct kunit_case *running;
	struct completion done;
	struct plain_memory *memory;
	char skipped[80];		/* why */
	bool failed;
};

struct kunit_case {
	void (*run)(struct kunit *test);
	const char *name;
};

struct kunit_suite {
	const char *name;
	void (*exit)(struct kunit *test);
	struct kunit_case *test_cases;
};

#define KUNIT_CASE(function)	{ .run = function, .name = #function }

static inline void plain_end(struct kunit *test)
{
	heapmod_complete_and_exit(&test->done, 0);
}

static inline void *kunit_kzalloc(struct kunit *test, size_t size, gfp_t gfp)
{
	size_t words = DIV_ROUND_UP(size, sizeof(u64));
	struct plain_memory *memory = kzalloc(struct_size(memory, words, words), gfp);

	if (!memory)
		return NULL;
	memory->next = test->memory;
	test->memory = memory;
	return memory->words;
}

static inline void *kunit_kcalloc(struct kunit *test, size_t n, size_t size, gfp_t gfp)
{
	return kunit_kzalloc(test, array_size(n, size), gfp);
}

/* A warning is on the console of a VM. */
#define kunit_info(test, format, ...) \
	pr_warn("# %s: " format, (test)->running->name, ##__VA_ARGS__)

static inline __printf(2, 3) void kunit_skip(struct kunit *test, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(test->skipped, sizeof(test->skipped), format, args);
	va_end(args);
	plain_end(test);
}

/* Print what does not hold. If it must, the case ends. */
static inline __printf(6, 7) void plain_judge(struct kunit *test, bool must, bool holds,
					      const char *file, int line, const char *format, ...)
{
	struct va_format what = { .fmt = format };
	va_list args;

	if (holds)
		return;
	va_start(args, format);
	what.va = &args;
	pr_err("%s: %s:%d: %pV\n", test->running->name, file, line, &what);
	va_end(args);
	test->failed = true;
	if (must)
		plain_end(test);
}

#define PLAIN_JUDGE(test, must, holds, ...) \
	plain_judge(test, must, holds, __FILE__, __LINE__, __VA_ARGS__)

#define PLAIN_COMPARE(test, must, left, op, right) do {					\
	long long left_ = (__force long long)(left);					\
	long long right_ = (__force long long)(right);					\
											\
	PLAIN_JUDGE(test, must, left_ op right_, "%s: %lld, %lld",			\
		    #left " " #op " " #right, left_, right_);				\
} while (0)

#define PLAIN_COMPARE_PTR(test, must, left, op, right) do {				\
	const void *left_ = (left), *right_ = (right);					\
											\
	PLAIN_JUDGE(test, must, left_ op right_, "%s: %p, %p",				\
		    #left " " #op " " #right, left_, right_);				\
} while (0)

#define KUNIT_FAIL(test, ...)			PLAIN_JUDGE(test, false, false, __VA_ARGS__)
#define KUNIT_EXPECT_EQ(test, left, right)	PLAIN_COMPARE(test, false, left, ==, right)
#define KUNIT_EXPECT_NE(test, left, right)	PLAIN_COMPARE(test, false, left, !=, right)
#define KUNIT_EXPECT_LT(test, left, right)	PLAIN_COMPARE(test, false, left, <, right)
#define KUNIT_EXPECT_LE(test, left, right)	PLAIN_COMPARE(test, false, left, <=, right)
#define KUNIT_EXPECT_GT(test, left, right)	PLAIN_COMPARE(test, false, left, >, right)
#define KUNIT_EXPECT_GE(test, left, right)	PLAIN_COMPARE(test, false, left, >=, right)
#define KUNIT_EXPECT_PTR_EQ(test, left, right)	PLAIN_COMPARE_PTR(test, false, left, ==, right)
#define KUNIT_EXPECT_PTR_NE(test, left, right)	PLAIN_COMPARE_PTR(test, false, left, !=, right)
#define KUNIT_EXPECT_NULL(test, ptr)		KUNIT_EXPECT_PTR_EQ(test, ptr, NULL)
#define KUNIT_EXPECT_NOT_NULL(test, ptr)	KUNIT_EXPECT_PTR_NE(test, ptr, NULL)
#define KUNIT_EXPECT_TRUE(test, condition) \
	PLAIN_JUDGE(test, false, condition, "%s", #condition)
#define KUNIT_EXPECT_FALSE(test, condition)	KUNIT_EXPECT_TRUE(test, !(condition))
#define KUNIT_EXPECT_STREQ(test, left, right)	KUNIT_EXPECT_EQ(test, strcmp(left, right), 0)
#define KUNIT_EXPECT_NOT_ERR_OR_NULL(test, ptr)	KUNIT_EXPECT_FALSE(test, IS_ERR_OR_NULL(ptr))
#define KUNIT_EXPECT_TRUE_MSG(test, condition, ...) \
	PLAIN_JUDGE(test, false, condition, __VA_ARGS__)
#define KUNIT_EXPECT_EQ_MSG(test, left, right, ...) \
	PLAIN_JUDGE(test, false, (left) == (right), __VA_ARGS__)

#define KUNIT_ASSERT_EQ(test, left, right)	PLAIN_COMPARE(test, true, left, ==, right)
#define KUNIT_ASSERT_NE(test, left, right)	PLAIN_COMPARE(test, true, left, !=, right)
#define KUNIT_ASSERT_NULL(test, ptr)		PLAIN_COMPARE_PTR(test, true, ptr, ==, NULL)
#define KUNIT_ASSERT_NOT_NULL(test, ptr)	PLAIN_COMPARE_PTR(test, true, ptr, !=, NULL)
#define KUNIT_ASSERT_FALSE(test, condition) \
	PLAIN_JUDGE(test, true, !(condition), "%s", #condition)
#define KUNIT_ASSERT_NOT_ERR_OR_NULL(test, ptr)	KUNIT_ASSERT_FALSE(test, IS_ERR_OR_NULL(ptr))

static char plain_results[PAGE_SIZE];
module_param_string(results, plain_results, sizeof(plain_results), 0400);
MODULE_PARM_DESC(results, "a line for each case");

static inline int plain_thread(void *data)
{
	struct kunit *test = data;

	test->running->run(test);
	plain_end(test);
	return 0;
}

static inline void plain_free(struct kunit *test)
{
	struct plain_memory *memory;

	while ((memory = test->memory)) {
		test->memory = memory->next;
		kfree(memory);
	}
}

static inline void plain_result(const struct kunit *test, int number)
{
	size_t used = strlen(plain_results);

	snprintf(plain_results + used, sizeof(plain_results) - used, "%sok %d %s%s%s\n",
		 test->failed ? "not " : "", number, test->running->name,
		 *test->skipped ? " # SKIP " : "", test->skipped);
}

static inline void plain_run(const struct kunit_suite *suite, const struct kunit_case *one)
{
	struct kunit test = { .running = one };
	struct task_struct *thread;

	init_completion(&test.done);
	thread = kthread_run(plain_thread, &test, "%s", suite->name);
	if (IS_ERR(thread))
		KUNIT_FAIL(&test, "there is no thread");
	else
		wait_for_completion(&test.done);
	suite->exit(&test);
	plain_free(&test);
	plain_result(&test, 1 + one - suite->test_cases);
}

static inline int plain_run_all(const struct kunit_suite *suite)
{
	const struct kunit_case *one;

	for (one = suite->test_cases; one->run; one++)
		plain_run(suite, one);
	return 0;
}

/* The suite has the name that SUITE() of suite.h gives it. */
static struct kunit_suite suite;

static int __init plain_init(void)
{
	return plain_run_all(&suite);
}

static void __exit plain_exit(void)
{
}

module_init(plain_init);
module_exit(plain_exit);

#define kunit_test_suite(suite)	static_assert(sizeof(suite))

#endif

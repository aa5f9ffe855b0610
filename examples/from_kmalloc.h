/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * from_kmalloc - let existing code allocate from a heap, without a change in it
 *
 * Include this header last, or by `-include`. FROM_KMALLOC_HEAP is the heap: any expression, here
 * the default heap. The names of the kmalloc family then mean calls of heapmod, one line each. What
 * is not the same (no reclaim, alignment, ksize, physical memory) is in docs/from-kmalloc.md.
 *
 * A pointer that is freed may also come from the kernel itself, which knows nothing of the heap: it
 * goes back there. kfree may also be passed as a function: `.free = kfree`.
 */
#ifndef FROM_KMALLOC_H
#define FROM_KMALLOC_H

#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "heapmod.h"

#ifndef FROM_KMALLOC_HEAP
#define FROM_KMALLOC_HEAP	heapmod_default()
#endif

static inline void from_kmalloc_free(const void *ptr)
{
	if (ZERO_OR_NULL_PTR(ptr) || heapmod_of(ptr))
		heapmod_free_any(ptr);
	else
		kvfree(ptr);
}

/* The kernel has some of these as macros, others as functions. */
#undef kmalloc
#undef kzalloc
#undef kmalloc_node
#undef kzalloc_node
#undef kmalloc_array
#undef kcalloc
#undef krealloc
#undef krealloc_array
#undef kmemdup
#undef kstrdup
#undef kasprintf
#undef kvasprintf
#undef ksize
#undef kvmalloc
#undef kvzalloc
#undef kvmalloc_node
#undef kvzalloc_node
#undef kvmalloc_array
#undef kvcalloc
#undef vmalloc
#undef vzalloc
#undef kfree_sensitive
#undef kfree_rcu
#undef kvfree_rcu
#undef kfree_rcu_mightsleep
#undef kvfree_rcu_mightsleep

#define kmalloc(size, gfp)		heapmod_alloc(FROM_KMALLOC_HEAP, size, gfp)
#define kzalloc(size, gfp)		heapmod_zalloc(FROM_KMALLOC_HEAP, size, gfp)
#define kmalloc_node(size, gfp, node)	kmalloc(size, gfp)
#define kzalloc_node(size, gfp, node)	kzalloc(size, gfp)
#define kmalloc_array(n, size, gfp)	heapmod_alloc_array(FROM_KMALLOC_HEAP, n, size, gfp)
#define kcalloc(n, size, gfp)		kmalloc_array(n, size, (gfp) | __GFP_ZERO)
#define krealloc(ptr, size, gfp)	heapmod_realloc(FROM_KMALLOC_HEAP, ptr, size, gfp)
#define krealloc_array(ptr, n, size, gfp) krealloc(ptr, size_mul(n, size), gfp)
#define kmemdup(src, size, gfp)		heapmod_memdup(FROM_KMALLOC_HEAP, src, size, gfp)
#define kstrdup(string, gfp)		heapmod_strdup(FROM_KMALLOC_HEAP, string, gfp)
#define kasprintf(gfp, ...)		heapmod_asprintf(FROM_KMALLOC_HEAP, gfp, __VA_ARGS__)
#define kvasprintf(gfp, fmt, args)	heapmod_vasprintf(FROM_KMALLOC_HEAP, gfp, fmt, args)
#define ksize(ptr)			heapmod_usable_size(FROM_KMALLOC_HEAP, ptr)

#define kvmalloc(size, gfp)		kmalloc(size, gfp)
#define kvzalloc(size, gfp)		kzalloc(size, gfp)
#define kvmalloc_node(size, gfp, node)	kmalloc(size, gfp)
#define kvzalloc_node(size, gfp, node)	kzalloc(size, gfp)
#define kvmalloc_array(n, size, gfp)	kmalloc_array(n, size, gfp)
#define kvcalloc(n, size, gfp)		kcalloc(n, size, gfp)
#define vmalloc(size)			kmalloc(size, GFP_KERNEL)
#define vzalloc(size)			kzalloc(size, GFP_KERNEL)

#define kfree_sensitive(ptr)		heapmod_free_sensitive(FROM_KMALLOC_HEAP, ptr)
/* Of blocks of the heap alone: one of the kernel is refused, and reported. */
#define kfree_rcu(ptr, field)		heapmod_free_rcu(FROM_KMALLOC_HEAP, ptr, field)
#define kvfree_rcu(ptr, field)		kfree_rcu(ptr, field)
#define kfree_rcu_mightsleep(ptr)	heapmod_free_rcu_mightsleep(FROM_KMALLOC_HEAP, ptr)
#define kvfree_rcu_mightsleep(ptr)	kfree_rcu_mightsleep(ptr)

/* These have no parentheses, so that they can be passed as functions, too. */
#define kfree				from_kmalloc_free
#define kvfree				from_kmalloc_free
#define vfree				from_kmalloc_free

#endif

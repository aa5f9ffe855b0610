/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ported - included before each source of the kernel that vm/ported builds on a heap
 *
 * Beyond examples/from_kmalloc.h these sources have one cache, that of struct xa_node. The names
 * that they export are the kernel's: here they remain inside the module.
 */
#ifndef PORTED_H
#define PORTED_H

#include <linux/export.h>
#include <linux/module.h>
#include <linux/xarray.h>

#include "examples/from_kmalloc.h"

MODULE_INFO(import_ns, "HEAPMOD");

#undef EXPORT_SYMBOL
#undef EXPORT_SYMBOL_GPL
#define EXPORT_SYMBOL(name)
#define EXPORT_SYMBOL_GPL(name)

/* Nodes are freed by RCU, in functions of the module, which must not go before that. */
#undef module_init
#undef module_exit
#define module_init(function)			\
	int __init init_module(void)		\
	{					\
		int error = function();		\
						\
		rcu_barrier();			\
		return error;			\
	}
#define module_exit(function)			\
	void __exit cleanup_module(void)	\
	{					\
		function();			\
		rcu_barrier();			\
	}

/* What the constructor of the cache does. */
static inline struct xa_node *ported_init(struct xa_node *node)
{
	if (node)
		INIT_LIST_HEAD(&node->private_list);
	return node;
}

#undef kmem_cache_alloc
#undef kmem_cache_alloc_lru
#define kmem_cache_alloc(cache, gfp)		\
	((void *)ported_init(kzalloc(sizeof(struct xa_node), gfp)))
#define kmem_cache_alloc_lru(cache, lru, gfp)	kmem_cache_alloc(cache, gfp)
#define kmem_cache_free(cache, ptr)		kfree(ptr)

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * in_flight - verify that no call that allocates is running when a reset begins
 *
 * Such a call returns, and maybe writes to, a block that the reset frees. Kernels that are built to
 * find data races, bad accesses or wrong locking verify the rule; others do not pay for it.
 */
#ifndef HEAPMOD_IN_FLIGHT_H
#define HEAPMOD_IN_FLIGHT_H

#include <linux/bug.h>
#include <linux/slab.h>

#include "heaps/heaps.h"

#define HEAPMOD_VERIFIES_RESETS \
	(IS_ENABLED(CONFIG_PROVE_LOCKING) || IS_ENABLED(CONFIG_KASAN) || IS_ENABLED(CONFIG_KCSAN))

/* A call that allocates or resizes begins. Return: for heapmod_end_call(). */
static __always_inline unsigned long heapmod_begin_call(const struct heapmod *heap)
{
	return HEAPMOD_VERIFIES_RESETS && !IS_ERR_OR_NULL(heap) ? READ_ONCE(heap->resets) : 0;
}

/* It returns @ptr. One that began after the reset has begun has failed, or the reset was over. */
static __always_inline void *heapmod_end_call(const struct heapmod *heap, unsigned long resets,
					      void *ptr)
{
	if (HEAPMOD_VERIFIES_RESETS && !ZERO_OR_NULL_PTR(ptr))
		WARN_ONCE(READ_ONCE(heap->resets) != resets,
			  "heapmod: heap \"%s\" was reset during a call that allocates\n",
			  heap->name);
	return ptr;
}

#endif

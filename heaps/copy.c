// SPDX-License-Identifier: GPL-2.0-only
/*
 * copy - zeroed blocks, arrays, copies and strings: each is an allocation that is then filled
 */
#include <linux/export.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "heaps/compat.h"
#include "heaps/heaps.h"
#include "heaps/in_flight.h"

void *heapmod_zalloc_caller(struct heapmod *heap, size_t size, gfp_t gfp, unsigned long caller)
{
	return heapmod_alloc_caller(heap, size, gfp | __GFP_ZERO, caller);
}
EXPORT_SYMBOL_HEAPMOD(heapmod_zalloc_caller);

void *heapmod_alloc_array_caller(struct heapmod *heap, size_t n, size_t size, gfp_t gfp,
				 unsigned long caller)
{
	size_t bytes;

	if (check_mul_overflow(n, size, &bytes))
		return NULL;
	return heapmod_alloc_caller(heap, bytes, gfp, caller);
}
EXPORT_SYMBOL_HEAPMOD(heapmod_alloc_array_caller);

void *heapmod_memdup_caller(struct heapmod *heap, const void *src, size_t size, gfp_t gfp,
			    unsigned long caller)
{
	unsigned long resets = heapmod_begin_call(heap);
	void *ptr = heapmod_alloc_caller(heap, size, gfp & ~__GFP_ZERO, caller);

	if (!ZERO_OR_NULL_PTR(ptr))
		memcpy(ptr, src, size);
	return heapmod_end_call(heap, resets, ptr);
}
EXPORT_SYMBOL_HEAPMOD(heapmod_memdup_caller);

char *heapmod_strdup_caller(struct heapmod *heap, const char *string, gfp_t gfp,
			    unsigned long caller)
{
	unsigned long resets = heapmod_begin_call(heap);
	size_t length;
	char *copy;

	if (!string)
		return NULL;
	length = strlen(string);
	copy = heapmod_memdup_caller(heap, string, length + 1, gfp, caller);
	/* The string may have changed since it was measured. */
	if (copy)
		copy[length] = '\0';
	return heapmod_end_call(heap, resets, copy);
}
EXPORT_SYMBOL_HEAPMOD(heapmod_strdup_caller);

char *heapmod_vasprintf_caller(struct heapmod *heap, gfp_t gfp, const char *fmt, va_list args,
			       unsigned long caller)
{
	unsigned long resets = heapmod_begin_call(heap);
	va_list again;
	char *string;
	int length;

	va_copy(again, args);
	length = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	string = heapmod_alloc_caller(heap, length + 1, gfp, caller);
	if (string)
		vsnprintf(string, length + 1, fmt, args);
	return heapmod_end_call(heap, resets, string);
}
EXPORT_SYMBOL_HEAPMOD(heapmod_vasprintf_caller);

char *heapmod_asprintf_caller(struct heapmod *heap, gfp_t gfp, unsigned long caller,
			      const char *fmt, ...)
{
	va_list args;
	char *string;

	va_start(args, fmt);
	string = heapmod_vasprintf_caller(heap, gfp, fmt, args, caller);
	va_end(args);
	return string;
}
EXPORT_SYMBOL_HEAPMOD(heapmod_asprintf_caller);

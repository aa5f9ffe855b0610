// SPDX-License-Identifier: GPL-2.0-only
/*
 * helpers - what is made of allocate and free: arrays, copies, strings, other sizes
 *
 * Each has a variant for wrappers, which blame their own callers. None takes the lock but to
 * resize.
 */
#include <linux/export.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "compat.h"
#include "diagnostics.h"
#include "heap_find.h"
#include "heap_lock.h"
#include "heap_shape.h"

/**
 * heapmod_zalloc_caller - heapmod_zalloc() on behalf of another
 * @heap: the heap
 * @size: bytes
 * @gfp: as for heapmod_alloc()
 * @caller: the address to name as the owner
 *
 * Context: any; as heapmod_alloc().
 * Return: as heapmod_alloc().
 */
void *heapmod_zalloc_caller(struct heapmod *heap, size_t size, gfp_t gfp, unsigned long caller)
{
	return heapmod_alloc_caller(heap, size, gfp | __GFP_ZERO, caller);
}
EXPORT_SYMBOL_HEAPMOD(heapmod_zalloc_caller);

/**
 * heapmod_zalloc - allocate a block of zeroes
 * @heap: the heap
 * @size: bytes, all of them zeroed, outside the lock
 * @gfp: as for heapmod_alloc()
 *
 * Context: any; as heapmod_alloc().
 * Return: as heapmod_alloc().
 */
void *heapmod_zalloc(struct heapmod *heap, size_t size, gfp_t gfp)
{
	return heapmod_zalloc_caller(heap, size, gfp, _RET_IP_);
}
EXPORT_SYMBOL_HEAPMOD(heapmod_zalloc);

/**
 * heapmod_alloc_array_caller - heapmod_alloc_array() on behalf of another
 * @heap: the heap
 * @n: elements
 * @size: bytes of one
 * @gfp: as for heapmod_alloc()
 * @caller: the address to name as the owner
 *
 * Context: any; as heapmod_alloc().
 * Return: as heapmod_alloc_array().
 */
void *heapmod_alloc_array_caller(struct heapmod *heap, size_t n, size_t size, gfp_t gfp,
				 unsigned long caller)
{
	size_t bytes;

	if (check_mul_overflow(n, size, &bytes))
		return NULL;
	return heapmod_alloc_caller(heap, bytes, gfp, caller);
}
EXPORT_SYMBOL_HEAPMOD(heapmod_alloc_array_caller);

/**
 * heapmod_alloc_array - allocate an array
 * @heap: the heap
 * @n: elements
 * @size: bytes of one
 * @gfp: as for heapmod_alloc()
 *
 * Context: any; as heapmod_alloc().
 * Return: as heapmod_alloc(); NULL when @n times @size overflows.
 */
void *heapmod_alloc_array(struct heapmod *heap, size_t n, size_t size, gfp_t gfp)
{
	return heapmod_alloc_array_caller(heap, n, size, gfp, _RET_IP_);
}
EXPORT_SYMBOL_HEAPMOD(heapmod_alloc_array);

/* What followed from resizing a block in place. */
struct resized {
	enum heap_verdict verdict;
	bool done;
	struct heap_view block;		/* as it was */
};

/* Will the block, which @block is set to, give some of its end back when it has @size bytes? */
static bool shrinks(struct heapmod *heap, const void *ptr, size_t size, struct heap_view *block)
{
	unsigned long flags;
	bool possible;

	if (!heap_lock(heap, flags))
		return false;
	possible = size <= heap->core.largest && !heap_judge(&heap->core, ptr, block);
	heap_unlock(heap, flags, _RET_IP_);
	return possible && diagnostics_bytes_for(heap, size) < heap_bytes(block->granules);
}

/* Under the lock: the owner has more now, or less. */
static void count_resized(struct heapmod *heap, const struct heap_view *was, size_t size)
	__must_hold(&heap->lock)
{
	struct heap_owner *owner = &heap->owners.table[was->owner];

	heap_owner_loses(owner, was->asked);
	owner->frees--;
	heap_owner_gains(owner, size);
	owner->allocs--;
}

static struct resized resize(struct heapmod *heap, const void *ptr, size_t size, gfp_t gfp,
			     unsigned long caller)
{
	struct resized resized = { .verdict = HEAP_CORRUPT_INDEX };
	unsigned long flags;
	bool told;

	/* What is given back is another's at once: of that all is told before. */
	told = diagnostics_want_resize(heap) && shrinks(heap, ptr, size, &resized.block);
	if (told)
		diagnostics_resize(heap, (void *)ptr, &resized.block, size, gfp, caller);
	if (!heap_lock(heap, flags))
		return resized;
	resized.verdict = heap_resize(&heap->core, ptr, size, &resized.block, &resized.done);
	if (resized.done)
		count_resized(heap, &resized.block, size);
	heap_unlock(heap, flags, caller);
	if (resized.verdict == HEAP_FOREIGN)
		heapmod_refuse_foreign(heap, ptr, caller);
	if (resized.done && !told)
		diagnostics_resize(heap, (void *)ptr, &resized.block, size, gfp, caller);
	return resized;
}

/**
 * heapmod_realloc_caller - heapmod_realloc() on behalf of another
 * @heap: the heap
 * @ptr: a block of it, or NULL
 * @size: bytes
 * @gfp: as for heapmod_alloc()
 * @caller: the address to name as the owner
 *
 * Context: any but NMI.
 * Return: as heapmod_realloc().
 */
void *heapmod_realloc_caller(struct heapmod *heap, const void *ptr, size_t size, gfp_t gfp,
			     unsigned long caller)
{
	struct resized resized;
	void *moved;

	if (!heapmod_usable(heap))
		return NULL;
	if (ZERO_OR_NULL_PTR(ptr))
		return heapmod_alloc_caller(heap, size, gfp, caller);
	if (!size) {
		heapmod_free_caller(heap, ptr, caller);
		return ZERO_SIZE_PTR;
	}
	resized = resize(heap, ptr, size, gfp, caller);
	if (resized.done)
		return (void *)ptr;
	if (resized.verdict && resized.verdict != HEAP_OVERRUN)
		return NULL;
	moved = heapmod_alloc_caller(heap, size, gfp, caller);
	if (!moved)
		return NULL;
	memcpy(moved, ptr, min_t(u64, size, resized.block.asked));
	heapmod_free_caller(heap, ptr, caller);
	return moved;
}
EXPORT_SYMBOL_HEAPMOD(heapmod_realloc_caller);

/**
 * heapmod_realloc - give a block another size
 * @heap: the heap
 * @ptr: a block of it, or NULL to allocate one
 * @size: bytes; 0 frees the block
 * @gfp: as for heapmod_alloc(); with %__GFP_ZERO what is new is zeroed
 *
 * In place, when the block shrinks, or when the hole behind it is large enough. Else a new block is
 * allocated, the bytes are copied, and the old one is freed.
 *
 * Context: any but NMI. The copy is made without the lock.
 * Return: the block, which keeps its bytes as far as it goes; %ZERO_SIZE_PTR for a @size of 0; NULL
 * when there is no room or @ptr is no live block of this heap, and then nothing has changed.
 */
void *heapmod_realloc(struct heapmod *heap, const void *ptr, size_t size, gfp_t gfp)
{
	return heapmod_realloc_caller(heap, ptr, size, gfp, _RET_IP_);
}
EXPORT_SYMBOL_HEAPMOD(heapmod_realloc);

/*
 * Of a live block, what was asked for becomes zero. Whose header does not tell, is filled with the
 * pattern up to its end, which the map knows: the slack in it is no client's to write to.
 */
static void wipe(struct heapmod *heap, const void *ptr)
{
	enum heap_verdict verdict;
	struct heap_view block;
	unsigned long flags;

	raw_spin_lock_irqsave(&heap->lock, flags);
	verdict = heap_judge(&heap->core, ptr, &block);
	raw_spin_unlock_irqrestore(&heap->lock, flags);
	if (!verdict)
		memzero_explicit((void *)ptr, block.asked);
	else if (verdict == HEAP_CORRUPT_HEADER)
		heap_fill((void *)ptr, heap_bytes(block.granules) - sizeof(struct heap_block));
}

/**
 * heapmod_free_sensitive - zero a block, then free it
 * @heap: the heap it came from
 * @ptr: as for heapmod_free()
 *
 * Of a pointer that is no live block nothing is zeroed. A block whose header was written over is
 * filled with a pattern instead.
 *
 * Context: any but NMI; takes time in proportion to the block's size, without the lock.
 */
void heapmod_free_sensitive(struct heapmod *heap, const void *ptr)
{
	if (ZERO_OR_NULL_PTR(ptr) || !heapmod_usable(heap))
		return;
	wipe(heap, ptr);
	heapmod_free_caller(heap, ptr, _RET_IP_);
}
EXPORT_SYMBOL_HEAPMOD(heapmod_free_sensitive);

/**
 * heapmod_memdup_caller - heapmod_memdup() on behalf of another
 * @heap: the heap
 * @src: what to copy
 * @size: bytes
 * @gfp: as for heapmod_alloc()
 * @caller: the address to name as the owner
 *
 * Context: any; as heapmod_alloc().
 * Return: as heapmod_alloc().
 */
void *heapmod_memdup_caller(struct heapmod *heap, const void *src, size_t size, gfp_t gfp,
			    unsigned long caller)
{
	void *ptr = heapmod_alloc_caller(heap, size, gfp & ~__GFP_ZERO, caller);

	if (!ZERO_OR_NULL_PTR(ptr))
		memcpy(ptr, src, size);
	return ptr;
}
EXPORT_SYMBOL_HEAPMOD(heapmod_memdup_caller);

/**
 * heapmod_memdup - allocate a copy
 * @heap: the heap
 * @src: what to copy
 * @size: bytes
 * @gfp: as for heapmod_alloc()
 *
 * Context: any; as heapmod_alloc(). The copy is made without the lock.
 * Return: as heapmod_alloc().
 */
void *heapmod_memdup(struct heapmod *heap, const void *src, size_t size, gfp_t gfp)
{
	return heapmod_memdup_caller(heap, src, size, gfp, _RET_IP_);
}
EXPORT_SYMBOL_HEAPMOD(heapmod_memdup);

/**
 * heapmod_strdup_caller - heapmod_strdup() on behalf of another
 * @heap: the heap
 * @string: to copy, or NULL
 * @gfp: as for heapmod_alloc()
 * @caller: the address to name as the owner
 *
 * Context: any; as heapmod_alloc().
 * Return: as heapmod_strdup().
 */
char *heapmod_strdup_caller(struct heapmod *heap, const char *string, gfp_t gfp,
			    unsigned long caller)
{
	if (!string)
		return NULL;
	return heapmod_memdup_caller(heap, string, strlen(string) + 1, gfp, caller);
}
EXPORT_SYMBOL_HEAPMOD(heapmod_strdup_caller);

/**
 * heapmod_strdup - allocate a copy of a string
 * @heap: the heap
 * @string: to copy, or NULL
 * @gfp: as for heapmod_alloc()
 *
 * Context: any; as heapmod_alloc().
 * Return: as heapmod_alloc(); NULL for NULL.
 */
char *heapmod_strdup(struct heapmod *heap, const char *string, gfp_t gfp)
{
	return heapmod_strdup_caller(heap, string, gfp, _RET_IP_);
}
EXPORT_SYMBOL_HEAPMOD(heapmod_strdup);

/**
 * heapmod_vasprintf_caller - heapmod_vasprintf() on behalf of another
 * @heap: the heap
 * @gfp: as for heapmod_alloc()
 * @fmt: as for printf()
 * @args: of @fmt
 * @caller: the address to name as the owner
 *
 * Context: any; as heapmod_alloc().
 * Return: as heapmod_alloc().
 */
char *heapmod_vasprintf_caller(struct heapmod *heap, gfp_t gfp, const char *fmt, va_list args,
			       unsigned long caller)
{
	va_list again;
	char *string;
	int length;

	va_copy(again, args);
	length = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	string = heapmod_alloc_caller(heap, length + 1, gfp, caller);
	if (string)
		vsnprintf(string, length + 1, fmt, args);
	return string;
}
EXPORT_SYMBOL_HEAPMOD(heapmod_vasprintf_caller);

/**
 * heapmod_vasprintf - allocate a formatted string
 * @heap: the heap
 * @gfp: as for heapmod_alloc()
 * @fmt: as for printf()
 * @args: of @fmt
 *
 * Context: any; as heapmod_alloc(). The string is made without the lock, twice: first its length.
 * Return: as heapmod_alloc().
 */
char *heapmod_vasprintf(struct heapmod *heap, gfp_t gfp, const char *fmt, va_list args)
{
	return heapmod_vasprintf_caller(heap, gfp, fmt, args, _RET_IP_);
}
EXPORT_SYMBOL_HEAPMOD(heapmod_vasprintf);

/**
 * heapmod_asprintf - allocate a formatted string
 * @heap: the heap
 * @gfp: as for heapmod_alloc()
 * @fmt: as for printf()
 *
 * Context: any; as heapmod_vasprintf().
 * Return: as heapmod_alloc().
 */
char *heapmod_asprintf(struct heapmod *heap, gfp_t gfp, const char *fmt, ...)
{
	va_list args;
	char *string;

	va_start(args, fmt);
	string = heapmod_vasprintf_caller(heap, gfp, fmt, args, _RET_IP_);
	va_end(args);
	return string;
}
EXPORT_SYMBOL_HEAPMOD(heapmod_asprintf);

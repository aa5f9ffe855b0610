// SPDX-License-Identifier: GPL-2.0-only
/*
 * heaps - named heaps: their memory, their list, from creation to destruction
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "compat.h"
#include "debugfs/debugfs.h"
#include "heaps.h"

LIST_HEAD(heaps);
DEFINE_MUTEX(heaps_lock);	/* of the list, and of the folders in debugfs */

void heapmod_refuse_error(void)
{
	WARN_ONCE(1, "heapmod: a heap that was never created is used\n");
}

static struct heapmod *heap_named(const char *name)
{
	struct heapmod *heap;

	list_for_each_entry(heap, &heaps, all) {
		if (!strcmp(heap->name, name))
			return heap;
	}
	return NULL;
}

static int refuse(const char *name, int error, const char *why)
{
	pr_err("cannot create heap \"%.*s\": %s\n", HEAPMOD_NAME_MAX, name ?: "", why);
	return error;
}

static int check_name(const char *name)
{
	if (!name || !*name)
		return refuse(name, -EINVAL, "it needs a name");
	if (strlen(name) > HEAPMOD_NAME_MAX)
		return refuse(name, -ENAMETOOLONG, "the name is longer than 31 bytes");
	if (strchr(name, '/') || !strcmp(name, ".") || !strcmp(name, "..") ||
	    !strcmp(name, "heaps"))
		return refuse(name, -EINVAL, "the name cannot be a folder's in debugfs");
	return 0;
}

static int check_size(const char *name, u64 size)
{
	if (!heap_granules_in(size))
		return refuse(name, -EINVAL, "the region is too small for one block (32 bytes)");
	if (size / HEAP_GRANULE - 1 > HEAP_GRANULES_MAX)
		return refuse(name, -EFBIG, "the region is above the format's limit (64 GiB)");
	return 0;
}

/* vmalloc() of more than there is would wake the OOM killer before it fails. */
static int check_memory(const char *name, u64 bytes)
{
	long pages = si_mem_available();

	if (bytes >> PAGE_SHIFT >= max(pages, 0L))
		return refuse(name, -ENOMEM, "the machine has less memory available");
	return 0;
}

/* Everything but the region: the heap itself and the index. */
static struct heapmod *heap_shell(const char *name, u64 size)
{
	struct heapmod *heap;

	heap = kvzalloc(sizeof(*heap), GFP_KERNEL);
	if (!heap)
		return NULL;
	heap->index = vzalloc(heap_index_bytes(heap_granules_in(size)));
	if (!heap->index) {
		kvfree(heap);
		return NULL;
	}
	raw_spin_lock_init(&heap->lock);
	strscpy(heap->name, name, sizeof(heap->name));
	heap->region_bytes = size;
	return heap;
}

static void heap_release(struct heapmod *heap)
{
	vfree(heap->memory);
	vfree(heap->index);
	kvfree(heap);
}

static int heap_publish(struct heapmod *heap)
{
	mutex_lock(&heaps_lock);
	if (heap_named(heap->name)) {
		mutex_unlock(&heaps_lock);
		return refuse(heap->name, -EEXIST, "there is one of that name");
	}
	list_add_tail(&heap->all, &heaps);
	heapmod_debugfs_add(heap);
	mutex_unlock(&heaps_lock);
	return 0;
}

/* @mem of @size bytes becomes a heap; NULL means memory of our own. */
static struct heapmod *heap_create(const char *name, void *mem, u64 size)
{
	u64 bytes = heap_index_bytes(heap_granules_in(size)) + (mem ? 0 : size);
	struct heapmod *heap;
	int error;

	error = check_memory(name, bytes);
	if (error)
		return ERR_PTR(error);
	heap = heap_shell(name, size);
	if (!heap)
		return ERR_PTR(refuse(name, -ENOMEM, "no memory for the index"));
	if (!mem) {
		heap->memory = heapmod_vmalloc(size);
		mem = heap->memory;
	}
	if (mem) {
		heap_init(&heap->core, mem, heap_granules_in(size), heap->index);
		error = heap_publish(heap);
	} else {
		error = refuse(name, -ENOMEM, "no memory for the region");
	}
	if (error) {
		heap_release(heap);
		return ERR_PTR(error);
	}
	return heap;
}

/**
 * heapmod_create - reserve a region and make a heap of it
 * @name: its name, unique; 1 to %HEAPMOD_NAME_MAX bytes, without a slash
 * @size: bytes to reserve, 32 to 64 GiB, rounded down to a multiple of 16. Each block costs 8
 *        bytes of it and the rounding up to 16; the index takes another 2% of memory.
 * @flags: 0
 *
 * Context: task, may sleep.
 * Return: the heap, or an ERR_PTR and a line in the log: -EINVAL for a bad name, flag or size,
 * -ENAMETOOLONG, -EEXIST for a name in use, -EFBIG above the limit, -ENOMEM.
 */
struct heapmod *heapmod_create(const char *name, size_t size, unsigned int flags)
{
	u64 region = round_down(size, HEAP_GRANULE);
	int error = check_name(name) ?: check_size(name, region);

	if (!error && flags)
		error = refuse(name, -EINVAL, "unknown flags");
	return error ? ERR_PTR(error) : heap_create(name, NULL, region);
}
EXPORT_SYMBOL_HEAPMOD(heapmod_create);

/**
 * heapmod_create_in - make a heap of memory that the caller owns
 * @name: as for heapmod_create()
 * @mem: ordinary memory, which must stay until the heap is destroyed
 * @size: bytes of it; what is not aligned to 16 bytes at both ends is left unused
 * @flags: 0
 *
 * The index is reserved as for heapmod_create().
 *
 * Context: task, may sleep.
 * Return: as heapmod_create(); -EINVAL for no memory, too.
 */
struct heapmod *heapmod_create_in(const char *name, void *mem, size_t size, unsigned int flags)
{
	size_t skip = PTR_ALIGN((char *)mem, HEAP_GRANULE) - (char *)mem;
	u64 region = size > skip ? round_down(size - skip, HEAP_GRANULE) : 0;
	int error = check_name(name) ?: check_size(name, region);

	if (!error && !mem)
		error = refuse(name, -EINVAL, "no memory was given");
	if (!error && flags)
		error = refuse(name, -EINVAL, "unknown flags");
	return error ? ERR_PTR(error) : heap_create(name, (char *)mem + skip, region);
}
EXPORT_SYMBOL_HEAPMOD(heapmod_create_in);

static void report_owner(const struct heapmod *heap, const struct heap_owner *owner)
{
	if (owner->caller)
		pr_warn("heap \"%s\": %u blocks, %llu bytes allocated by %pS\n", heap->name,
			owner->blocks, owner->bytes, (void *)owner->caller);
	else
		pr_warn("heap \"%s\": %u blocks, %llu bytes allocated by others\n", heap->name,
			owner->blocks, owner->bytes);
}

static void report_leftovers(const struct heapmod *heap)
{
	unsigned int i;

	if (!heap->core.blocks)
		return;
	pr_warn("heap \"%s\" is destroyed with %u blocks alive, %llu bytes\n", heap->name,
		heap->core.blocks, heap->core.asked);
	for (i = 0; i < HEAP_OWNERS; i++) {
		if (heap->owners.table[i].blocks)
			report_owner(heap, &heap->owners.table[i]);
	}
}

/**
 * heapmod_destroy - report what still lives in a heap, then release all of it
 * @heap: from heapmod_create() or heapmod_create_in(); NULL and errors are fine
 *
 * The caller sees to it that nobody uses the heap or a block of it any more. Readers of its
 * debugfs files are waited for.
 *
 * Context: task, may sleep.
 */
void heapmod_destroy(struct heapmod *heap)
{
	if (IS_ERR_OR_NULL(heap))
		return;
	mutex_lock(&heaps_lock);
	list_del(&heap->all);
	heapmod_debugfs_remove(heap);
	mutex_unlock(&heaps_lock);
	report_leftovers(heap);
	heap_release(heap);
}
EXPORT_SYMBOL_HEAPMOD(heapmod_destroy);

// SPDX-License-Identifier: GPL-2.0-only
/*
 * lifetime - create and destroy heaps, and check the arguments of that
 *
 * The list of heaps is in heaps/registry.c.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/device.h>
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/random.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/stringify.h>
#include <linux/vmalloc.h>

#include "heaps/compat.h"
#include "heaps/diagnostics.h"
#include "heaps/follow_up.h"
#include "heaps/free.h"
#include "heaps/lock.h"
#include "heaps/memory.h"
#include "heaps/percpu.h"
#include "heaps/poll.h"
#include "heaps/query.h"
#include "heaps/registry.h"
#include "heaps/report.h"
#include "heaps/sites.h"
#include "heaps/wait.h"
#include "heaps/walk.h"
#include "heaps/watermark.h"

static int refuse(const char *name, int error, const char *why)
{
	pr_err("cannot create heap \"%.*s\": %s\n", HEAPMOD_NAME_MAX, name ?: "", why);
	return error;
}

/* A name is one ASCII word in a line of the log and in the tables; isgraph() is for Latin-1. */
static bool is_printable(const char *name)
{
	while ((u8)*name > ' ' && (u8)*name <= '~')
		name++;
	return !*name;
}

static int check_name(const char *name)
{
	if (!name || !*name)
		return refuse(name, -EINVAL, "it needs a name");
	if (!is_printable(name))
		return refuse("", -EINVAL, "a character of the name cannot be printed");
	if (strlen(name) > HEAPMOD_NAME_MAX)
		return refuse(name, -ENAMETOOLONG, "the name is longer than "
			      __stringify(HEAPMOD_NAME_MAX) " bytes");
	if (strchr(name, '/') || !strcmp(name, ".") || !strcmp(name, "..") ||
	    !strcmp(name, "heaps"))
		return refuse(name, -EINVAL, "debugfs cannot have a directory of this name");
	return 0;
}

static int check_size(const char *name, u64 size, unsigned int flags)
{
	if (flags & ~(HEAPMOD_POISON | HEAPMOD_REDZONE | HEAPMOD_LINEAR | HEAPMOD_PERCPU))
		return refuse(name, -EINVAL, "unknown flags");
	if (heap_granules_in(size) < 1)
		return refuse(name, -EINVAL, "the region is too small for one block (32 bytes)");
	if (flags & HEAPMOD_REDZONE && heap_granules_in(size) < 2)
		return refuse(name, -EINVAL, "the region is too small for a redzone (48 bytes)");
	if (size / HEAP_GRANULE - 1 > HEAP_GRANULES_MAX)
		return refuse(name, -EFBIG, "the region is above the format's limit (64 GiB)");
	if (flags & HEAPMOD_LINEAR && size > heapmod_linear_max())
		return refuse(name, -EFBIG, "no linear region can have that size");
	return 0;
}

/* vmalloc() of more memory than is available would invoke the OOM killer before it fails. */
static int check_memory(const char *name, u64 bytes)
{
	long pages = si_mem_available();

	if (bytes >> PAGE_SHIFT >= max(pages, 0L))
		return refuse(name, -ENOMEM, "the machine has less memory available");
	return 0;
}

static void release_memory(struct heapmod *heap)
{
	heapmod_caches_exit(heap);
	heapmod_memory_free(heap->memory, heap->region_bytes, heap->flags);
	kvfree(heap->history);
	kvfree(heap->index);
	kvfree(heap);
}

/* Zeroed memory; less than a page is not rounded up to one. Its allocated size is added to @sum. */
static void *alloc_metadata(size_t bytes, u32 *sum)
{
	void *ptr;

	if (bytes >= PAGE_SIZE) {
		*sum += PAGE_ALIGN(bytes);
		return __vmalloc(bytes, GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN | __GFP_NORETRY);
	}
	ptr = kzalloc(bytes, GFP_KERNEL);
	if (ptr)
		*sum += ksize(ptr);
	return ptr;
}

/* What needs no memory. */
static void init_heap(struct heapmod *heap, const char *name)
{
	static atomic_t ids = ATOMIC_INIT(0);

	raw_spin_lock_init(&heap->lock);
	init_irq_work(&heap->follow_up, heapmod_follow_up);
	INIT_WORK(&heap->serve, heapmod_follow_up_waits);
	INIT_DELAYED_WORK(&heap->slow_work, heapmod_follow_up_slowly);
	heapmod_report_init(heap);
	heapmod_poll_init(heap);
	heapmod_wait_init(heap);
	heapmod_watermark_init(heap);
	heap_deferred_init(&heap->deferred);
	heap->id = atomic_inc_return(&ids);
	strscpy(heap->name, name, sizeof(heap->name));
}

/* A heap without a region: struct heapmod, the index and, with HEAPMOD_POISON, the history. */
static struct heapmod *alloc_heap(const char *name, u64 size, unsigned int flags)
{
	u32 owners = heap_owners_for(size);
	struct heapmod *heap;
	u32 sum = 0;

	heap = alloc_metadata(struct_size(heap, owners.table, owners), &sum);
	if (!heap)
		return NULL;
	heap->index = alloc_metadata(heap_index_bytes(heap_granules_in(size)), &sum);
	if (flags & HEAPMOD_POISON)
		heap->history = alloc_metadata(sizeof(*heap->history), &sum);
	heap->metadata_bytes = sum;
	heap->owners.mask = owners - 1;
	heap->flags = flags;
	heap->region_bytes = size;
	if (!heap->index || (flags & HEAPMOD_POISON && !heap->history) ||
	    heapmod_caches_init(heap)) {
		release_memory(heap);
		return NULL;
	}
	init_heap(heap, name);
	return heap;
}

/* Use @mem as the region, or reserve one. Return: 0 or an error, which is logged. */
static int set_region(struct heapmod *heap, void *mem, int node)
{
	if (!mem) {
		heap->memory = heapmod_memory_alloc(heap->region_bytes, heap->flags, node);
		mem = heap->memory;
	}
	if (!mem)
		return refuse(heap->name, -ENOMEM, heap->flags & HEAPMOD_LINEAR ?
			      "no contiguous memory for the region" : "no memory for the region");
	diagnostics_adopt(heap, mem);
	heap_init(&heap->core, mem, heap_granules_in(heap->region_bytes), heap->index,
		  heap->flags, get_random_u64());
	return 0;
}

/* Make the heap known by its name. Return: 0 or an error, which is logged. */
static int publish(struct heapmod *heap)
{
	int error = heapmod_register(heap);

	if (!error)
		return 0;
	diagnostics_abandon(heap);
	return refuse(heap->name, error, error == -EEXIST ? "the name is in use" :
		      error == -ENODEV ? "heapmod was not initialized" :
		      "no memory for its metadata");
}

/* @mem: region of @size bytes, or NULL to reserve one. */
static struct heapmod *create(const char *name, void *mem, u64 size, unsigned int flags, int node)
{
	u64 bytes = mem ? 0 : heapmod_memory_bytes(size, flags, node);
	struct heapmod *heap;
	int error;

	error = check_memory(name, bytes + heap_index_bytes(heap_granules_in(size)));
	if (error)
		return ERR_PTR(error);
	heap = alloc_heap(name, size, flags);
	if (!heap)
		return ERR_PTR(refuse(name, -ENOMEM, "no memory for its metadata"));
	error = set_region(heap, mem, node) ?: publish(heap);
	if (error) {
		release_memory(heap);
		return ERR_PTR(error);
	}
	return heap;
}

struct heapmod *heapmod_create(const char *name, size_t size, unsigned int flags)
{
	return heapmod_create_node(name, size, flags, NUMA_NO_NODE);
}
EXPORT_SYMBOL_HEAPMOD(heapmod_create);

struct heapmod *heapmod_create_node(const char *name, size_t size, unsigned int flags, int node)
{
	u64 region = round_down(size, HEAP_GRANULE);
	int error = check_name(name) ?: check_size(name, region, flags);

	if (!error && node != NUMA_NO_NODE &&
	    (node < 0 || node >= MAX_NUMNODES || !node_online(node)))
		error = refuse(name, -EINVAL, "the node does not exist or is offline");
	return error ? ERR_PTR(error) : create(name, NULL, region, flags, node);
}
EXPORT_SYMBOL_HEAPMOD(heapmod_create_node);

static void devm_destroy(void *heap)
{
	heapmod_destroy(heap);
}

struct heapmod *devm_heapmod_create(struct device *dev, const char *name, size_t size,
				    unsigned int flags)
{
	struct heapmod *heap = heapmod_create(name, size, flags);
	int error;

	if (IS_ERR(heap))
		return heap;
	error = devm_add_action_or_reset(dev, devm_destroy, heap);
	return error ? ERR_PTR(error) : heap;
}
EXPORT_SYMBOL_HEAPMOD(devm_heapmod_create);

/* Is @mem outside the region of @heap, or all of it inside one live block of @heap? */
static bool is_allowed_by(struct heapmod *heap, const void *mem, u64 size)
{
	u64 region = (uintptr_t)heap->core.region;
	u64 start = (uintptr_t)mem;

	return start + size <= region || start >= region + heap->region_bytes ||
	       heapmod_block_contains(heap, mem, size);
}

static int check_caller_memory(const char *name, const void *mem, u64 size)
{
	struct heapmod *heap;
	int error = 0;

	if (ZERO_OR_NULL_PTR(mem) || IS_ERR(mem) || (uintptr_t)mem + (size_t)size < size)
		return refuse(name, -EINVAL, "the memory is NULL, no memory, or wraps around");
	mutex_lock(&heaps_lock);
	list_for_each_entry(heap, &heaps, all) {
		if (!is_allowed_by(heap, mem, size))
			error = -EBUSY;
	}
	mutex_unlock(&heaps_lock);
	return error ? refuse(name, error, "the memory belongs to another heap") : 0;
}

struct heapmod *heapmod_create_in(const char *name, void *mem, size_t size, unsigned int flags)
{
	/* From the check to the registration: two heaps must not be created in the same memory. */
	static DEFINE_MUTEX(create_in_lock);
	size_t skip = -(uintptr_t)mem % HEAP_GRANULE;
	u64 region = size > skip ? round_down(size - skip, HEAP_GRANULE) : 0;
	int error = check_name(name) ?: check_size(name, region, flags);
	struct heapmod *heap;

	if (!error && flags & HEAPMOD_LINEAR)
		error = refuse(name, -EINVAL, "only memory that is reserved can be linear");
	if (error)
		return ERR_PTR(error);
	mutex_lock(&create_in_lock);
	error = check_caller_memory(name, mem, size);
	heap = error ? ERR_PTR(error) : create(name, (char *)mem + skip, region, flags,
					       NUMA_NO_NODE);
	mutex_unlock(&create_in_lock);
	return heap;
}
EXPORT_SYMBOL_HEAPMOD(heapmod_create_in);

/* Where the first block of an owner is, to find it in a dump of memory. */
static u64 first_offset(struct heapmod *heap, u32 owner)
{
	struct heap_block_info block = {};

	while (heapmod_walk_batch(heap, block.at + block.granules, &block, 1)) {
		if (block.state == HEAP_USED && block.sealed && block.owner == owner)
			return heap_offset(block.at);
		cond_resched();
	}
	return 0;
}

static void report_owner(struct heapmod *heap, u32 number)
{
	const struct heap_owner *owner = heap_owner_at(&heap->owners, number);
	char site[SITE_TEXT];

	pr_warn("heap \"%s\": %llu blocks, %llu bytes, the first at %llu, allocated by %s\n",
		heap->name, heap_owner_blocks(owner), heap_owner_bytes(owner),
		first_offset(heap, number), heapmod_site_name(owner->caller, site));
}

/* The caches are empty: add what they have counted to the counters of the heap. */
static void settle(struct heapmod *heap)
{
	unsigned long flags;

	heapmod_lock_irqsave(heap, flags);
	heapmod_sync_owners(heap, 0, heap_owners_count(&heap->owners));
	heapmod_unlock_irqrestore(heap, flags);
}

static void report_live_blocks(struct heapmod *heap)
{
	u32 i;

	settle(heap);
	if (!heap_live_blocks(&heap->core))
		return;
	pr_warn("heap \"%s\" is destroyed with %llu blocks alive, %llu bytes\n", heap->name,
		heap_live_blocks(&heap->core), heap->core.asked);
	for (i = 0; i < heap_owners_count(&heap->owners); i++) {
		if (heap_owner_blocks(heap_owner_at(&heap->owners, i)))
			report_owner(heap, i);
	}
}

static void cancel_work_items(struct heapmod *heap)
{
	cancel_delayed_work_sync(&heap->slow_work);
	cancel_work_sync(&heap->serve);
	cancel_delayed_work_sync(&heap->watermark.work);
}

/*
 * Wait for the irq_work and for what it has scheduled. A run on one CPU may outlast irq_work_sync()
 * when a later run ends on another CPU before it. A run is an RCU read-side critical section.
 */
static void sync_follow_up(struct heapmod *heap)
{
	heapmod_sync_irq_work(heap);
	synchronize_rcu();
	heapmod_sync_irq_work(heap);
	cancel_work_items(heap);
}

/* Complete what the last calls have left to be done. No call uses the heap any more. */
static void quiesce(struct heapmod *heap)
{
	heapmod_sync_irq_work(heap);
	cancel_work_items(heap);
	heapmod_drain(heap);
	heapmod_recover(heap);
	heapmod_empty_caches(heap);
	/* Now the heap has no event that could queue a work item behind this. */
	heapmod_report_findings(heap);
	sync_follow_up(heap);
	heapmod_report_suppressed(heap);
}

static bool is_permanent(const struct heapmod *heap)
{
	if (heap->permanent)
		pr_err("the default heap is destroyed when the module is unloaded\n");
	return heap->permanent;
}

static void shut_down(struct heapmod *heap)
{
	heapmod_end_waits(heap);
	heapmod_end_polls(heap);
}

void heapmod_shutdown(struct heapmod *heap)
{
	might_sleep();
	if (!heapmod_is_valid(heap) || is_permanent(heap))
		return;
	shut_down(heap);
	heapmod_barrier(heap);
}
EXPORT_SYMBOL_HEAPMOD(heapmod_shutdown);

void heapmod_destroy(struct heapmod *heap)
{
	if (IS_ERR_OR_NULL(heap) || is_permanent(heap))
		return;
	shut_down(heap);
	/* While the heap is registered, heaps/module_notifier.c removes a callback. */
	heapmod_watermark_exit(heap);
	/* The callbacks of RCU find the heap while it is registered. */
	heapmod_barrier(heap);
	heapmod_unregister(heap);
	quiesce(heap);
	report_live_blocks(heap);
	heapmod_forget_sites(heap);
	diagnostics_abandon(heap);
	release_memory(heap);
}
EXPORT_SYMBOL_HEAPMOD(heapmod_destroy);

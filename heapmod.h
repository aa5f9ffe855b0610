/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * heapmod - a private heap for kernel code
 *
 * The API for other modules. A heap is a region of memory that is reserved once, and the blocks in
 * it. docs/api.md has an example of each call.
 *
 * A client declares MODULE_INFO(import_ns, "HEAPMOD") once.
 */
#ifndef HEAPMOD_H
#define HEAPMOD_H

#include <linux/compiler.h>
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/overflow.h>
#include <linux/stddef.h>
#include <linux/types.h>

/* Missing before 5.16. Clients include this header without compat.h. */
#ifndef __alloc_size
#define __alloc_size(...)
#endif

struct device;
struct file;
struct poll_table_struct;
struct seq_file;
struct heapmod;

/**
 * DOC: contexts
 *
 * Each heap has a raw spinlock, which is taken with interrupts disabled. No other lock is taken
 * under it; with %HEAPMOD_PERCPU its holder may spin until another CPU leaves its cache, where it
 * waits for nothing. So a caller may hold any lock, also on PREEMPT_RT, unless the function may
 * sleep or says otherwise.
 *
 * Each function below names one of three contexts:
 *
 * * Any context: task, softirq, hardirq, NMI, while the kernel oopses or panics, and nested
 *   calls: by a probe, a tracepoint or a fault in a function of heapmod that runs under the
 *   lock. In an NMI, in a nested call, and during an oops or a panic, the lock is only tried,
 *   because its holder may be unable to continue. When it is not available, an allocation fails
 *   and a free is deferred. On a kernel without CONFIG_SMP it is never available to an NMI or a
 *   nested call.
 * * Task, softirq or hardirq: not an NMI, not a nested call, and not during an oops or a panic. The
 *   function waits for the lock.
 * * Task context, may sleep: no spinlock may be held, and interrupts must be enabled.
 *
 * A failed allocation is logged with printk(). A caller that holds a lock of the scheduler must
 * pass %__GFP_NOWARN. A pointer that is refused without the lock, or by heapmod_free_any() because
 * it is in no heap, is logged with printk(), too. Other findings are logged later, from an
 * irq_work.
 */

/**
 * DOC: cost
 *
 * An allocation or a free takes the lock once; with %HEAPMOD_PERCPU mostly not at all. The number
 * of steps under it is bounded by heap_bound() in heap_core.h: it grows with the logarithm of the
 * region, and does not depend on the number of blocks. docs/performance.md has measurements. An
 * aligned allocation is bounded by heap_aligned_bound(), which is several times as much.
 *
 * A free takes the lock twice while something hooks freed memory: %HEAPMOD_POISON, KASAN, kmemleak,
 * init_on_free or the tracepoint heapmod_free. An allocation that finds no hole completes deferred
 * frees first, but not in an NMI, nor where hooks cannot run; each takes the lock as any free does.
 * With %HEAPMOD_PERCPU, but not in an NMI, it then takes the lock once for each cached block, at
 * most 1024 for each possible CPU, and coalesces it. Deferred frees for which there was no slot,
 * because 32 others were pending, are completed by a work item.
 *
 * Payloads are zeroed, copied and poisoned without the lock, in time proportional to their size.
 */

/**
 * DOC: arguments
 *
 * A heap that is NULL or an ERR_PTR() is invalid, and refused: an allocation returns NULL or, if it
 * waits, an error, a query false, 0 or an error, any other function does nothing. An ERR_PTR() also
 * triggers a WARN_ONCE(), except in heapmod_destroy(), which accepts both.
 *
 * A request of 0 bytes returns %ZERO_SIZE_PTR. To free NULL or %ZERO_SIZE_PTR does nothing.
 *
 * A pointer that is not the start of a live block of the heap is refused: the heap does not change,
 * and the pointer is counted in struct heapmod_stats and reported with the call site. Where the
 * lock is not available, it is only counted in @refused, and reported in one line; and damage that
 * an allocation in an NMI finds in free memory may go unreported.
 */

/**
 * HEAPMOD_VERSION - version of heapmod that this header belongs to
 *
 * docs/api.md says what a client may rely on while the first number stays.
 */
#define HEAPMOD_VERSION		"0.2.0"

/**
 * HEAPMOD_VERSION_CODE - HEAPMOD_VERSION as a number, to compare: 10,000 times the first, plus 100
 * times the second, plus the third number
 */
#define HEAPMOD_VERSION_CODE	200

/**
 * HEAPMOD_HERE - the address of this instruction
 *
 * As _THIS_IP_, but each use has an address of its own: the compiler merges the labels that
 * _THIS_IP_ is made of, and with them all calls in a function. Costs one instruction.
 */
#if defined(CONFIG_X86_64)
#define HEAPMOD_HERE		HEAPMOD_ASM("lea 0(%%rip), %0")
#elif defined(CONFIG_X86_32)
#define HEAPMOD_HERE		HEAPMOD_ASM("1: mov $1b, %0")
#elif defined(CONFIG_ARM) || defined(CONFIG_ARM64)
#define HEAPMOD_HERE		HEAPMOD_ASM("adr %0, .")
#elif defined(CONFIG_RISCV)
#define HEAPMOD_HERE		HEAPMOD_ASM("auipc %0, 0")
#elif defined(CONFIG_S390)
#define HEAPMOD_HERE		HEAPMOD_ASM("larl %0, .")
#else
#define HEAPMOD_HERE		_THIS_IP_
#endif

#define HEAPMOD_ASM(code)					\
({								\
	unsigned long here_;					\
								\
	asm volatile(code : "=r" (here_));			\
	here_;							\
})

/**
 * HEAPMOD_POISON - flag of a heap: detect writes to free memory
 *
 * Freed memory is filled with a pattern, which is verified when the memory is allocated again. A
 * use after free is reported with the call sites of the last allocation and free of that memory, if
 * they are recent. To fill and to verify takes time in proportion to the size of the block.
 */
#define HEAPMOD_POISON		1U

/**
 * HEAPMOD_REDZONE - flag of a heap: detect overruns beyond the slack
 *
 * 16 bytes of pattern follow every payload, so a short overrun does not reach the next header.
 */
#define HEAPMOD_REDZONE		2U

/**
 * HEAPMOD_LINEAR - flag of a heap: physically contiguous memory of the direct map
 *
 * Blocks may be put into scatterlists, passed to virt_to_page() and mapped by dma_map_single(), as
 * memory of kmalloc() with %GFP_KERNEL. The largest region is the largest block of the page
 * allocator: %MAX_ORDER_NR_PAGES pages.
 *
 * A device that is not cache coherent must not write to a cache line that the CPU writes to. So a
 * buffer for DMA needs an alignment and a size that are multiples of dma_get_cache_alignment(),
 * at most ARCH_DMA_MINALIGN: heapmod_alloc_aligned(). Then no header and no other block is in
 * its cache lines.
 */
#define HEAPMOD_LINEAR		4U

/**
 * HEAPMOD_PERCPU - flag of a heap: keep freed blocks in a cache for each CPU
 *
 * A freed block of up to 1 KiB enters the cache of the CPU. The next allocation of the same size
 * there takes it, without the lock of the heap. So CPUs seldom wait for each other, and most calls
 * cost less. In return the heap is not first fit any more, and fragments more.
 *
 * The caches of all possible CPUs have equal shares of a sixteenth of the region: in a small heap
 * on a large machine they hold hardly anything. An allocation that finds no hole takes all cached
 * blocks back before it fails, but not in an NMI. While a caller waits, in heapmod_alloc_wait() or
 * for heapmod_poll(), none are cached. Everything that is detected without this flag is detected
 * with it.
 *
 * Cached blocks count as in use for @peak_bytes and for heapmod_watch(). The peak of a call site is
 * updated when its counters are read: a peak between two reads is missed. A call site allocates
 * from a cache from its second allocation on; heapmod_alloc_wait(), heapmod_alloc_bulk() and
 * aligned allocations do not.
 */
#define HEAPMOD_PERCPU		8U

/**
 * HEAPMOD_ALIGN_MAX - largest alignment for heapmod_alloc_aligned(), in bytes
 */
#define HEAPMOD_ALIGN_MAX	0x100000U

/**
 * HEAPMOD_WATCHES - most watches that a heap has at a time
 */
#define HEAPMOD_WATCHES		8

/**
 * HEAPMOD_NAME_MAX - longest name of a heap, in bytes without the final zero
 */
#define HEAPMOD_NAME_MAX	63

/**
 * struct heapmod_stats - how the bytes of a heap are used, and what has been counted
 * @region_bytes: size of the region; the sum of the next eight, and of @cached_bytes
 * @asked_bytes: bytes that the live blocks were requested with
 * @slack_bytes: bytes by which blocks were rounded up to whole granules of 16 bytes
 * @header_bytes: headers of live blocks, 8 bytes each
 * @hole_bytes: holes, headers included
 * @quarantine_bytes: blocks that are not reused, because their header was overwritten
 * @pending_bytes: blocks that are freed, but not holes yet; also by heapmod_free_rcu()
 * @redzone_bytes: redzones of live blocks
 * @edge_bytes: bytes before the first header and behind the last block
 * @peak_bytes: most bytes in live blocks since heapmod_reset_peak(), headers, redzones and slack
 *		included; with %HEAPMOD_PERCPU also cached blocks
 * @metadata_bytes: memory of the heap outside its region, as allocated: index, owners, counters;
 *		    with %HEAPMOD_POISON the history, with %HEAPMOD_PERCPU the caches of all CPUs
 * @blocks: live blocks: @allocs - @frees, without those that heapmod_free_rcu() has freed
 * @holes: holes
 * @largest_hole_bytes: size of the largest hole, its header included
 * @allocs: allocations that succeeded
 * @frees: blocks freed or quarantined
 * @failures: allocations that found no hole, or whose heap was frozen, shut down or being reset;
 *	      and waits that failed, but for -EINVAL and injected failures
 * @busy: allocations that failed because the lock was not available: in an NMI, in a call from
 *	  inside another one on the same CPU, or during an oops
 * @search_steps: searches for a hole that read 1 node or hole, 2 to 3, 4 to 7, 8 to 15, 16 to 31,
 *		  or more. An allocation that takes a block of the quick list needs no search.
 * @refused: pointers that were refused
 * @quarantine_blocks: blocks in quarantine
 * @frozen: 1 when the index was found corrupt: the heap does not allocate or free any more
 * @foreign: pointers outside the region
 * @misaligned: pointers to where no payload can begin
 * @interior: pointers into a used block
 * @double_free: pointers into a block that is free
 * @wrong_heap: pointers into another heap
 * @overrun: blocks whose slack or redzone was overwritten
 * @corrupt_header: headers that were overwritten
 * @use_after_free: writes to free memory
 * @corrupt_index: contradictions in the index
 * @cached_bytes: freed blocks in the caches of the CPUs, headers included, with %HEAPMOD_PERCPU
 */
struct heapmod_stats {
	u64 region_bytes;
	u64 asked_bytes;
	u64 slack_bytes;
	u64 header_bytes;
	u64 hole_bytes;
	u64 quarantine_bytes;
	u64 pending_bytes;
	u64 redzone_bytes;
	u64 edge_bytes;
	u64 peak_bytes;
	u64 metadata_bytes;
	u64 blocks;
	u64 holes;
	u64 largest_hole_bytes;
	u64 allocs;
	u64 frees;
	u64 failures;
	u64 busy;
	u64 search_steps[6];
	u64 refused;
	u64 quarantine_blocks;
	u64 frozen;
	u64 foreign;
	u64 misaligned;
	u64 interior;
	u64 double_free;
	u64 wrong_heap;
	u64 overrun;
	u64 corrupt_header;
	u64 use_after_free;
	u64 corrupt_index;
	u64 cached_bytes;
};

/* Heaps */

/**
 * heapmod_create - reserve a region and create a heap in it
 * @name: unique name: 1 to %HEAPMOD_NAME_MAX printable ASCII characters, without blanks and
 *	  slashes; not ".", ".." or "heaps"
 * @size: bytes to reserve: 32 (48 with %HEAPMOD_REDZONE) to 64 GiB - 16; rounded down to a
 *	  multiple of 16
 * @flags: any of %HEAPMOD_POISON, %HEAPMOD_REDZONE, %HEAPMOD_LINEAR, %HEAPMOD_PERCPU, or 0
 *
 * The whole region is reserved at once, and never grows. The index of the heap takes further
 * memory, in proportion to @size. The heap appears in debugfs under its name.
 *
 * Context: Task context, may sleep. Takes a mutex.
 * Return: The heap, or an ERR_PTR() and a line in the log:
 * * -EINVAL - @name, @size or @flags is not allowed, or @size is too small
 * * -ENAMETOOLONG - @name is longer than %HEAPMOD_NAME_MAX
 * * -EEXIST - a heap of this name exists
 * * -EFBIG - @size is above the limit of all heaps, or that of %HEAPMOD_LINEAR
 * * -ENOMEM - there is not enough memory; with %HEAPMOD_LINEAR, not enough that is contiguous
 */
struct heapmod *heapmod_create(const char *name, size_t size, unsigned int flags) __must_check;

/**
 * heapmod_create_node - create a heap with its region on a NUMA node
 * @name: as for heapmod_create()
 * @size: bytes to reserve, as for heapmod_create()
 * @flags: as for heapmod_create()
 * @node: the preferred node, or %NUMA_NO_NODE
 *
 * The region is mapped with small pages unless @node is %NUMA_NO_NODE or @flags has
 * %HEAPMOD_LINEAR: the kernel exports no function that takes a node and maps huge pages.
 *
 * Context: Task context, may sleep. Takes a mutex.
 * Return: As heapmod_create(); also -EINVAL if @node does not exist or is offline.
 */
struct heapmod *heapmod_create_node(const char *name, size_t size, unsigned int flags,
				    int node) __must_check;

/**
 * heapmod_create_in - create a heap in memory of the caller
 * @name: as for heapmod_create()
 * @mem: ordinary RAM, mapped and writable. The caller must keep it until the heap is destroyed.
 *	 A live block of another heap is allowed; any other part of its region is refused.
 * @size: bytes of @mem. Bytes before the first and behind the last multiple of 16 are not used; the
 *	  rest has the limits of heapmod_create().
 * @flags: as for heapmod_create(), without %HEAPMOD_LINEAR
 *
 * The index is reserved as in heapmod_create().
 *
 * Context: Task context, may sleep. Takes a mutex.
 * Return: As heapmod_create(); also -EINVAL if @mem is NULL, %ZERO_SIZE_PTR or an ERR_PTR(), or
 * wraps around; -EBUSY if it overlaps the region of another heap.
 */
struct heapmod *heapmod_create_in(const char *name, void *mem, size_t size,
				  unsigned int flags) __must_check;

/**
 * devm_heapmod_create - create a heap that is destroyed when a driver detaches
 * @dev: the device
 * @name: as for heapmod_create()
 * @size: bytes to reserve, as for heapmod_create()
 * @flags: as for heapmod_create()
 *
 * The heap must not be passed to heapmod_destroy().
 *
 * Context: Task context, may sleep. Takes a mutex.
 * Return: As heapmod_create(); also -ENOMEM without a line in the log, if the device cannot keep
 * the heap.
 */
struct heapmod *devm_heapmod_create(struct device *dev, const char *name, size_t size,
				    unsigned int flags) __must_check;

/**
 * heapmod_reset - free all blocks of a heap
 * @heap: the heap
 *
 * This includes the quarantine. The caller must ensure that no block is in use any more, and
 * that no call that allocates or resizes a block is running: it might return a block that the
 * reset frees, or write to it. A kernel with lockdep, KASAN or KCSAN warns once when such a call
 * returns a block. This does not apply to heapmod_alloc_wait(), which waits until the reset is
 * complete: a block that it has not returned yet is taken back. Other calls may run at the same
 * time, and allocations that begin during the reset fail. A frozen heap remains frozen.
 *
 * Takes time in proportion to the number of blocks. The lock is dropped after each batch of blocks.
 *
 * Context: Task context, may sleep. Takes a mutex: there is one reset at a time.
 */
void heapmod_reset(struct heapmod *heap);

/**
 * heapmod_shutdown - let all allocations fail from now on
 * @heap: the heap; the default heap is refused
 *
 * Calls in heapmod_alloc_wait() return -ESHUTDOWN. A block that such a call has not returned yet
 * is freed. Programs that poll are woken, and heapmod_poll() returns an error. After this function
 * has returned, no call is in heapmod_alloc_wait(), and a new one returns at once. Blocks can be
 * freed as before, but not resized. There is no way back: heapmod_destroy() follows.
 *
 * Context: Task context, may sleep: waits until all waiters and pollers have returned.
 */
void heapmod_shutdown(struct heapmod *heap);

/**
 * heapmod_destroy - report the live blocks of a heap, and release all its memory
 * @heap: from heapmod_create(), heapmod_create_node() or heapmod_create_in(); NULL or an ERR_PTR()
 *	  does nothing. The default heap is refused.
 *
 * Does what heapmod_shutdown() does, if that was not called. Then live blocks are reported by
 * call site. The caller must ensure that no other call uses the heap or a block of it; only calls
 * that already wait in heapmod_alloc_wait() may be running. If another may begin, call
 * heapmod_shutdown() first, and then stop those threads. Readers of the heap's files in debugfs are
 * waited for, and so is a callback of heapmod_watch(), which therefore must not call this
 * function.
 *
 * Context: Task context, may sleep. Takes a mutex.
 */
void heapmod_destroy(struct heapmod *heap);

/**
 * heapmod_default - the heap that was created when the module was loaded
 *
 * Its size is the module parameter size=.
 *
 * Context: Any context.
 * Return: The heap, or NULL if size=0.
 */
struct heapmod *heapmod_default(void);

/* Allocate */

/**
 * heapmod_alloc - allocate a block
 * @heap: the heap
 * @size: bytes; the block takes 8 more for its header, and 16 more with %HEAPMOD_REDZONE, rounded
 *	  up to a multiple of 16
 * @gfp: %__GFP_ZERO zeroes the block, %__GFP_NOWARN suppresses the log of a failure; other flags
 *	 are ignored, because a heap never reclaims and never grows
 *
 * Takes the lowest hole that is large enough (first fit). The search is that of R. P. Brent,
 * "Efficient Implementation of the First-Fit Strategy for Dynamic Storage Allocation", ACM TOPLAS
 * 11(3), 1989. The cost is bounded, and the lock is taken once; see DOC: cost.
 *
 * Even with %GFP_KERNEL this is no preemption point, unlike kmalloc(): a loop over it must call
 * cond_resched(). docs/from-kmalloc.md has the other differences.
 *
 * Context: Any context. Does not sleep. Fails when the lock is not available in an NMI, in a
 * nested call, or during an oops or a panic.
 * Return: Memory aligned to 16 bytes; %ZERO_SIZE_PTR for a @size of 0; NULL if no hole is large
 * enough, the lock is not available, or the heap is invalid, frozen, shut down or being reset.
 */
#define heapmod_alloc(heap, size, gfp) heapmod_alloc_caller(heap, size, gfp, HEAPMOD_HERE)

/**
 * heapmod_zalloc - allocate a zeroed block
 * @heap: the heap
 * @size: bytes, all of which are zeroed
 * @gfp: as for heapmod_alloc()
 *
 * Context: Any context, as heapmod_alloc().
 * Return: As heapmod_alloc().
 */
#define heapmod_zalloc(heap, size, gfp) heapmod_zalloc_caller(heap, size, gfp, HEAPMOD_HERE)

/**
 * heapmod_alloc_bulk - allocate blocks of one size
 * @heap: the heap
 * @size: bytes of each block
 * @gfp: as for heapmod_alloc()
 * @n: how many blocks
 * @ptrs: filled with them, from the first on
 *
 * The blocks are where as many calls of heapmod_alloc() would place them in a heap without
 * %HEAPMOD_PERCPU, but the lock is taken once for 16 of them, and held for at most the time of 16
 * allocations. Caches are used only if there is no hole. The blocks are freed like all others, by
 * any call.
 *
 * A shortage returns the blocks that there was room for: a caller that refills a ring uses them,
 * and one that needs all @n passes them to heapmod_free_bulk().
 *
 * Context: Any context, as heapmod_alloc().
 * Return: how many blocks were allocated. The failure of the next one is counted and logged as that
 * of heapmod_alloc().
 */
#define heapmod_alloc_bulk(heap, size, gfp, n, ptrs) \
	heapmod_alloc_bulk_caller(heap, size, gfp, n, ptrs, HEAPMOD_HERE)

/**
 * heapmod_alloc_array - allocate an array
 * @heap: the heap
 * @n: number of elements
 * @size: bytes of an element
 * @gfp: as for heapmod_alloc()
 *
 * Context: Any context, as heapmod_alloc().
 * Return: As heapmod_alloc(); also NULL, and nothing in the log, if @n times @size overflows.
 */
#define heapmod_alloc_array(heap, n, size, gfp) \
	heapmod_alloc_array_caller(heap, n, size, gfp, HEAPMOD_HERE)

/**
 * heapmod_alloc_aligned - allocate a block with an aligned address
 * @heap: the heap
 * @size: bytes
 * @align: bytes: a power of two, at most %HEAPMOD_ALIGN_MAX. Every block is aligned to 16.
 * @gfp: as for heapmod_alloc()
 *
 * Takes the lowest aligned place in a hole. At most 32 aligned addresses are tried, from the lowest
 * on: in a region of less than 32 * @align bytes these are all. If none has room, it takes the
 * first hole of @size + @align - 16 bytes, which always has an aligned place. What lies in front of
 * and behind the block remains a hole. The lock is taken once; see DOC: cost.
 *
 * Context: Any context, as heapmod_alloc().
 * Return: As heapmod_alloc(); also NULL if @align is not allowed, which is logged whatever @gfp is.
 */
#define heapmod_alloc_aligned(heap, size, align, gfp) \
	heapmod_alloc_aligned_caller(heap, size, align, gfp, HEAPMOD_HERE)

/**
 * heapmod_alloc_wait - allocate a block, and wait while no place is free for it
 * @heap: the heap
 * @size: bytes
 * @align: bytes, as for heapmod_alloc_aligned(); 1 for no alignment of its own
 * @gfp: as for heapmod_alloc()
 * @state: %TASK_KILLABLE, %TASK_INTERRUPTIBLE or %TASK_UNINTERRUPTIBLE: which signals end the wait
 * @timeout: longest wait in jiffies, not negative; %MAX_SCHEDULE_TIMEOUT for no limit
 *
 * Waiters are served in order of arrival: the first one delays those behind it until its block
 * fits. Allocations that do not wait do not queue, and may take a hole first. A wait that fails is
 * counted as a failed allocation, unless an argument is invalid or the failure was injected.
 *
 * A task that waits can be frozen in any @state, so it does not prevent a suspend. So the caller
 * must not hold a lock that a suspend needs.
 *
 * Context: Task context, may sleep.
 * Return: As heapmod_alloc(), but an ERR_PTR() instead of NULL:
 *
 * * -ETIMEDOUT: the block was not assigned in that time.
 * * -EINTR: a signal is pending that @state allows.
 * * -ESHUTDOWN: heapmod_shutdown() or heapmod_destroy() was called.
 * * -E2BIG: no block of this heap can have that size and alignment.
 * * -EUCLEAN: the heap is frozen.
 * * -EINVAL: the heap is invalid, @align or @state is not allowed, or @timeout is negative.
 */
#define heapmod_alloc_wait(heap, size, align, gfp, state, timeout) \
	heapmod_alloc_wait_caller(heap, size, align, gfp, state, timeout, HEAPMOD_HERE)

/**
 * heapmod_poll - for the poll operation of a file: is there room for a block?
 * @heap: the heap
 * @size: bytes of the block
 * @file: as given to the poll operation
 * @table: as given to the poll operation; NULL to ask without waiting
 *
 * poll(), select() and epoll report EPOLLOUT while there is a hole for @size bytes, and wake a
 * program only then. For an aligned block, pass the sum of its size and its alignment. Each call
 * may pass another @size. With EPOLLET, a program must write until an allocation fails: only then
 * is the next hole reported. Another caller may take the hole first.
 *
 * The file may remain in use after heapmod_shutdown(), not after heapmod_destroy().
 *
 * Context: Task context, may sleep. Takes the lock twice, for a bounded time; with
 * %HEAPMOD_PERCPU and without a hole, once more, and once for each cached block.
 *
 * Return:
 *
 * * EPOLLOUT | EPOLLWRNORM - there is a hole for @size bytes, or @size is 0
 * * 0 - there is none, but may be
 * * EPOLLERR - no block of this heap can have that size, or the heap is frozen
 * * EPOLLERR | EPOLLHUP | EPOLLPRI - heapmod_shutdown() was called, or the heap is invalid.
 *   EPOLLPRI ends a select() for exceptional conditions.
 */
__poll_t heapmod_poll(struct heapmod *heap, size_t size, struct file *file,
		      struct poll_table_struct *table);

/**
 * heapmod_memdup - allocate a copy of memory
 * @heap: the heap
 * @src: memory to copy
 * @size: bytes
 * @gfp: as for heapmod_alloc(); %__GFP_ZERO has no effect
 *
 * Context: Any context, as heapmod_alloc().
 * Return: As heapmod_alloc().
 */
#define heapmod_memdup(heap, src, size, gfp) \
	heapmod_memdup_caller(heap, src, size, gfp, HEAPMOD_HERE)

/**
 * heapmod_strdup - allocate a copy of a string
 * @heap: the heap
 * @string: string to copy, or NULL
 * @gfp: as for heapmod_memdup()
 *
 * The copy is terminated, even if the string changes at the same time.
 *
 * Context: Any context, as heapmod_alloc().
 * Return: As heapmod_alloc(); NULL if @string is NULL.
 */
#define heapmod_strdup(heap, string, gfp) \
	heapmod_strdup_caller(heap, string, gfp, HEAPMOD_HERE)

/**
 * heapmod_asprintf - allocate a formatted string
 * @heap: the heap
 * @gfp: as for heapmod_alloc()
 * @fmt: as for printk()
 *
 * The string is formatted twice, first for its length.
 *
 * Context: Any context, as heapmod_alloc().
 * Return: As heapmod_alloc().
 */
#define heapmod_asprintf(heap, gfp, fmt, ...) \
	heapmod_asprintf_caller(heap, gfp, HEAPMOD_HERE, fmt, ##__VA_ARGS__)

/**
 * heapmod_vasprintf - allocate a formatted string
 * @heap: the heap
 * @gfp: as for heapmod_alloc()
 * @fmt: as for printk()
 * @args: arguments for @fmt
 *
 * Context: Any context, as heapmod_alloc().
 * Return: As heapmod_alloc().
 */
#define heapmod_vasprintf(heap, gfp, fmt, args) \
	heapmod_vasprintf_caller(heap, gfp, fmt, args, HEAPMOD_HERE)

/* Resize and free */

/**
 * heapmod_realloc - change the size of a block
 * @heap: the heap
 * @ptr: a block of it; NULL or %ZERO_SIZE_PTR allocates a block
 * @size: new size in bytes; 0 frees the block
 * @gfp: as for heapmod_alloc(); %__GFP_ZERO zeroes the bytes that are added
 *
 * A block that shrinks, or that is followed by a large enough hole, is resized in place. Otherwise
 * a new block is allocated, the contents are copied, and the old block is freed. A block that was
 * overrun is resized and reported. One whose header was overwritten is refused.
 *
 * A block that moves is aligned to 16 bytes, even if it was aligned to more before:
 * heapmod_realloc_aligned() keeps the alignment.
 *
 * In place this costs at most as much as an allocation and two frees. The lock is taken once, or
 * twice while %HEAPMOD_POISON, init_on_free, KASAN, kmemleak or a tracepoint of blocks is active:
 * then the end of a block that shrinks is filled before it becomes a hole.
 *
 * Context: Task, softirq or hardirq.
 * Return: The block, with its contents up to the smaller size; %ZERO_SIZE_PTR for a @size of 0;
 * NULL if no hole is large enough, @ptr is refused, or the heap is invalid, frozen, shut down or
 * being reset.
 * After NULL the block is unchanged.
 */
#define heapmod_realloc(heap, ptr, size, gfp) \
	heapmod_realloc_caller(heap, ptr, size, gfp, HEAPMOD_HERE)

/**
 * heapmod_realloc_aligned - change the size of a block, and keep it aligned
 * @heap: the heap
 * @ptr: a block of it; NULL or %ZERO_SIZE_PTR allocates a block
 * @size: new size in bytes; 0 frees the block
 * @align: bytes, as for heapmod_alloc_aligned()
 * @gfp: as for heapmod_realloc()
 *
 * As heapmod_realloc(), but a block that moves is aligned to @align. A block that is not aligned
 * to @align yet moves, also if it shrinks. Costs at most as much as a resize in place, an aligned
 * allocation and a free.
 *
 * Context: Task, softirq or hardirq.
 * Return: As heapmod_realloc(); also NULL, and the block is unchanged, if @align is not allowed,
 * which is logged whatever @gfp is.
 */
#define heapmod_realloc_aligned(heap, ptr, size, align, gfp) \
	heapmod_realloc_aligned_caller(heap, ptr, size, align, gfp, HEAPMOD_HERE)

/**
 * heapmod_free - free a block
 * @heap: the heap that the block was allocated from
 * @ptr: the block; NULL or %ZERO_SIZE_PTR does nothing
 *
 * A pointer that is not a live block of @heap is refused and reported. A block that was overrun is
 * freed and reported. A block whose header was overwritten is quarantined and reported. The cost is
 * bounded as for heapmod_alloc(); the lock is taken once, or twice (see DOC: cost).
 *
 * Context: Any context. Does not sleep. In an NMI, in a nested call, and during an oops or a panic,
 * if the lock is not available or something hooks freed memory, the pointer is judged at once and
 * the free is completed later.
 */
#define heapmod_free(heap, ptr) heapmod_free_caller(heap, ptr, HEAPMOD_HERE)

/**
 * heapmod_free_any - free a block of any heap, found by its address
 * @ptr: the block; NULL or %ZERO_SIZE_PTR does nothing
 *
 * As heapmod_free() of the heap that heapmod_of() returns. It is a function, so its address may be
 * stored where that of kfree() may. The call site is the return address: a caller that ends in
 * this call may be compiled to a jump, and then its own caller is reported.
 *
 * A pointer that lies in no region is refused. No heap counts it: it is logged at once, with
 * printk(), and traced as heapmod_verdict of heap 0. A block that is the memory of a heap of
 * heapmod_create_in() is refused by that heap, as long as it exists: the block starts in its
 * region.
 *
 * The search is binary, over the regions of all heaps, with one more step for each region that lies
 * around another.
 *
 * Context: Any context, as heapmod_free().
 */
void heapmod_free_any(const void *ptr);

/**
 * heapmod_of - find the heap whose region contains an address
 * @ptr: any address; it is not dereferenced
 *
 * If a region lies in a block of another heap, this is the inner heap. That the address is in a
 * live block is not tested: see heapmod_owns(). The heap exists as long as nothing destroys it.
 *
 * Context: Any context. Takes no lock. The cost is that of the search in heapmod_free_any().
 * Return: The heap, or NULL if no region contains @ptr.
 */
struct heapmod *heapmod_of(const void *ptr);

/**
 * heapmod_free_bulk - free blocks
 * @heap: the heap that all blocks were allocated from
 * @n: how many pointers
 * @ptrs: pointers, each as for heapmod_free(), in any order
 *
 * As @n calls of heapmod_free(), but the lock is taken once for 16 blocks, and held for at most the
 * time of 16 frees; once for each block while a caller waits, a finding is to be reported or memory
 * is hooked, and with %HEAPMOD_PERCPU once for each block that no cache takes. A wrong pointer is
 * refused, and the others are freed. Neighbours that are next to each other in @ptrs, too, are
 * coalesced once: so pass blocks in the order of their addresses, or in reverse.
 *
 * Context: Any context, as heapmod_free().
 */
#define heapmod_free_bulk(heap, n, ptrs) heapmod_free_bulk_caller(heap, n, ptrs, HEAPMOD_HERE)

/**
 * heapmod_free_rcu - free a block after a grace period of RCU
 * @heap: the heap that the block was allocated from
 * @ptr: pointer to a structure at the start of the block; NULL or %ZERO_SIZE_PTR does nothing
 * @field: name of a struct rcu_head in that structure
 *
 * As kfree_rcu(): readers inside rcu_read_lock() may use the block until they leave it. The pointer
 * is judged at once. The block is then pending: a second free is refused as a double free. It
 * occupies its memory until the grace period has ended, and its owner is accounted until then.
 *
 * A block whose header was overwritten is refused, and so is one if @field lies outside of its
 * bytes or in the region of a heap of heapmod_create_in(). At the end of the grace period a softirq
 * frees the block, as heapmod_free() does, with the same cost.
 *
 * Context: Task, softirq or hardirq.
 */
#define heapmod_free_rcu(heap, ptr, field)						\
do {											\
	typeof(ptr) ptr_ = (ptr);							\
											\
	heapmod_free_rcu_caller(heap, ptr_,						\
				(void *)ptr_ + offsetof(typeof(*ptr_), field),		\
				HEAPMOD_HERE);						\
} while (0)

/**
 * heapmod_free_rcu_mightsleep - wait for a grace period of RCU, and free a block
 * @heap: the heap that the block was allocated from
 * @ptr: as for heapmod_free()
 *
 * For blocks without a struct rcu_head. Until the grace period has ended the block is live.
 *
 * Context: Task context, may sleep.
 */
#define heapmod_free_rcu_mightsleep(heap, ptr) \
	heapmod_free_rcu_mightsleep_caller(heap, ptr, HEAPMOD_HERE)

/**
 * heapmod_barrier - wait until earlier frees are complete
 * @heap: the heap
 *
 * Those of heapmod_free_rcu(), and those that were deferred; but not one that a call on another
 * CPU is completing at this moment. heapmod_reset(), heapmod_shutdown() and heapmod_destroy() do
 * so, too.
 *
 * Context: Task context, may sleep; not inside rcu_read_lock().
 */
void heapmod_barrier(struct heapmod *heap);

/**
 * heapmod_free_sensitive - zero a block and free it
 * @heap: the heap that the block was allocated from
 * @ptr: as for heapmod_free()
 *
 * A block whose header was overwritten is filled with a pattern up to its end. A pointer that is
 * not a live block is refused, and nothing is written. Without init_on_free, memory that
 * heapmod_realloc() has freed before is not zeroed.
 *
 * Takes time in proportion to the size of the block, without the lock.
 *
 * Context: Task, softirq or hardirq.
 */
#define heapmod_free_sensitive(heap, ptr) \
	heapmod_free_sensitive_caller(heap, ptr, HEAPMOD_HERE)

/* Query and watch */

/**
 * heapmod_usable_size - the bytes that a block was requested with
 * @heap: the heap
 * @ptr: any pointer; it is not dereferenced unless it points to a block of the heap
 *
 * Slack is not usable. A wrong pointer is not reported.
 *
 * Context: Task, softirq or hardirq. Takes the lock once, for a bounded time.
 * Return: Bytes; 0 if @ptr is not a live block of @heap, or its header was overwritten.
 */
size_t heapmod_usable_size(struct heapmod *heap, const void *ptr);

/**
 * heapmod_owns - is a pointer a live block of a heap?
 * @heap: the heap
 * @ptr: as for heapmod_usable_size()
 *
 * Context: Task, softirq or hardirq. Takes the lock once, for a bounded time.
 * Return: true if heapmod_free() would free @ptr; false also if the header was overwritten.
 */
bool heapmod_owns(struct heapmod *heap, const void *ptr);

/**
 * heapmod_copy_stats - heapmod_get_stats() for a struct of any version
 * @heap: the heap
 * @stats: a struct heapmod_stats as the caller knows it. New counters are added at its end.
 * @size: size of that struct in bytes. Counters that this heapmod does not know are zeroed.
 *
 * Context: Task, softirq or hardirq.
 */
void heapmod_copy_stats(struct heapmod *heap, void *stats, size_t size);

/**
 * heapmod_get_stats - read the counters of a heap
 * @heap: the heap
 * @stats: set to the counters at one moment; zeroed if the heap is invalid
 *
 * Completes deferred frees first, then copies the counters with the lock held. Walks no blocks.
 *
 * Context: Task, softirq or hardirq.
 */
static inline void heapmod_get_stats(struct heapmod *heap, struct heapmod_stats *stats)
{
	heapmod_copy_stats(heap, stats, sizeof(*stats));
}

/**
 * heapmod_check - verify a whole heap
 * @heap: the heap; other calls may use it at the same time
 *
 * Verifies the index, all headers, slack and redzones, the counters, and with %HEAPMOD_POISON the
 * free memory. In each 1024 bytes of the region the first finding is reported, and the check
 * continues; the block is handled as usual when it is freed. A corrupt index freezes the heap, and
 * ends the check. In a heap that does not change meanwhile, the sums of what the headers say are
 * verified, too.
 *
 * Takes time in proportion to the region. The lock is dropped after each batch of blocks. There the
 * caller is rescheduled if it may be preempted and is not inside rcu_read_lock(). A kernel without
 * CONFIG_PREEMPT_COUNT cannot know that, so the caller is never rescheduled.
 *
 * Context: Task, softirq or hardirq. Findings are logged by the caller: it must not hold a lock of
 * the scheduler.
 * Return:
 * * 0 - nothing is wrong
 * * -EUCLEAN - something is wrong, and was reported; or the heap is frozen
 * * -EINVAL - the heap is invalid
 */
int heapmod_check(struct heapmod *heap);

/**
 * struct heapmod_block_info - a live block, as heapmod_walk() passes it
 * @ptr: the block
 * @size: bytes that it was requested with; 0 if its header was overwritten
 * @caller: address of the call site that allocated it, for %pS; a small number, which is no
 *	    address, if its text is gone: its module is unloaded, or it was an __init function; 0
 *	    if the call site is accounted to `other` or the header was overwritten
 *
 * Members may be added at the end.
 */
struct heapmod_block_info {
	void *ptr;
	size_t size;
	unsigned long caller;
};

/**
 * typedef heapmod_walk_fn - the function of heapmod_walk()
 * @heap: the heap
 * @block: a block; the struct is valid until the function returns
 * @data: as given to heapmod_walk()
 *
 * May use the heap as the caller of heapmod_walk() may, and free any block, @block, too.
 *
 * Context: That of the caller of heapmod_walk(); no lock of heapmod is held.
 * Return: 0 to go on, anything else to stop.
 */
typedef int (*heapmod_walk_fn)(struct heapmod *heap, const struct heapmod_block_info *block,
			       void *data);

/**
 * heapmod_walk - call a function for each live block, in address order
 * @heap: the heap; other calls may use it at the same time
 * @fn: the function
 * @data: passed to @fn
 *
 * A block that is live throughout the walk is passed exactly once, whatever happens to others; it
 * may be resized in place. A block that is allocated or freed during the walk may be missing, and
 * may be freed by others before @fn has it: that is for the caller to prevent. A block that @fn has
 * freed before is not passed. Blocks in quarantine are no live blocks.
 *
 * The lock is taken once for each block, used or not. In between, the caller is rescheduled as in
 * heapmod_check().
 *
 * Context: Task, softirq or hardirq.
 * Return:
 * * 0 - at the end; also if the heap is frozen
 * * what @fn returned - it stopped the walk
 * * -EINVAL - the heap is invalid, or @fn is NULL
 */
int heapmod_walk(struct heapmod *heap, heapmod_walk_fn fn, void *data);

/**
 * heapmod_show - print stats and owners of one moment, and holes
 * @file: the file
 * @heap: the heap
 *
 * For a file of the client in debugfs or procfs. The format is that of the file snapshot in
 * docs/debugfs.md.
 *
 * Stats and owners are copied in one hold of the lock. The holes are counted in bounded parts; if
 * the heap changes in between, all is read again, a few times. The last try may print holes that
 * are later than the rest, and says so.
 *
 * Context: Task context, may sleep.
 * Return: 0, or -EINVAL if the heap is invalid, or -ENOMEM.
 */
int heapmod_show(struct seq_file *file, struct heapmod *heap);

/**
 * heapmod_reset_peak - start a new peak at what is in use now
 * @heap: the heap
 *
 * Context: Task, softirq or hardirq. Takes the lock once.
 */
void heapmod_reset_peak(struct heapmod *heap);

/**
 * typedef heapmod_watch_fn - the callback of heapmod_watch()
 * @heap: the heap
 * @data: as given to heapmod_watch()
 * @above: true when the watermark was exceeded, false when no more than it is in use again
 *
 * May allocate from @heap and free blocks of it, and watch it. Must not destroy it, nor end its own
 * watch.
 *
 * Context: Task context, may sleep: a work item. The callbacks of a heap are called one after the
 * other.
 */
typedef void (*heapmod_watch_fn)(struct heapmod *heap, void *data, bool above);

/**
 * heapmod_watch - call back when a heap fills up, and when it does not any more
 * @heap: the heap
 * @percent: watermark, 1 to 99 percent of the region
 * @callback: called when live blocks take more than @percent, headers, redzones and slack included
 * @data: passed to @callback
 *
 * @callback is called with true once each time the watermark is exceeded, also if it is exceeded
 * already. Then the heap is polled ten times a second until no more than @percent is in use, and
 * @callback is called with false. So the calls alternate, and there are at most ten a second. A
 * short dip may be missed. If a heap exceeds several watermarks, and none of them any more when the
 * callbacks run, maybe only that of the lowest is called.
 *
 * A heap has up to %HEAPMOD_WATCHES watches, so that the lock is held for a bounded time. The watch
 * ends with heapmod_unwatch(), with the heap, and when the module of @callback is unloaded.
 *
 * Context: Task, softirq or hardirq. Takes the lock once, and queues a work item, so the caller
 * must not hold a lock of the scheduler.
 *
 * Return:
 *
 * * 0 - @callback watches
 * * -EINVAL - @percent is not allowed, @callback is NULL, or the heap is invalid
 * * -EEXIST - @callback watches @heap with this @data already
 * * -ENOSPC - the heap has %HEAPMOD_WATCHES watches
 */
int heapmod_watch(struct heapmod *heap, unsigned int percent, heapmod_watch_fn callback,
		  void *data);

/**
 * heapmod_unwatch - end a watch
 * @heap: the heap
 * @callback: as given to heapmod_watch()
 * @data: as given to heapmod_watch()
 *
 * After this has returned, @callback is not running for @heap and @data, and is not called any
 * more. A watch that it adds for them while it runs is ended, too. Without such a watch nothing is
 * done.
 *
 * Context: Task context, may sleep: waits for a callback that is running, so it must not be
 * called by @callback.
 */
void heapmod_unwatch(struct heapmod *heap, heapmod_watch_fn callback, void *data);

/* mempool */

/**
 * struct heapmod_mempool - where the elements of a mempool come from
 * @heap: the heap
 * @size: bytes of an element, not 0
 * @caller: call site that owns the elements
 *
 * Set by HEAPMOD_MEMPOOL(), and passed to mempool_create() as pool_data. It must stay as it is
 * until the pool is destroyed.
 */
struct heapmod_mempool {
	struct heapmod *heap;
	size_t size;
	unsigned long caller;
};

/**
 * HEAPMOD_MEMPOOL - the value of a struct heapmod_mempool
 * @heap: the heap
 * @size: bytes of an element, not 0
 *
 * The function that contains this owns the elements. So each pool is one call site in the
 * statistics; the callers of mempool_alloc() are not distinguished, because an element of the
 * reserve has none.
 */
#define HEAPMOD_MEMPOOL(heap, size) ((struct heapmod_mempool){ (heap), (size), HEAPMOD_HERE })

/**
 * heapmod_mempool_alloc - allocate an element, for mempool_create()
 * @gfp: as for heapmod_alloc()
 * @pool_data: a struct heapmod_mempool
 *
 * mempool_alloc() calls this first, and takes an element of the reserve if it fails. A failure is
 * counted in the stats of the heap.
 *
 * Context: Any context, as heapmod_alloc().
 * Return: As heapmod_alloc().
 */
void *heapmod_mempool_alloc(gfp_t gfp, void *pool_data) __must_check;

/**
 * heapmod_mempool_free - free an element, for mempool_create()
 * @element: from heapmod_mempool_alloc()
 * @pool_data: the same struct heapmod_mempool
 *
 * Context: Any context, as heapmod_free().
 */
void heapmod_mempool_free(void *element, void *pool_data);

/**
 * DOC: call sites
 *
 * A block is accounted to the function that calls heapmod_alloc(), and reports name the one that
 * calls heapmod_free(). So these calls are macros, which pass %HEAPMOD_HERE to the function of the
 * same name that ends in _caller. A return address would not do: a function that ends in
 * `return heapmod_alloc(...)` jumps, and its caller would be named instead.
 *
 * A wrapper around one of these calls should not be that call site. It calls the function that ends
 * in _caller itself, and passes the address of its own caller, usually _RET_IP_. Everything else is
 * as without _caller.
 */

/**
 * heapmod_alloc_caller - heapmod_alloc() for a given call site
 * @heap: the heap
 * @size: bytes
 * @gfp: as for heapmod_alloc()
 * @caller: address of the call site
 *
 * Context: Any context, as heapmod_alloc().
 * Return: As heapmod_alloc().
 */
void *heapmod_alloc_caller(struct heapmod *heap, size_t size, gfp_t gfp, unsigned long caller)
	__malloc __alloc_size(2) __must_check;

/**
 * heapmod_alloc_bulk_caller - heapmod_alloc_bulk() for a given call site
 * @heap: the heap
 * @size: bytes of each block
 * @gfp: as for heapmod_alloc()
 * @n: how many blocks
 * @ptrs: filled with them
 * @caller: address of the call site
 *
 * Context: Any context, as heapmod_alloc().
 * Return: As heapmod_alloc_bulk().
 */
size_t heapmod_alloc_bulk_caller(struct heapmod *heap, size_t size, gfp_t gfp, size_t n,
				 void **ptrs, unsigned long caller) __must_check;

/**
 * heapmod_zalloc_caller - heapmod_zalloc() for a given call site
 * @heap: the heap
 * @size: bytes
 * @gfp: as for heapmod_alloc()
 * @caller: address of the call site
 *
 * Context: Any context, as heapmod_alloc().
 * Return: As heapmod_zalloc().
 */
void *heapmod_zalloc_caller(struct heapmod *heap, size_t size, gfp_t gfp, unsigned long caller)
	__malloc __alloc_size(2) __must_check;

/**
 * heapmod_alloc_array_caller - heapmod_alloc_array() for a given call site
 * @heap: the heap
 * @n: number of elements
 * @size: bytes of an element
 * @gfp: as for heapmod_alloc()
 * @caller: address of the call site
 *
 * Context: Any context, as heapmod_alloc().
 * Return: As heapmod_alloc_array().
 */
void *heapmod_alloc_array_caller(struct heapmod *heap, size_t n, size_t size, gfp_t gfp,
				 unsigned long caller)
	__malloc __alloc_size(2, 3) __must_check;

/**
 * heapmod_alloc_aligned_caller - heapmod_alloc_aligned() for a given call site
 * @heap: the heap
 * @size: bytes
 * @align: bytes, as for heapmod_alloc_aligned()
 * @gfp: as for heapmod_alloc()
 * @caller: address of the call site
 *
 * Context: Any context, as heapmod_alloc().
 * Return: As heapmod_alloc_aligned().
 */
void *heapmod_alloc_aligned_caller(struct heapmod *heap, size_t size, size_t align, gfp_t gfp,
				   unsigned long caller)
	__malloc __alloc_size(2) __must_check;

/**
 * heapmod_alloc_wait_caller - heapmod_alloc_wait() for a given call site
 * @heap: the heap
 * @size: bytes
 * @align: bytes, as for heapmod_alloc_wait()
 * @gfp: as for heapmod_alloc()
 * @state: of the task, as for heapmod_alloc_wait()
 * @timeout: jiffies, as for heapmod_alloc_wait()
 * @caller: address of the call site
 *
 * Context: Task context, may sleep.
 * Return: As heapmod_alloc_wait().
 */
void *heapmod_alloc_wait_caller(struct heapmod *heap, size_t size, size_t align, gfp_t gfp,
				unsigned int state, long timeout, unsigned long caller)
	__malloc __alloc_size(2) __must_check;

/**
 * heapmod_realloc_caller - heapmod_realloc() for a given call site
 * @heap: the heap
 * @ptr: a block of it, NULL or %ZERO_SIZE_PTR
 * @size: new size in bytes
 * @gfp: as for heapmod_realloc()
 * @caller: address of the call site. A block that is resized in place remains accounted to the call
 *	    site that allocated it.
 *
 * Context: Task, softirq or hardirq.
 * Return: As heapmod_realloc().
 */
void *heapmod_realloc_caller(struct heapmod *heap, const void *ptr, size_t size, gfp_t gfp,
			     unsigned long caller)
	__alloc_size(3) __must_check;

/**
 * heapmod_realloc_aligned_caller - heapmod_realloc_aligned() for a given call site
 * @heap: the heap
 * @ptr: a block of it, NULL or %ZERO_SIZE_PTR
 * @size: new size in bytes
 * @align: bytes, as for heapmod_alloc_aligned()
 * @gfp: as for heapmod_realloc()
 * @caller: address of the call site, as for heapmod_realloc_caller()
 *
 * Context: Task, softirq or hardirq.
 * Return: As heapmod_realloc_aligned().
 */
void *heapmod_realloc_aligned_caller(struct heapmod *heap, const void *ptr, size_t size,
				     size_t align, gfp_t gfp, unsigned long caller)
	__alloc_size(3) __must_check;

/**
 * heapmod_memdup_caller - heapmod_memdup() for a given call site
 * @heap: the heap
 * @src: memory to copy
 * @size: bytes
 * @gfp: as for heapmod_memdup()
 * @caller: address of the call site
 *
 * Context: Any context, as heapmod_alloc().
 * Return: As heapmod_memdup().
 */
void *heapmod_memdup_caller(struct heapmod *heap, const void *src, size_t size, gfp_t gfp,
			    unsigned long caller)
	__alloc_size(3) __must_check;

/**
 * heapmod_strdup_caller - heapmod_strdup() for a given call site
 * @heap: the heap
 * @string: string to copy, or NULL
 * @gfp: as for heapmod_memdup()
 * @caller: address of the call site
 *
 * Context: Any context, as heapmod_alloc().
 * Return: As heapmod_strdup().
 */
char *heapmod_strdup_caller(struct heapmod *heap, const char *string, gfp_t gfp,
			    unsigned long caller)
	__malloc __must_check;

/**
 * heapmod_vasprintf_caller - heapmod_vasprintf() for a given call site
 * @heap: the heap
 * @gfp: as for heapmod_alloc()
 * @fmt: as for printk()
 * @args: arguments for @fmt
 * @caller: address of the call site
 *
 * Context: Any context, as heapmod_alloc().
 * Return: As heapmod_vasprintf().
 */
char *heapmod_vasprintf_caller(struct heapmod *heap, gfp_t gfp, const char *fmt, va_list args,
			       unsigned long caller)
	__printf(3, 0) __malloc __must_check;

/**
 * heapmod_asprintf_caller - heapmod_asprintf() for a given call site
 * @heap: the heap
 * @gfp: as for heapmod_alloc()
 * @caller: address of the call site
 * @fmt: as for printk()
 *
 * Context: Any context, as heapmod_alloc().
 * Return: As heapmod_alloc().
 */
char *heapmod_asprintf_caller(struct heapmod *heap, gfp_t gfp, unsigned long caller,
			      const char *fmt, ...)
	__printf(4, 5) __malloc __must_check;

/**
 * heapmod_free_caller - heapmod_free() for a given call site
 * @heap: the heap that the block was allocated from
 * @ptr: as for heapmod_free()
 * @caller: address of the call site
 *
 * Context: Any context, as heapmod_free().
 */
void heapmod_free_caller(struct heapmod *heap, const void *ptr, unsigned long caller);

/**
 * heapmod_free_bulk_caller - heapmod_free_bulk() for a given call site
 * @heap: the heap that all blocks were allocated from
 * @n: how many pointers
 * @ptrs: pointers, each as for heapmod_free()
 * @caller: address of the call site
 *
 * Context: Any context, as heapmod_free().
 */
void heapmod_free_bulk_caller(struct heapmod *heap, size_t n, void **ptrs, unsigned long caller);

/**
 * heapmod_free_rcu_caller - heapmod_free_rcu() for a given call site
 * @heap: the heap that the block was allocated from
 * @ptr: as for heapmod_free()
 * @head: a struct rcu_head in the block
 * @caller: address of the call site
 *
 * Context: Task, softirq or hardirq.
 */
void heapmod_free_rcu_caller(struct heapmod *heap, const void *ptr, struct rcu_head *head,
			     unsigned long caller);

/**
 * heapmod_free_rcu_mightsleep_caller - heapmod_free_rcu_mightsleep() for a given call site
 * @heap: the heap that the block was allocated from
 * @ptr: as for heapmod_free()
 * @caller: address of the call site
 *
 * Context: Task context, may sleep.
 */
void heapmod_free_rcu_mightsleep_caller(struct heapmod *heap, const void *ptr,
					unsigned long caller);

/**
 * heapmod_free_sensitive_caller - heapmod_free_sensitive() for a given call site
 * @heap: the heap that the block was allocated from
 * @ptr: as for heapmod_free()
 * @caller: address of the call site
 *
 * Context: Task, softirq or hardirq.
 */
void heapmod_free_sensitive_caller(struct heapmod *heap, const void *ptr, unsigned long caller);

/**
 * DOC: scope-based cleanup
 *
 * Where the kernel has linux/cleanup.h::
 *
 *	struct heapmod *heap __free(heapmod) = heapmod_create("mine", SZ_64K, 0);
 *	CLASS(heapmod_block, block)(heap, 100, GFP_KERNEL);
 *
 * At the end of the scope the block is freed, then the heap is destroyed. no_free_ptr(block.ptr)
 * and no_free_ptr(heap) return the pointer and prevent that. The contexts are those of
 * heapmod_alloc(), heapmod_free() and heapmod_destroy().
 */
#ifdef __has_include
#if __has_include("linux/cleanup.h")
#include <linux/cleanup.h>

/**
 * struct heapmod_block - a block for CLASS(), with the heap that heapmod_free() needs
 * @heap: the heap
 * @ptr: the block, or NULL
 */
struct heapmod_block {
	struct heapmod *heap;
	void *ptr;
};

DEFINE_FREE(heapmod, struct heapmod *, heapmod_destroy(_T))
DEFINE_CLASS(heapmod_block, struct heapmod_block, heapmod_free(_T.heap, _T.ptr),
	     ((struct heapmod_block){ heap, heapmod_alloc(heap, size, gfp) }),
	     struct heapmod *heap, size_t size, gfp_t gfp)
#endif
#endif

#endif

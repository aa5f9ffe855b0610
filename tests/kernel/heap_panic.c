// SPDX-License-Identifier: GPL-2.0-only
/*
 * heap_panic - a client allocates and frees while the kernel panics
 *
 * The parameter how= selects the holder of the heap's lock at that time: none (task); the code
 * interrupted by the NMI that panics (nmi); another CPU, stopped in an operation (other); the code
 * whose fault leads to the panic (fault). With cache, the code interrupted by the NMI that panics
 * holds the cache of its CPU instead, in a heap with HEAPMOD_PERCPU. For nmi, other and cache, NMIs
 * must come from outside, and the machine must be x86.
 *
 * The results are printed as `ok - ...` and `not ok - ...`, and the machine ends.
 */
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#ifdef CONFIG_X86
#include <asm/nmi.h>
#endif

#include "heaps/compat.h"
#include "heaps/heaps.h"
#include "heaps/percpu.h"

#define BYTES		(16 * PAGE_SIZE)

static char *how = "task";
module_param(how, charp, 0);
MODULE_PARM_DESC(how, "holder of the lock: task (none), nmi, other or fault; or of the cache: cache");

static struct heapmod *heap;
static char *block, *second;
static unsigned int passed, failed;

static void check(const char *what, bool good)
{
	pr_emerg("%s - in the panic: %s\n", good ? "ok" : "not ok", what);
	passed += good;
	failed += !good;
}

static bool is_deferred_block(const void *ptr)
{
	unsigned int i;

	for (i = 0; i < HEAP_SLOTS; i++) {
		const struct heap_slot *slot = &heap->deferred.slots[i];

		if (slot->ready && heap_payload(&heap->core, slot->at) == ptr)
			return true;
	}
	return false;
}

static void free_invalid(void)
{
	heapmod_free(heap, second + 16);
	heapmod_free(heap, second + 1);
	heapmod_free(heap, &heap);
	heapmod_free(heap, block);	/* the second time */
}

static void check_unlocked(void)
{
	struct heapmod_stats s;
	void *ptr = heapmod_alloc(heap, 100, GFP_ATOMIC);

	check("an allocation succeeds", ptr);
	heapmod_free(heap, block);
	check("a free succeeds", !heapmod_owns(heap, block));
	free_invalid();
	heapmod_free(heap, ptr);
	heapmod_get_stats(heap, &s);
	check("invalid pointers are refused", s.refused == 4);
	check("one block is live", s.blocks == 1 && heapmod_owns(heap, second));
	check("the heap passes its check", !heapmod_check(heap));
}

static void check_locked(void)
{
	check("an allocation fails", !heapmod_alloc(heap, 100, GFP_ATOMIC));
	check("an aligned allocation fails", !heapmod_alloc_aligned(heap, 100, 64, GFP_ATOMIC));
	heapmod_free(heap, block);
	check("a free is deferred", is_deferred_block(block));
	free_invalid();
	check("invalid pointers are refused", heapmod_counter_read(&heap->refused) == 4);
	check("a block that is not freed is not deferred", !is_deferred_block(second));
	heapmod_free(heap, second);
	check("a second free is deferred", is_deferred_block(block) && is_deferred_block(second));
}

/* As with the lock, a nested call does not wait: it goes on to the heap. */
static void check_cache_held(void)
{
	void *ptr = heapmod_alloc(heap, 100, GFP_ATOMIC);

	check("an allocation succeeds beside the cache", ptr);
	heapmod_free(heap, block);
	check("a free succeeds", !heapmod_owns(heap, block));
	free_invalid();
	check("invalid pointers are refused",
	      heap->core.refused + heapmod_counter_read(&heap->refused) == 4);
	heapmod_free(heap, ptr);
	check("the free of the new block succeeds", !heapmod_owns(heap, ptr));
	check("a block that is not freed is live", heapmod_owns(heap, second));
}

/* NMIs arrive at CPU 0. */
static bool is_cache_held(void)
{
	return heap->cpus && READ_ONCE(per_cpu_ptr(heap->cpus, 0)->busy);
}

static int on_panic(struct notifier_block *notifier, unsigned long unused, void *message)
{
	bool held = raw_spin_is_locked(&heap->lock), cache = !strcmp(how, "cache");

	check("the lock is held as intended", held == (!cache && strcmp(how, "task")));
	check("and the cache", is_cache_held() == cache);
	if (held)
		check_locked();
	else if (is_cache_held())
		check_cache_held();
	else
		check_unlocked();
	pr_emerg("# %u passed, %u failed\n", passed, failed);
	return NOTIFY_DONE;
}

static struct notifier_block notifier = { .notifier_call = on_panic };

#ifdef CONFIG_X86
static bool stopped;			/* a CPU is stopped in an operation */

static int work(void *unused)
{
	while (!kthread_should_stop()) {
		heapmod_free(heap, heapmod_alloc(heap, 200, GFP_ATOMIC));
		cond_resched();
	}
	return 0;
}

/* No other code uses the heap: if the lock or the cache is held, the interrupted code holds it. */
static int interrupt(unsigned int type, struct pt_regs *regs)
{
	if (!(heap->cpus ? is_cache_held() : raw_spin_is_locked(&heap->lock)))
		return NMI_HANDLED;
	if (strcmp(how, "other"))
		panic("heap_panic: requested in an NMI");
	WRITE_ONCE(stopped, true);
	for (;;)
		cpu_relax();
}

static int panic_when_stopped(void *unused)
{
	while (!READ_ONCE(stopped))
		cpu_relax();
	panic("heap_panic: requested while another CPU holds the lock");
}

static int start(int (*function)(void *unused), unsigned int cpu)
{
	struct task_struct *task = kthread_create(function, NULL, "heap_panic/%u", cpu);

	if (IS_ERR(task))
		return PTR_ERR(task);
	kthread_bind(task, cpu);
	wake_up_process(task);
	return 0;
}

/* NMIs from outside arrive at CPU 0. */
static int wait_for_nmi(void)
{
	int error = register_nmi_handler(NMI_LOCAL, interrupt, 0, "heap_panic");

	if (!error && !strcmp(how, "other"))
		error = start(panic_when_stopped, 1);
	return error ?: start(work, 0);
}
#else
static int wait_for_nmi(void)
{
	return -EOPNOTSUPP;
}
#endif

/* The region is larger than its memory: the header of the hole behind this block has no memory. */
static int fault(void)
{
	return heapmod_alloc(heap, BYTES, GFP_KERNEL) ? -EINVAL : -ENOMEM;
}

static int begin(void)
{
	block = heapmod_alloc(heap, 100, GFP_KERNEL);
	second = heapmod_alloc(heap, 100, GFP_KERNEL);
	if (!block || !second)
		return -ENOMEM;
	atomic_notifier_chain_register(&panic_notifier_list, &notifier);
	if (!strcmp(how, "task"))
		panic("heap_panic: requested");
	return strcmp(how, "fault") ? wait_for_nmi() : fault();
}

/* The module cannot be unloaded: the machine ends. */
static int __init panic_init(void)
{
	char *memory = vmalloc(BYTES);

	if (!memory)
		return -ENOMEM;
	heap = heapmod_create_in("panic", memory, BYTES + PAGE_SIZE,
				 strcmp(how, "cache") ? 0 : HEAPMOD_PERCPU);
	if (IS_ERR(heap))
		return PTR_ERR(heap);
	return begin();
}
module_init(panic_init);

MODULE_INFO(import_ns, "HEAPMOD");
MODULE_DESCRIPTION("Panics for heapmod");
MODULE_LICENSE("GPL");

// SPDX-License-Identifier: GPL-2.0-only
/*
 * heap_panic - a client allocates and frees while the kernel panics
 *
 * The parameter how= says who has the heap's lock then: nobody (task); the code that the NMI
 * interrupted which panics (nmi); another CPU, stopped in the middle (other); the code whose
 * fault is the panic (fault). For nmi and other, NMIs have to come from elsewhere.
 *
 * What is found goes to the log in lines `ok - ...` and `not ok - ...`, and the machine ends.
 */
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include <asm/nmi.h>

#include "heaps/compat.h"
#include "heaps/heaps.h"

#define BYTES		(16 * PAGE_SIZE)

static char *how = "task";
module_param(how, charp, 0);
MODULE_PARM_DESC(how, "who has the lock: task, nmi, other or fault");

static struct heapmod *heap;
static char *block, *second;
static unsigned int passed, failed;
static bool stopped;			/* a CPU, in the middle of an operation */

static void check(const char *what, bool good)
{
	pr_emerg("%s - in the panic: %s\n", good ? "ok" : "not ok", what);
	passed += good;
	failed += !good;
}

static bool is_put_off(const void *ptr)
{
	unsigned int i;

	for (i = 0; i < HEAP_SLOTS; i++) {
		const struct heap_slot *slot = &heap->deferred.slots[i];

		if (slot->ready && heap_payload(&heap->core, slot->at) == ptr)
			return true;
	}
	return false;
}

static void free_wrong(void)
{
	heapmod_free(heap, second + 16);
	heapmod_free(heap, second + 1);
	heapmod_free(heap, &heap);
	heapmod_free(heap, block);	/* for the second time */
}

static void go_on(void)
{
	struct heapmod_stats s;
	void *ptr = heapmod_alloc(heap, 100, GFP_ATOMIC);

	check("an allocation succeeds", ptr);
	heapmod_free(heap, block);
	check("a free is done", !heapmod_owns(heap, block));
	free_wrong();
	heapmod_free(heap, ptr);
	heapmod_get_stats(heap, &s);
	check("what is no block is refused", s.refused == 4);
	check("one block is left", s.blocks == 1 && heapmod_owns(heap, second));
	check("the heap is whole", !heapmod_check(heap));
}

static void go_without(void)
{
	check("an allocation fails", !heapmod_alloc(heap, 100, GFP_ATOMIC));
	check("an aligned one, too", !heapmod_alloc_aligned(heap, 100, 64, GFP_ATOMIC));
	heapmod_free(heap, block);
	check("a free is put off", is_put_off(block));
	free_wrong();
	check("what is no block is refused", atomic_read(&heap->refused) == 4);
	check("a second free is put off", !is_put_off(second));
	heapmod_free(heap, second);
	check("and not lost", is_put_off(block) && is_put_off(second));
}

static int panics(struct notifier_block *notifier, unsigned long unused, void *message)
{
	bool held = raw_spin_is_locked(&heap->lock);

	check("the lock is as it was to be", held == !!strcmp(how, "task"));
	if (held)
		go_without();
	else
		go_on();
	pr_emerg("# %u passed, %u failed\n", passed, failed);
	return NOTIFY_DONE;
}

static struct notifier_block notifier = { .notifier_call = panics };

static int work(void *unused)
{
	while (!kthread_should_stop()) {
		heapmod_free(heap, heapmod_alloc(heap, 200, GFP_ATOMIC));
		cond_resched();
	}
	return 0;
}

/* Nobody else uses the heap: if it is locked, the code that was interrupted has the lock. */
static int interrupt(unsigned int type, struct pt_regs *regs)
{
	if (!raw_spin_is_locked(&heap->lock))
		return NMI_HANDLED;
	if (!strcmp(how, "nmi"))
		panic("heap_panic: asked for in an NMI");
	WRITE_ONCE(stopped, true);
	for (;;)
		cpu_relax();
}

static int panic_when_stopped(void *unused)
{
	while (!READ_ONCE(stopped))
		cpu_relax();
	panic("heap_panic: asked for while another CPU has the lock");
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

/* NMIs from without come to the first CPU. */
static int wait_for_nmi(void)
{
	int error = register_nmi_handler(NMI_LOCAL, interrupt, 0, "heap_panic");

	if (!error && !strcmp(how, "other"))
		error = start(panic_when_stopped, 1);
	return error ?: start(work, 0);
}

/* The region is longer than its memory: the hole behind this block begins where there is none. */
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
		panic("heap_panic: asked for");
	return strcmp(how, "fault") ? wait_for_nmi() : fault();
}

/* It does not unload: the machine is to end. */
static int __init panic_init(void)
{
	char *memory = vmalloc(BYTES);

	if (!memory)
		return -ENOMEM;
	heap = heapmod_create_in("panic", memory, BYTES + PAGE_SIZE, 0);
	if (IS_ERR(heap))
		return PTR_ERR(heap);
	return begin();
}
module_init(panic_init);

MODULE_INFO(import_ns, "HEAPMOD");
MODULE_DESCRIPTION("Panics for heapmod");
MODULE_LICENSE("GPL");

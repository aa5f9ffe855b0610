// SPDX-License-Identifier: GPL-2.0-only
/*
 * heap_race - a thread writes to its block without a lock, while another CPU reads
 *
 * For KCSAN. With look=block the other CPU reads the block: a race of the clients, which must be
 * reported. With look=heap it queries and checks the heap, which is no race.
 */
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/string.h>

#include "heapmod.h"

#define BYTES	100		/* leaves slack in the last word */
#define READS	100000
#define CHECKS	20000

static char *look = "heap";
module_param(look, charp, 0444);
MODULE_PARM_DESC(look, "what to read: block or heap");

static struct heapmod *heap;
static DECLARE_COMPLETION(started);

static noinline int write_block(void *data)
{
	u8 *block = data;

	complete(&started);
	while (!kthread_should_stop()) {
		block[BYTES - 1]++;
		cond_resched();
	}
	return 0;
}

static noinline int look_at_block(u8 *block)
{
	u8 seen = block[BYTES - 1];

	barrier_data(&seen);		/* otherwise the read is optimized out */
	return 0;
}

static noinline int look_at_heap(u8 *block)
{
	struct heapmod_stats stats;

	heapmod_get_stats(heap, &stats);
	return heapmod_owns(heap, block) ? heapmod_check(heap) : -EUCLEAN;
}

/* Read while the writer runs. Return: an error of the heap, which must not happen. */
static int read_racing(u8 *block)
{
	bool at_block = !strcmp(look, "block");
	int rounds = at_block ? READS : CHECKS;
	int error = 0;
	int i;

	for (i = 0; i < rounds && !error; i++) {
		error = at_block ? look_at_block(block) : look_at_heap(block);
		cond_resched();
	}
	return error;
}

static int race(u8 *block)
{
	struct task_struct *writer;
	int error;

	writer = kthread_create(write_block, block, "heap_race");
	if (IS_ERR(writer))
		return PTR_ERR(writer);
	kthread_bind(writer, cpumask_last(cpu_online_mask));
	wake_up_process(writer);
	wait_for_completion(&started);
	error = read_racing(block);
	kthread_stop(writer);
	return error;
}

static int __init race_init(void)
{
	u8 *block;
	int error;

	heap = heapmod_create("race", 4096, 0);
	if (IS_ERR(heap))
		return PTR_ERR(heap);
	block = heapmod_zalloc(heap, BYTES, GFP_KERNEL);
	error = block ? race(block) : -ENOMEM;
	if (error) {
		heapmod_destroy(heap);
		return error;
	}
	heapmod_free(heap, block);
	return 0;
}

static void __exit race_exit(void)
{
	heapmod_destroy(heap);
}

module_init(race_init);
module_exit(race_exit);

MODULE_INFO(import_ns, "HEAPMOD");
MODULE_DESCRIPTION("Data races between clients of heapmod");
MODULE_LICENSE("GPL");

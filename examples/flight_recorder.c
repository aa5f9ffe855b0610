// SPDX-License-Identifier: GPL-2.0-only
/*
 * flight_recorder - record the last programs that the kernel executed, in a bounded heap
 *
 * A probe on the tracepoint sched_process_exec must not sleep. It allocates a record of variable
 * size for each program. When the heap is full, the oldest records are freed. The records are in
 * /sys/kernel/debug/flight_recorder/events, the heap in /sys/kernel/debug/heapmod/flight_recorder.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/binfmts.h>
#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/spinlock.h>
#include <linux/timekeeping.h>
#include <linux/tracepoint.h>

#include "heapmod.h"

#define PATH_BYTES	256		/* longer paths are truncated */

static unsigned int size = 16384;
module_param(size, uint, 0444);
MODULE_PARM_DESC(size, "size of the heap in bytes (default 16384)");

struct record {
	struct list_head list;
	u64 number;			/* of the event, from 1 */
	u64 nanoseconds;
	pid_t pid;
	char path[];
};

static struct heapmod *heap;
static struct dentry *dir;
static struct tracepoint *exec_tracepoint;

static DEFINE_RAW_SPINLOCK(lock);	/* protects the next two; the heap's lock nests in it */
static LIST_HEAD(records);
static u64 last_number;

static bool drop_oldest(void)
{
	struct record *oldest = list_first_entry_or_null(&records, struct record, list);

	if (!oldest)
		return false;
	list_del(&oldest->list);
	heapmod_free(heap, oldest);
	return true;
}

static struct record *new_record(size_t bytes)
{
	struct record *record;

	do {
		record = heapmod_alloc(heap, bytes, GFP_NOWAIT | __GFP_NOWARN);
	} while (!record && drop_oldest());
	return record;
}

static void record_exec(void *data, struct task_struct *task, pid_t old_pid,
			struct linux_binprm *bprm)
{
	size_t length = strnlen(bprm->filename, PATH_BYTES - 1);
	struct record *record;
	unsigned long flags;

	raw_spin_lock_irqsave(&lock, flags);
	record = new_record(sizeof(*record) + length + 1);
	if (record) {
		record->number = ++last_number;
		record->nanoseconds = ktime_get_mono_fast_ns();
		record->pid = task->pid;
		memcpy(record->path, bprm->filename, length);
		record->path[length] = '\0';
		list_add_tail(&record->list, &records);
	}
	raw_spin_unlock_irqrestore(&lock, flags);
}

/* A copy of a record, to print it without the lock. */
struct copy {
	struct record record;
	char path[PATH_BYTES];
};

/* Copy the first record from @number on. Its number is the position in the file. */
static struct copy *copy_record(struct copy *copy, loff_t *number)
{
	struct copy *found = NULL;
	struct record *record;
	unsigned long flags;

	raw_spin_lock_irqsave(&lock, flags);
	list_for_each_entry(record, &records, list) {
		if (record->number < *number)
			continue;
		copy->record = *record;
		strscpy(copy->path, record->path, sizeof(copy->path));
		*number = record->number;
		found = copy;
		break;
	}
	raw_spin_unlock_irqrestore(&lock, flags);
	return found;
}

static void *events_start(struct seq_file *file, loff_t *number)
{
	return copy_record(file->private, number);
}

static void *events_next(struct seq_file *file, void *unused, loff_t *number)
{
	++*number;
	return copy_record(file->private, number);
}

static void events_stop(struct seq_file *file, void *unused)
{
}

static int events_show(struct seq_file *file, void *record)
{
	struct copy *copy = record;
	u32 nanoseconds;
	u64 seconds = div_u64_rem(copy->record.nanoseconds, NSEC_PER_SEC, &nanoseconds);

	seq_printf(file, "%llu %llu.%06u %d %s\n", copy->record.number, seconds,
		   nanoseconds / 1000, copy->record.pid, copy->path);
	return 0;
}

static const struct seq_operations events_ops = {
	.start = events_start,
	.next = events_next,
	.stop = events_stop,
	.show = events_show,
};

static int events_open(struct inode *inode, struct file *file)
{
	return seq_open_private(file, &events_ops, sizeof(struct copy));
}

static const struct file_operations events_fops = {
	.owner = THIS_MODULE,
	.open = events_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = seq_release_private,
};

static void find_exec(struct tracepoint *tracepoint, void *unused)
{
	if (!strcmp(tracepoint->name, "sched_process_exec"))
		exec_tracepoint = tracepoint;
}

static int __init recorder_init(void)
{
	int error;

	for_each_kernel_tracepoint(find_exec, NULL);
	if (!exec_tracepoint) {
		pr_err("this kernel has no tracepoint sched_process_exec\n");
		return -ENODEV;
	}
	heap = heapmod_create("flight_recorder", size, 0);
	if (IS_ERR(heap))
		return PTR_ERR(heap);
	error = tracepoint_probe_register(exec_tracepoint, record_exec, NULL);
	if (error) {
		heapmod_destroy(heap);
		return error;
	}
	dir = debugfs_create_dir("flight_recorder", NULL);
	debugfs_create_file("events", 0400, dir, NULL, &events_fops);
	return 0;
}

static void __exit recorder_exit(void)
{
	debugfs_remove(dir);
	tracepoint_probe_unregister(exec_tracepoint, record_exec, NULL);
	tracepoint_synchronize_unregister();
	while (drop_oldest())
		;
	heapmod_destroy(heap);
}

module_init(recorder_init);
module_exit(recorder_exit);

MODULE_INFO(import_ns, "HEAPMOD");
MODULE_DESCRIPTION("The last programs executed, in a heapmod heap");
MODULE_LICENSE("GPL");

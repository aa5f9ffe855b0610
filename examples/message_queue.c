// SPDX-License-Identifier: GPL-2.0-only
/*
 * message_queue - a character device that keeps messages of any size in a heap
 *
 * write() adds a message to /dev/message_queue, read() takes the oldest. The heap is the budget:
 *
 *	write()		sleeps in heapmod_alloc_wait() until there is room
 *	read()		frees the message, which lets the first waiting write() continue
 *	poll()		EPOLLOUT: there is room for a message of the largest size (heapmod_poll())
 *			EPOLLIN: there is a message
 *			EPOLLPRI: the queue is three quarters full (heapmod_watch())
 *	/proc/PID/fdinfo	the sizes of all messages, read under RCU only: so they are freed by
 *			heapmod_free_rcu()
 *
 * With O_NONBLOCK, what would sleep fails with -EAGAIN.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/rculist.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/spinlock.h>
#include <linux/uaccess.h>
#include <linux/wait.h>

#include "heapmod.h"

#define CROWDED		75		/* percent of the heap */

static unsigned int size = 65536;
module_param(size, uint, 0444);
MODULE_PARM_DESC(size, "size of the heap in bytes (default 65536)");

static unsigned int largest = 4096;
module_param(largest, uint, 0444);
MODULE_PARM_DESC(largest, "largest message in bytes (default 4096)");

struct message {
	struct list_head list;
	struct rcu_head rcu;
	size_t length;
	char text[];
};

static struct heapmod *heap;
static LIST_HEAD(messages);
static DEFINE_SPINLOCK(lock);		/* protects changes of messages */
static DEFINE_MUTEX(reading);		/* one read() at a time */
static DECLARE_WAIT_QUEUE_HEAD(readers);
static bool crowded;

static struct message *new_message(struct file *file, size_t length)
{
	size_t bytes = sizeof(struct message) + length;
	struct message *message;

	if (!(file->f_flags & O_NONBLOCK))
		return heapmod_alloc_wait(heap, bytes, 1, GFP_KERNEL, TASK_INTERRUPTIBLE,
					  MAX_SCHEDULE_TIMEOUT);
	message = heapmod_alloc(heap, bytes, GFP_KERNEL | __GFP_NOWARN);
	return message ?: ERR_PTR(-EAGAIN);
}

static ssize_t queue_write(struct file *file, const char __user *from, size_t length, loff_t *pos)
{
	struct message *message;

	if (length > largest)
		return -EMSGSIZE;
	message = new_message(file, length);
	if (IS_ERR(message))
		return PTR_ERR(message);
	if (copy_from_user(message->text, from, length)) {
		heapmod_free(heap, message);
		return -EFAULT;
	}
	message->length = length;
	spin_lock(&lock);
	list_add_tail_rcu(&message->list, &messages);
	spin_unlock(&lock);
	wake_up_interruptible_poll(&readers, EPOLLIN | EPOLLRDNORM);
	return length;
}

/* The oldest message cannot go while @reading is held. */
static ssize_t take_message(char __user *to, size_t length)
{
	struct message *message = list_first_or_null_rcu(&messages, struct message, list);
	ssize_t bytes;

	if (!message)
		return -EAGAIN;
	bytes = message->length;
	if (bytes > length)
		return -EMSGSIZE;
	if (copy_to_user(to, message->text, bytes))
		return -EFAULT;
	spin_lock(&lock);
	list_del_rcu(&message->list);
	spin_unlock(&lock);
	heapmod_free_rcu(heap, message, rcu);
	return bytes;
}

static ssize_t queue_read(struct file *file, char __user *to, size_t length, loff_t *pos)
{
	ssize_t bytes;

	for (;;) {
		if (mutex_lock_interruptible(&reading))
			return -ERESTARTSYS;
		bytes = take_message(to, length);
		mutex_unlock(&reading);
		if (bytes != -EAGAIN || file->f_flags & O_NONBLOCK)
			return bytes;
		if (wait_event_interruptible(readers, !list_empty(&messages)))
			return -ERESTARTSYS;
	}
}

static __poll_t queue_poll(struct file *file, struct poll_table_struct *table)
{
	__poll_t events = heapmod_poll(heap, sizeof(struct message) + largest, file, table);

	poll_wait(file, &readers, table);
	if (!list_empty(&messages))
		events |= EPOLLIN | EPOLLRDNORM;
	if (READ_ONCE(crowded))
		events |= EPOLLPRI;
	return events;
}

static void queue_show_fdinfo(struct seq_file *out, struct file *file)
{
	struct message *message;

	seq_puts(out, "messages:");
	rcu_read_lock();
	list_for_each_entry_rcu(message, &messages, list)
		seq_printf(out, " %zu", message->length);
	rcu_read_unlock();
	seq_putc(out, '\n');
}

static const struct file_operations queue_fops = {
	.owner = THIS_MODULE,
	.read = queue_read,
	.write = queue_write,
	.poll = queue_poll,
	.show_fdinfo = queue_show_fdinfo,
};

static struct miscdevice queue_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "message_queue",
	.fops = &queue_fops,
	.mode = 0600,
};

/* Readers that poll() see EPOLLPRI, and may read faster. */
static void watch_fill(struct heapmod *unused, void *data, bool above)
{
	WRITE_ONCE(crowded, above);
	if (above)
		wake_up_interruptible_poll(&readers, EPOLLPRI);
}

static int __init queue_init(void)
{
	int error;

	heap = heapmod_create("message_queue", size, 0);
	if (IS_ERR(heap))
		return PTR_ERR(heap);
	error = heapmod_watch(heap, CROWDED, watch_fill, NULL) ?: misc_register(&queue_device);
	if (error)
		heapmod_destroy(heap);
	return error;
}

/* A file that is open keeps the module. So no call and no poll is under way. */
static void __exit queue_exit(void)
{
	struct message *message, *next;

	misc_deregister(&queue_device);
	list_for_each_entry_safe(message, next, &messages, list)
		heapmod_free(heap, message);
	heapmod_destroy(heap);
}

module_init(queue_init);
module_exit(queue_exit);

MODULE_INFO(import_ns, "HEAPMOD");
MODULE_DESCRIPTION("A character device that keeps messages in a heapmod heap");
MODULE_LICENSE("GPL");

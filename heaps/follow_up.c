// SPDX-License-Identifier: GPL-2.0-only
/*
 * follow_up - what a call leaves to be done when the lock is dropped
 *
 * Nothing under the lock may print, wake or allocate. It raises an event instead, and the irq_work
 * of the heap is queued (heaps/lock.h). It runs here, with no lock of a caller held, and passes
 * each event on to the file that handles it. Nothing below this file includes those.
 *
 * The irq_work may run in hard interrupt context, so what it does is bounded: a few deferred frees,
 * a few waiters, one report. Two work items do the rest: one serves waiters and wakes pollers,
 * which does not wait for the console; the other one prints.
 */
#include <linux/kernel.h>
#include <linux/rcupdate.h>

#include "heaps/follow_up.h"
#include "heaps/free.h"
#include "heaps/poll.h"
#include "heaps/report.h"
#include "heaps/wait.h"
#include "heaps/watermark.h"

#define RETRY	(HZ / 10)

/* Each work item is always on the same queue: one that is on two may run twice at once. */
struct workqueue_struct *heapmod_wq;	/* with a rescuer: a waiter may be what frees memory */
struct workqueue_struct *heapmod_calls_wq;	/* a callback may wait for anything */

int heapmod_follow_up_init(void)
{
	heapmod_wq = alloc_workqueue("heapmod", WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	heapmod_calls_wq = alloc_workqueue("heapmod_calls", WQ_UNBOUND, 0);
	if (heapmod_wq && heapmod_calls_wq)
		return 0;
	heapmod_follow_up_exit();
	return -ENOMEM;
}

static void end_queue(struct workqueue_struct *queue)
{
	if (queue)
		destroy_workqueue(queue);
}

void heapmod_follow_up_exit(void)
{
	end_queue(heapmod_wq);
	end_queue(heapmod_calls_wq);
}

static void follow_up(struct heapmod *heap)
{
	bool more;

	more = heapmod_drain_some(heap);
	if (heapmod_serve_some(heap) || heapmod_has_pollers(heap))
		queue_work(heapmod_wq, &heap->serve);
	more |= heapmod_report_one(heap);
	heapmod_notify_watermark(heap);
	/* mod_delayed_work() would take it off the queue, and end a flush before it has run. */
	if (more)
		queue_delayed_work(heapmod_wq, &heap->slow_work, 0);
}

/*
 * While an oops is in progress, the holder of the lock may be unable to continue: nothing waits for
 * it. If that is survived, nothing else follows up in a heap that is not used: try again later.
 */
void heapmod_follow_up(struct irq_work *work)
{
	struct heapmod *heap = container_of(work, struct heapmod, follow_up);

	/* It may run on two CPUs at once, which irq_work_sync() does not wait for; RCU does. */
	rcu_read_lock();
	if (oops_in_progress)
		queue_delayed_work(heapmod_wq, &heap->slow_work, RETRY);
	else
		follow_up(heap);
	rcu_read_unlock();
}

void heapmod_follow_up_waits(struct work_struct *work)
{
	struct heapmod *heap = container_of(work, struct heapmod, serve);

	heapmod_serve_waiters(heap);
	heapmod_wake_pollers(heap);
}

/* All that follow_up() does, as what it leaves undone during an oops is left to this. */
static void follow_up_slowly(struct heapmod *heap)
{
	heapmod_drain(heap);
	queue_work(heapmod_wq, &heap->serve);
	heapmod_notify_watermark(heap);
	if (READ_ONCE(heap->deferred.overflow))
		heapmod_recover(heap);
	heapmod_report_findings(heap);
}

void heapmod_follow_up_slowly(struct work_struct *work)
{
	struct heapmod *heap = container_of(to_delayed_work(work), struct heapmod, slow_work);

	if (!oops_in_progress)
		follow_up_slowly(heap);
	if (oops_in_progress || heap_defers(&heap->deferred))
		queue_delayed_work(heapmod_wq, &heap->slow_work, RETRY);
}

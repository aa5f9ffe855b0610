// SPDX-License-Identifier: GPL-2.0-only
/*
 * follow_up - what a call leaves to be done when the lock is dropped
 *
 * Nothing under the lock may print, wake or allocate. It raises an event instead, and the irq_work
 * of the heap is queued (heaps/lock.h). It runs here, with no lock of a caller held, and passes
 * each event on to the file that handles it. Nothing below this file includes those.
 *
 * The irq_work may run in hard interrupt context, so what it does is bounded: a few deferred frees,
 * a few waiters, one report. A work item does the rest, and wakes the pollers.
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

void heapmod_follow_up(struct irq_work *work)
{
	struct heapmod *heap = container_of(work, struct heapmod, follow_up);
	bool more;

	/* It may run on two CPUs at once, which irq_work_sync() does not wait for; RCU does. */
	rcu_read_lock();
	if (oops_in_progress) {
		schedule_delayed_work(&heap->slow_work, RETRY);
	} else {
		more = heapmod_drain_some(heap);
		more |= heapmod_serve_some(heap);
		more |= heapmod_report_one(heap);
		heapmod_notify_watermark(heap);
		if (more || heapmod_has_pollers(heap))
			mod_delayed_work(system_wq, &heap->slow_work, 0);
	}
	rcu_read_unlock();
}

/*
 * While an oops is in progress, the holder of the lock may be unable to continue: nothing waits for
 * it. If that is survived, nothing else follows up in a heap that is not used: try again later.
 */
void heapmod_follow_up_slowly(struct work_struct *work)
{
	struct heapmod *heap = container_of(to_delayed_work(work), struct heapmod, slow_work);

	if (!oops_in_progress) {
		heapmod_drain(heap);
		heapmod_serve_waiters(heap);
		heapmod_wake_pollers(heap);
		heapmod_notify_watermark(heap);
		if (READ_ONCE(heap->deferred.overflow))
			heapmod_recover(heap);
		heapmod_report_findings(heap);
	}
	if (oops_in_progress || heap_defers(&heap->deferred))
		schedule_delayed_work(&heap->slow_work, RETRY);
}

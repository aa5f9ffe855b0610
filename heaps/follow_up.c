// SPDX-License-Identifier: GPL-2.0-only
/*
 * follow_up - what a call leaves to be done when the lock is dropped
 *
 * Nothing under the lock may print, wake or allocate. It raises an event instead, and the irq_work
 * of the heap is queued (heaps/lock.h). It runs here, with no lock of a caller held, and passes
 * each event on to the file that handles it. Nothing below this file includes those.
 *
 * The irq_work may run in hard interrupt context, so what it does is bounded: a few deferred frees,
 * a few waiters, one report. Work items do the rest, and wake the pollers.
 */
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
	more = heapmod_drain_some(heap);
	if (heapmod_serve_some(heap) || heapmod_has_pollers(heap))
		schedule_work(&heap->serve);
	more |= heapmod_report_one(heap);
	heapmod_notify_watermark(heap);
	if (more)
		schedule_delayed_work(&heap->slow_work, 0);
	rcu_read_unlock();
}

void heapmod_follow_up_waits(struct work_struct *work)
{
	struct heapmod *heap = container_of(work, struct heapmod, serve);

	heapmod_serve_waiters(heap);
	heapmod_wake_pollers(heap);
}

/*
 * While an oops is in progress the lock is only tried, and deferred frees may stay. If that is
 * survived, nothing else frees them in a heap that is not used: try again later.
 */
void heapmod_follow_up_slowly(struct work_struct *work)
{
	struct heapmod *heap = container_of(to_delayed_work(work), struct heapmod, slow_work);

	heapmod_drain(heap);
	if (READ_ONCE(heap->deferred.overflow))
		heapmod_recover(heap);
	heapmod_report_findings(heap);
	if (heap_defers(&heap->deferred))
		schedule_delayed_work(&heap->slow_work, RETRY);
}

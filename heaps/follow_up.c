// SPDX-License-Identifier: GPL-2.0-only
/*
 * follow_up - what a call leaves to be done when the lock is dropped
 *
 * Nothing under the lock may print, wake or allocate. It raises an event instead, and the irq_work
 * of the heap is queued (heaps/lock.h). It runs here, with no lock of a caller held, and passes
 * each event on to the file that handles it. Nothing below this file includes those.
 */
#include "heaps/follow_up.h"
#include "heaps/free.h"
#include "heaps/report.h"
#include "heaps/wait.h"
#include "heaps/watermark.h"

void heapmod_follow_up(struct irq_work *work)
{
	struct heapmod *heap = container_of(work, struct heapmod, follow_up);

	heapmod_drain(heap);
	if (READ_ONCE(heap->deferred.overflow))
		schedule_work(&heap->recover);
	heapmod_serve_waiters(heap);
	heapmod_report_findings(heap);
	heapmod_notify_watermark(heap);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * wait - allocations that wait until there is room
 *
 * A caller that finds no hole joins a FIFO. While it is not empty, a free raises the irq_work,
 * which allocates for the first waiter if its block fits now, and wakes it. So no other caller can
 * take the block, and no waiter is woken without a reason.
 *
 * The block belongs to the heap until the waiter picks it up:
 *
 *	          fits                  wakes, runs the hooks
 *	waiters --------> served --------------------------------> returns
 *	   ^                |
 *	   +--- reset ------+
 *
 * A reset takes back the blocks of all waiters in @served: they wait again, at its head.
 */
#include <linux/export.h>
#include <linux/log2.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/wait_bit.h>

#include "core/aligned.h"
#include "core/block.h"
#include "heaps/alloc.h"
#include "heaps/compat.h"
#include "heaps/diagnostics.h"
#include "heaps/free.h"
#include "heaps/lock.h"
#include "heaps/percpu.h"
#include "heaps/poll.h"
#include "heaps/wait.h"

#define SERVE_BATCH	8		/* most waiters woken by one run of the irq_work */

/**
 * struct waiter - a waiting allocation, on the stack of the waiting task
 * @place: entry in heap->waiters or heap->served; in neither when no block will be assigned
 * @task: the waiting task
 * @size: bytes requested
 * @align: their alignment
 * @state: TASK_FREEZABLE and what the caller asked for
 * @caller: call site
 * @ptr: the block that was assigned last, or NULL
 * @resets: heap->resets when @ptr was assigned
 */
struct waiter {
	struct list_head place;
	struct task_struct *task;
	size_t size;
	size_t align;
	unsigned int state;
	unsigned long caller;
	void *ptr;
	unsigned long resets;
};

/* False also when a reset has taken the block back. */
static bool has_block(const struct heapmod *heap, const struct waiter *waiter)
	__must_hold(&heap->lock)
{
	return waiter->ptr && waiter->resets == heap->resets;
}

/* A free raises the irq_work only if the first waiter may fit, and not without waiters. */
static void update_event(struct heapmod *heap)
	__must_hold(&heap->lock)
{
	struct waiter *first;

	first = list_first_entry_or_null(&heap->waiters, struct waiter, place);
	heap->waited = first ? granules_for(&heap->core, first->size) : U32_MAX;
	heapmod_update_waiters(heap);
}

/*
 * Return: whether the waiter need not wait any more. In a heap that was shut down or is frozen, it
 * gets no block.
 */
static bool serve(struct heapmod *heap, struct waiter *waiter)
	__must_hold(&heap->lock)
{
	if (heap->shut_down || heap_is_frozen(&heap->core)) {
		list_del_init(&waiter->place);
		return true;
	}
	/* An attempt to allocate would count as a failure. */
	if (!heap_fits(&heap->core, waiter->size, waiter->align))
		return false;
	waiter->ptr = heapmod_alloc_locked(heap, waiter->size, waiter->align, waiter->caller);
	waiter->resets = heap->resets;
	list_move_tail(&waiter->place, &heap->served);
	return true;
}

/* Wake the first waiter if it need not wait any more. Otherwise return false. */
static bool serve_first(struct heapmod *heap)
{
	struct task_struct *task = NULL;
	struct waiter *first;
	unsigned long flags;

	/* The waiter may return, and its task exit, as soon as the lock is dropped. */
	rcu_read_lock();
	heapmod_lock_irqsave(heap, flags);
	first = list_first_entry_or_null(&heap->waiters, struct waiter, place);
	if (first && serve(heap, first)) {
		task = first->task;
		update_event(heap);
	}
	heapmod_unlock_alloc(heap, flags, first ? first->caller : 0);
	if (task)
		wake_up_process(task);
	rcu_read_unlock();
	return task;
}

/* A waiter or a free that this misses raises the irq_work again. */
static bool has_waiters(struct heapmod *heap)
{
	/* See above: nothing is lost. */
	return data_race(heap->waited) != U32_MAX;
}

void heapmod_serve_waiters(struct heapmod *heap)
{
	while (has_waiters(heap) && serve_first(heap))
		cond_resched();
}

bool heapmod_serve_some(struct heapmod *heap)
{
	unsigned int i;

	for (i = 0; i < SERVE_BATCH; i++) {
		if (!has_waiters(heap) || !serve_first(heap))
			return false;
	}
	return has_waiters(heap);
}

void heapmod_wait_init(struct heapmod *heap)
{
	INIT_LIST_HEAD(&heap->waiters);
	INIT_LIST_HEAD(&heap->served);
	heap->waited = U32_MAX;
}

void heapmod_take_back(struct heapmod *heap)
{
	WRITE_ONCE(heap->resets, heap->resets + 1);
	list_splice_init(&heap->served, &heap->waiters);
	update_event(heap);
}

void heapmod_wait_for_hooks(struct heapmod *heap)
{
	wait_var_event(&heap->hooking, !atomic_read(&heap->hooking));
}

void heapmod_end_waits(struct heapmod *heap)
{
	unsigned long flags;

	heapmod_lock_irqsave(heap, flags);
	WRITE_ONCE(heap->shut_down, true);
	heap_begin_reset(&heap->core);
	heapmod_unlock_irqrestore(heap, flags);
	heapmod_serve_waiters(heap);
	wait_var_event(&heap->waiting, !atomic_read(&heap->waiting));
}

static void enqueue(struct heapmod *heap, struct waiter *waiter)
{
	unsigned long flags;
	bool first, served;

	heapmod_lock_irqsave(heap, flags);
	first = list_empty(&heap->waiters);
	list_add_tail(&waiter->place, &heap->waiters);
	if (first)
		serve(heap, waiter);
	update_event(heap);
	served = has_block(heap, waiter);
	heapmod_unlock_alloc(heap, flags, waiter->caller);
	if (served)
		return;
	/* From now on frees go to the heap. What is deferred or cached may be enough. */
	heapmod_drain(heap);
	heapmod_empty_caches(heap);
	heapmod_serve_waiters(heap);
}

static void count_failure(struct heapmod *heap, unsigned long caller)
	__must_hold(&heap->lock)
{
	heap->core.failures++;
	heap_owner_find(&heap->owners, caller)->failures++;
}

/* Remove the waiter. A wait that has failed counts as a failed allocation. */
static void dequeue(struct heapmod *heap, struct waiter *waiter, int error)
	__must_hold(&heap->lock)
{
	list_del_init(&waiter->place);
	update_event(heap);
	if (error)
		count_failure(heap, waiter->caller);
}

/* Return: 0 if the waiter has a block, an error if it will get none, or -EAGAIN. */
static int result_of(struct heapmod *heap, const struct waiter *waiter, long timeout)
	__must_hold(&heap->lock)
{
	if (has_block(heap, waiter))
		return 0;
	if (heap->shut_down)
		return -ESHUTDOWN;
	if (heap_is_frozen(&heap->core))
		return -EUCLEAN;
	if (signal_pending_state(waiter->state, current))
		return -EINTR;
	return timeout ? -EAGAIN : -ETIMEDOUT;
}

/* As result_of(). After an error the waiter has left the FIFO, and the next one may fit. */
static int try_to_leave(struct heapmod *heap, struct waiter *waiter, long timeout)
{
	unsigned long flags;
	int error;

	heapmod_lock_irqsave(heap, flags);
	error = result_of(heap, waiter, timeout);
	if (!error)
		atomic_inc(&heap->hooking);
	if (!error || error == -EAGAIN) {
		heapmod_unlock_alloc(heap, flags, waiter->caller);
		return error;
	}
	dequeue(heap, waiter, error);
	heapmod_unlock(heap, flags, waiter->caller);
	return error;
}

static int sleep_until_served(struct heapmod *heap, struct waiter *waiter, long *timeout)
{
	int error;

	for (;;) {
		set_current_state(waiter->state);
		error = try_to_leave(heap, waiter, *timeout);
		if (error != -EAGAIN)
			break;
		*timeout = heapmod_schedule_timeout(*timeout);
	}
	__set_current_state(TASK_RUNNING);
	return error;
}

/*
 * Run the hooks, and then make the block the waiter's. A reset that has begun since waits for the
 * hooks, and frees the block: then the waiter goes on waiting.
 */
static int pick_up(struct heapmod *heap, struct waiter *waiter, gfp_t gfp)
{
	unsigned long flags;
	int error = 0;

	diagnostics_alloc(heap, waiter->ptr, waiter->size, gfp, waiter->caller);
	heapmod_lock_irqsave(heap, flags);
	if (!has_block(heap, waiter))
		error = -EAGAIN;
	else if (heap->shut_down)
		error = -ESHUTDOWN;
	if (error != -EAGAIN)
		dequeue(heap, waiter, error);
	heapmod_unlock_alloc(heap, flags, waiter->caller);
	if (error == -ESHUTDOWN)
		heapmod_free_caller(heap, waiter->ptr, waiter->caller);
	if (atomic_dec_and_test(&heap->hooking))
		wake_up_var(&heap->hooking);
	return error;
}

static void *fail(struct heapmod *heap, const struct waiter *waiter, gfp_t gfp, int error)
{
	heapmod_fail(heap, waiter->size, waiter->align, gfp, waiter->caller);
	return ERR_PTR(error);
}

static void *wait_for_block(struct heapmod *heap, struct waiter *waiter, gfp_t gfp, long timeout)
{
	int error;

	enqueue(heap, waiter);
	do {
		error = sleep_until_served(heap, waiter, &timeout);
		if (!error)
			error = pick_up(heap, waiter, gfp);
	} while (error == -EAGAIN);
	return error ? fail(heap, waiter, gfp, error) : waiter->ptr;
}

/* A wait would be in vain. */
static void *refuse(struct heapmod *heap, const struct waiter *waiter, gfp_t gfp)
{
	unsigned long flags;

	heapmod_lock_irqsave(heap, flags);
	count_failure(heap, waiter->caller);
	heapmod_unlock_irqrestore(heap, flags);
	return fail(heap, waiter, gfp, -E2BIG);
}

/* Would the block fit if no other block were live? */
static bool can_ever_fit(const struct heapmod *heap, const struct waiter *waiter)
{
	u64 front = heap_granules_to_aligned(heap_payload(&heap->core, 0), waiter->align);

	return waiter->size <= heapmod_largest(heap) &&
	       heap_bytes(front) <= heapmod_largest(heap) - waiter->size;
}

static void *wait_or_refuse(struct heapmod *heap, struct waiter *waiter, gfp_t gfp, long timeout)
{
	if (!can_ever_fit(heap, waiter))
		return refuse(heap, waiter, gfp);
	if (diagnostics_fail(waiter->size))
		return fail(heap, waiter, gfp, -ETIMEDOUT);
	return wait_for_block(heap, waiter, gfp, timeout);
}

/* The sleep of a waiter tolerates a spurious wakeup, so it can be frozen in any of these states. */
static bool is_allowed(unsigned int state)
{
	return state == TASK_KILLABLE || state == TASK_INTERRUPTIBLE ||
	       state == TASK_UNINTERRUPTIBLE;
}

void *heapmod_alloc_wait_caller(struct heapmod *heap, size_t size, size_t align, gfp_t gfp,
				unsigned int state, long timeout, unsigned long caller)
{
	struct waiter waiter = {
		.task = current,
		.size = size,
		.align = align,
		.state = state | HEAPMOD_TASK_FREEZABLE,
		.caller = caller,
	};
	void *ptr;

	might_sleep();
	if (!heapmod_is_valid(heap) || timeout < 0 || !is_allowed(state) ||
	    !is_power_of_2(align) || align > HEAPMOD_ALIGN_MAX)
		return ERR_PTR(-EINVAL);
	if (!size)
		return ZERO_SIZE_PTR;
	atomic_inc(&heap->waiting);
	ptr = wait_or_refuse(heap, &waiter, gfp, timeout);
	/* heapmod_destroy() may free the heap now: wake_up_var() uses only the address. */
	if (atomic_dec_and_test(&heap->waiting))
		wake_up_var(&heap->waiting);
	return ptr;
}
EXPORT_SYMBOL_HEAPMOD(heapmod_alloc_wait_caller);

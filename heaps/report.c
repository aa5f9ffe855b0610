// SPDX-License-Identifier: GPL-2.0-only
/*
 * report - print findings to the log and to debugfs
 *
 *	heapmod: overrun in heap "demo" at offset 132: the bytes behind the block were overwritten
 *	heapmod:   call    demo_exit+0x12/0x20 [demo]
 *	heapmod:   block   at 8, 128 bytes, used
 *	heapmod:           116 bytes allocated by demo_init+0x2d/0x7f [demo]
 *	heapmod:       112  00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
 *	heapmod:       128  00 00 00 00>41 c5 c5 c5 ...
 *
 * The facts of a finding are copied with the heap's lock held, while they are valid. An irq_work
 * prints them later, because the caller of the allocator may hold any lock, the console's included.
 *
 * A finding has the same text wherever it was made: when a block is freed or resized, or by a check
 * that changes nothing.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bug.h>
#include <linux/kernel.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/seq_file.h>

#include "core/block.h"
#include "heaps/lock.h"
#include "heaps/registry.h"
#include "heaps/report.h"
#include "heaps/sites.h"
#include "heaps/trace.h"

bool heapmod_show_bytes;

/* Print a line to @file, or to the log if that is NULL. */
static __printf(2, 3) void print(struct seq_file *file, const char *fmt, ...)
{
	struct va_format line = { .fmt = fmt };
	va_list args;

	va_start(args, fmt);
	line.va = &args;
	if (file)
		seq_vprintf(file, fmt, args);
	else
		pr_err("%pV", &line);
	va_end(args);
}

static const char * const consequences[HEAP_VERDICTS] = {
	[HEAP_FOREIGN] = "it is refused",
	[HEAP_MISALIGNED] = "it is refused",
	[HEAP_INTERIOR] = "it is refused",
	[HEAP_DOUBLE_FREE] = "it is refused",
	[HEAP_WRONG_HEAP] = "it is refused",
	[HEAP_OVERRUN] = "the bytes behind the block were overwritten",
	[HEAP_CORRUPT_HEADER] = "the header was overwritten",
	[HEAP_USE_AFTER_FREE] = "free memory was overwritten",
	[HEAP_CORRUPT_INDEX] = "the heap is frozen",
};

static const char *consequence(const struct heap_finding *finding)
{
	if (finding->verdict == HEAP_CORRUPT_HEADER && finding->block.at == HEAP_NONE)
		return "a header was replaced by an older one";
	if (finding->verdict == HEAP_CORRUPT_HEADER && finding->block.state == HEAP_HOLE)
		return "the header of a hole was overwritten";
	return consequences[finding->verdict];
}

static void print_caller(struct seq_file *file, const char *what, unsigned long caller)
{
	char site[SITE_TEXT];

	if (caller)
		print(file, "  %-7s %s\n", what, heapmod_site_name(caller, site));
}

static void print_block(struct seq_file *file, const char *what,
			const struct heap_block_info *block, unsigned long owner)
{
	char site[SITE_TEXT];

	if (block->at == HEAP_NONE)
		return;
	print(file, "  %-7s at %llu, %llu bytes, %s\n", what, heap_offset(block->at),
	      heap_bytes(block->granules), heap_state_names[block->state]);
	if (block->state == HEAP_USED && !block->sealed)
		print(file, "  %-7s its header is unreadable\n", "");
	else if (block->state == HEAP_USED)
		print(file, "  %-7s %llu bytes allocated by %s\n", "", block->asked,
		      heapmod_site_name(owner, site));
	else if (block->sealed)
		print(file, "  %-7s was allocated by %s\n", "", heapmod_site_name(owner, site));
}

/* The last free of this memory, if the history has it. */
static void print_past(struct seq_file *file, const struct heap_freed *past)
{
	char site[SITE_TEXT];

	if (!past->bytes)
		return;
	print(file, "  %-7s at %llu, %llu bytes\n", "past", past->offset, past->bytes);
	print(file, "  %-7s allocated by %s\n", "", heapmod_site_name(past->owner, site));
	print(file, "  %-7s freed by %s\n", "", heapmod_site_name(past->caller, site));
}

static void print_line(struct seq_file *file, const struct heap_finding *finding, u32 first)
{
	char line[3 * HEAP_GRANULE + 1];
	char *end = line;
	u32 i;

	for (i = first; i < first + HEAP_GRANULE; i++)
		end += sprintf(end, "%c%02x",
			       finding->bytes_at + i == finding->offset ? '>' : ' ',
			       finding->bytes[i]);
	print(file, "%9llu %s\n", finding->bytes_at + first, line);
}

/* What clients keep in a heap may be secret. A heap that is being debugged shows it. */
static bool shows_bytes(const struct heapmod *heap)
{
	return READ_ONCE(heapmod_show_bytes) || heap->flags & (HEAPMOD_POISON | HEAPMOD_REDZONE);
}

static void print_bytes(struct seq_file *file, const struct heapmod *heap,
			const struct heap_finding *finding)
{
	u32 first;

	if (!shows_bytes(heap))
		return;
	for (first = 0; first < finding->bytes_count; first += HEAP_GRANULE)
		print_line(file, finding, first);
}

/* A pointer outside the region, and the heap that it belongs to, if any. */
static void print_pointer(struct seq_file *file, struct heapmod *heap, u64 offset)
{
	const char *ptr = heap->core.region + offset;
	struct heapmod *other;

	rcu_read_lock();
	other = heapmod_lookup(ptr);
	if (other)
		print(file, "  %-7s at %llu in heap \"%s\"\n", "pointer",
		      heap_offset_of(&other->core, ptr), other->name);
	else
		print(file, "  %-7s %p\n", "pointer", ptr);
	rcu_read_unlock();
}

/**
 * heapmod_print_finding - print a finding; the only function that does
 * @file: a file in debugfs, or NULL for the log
 * @heap: the heap
 * @finding: the finding
 */
void heapmod_print_finding(struct seq_file *file, struct heapmod *heap,
			   const struct heap_finding *finding)
{
	bool outside = finding->verdict == HEAP_FOREIGN || finding->verdict == HEAP_WRONG_HEAP;

	if (outside)
		print(file, "%s pointer freed in heap \"%s\": %s\n",
		      heap_verdict_names[finding->verdict], heap->name, consequence(finding));
	else
		print(file, "%s in heap \"%s\" at offset %llu: %s\n",
		      heap_verdict_names[finding->verdict], heap->name, finding->offset,
		      consequence(finding));
	print_caller(file, "call", finding->caller);
	if (outside)
		print_pointer(file, heap, finding->offset);
	print_block(file, "block", &finding->block, finding->owner);
	print_past(file, &finding->past);
	print_block(file, "before", &finding->before, finding->owner_before);
	print_bytes(file, heap, finding);
}

static void limit_init(struct heapmod_limit *limit)
{
	ratelimit_state_init(&limit->state, DEFAULT_RATELIMIT_INTERVAL, DEFAULT_RATELIMIT_BURST);
	/* The kernel's message would not name the heap. */
	ratelimit_set_flags(&limit->state, RATELIMIT_MSG_ON_RELEASE);
}

void heapmod_report_init(struct heapmod *heap)
{
	limit_init(&heap->report_limit);
	limit_init(&heap->failure_limit);
}

static void print_suppressed(struct heapmod *heap, struct heapmod_limit *limit, const char *what)
{
	int count = atomic_xchg(&limit->suppressed, 0);

	if (count)
		pr_warn("heap \"%s\": %d %s were suppressed\n", heap->name, count, what);
}

static bool may_print(struct heapmod *heap, struct heapmod_limit *limit, const char *what)
{
	if (!__ratelimit(&limit->state)) {
		atomic_inc(&limit->suppressed);
		return false;
	}
	print_suppressed(heap, limit, what);
	return true;
}

bool heapmod_may_report(struct heapmod *heap)
{
	return may_print(heap, &heap->report_limit, "reports");
}

bool heapmod_may_report_failure(struct heapmod *heap)
{
	return may_print(heap, &heap->failure_limit, "messages about failed allocations");
}

void heapmod_report_suppressed(struct heapmod *heap)
{
	print_suppressed(heap, &heap->report_limit, "reports");
	print_suppressed(heap, &heap->failure_limit, "messages about failed allocations");
}

/**
 * heapmod_report - print a finding to the log
 * @heap: the heap
 * @finding: the finding
 *
 * The first report after heapmod was loaded is also a WARN, for kernels with panic_on_warn.
 * Reports are rate limited for each heap. The stats of the heap count every finding.
 *
 * Context: any but NMI. The heap's lock must not be held.
 */
void heapmod_report(struct heapmod *heap, const struct heap_finding *finding)
{
	trace_heapmod_verdict(heap->id, finding->verdict, finding->offset, finding->caller);
	if (!heapmod_may_report(heap))
		return;
	heapmod_print_finding(NULL, heap, finding);
	WARN_ONCE(1, "heapmod: %s in heap \"%s\": the report is above\n",
		  heap_verdict_names[finding->verdict], heap->name);
}

void heapmod_record(struct heapmod *heap, enum heap_verdict verdict, const void *ptr,
		    unsigned long caller)
{
	unsigned long flags;

	if (!heapmod_lock(heap, flags))
		return;
	heap_record(&heap->core, verdict, heap_offset_of(&heap->core, ptr));
	heapmod_unlock(heap, flags, caller);
}

static bool take_finding(struct heapmod *heap, struct heap_finding *finding)
{
	unsigned long flags;
	bool taken;

	heapmod_lock_irqsave(heap, flags);
	taken = heap_take_finding(&heap->core, finding);
	heapmod_unlock_irqrestore(heap, flags);
	return taken;
}

/* The irq_work and the work item may run at once: the lines of two reports must not mix. */
static bool begin_reports(struct heapmod *heap)
{
	unsigned long flags;
	bool idle;

	heapmod_lock_irqsave(heap, flags);
	idle = !heap->reporting;
	heap->reporting = true;
	heapmod_unlock_irqrestore(heap, flags);
	return idle;
}

/* What was refused meanwhile has left its findings in the queue: look there after this. */
static void end_reports(struct heapmod *heap)
{
	unsigned long flags;

	heapmod_lock_irqsave(heap, flags);
	heap->reporting = false;
	heapmod_unlock_irqrestore(heap, flags);
}

static bool are_queued(struct heapmod *heap)
{
	/* A finding that this misses queues the irq_work again. */
	return data_race(heap_queued_findings(&heap->core));
}

bool heapmod_report_one(struct heapmod *heap)
{
	struct heap_finding finding;

	if (!are_queued(heap) || !begin_reports(heap))
		return are_queued(heap);
	if (take_finding(heap, &finding))
		heapmod_report(heap, &finding);
	end_reports(heap);
	return are_queued(heap);
}

/*
 * A finding that is recorded during the loop queues the irq_work again, so the loop is bounded. So
 * is the wait: another report may have ended in an oops.
 */
void heapmod_report_findings(struct heapmod *heap)
{
	struct heap_finding finding;
	unsigned int i;

	for (i = 0; i < HZ && !begin_reports(heap); i++)
		schedule_timeout_uninterruptible(1);
	for (i = 0; i < HEAP_FINDINGS && take_finding(heap, &finding); i++)
		heapmod_report(heap, &finding);
	end_reports(heap);
}

/**
 * heapmod_report_address - print to the log which block contains an address
 * @ptr: any address
 *
 * Completes the report of another tool. Prints nothing if no heap contains the address, or if the
 * lock of the heap is held.
 *
 * Context: any.
 */
void heapmod_report_address(const void *ptr)
{
	struct heap_finding finding;
	struct heapmod *heap;
	unsigned long flags;

	rcu_read_lock();
	heap = heapmod_lookup(ptr);
	if (heap && __cond_lock(0, heapmod_trylock(heap, &flags))) {
		finding = heap_describe(&heap->core, HEAP_OK, heap_offset_of(&heap->core, ptr));
		heapmod_complete_finding(heap, &finding, 0);
		heapmod_unlock_irqrestore(heap, flags);
		pr_err("the address is at offset %llu of heap \"%s\"\n", finding.offset,
		       heap->name);
		print_block(NULL, "block", &finding.block, finding.owner);
		print_block(NULL, "before", &finding.before, finding.owner_before);
	}
	rcu_read_unlock();
}

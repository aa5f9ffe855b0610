/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * trace - the tracepoints, in /sys/kernel/tracing/events/heapmod
 *
 * An event names a heap by the id in its stats, and a block by the offset of its header, as debugfs
 * does. All fields are numbers.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM heapmod

#if !defined(HEAPMOD_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define HEAPMOD_TRACE_H

#include <linux/tracepoint.h>

#include "core/verdict.h"

DECLARE_EVENT_CLASS(heapmod_block,

	TP_PROTO(u32 heap, u64 offset, u64 asked, u64 bytes, unsigned long caller),

	TP_ARGS(heap, offset, asked, bytes, caller),

	TP_STRUCT__entry(
		__field(u32, heap)
		__field(u64, offset)
		__field(u64, asked)
		__field(u64, bytes)
		__field(unsigned long, caller)
	),

	TP_fast_assign(
		__entry->heap = heap;
		__entry->offset = offset;
		__entry->asked = asked;
		__entry->bytes = bytes;
		__entry->caller = caller;
	),

	TP_printk("heap=%u offset=%llu asked=%llu bytes=%llu caller=%pS",
		  __entry->heap, __entry->offset, __entry->asked, __entry->bytes,
		  (void *)__entry->caller)
);

DEFINE_EVENT(heapmod_block, heapmod_alloc,
	TP_PROTO(u32 heap, u64 offset, u64 asked, u64 bytes, unsigned long caller),
	TP_ARGS(heap, offset, asked, bytes, caller)
);

DEFINE_EVENT(heapmod_block, heapmod_free,
	TP_PROTO(u32 heap, u64 offset, u64 asked, u64 bytes, unsigned long caller),
	TP_ARGS(heap, offset, asked, bytes, caller)
);

/* A block has changed its size where it is. A resize that moves a block is an alloc and a free. */
TRACE_EVENT(heapmod_resize,

	TP_PROTO(u32 heap, u64 offset, u64 was_asked, u64 was_bytes, u64 asked, u64 bytes,
		 unsigned long caller),

	TP_ARGS(heap, offset, was_asked, was_bytes, asked, bytes, caller),

	TP_STRUCT__entry(
		__field(u32, heap)
		__field(u64, offset)
		__field(u64, was_asked)
		__field(u64, was_bytes)
		__field(u64, asked)
		__field(u64, bytes)
		__field(unsigned long, caller)
	),

	TP_fast_assign(
		__entry->heap = heap;
		__entry->offset = offset;
		__entry->was_asked = was_asked;
		__entry->was_bytes = was_bytes;
		__entry->asked = asked;
		__entry->bytes = bytes;
		__entry->caller = caller;
	),

	TP_printk("heap=%u offset=%llu was_asked=%llu was_bytes=%llu asked=%llu bytes=%llu caller=%pS",
		  __entry->heap, __entry->offset, __entry->was_asked, __entry->was_bytes,
		  __entry->asked, __entry->bytes, (void *)__entry->caller)
);

TRACE_EVENT(heapmod_fail,

	TP_PROTO(u32 heap, u64 asked, unsigned long caller),

	TP_ARGS(heap, asked, caller),

	TP_STRUCT__entry(
		__field(u32, heap)
		__field(u64, asked)
		__field(unsigned long, caller)
	),

	TP_fast_assign(
		__entry->heap = heap;
		__entry->asked = asked;
		__entry->caller = caller;
	),

	TP_printk("heap=%u asked=%llu caller=%pS", __entry->heap, __entry->asked,
		  (void *)__entry->caller)
);

/* So that programs which read the format of the event know the numbers of the names. */
TRACE_DEFINE_ENUM(HEAP_FOREIGN);
TRACE_DEFINE_ENUM(HEAP_MISALIGNED);
TRACE_DEFINE_ENUM(HEAP_INTERIOR);
TRACE_DEFINE_ENUM(HEAP_DOUBLE_FREE);
TRACE_DEFINE_ENUM(HEAP_WRONG_HEAP);
TRACE_DEFINE_ENUM(HEAP_OVERRUN);
TRACE_DEFINE_ENUM(HEAP_CORRUPT_HEADER);
TRACE_DEFINE_ENUM(HEAP_USE_AFTER_FREE);
TRACE_DEFINE_ENUM(HEAP_CORRUPT_INDEX);

#define HEAPMOD_SHOW_VERDICT(verdict) __print_symbolic(verdict,	\
	{ HEAP_FOREIGN,		"foreign" },			\
	{ HEAP_MISALIGNED,	"misaligned" },			\
	{ HEAP_INTERIOR,	"interior" },			\
	{ HEAP_DOUBLE_FREE,	"double free" },		\
	{ HEAP_WRONG_HEAP,	"wrong heap" },			\
	{ HEAP_OVERRUN,		"overrun" },			\
	{ HEAP_CORRUPT_HEADER,	"corrupt header" },		\
	{ HEAP_USE_AFTER_FREE,	"use after free" },		\
	{ HEAP_CORRUPT_INDEX,	"corrupt index" })

TRACE_EVENT(heapmod_verdict,

	TP_PROTO(u32 heap, u32 verdict, u64 offset, unsigned long caller),

	TP_ARGS(heap, verdict, offset, caller),

	TP_STRUCT__entry(
		__field(u32, heap)
		__field(u32, verdict)
		__field(u64, offset)
		__field(unsigned long, caller)
	),

	TP_fast_assign(
		__entry->heap = heap;
		__entry->verdict = verdict;
		__entry->offset = offset;
		__entry->caller = caller;
	),

	TP_printk("heap=%u verdict=%s offset=%llu caller=%pS", __entry->heap,
		  HEAPMOD_SHOW_VERDICT(__entry->verdict), __entry->offset,
		  (void *)__entry->caller)
);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH heaps
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>

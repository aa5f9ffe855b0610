/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ftrace - parser of heapmod's events, as printed by tracefs and by trace-cmd report
 *
 *	a-85 [000] ..... 1234: heapmod_alloc: heap=1 offset=8 asked=100 bytes=112 caller=f+0x1
 *	a-85 [000] ..... 1235: heapmod_resize: heap=1 offset=8 was_asked=100 was_bytes=112 ...
 *	a-85 [000] ..... 1236: heapmod_fail: heap=1 asked=100 caller=f+0x1
 */
#ifndef FTRACE_H
#define FTRACE_H

#include "../trace/lines.h"
#include "../trace/trace.h"

enum record_kind {
	RECORD_OTHER,			/* not an event of heapmod */
	RECORD_ALLOC,
	RECORD_FREE,
	RECORD_RESIZE,			/* of a block that stays where it is */
	RECORD_FAIL,
	RECORD_MARK,			/* written by heaptrace into trace_marker */
	RECORD_TIME,			/* the same; @ms is the time of the records that follow */
	RECORD_LOST,			/* @asked events were overwritten before they were read */
};

/**
 * struct record - a line
 * @kind: enum record_kind
 * @stamp: its time, if that is an integer, as with the trace clock `counter`
 * @ms: its time, if that is in seconds, as with most clocks; in milliseconds
 * @heap: id of the heap
 * @offset: offset of the header
 * @asked: bytes requested
 * @bytes: size of the block
 * @was_asked: the same before a resize
 * @was_bytes: the same before a resize
 * @caller: number of the call site (callers.h)
 */
struct record {
	enum record_kind kind;
	u64 stamp;
	u64 ms;
	u32 heap;
	u64 offset;
	u64 asked;
	u64 bytes;
	u64 was_asked;
	u64 was_bytes;
	u32 caller;
};

#define FTRACE_MARK	"heaptrace: the blocks are read"
#define FTRACE_TIME	"heaptrace: milliseconds "

struct record ftrace_parse(const struct lines *lines);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * records - what happened to a heap, as heapmod's events and the lines of debugfs say
 */
#ifndef RECORDS_H
#define RECORDS_H

#include <linux/types.h>

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
 * struct record - an event
 * @kind: enum record_kind
 * @stamp: its time, by the trace clock `counter`
 * @ms: its time in milliseconds, if that is known
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

#endif

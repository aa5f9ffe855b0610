/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ftrace - lines of heapmod's tracepoints, as tracefs and trace-cmd report print them
 *
 *insmod-85 [000] ..... 1234: heapmod_alloc: heap=1 offset=8 asked=100 bytes=112 caller=f+0x1
 *	insmod-85 [000] ..... 1235: heapmod_fail: heap=1 asked=100 caller=f+0x1
 */
#ifndef FTRACE_H
#define FTRACE_H

#include "lines.h"
#include "trace.h"

enum record_kind {
	RECORD_OTHER,			/* what concerns nobody here */
	RECORD_ALLOC,
	RECORD_FREE,
	RECORD_FAIL,
	RECORD_MARK,			/* what heaptrace wrote into trace_marker */
	RECORD_LOST,			/* @asked events were overwritten before they were read */
};

/**
 * struct record - a line
 * @kind: enum record_kind
 * @stamp: its time, if that is a whole number, as of the trace clock `counter`
 * @heap: an id
 * @offset: of the block's header
 * @asked: bytes
 * @bytes: of the block
 * @caller: a number of callers.h
 */
struct record {
	enum record_kind kind;
	u64 stamp;
	u32 heap;
	u64 offset;
	u64 asked;
	u64 bytes;
	u32 caller;
};

#define FTRACE_MARK	"heaptrace: the blocks are read"

struct record ftrace_parse(const struct lines *lines);

#endif

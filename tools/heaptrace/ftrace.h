/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ftrace - parser of heapmod's events, as printed by tracefs and by trace-cmd report
 *
 *	a-85 [000] ..... 12.34: heapmod_alloc: heap=1 offset=8 asked=100 bytes=112 caller=f+0x1
 *	a-85 [000] ..... 12.35: heapmod_resize: heap=1 offset=8 was_asked=100 was_bytes=112 ...
 *	a-85 [000] ..... 12.36: heapmod_fail: heap=1 asked=100 caller=f+0x1
 */
#ifndef FTRACE_H
#define FTRACE_H

#include "../trace/lines.h"
#include "records.h"

struct record ftrace_parse(const struct lines *lines);

#endif

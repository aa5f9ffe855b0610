/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * need - the size of the region that a trace needs
 */
#ifndef NEED_H
#define NEED_H

#include "../trace/trace.h"

/**
 * struct need - in granules
 * @least: the smallest region in which no request of the trace fails
 * @guaranteed: a region that is enough for any trace with this peak and these sizes of blocks
 * @largest: the largest block
 * @smallest: the smallest block
 * @peak: maximum of live blocks
 * @peak_event: the event that reaches it
 */
struct need {
	u32 least;
	u64 guaranteed;
	u32 largest, smallest;
	u32 peak;
	u32 peak_event;
};

struct need need_of(const struct trace *trace);

#endif

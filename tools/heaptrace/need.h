/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * need - how large a region a trace needs
 */
#ifndef NEED_H
#define NEED_H

#include "trace.h"

/**
 * struct need - in granules
 * @least: that serve the whole trace
 * @guaranteed: that serve any trace with no more live, and no larger and no smaller blocks
 * @largest: block
 * @smallest: block
 * @peak: in live blocks
 * @peak_event: when
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

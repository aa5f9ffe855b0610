/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * replay - the events of a trace, served by the allocator of the kernel module
 *
 * The traces have no call sites, so the owner of a block is its size class.
 */
#ifndef HEAPVIEW_REPLAY_H
#define HEAPVIEW_REPLAY_H

#include "heap_core.h"
#include "events.h"

#define SIZE_CLASSES	16

/**
 * struct replay - a heap, and the live blocks of a trace in it
 * @heap: the heap
 * @blocks: payloads by id
 * @ids: highest id + 1
 * @footprint: the highest end of a block so far, in granules
 */
struct replay {
	struct heap heap;
	void **blocks;
	u32 ids;
	u32 footprint;
};

/* Class 0 has up to 16 bytes, 1 up to 32 bytes, ... the last one all larger sizes. */
u32 size_class(u32 size);
u32 size_class_limit(u32 number);

bool replay_open(struct replay *replay, u32 granules, u32 ids, struct problem *problem);
void replay_reset(struct replay *replay);
void replay_event(struct replay *replay, const struct event *event);
void replay_close(struct replay *replay);

#endif

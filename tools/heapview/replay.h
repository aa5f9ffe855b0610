/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * replay - the events of a trace, one by one, served by the allocator itself
 *
 * The heap is that of the kernel module, compiled in. A trace names no call sites, so the owner of
 * a block is its class of sizes.
 */
#ifndef HEAPVIEW_REPLAY_H
#define HEAPVIEW_REPLAY_H

#include "heap_core.h"
#include "events.h"

#define SIZE_CLASSES	16

/**
 * struct replay - a heap, and the blocks of a trace that live in it
 * @heap: the heap
 * @blocks: payloads by id
 * @ids: the highest, + 1
 * @footprint: granules in front of which all blocks have been
 */
struct replay {
	struct heap heap;
	void **blocks;
	u32 ids;
	u32 footprint;
};

u32 size_class(u32 size);
u32 size_class_limit(u32 number);

bool replay_open(struct replay *replay, u32 granules, u32 ids, struct problem *problem);
void replay_reset(struct replay *replay);
void replay_event(struct replay *replay, const struct event *event);
void replay_close(struct replay *replay);

#endif

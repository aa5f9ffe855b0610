/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * replay - a trace, and the heap that replays it
 */
#ifndef HEAPVIEW_REPLAY_H
#define HEAPVIEW_REPLAY_H

#include "../trace/playback.h"
#include "source.h"

/**
 * struct replay - a trace and its heap
 * @trace: all events
 * @count: number of events
 * @position: number of events replayed so far
 * @peak: number of events up to the peak of used memory
 * @playback: the heap
 * @owners: by number of the call site, or of the size class, the number of the owner
 * @owner_at: by first granule, the number of the owner of a block
 * @born_at: by first granule, the number of events up to its allocation
 */
struct replay {
	struct trace trace;
	u32 count;
	u32 position;
	u32 peak;
	struct playback playback;
	u32 *owners;
	u32 *owner_at;
	u32 *born_at;
};

/*
 * Read a trace. @region is in bytes, 32 at least; 0: as large as the trace needs. A file that is no
 * trace is fatal.
 */
void replay_open(struct source *source, const char *path, u64 region);

/* Replay the trace up to @position events. */
void replay_go(struct source *source, u32 position);
void replay_close(struct source *source);

#endif

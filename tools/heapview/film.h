/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * film - a part of a trace, frame by frame: the state before it, and after each of its events
 */
#ifndef HEAPVIEW_FILM_H
#define HEAPVIEW_FILM_H

#include "source.h"

#define FRAMES_MAX	240
#define SPANS_MAX	2000

/**
 * struct span - a used block or a hole, from its first frame on
 * @block: what is shown
 * @first: the first frame that has it
 * @end: the first later frame that has not
 */
struct span {
	struct block block;
	u32 first, end;
};

/**
 * struct frame - what an event did
 * @caption: in words
 * @at: the first granule of the block, or of the hole that it has become a part of
 * @granules: the size of that; 0 if there is none
 */
struct frame {
	char caption[128];
	u32 at, granules;
};

struct film {
	struct span *spans;
	u32 spans_count;
	struct frame *frames;
	u32 frames_count;
};

/* It is an error if the part from event @from to @to has too many events or blocks. */
bool film_shoot(struct film *film, struct source *source, u32 from, u32 to,
		struct problem *problem);
void film_free(struct film *film);

#endif

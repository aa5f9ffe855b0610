/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * contest - allocators that are measured side by side, and what they are put through
 */
#ifndef BENCH_CONTEST_H
#define BENCH_CONTEST_H

#include <linux/types.h>

#include "samples.h"

/**
 * struct contestant - an allocator
 * @name: as in the results
 * @open: makes it ready for @bytes in at most @blocks blocks; 0 or an errno
 * @alloc: a block, or NULL
 * @free: gives back a block of @size bytes
 * @close: undoes @open; there are no blocks left
 * @fill: as @alloc, for allocators too slow to fill a heap of 100,000 blocks; or NULL
 * @most: more live blocks than that are not asked of it
 * @patience: at most so many operations at 100,000 live blocks
 * @sleeps: cannot be called with interrupts off, so a tick of the timer may fall into a sample
 */
struct contestant {
	const char *name;
	int (*open)(size_t bytes, u32 blocks);
	void *(*alloc)(size_t size);
	void (*free)(void *ptr, size_t size);
	void (*close)(void);
	void *(*fill)(size_t size);
	u32 most;
	u32 patience;
	bool sleeps;
};

extern const struct contestant contestants[];
extern const unsigned int contestants_count;

/**
 * struct workload - what they are put through
 * @name: as in the results
 * @smallest: payload bytes
 * @largest: sizes lie between the two, log-uniform
 * @run: measures a heap of live blocks
 * @prepare: brings it to where it is measured, beyond the steady state; or NULL
 */
struct workload {
	const char *name;
	size_t smallest;
	size_t largest;
	void (*run)(void);
	void (*prepare)(void);
};

extern const struct workload workloads[];
extern const unsigned int workloads_count;

/* The heap of the moment: who is measured, at what, and the live blocks. */
struct live {
	void *ptr;
	u32 size;
};

struct contest {
	const struct contestant *contestant;
	const struct workload *workload;
	struct live *live;
	u32 count;
	u32 rounds;
	struct samples alloc_costs;
	struct samples free_costs;
	bool failed;			/* an allocation, which makes the figures worthless */
};

extern struct contest contest;

int contest_init(u32 blocks, u32 samples);
void contest_destroy(void);
void contest_seed(void);
size_t contest_bytes(void);

void contest_fill(void);
void contest_steady(u32 operations);
void contest_drain(void);

u32 contest_random(u32 below);
u32 contest_size(void);
void contest_alloc(struct live *live, u32 size);
void contest_free(struct live *live);

#endif

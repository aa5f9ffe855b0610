/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * rig - the allocators that are compared, the workloads, and the state of a measurement
 */
#ifndef BENCH_RIG_H
#define BENCH_RIG_H

#include <linux/types.h>

#include "samples.h"

/**
 * struct allocator - an allocator
 * @name: as in the results
 * @open: prepare for @bytes in at most @blocks blocks; 0 or an errno
 * @alloc: allocate a block; NULL if that fails
 * @free: free a block of @size bytes
 * @close: undo @open, when all blocks are freed
 * @alloc_bulk: allocate @n blocks of one size; or NULL
 * @free_bulk: free these
 * @fill: as @alloc, only faster, to fill the heap before the measurement; or NULL
 * @only: the workload that it runs; NULL for all
 * @most: the most live blocks to measure it with; 0 for no limit
 * @limit: the most operations with 100,000 live blocks; 0 for no limit
 * @sleeps: must not be called with interrupts off, so a sample may include a timer interrupt
 */
struct allocator {
	const char *name;
	int (*open)(size_t bytes, u32 blocks);
	void *(*alloc)(size_t size);
	void (*free)(void *ptr, size_t size);
	void (*close)(void);
	void *(*fill)(size_t size);
	bool (*alloc_bulk)(size_t size, size_t n, void **ptrs);
	void (*free_bulk)(size_t n, void **ptrs);
	const char *only;
	u32 most;
	u32 limit;
	bool sleeps;
};

extern const struct allocator allocators[];
extern const unsigned int allocators_count;

/**
 * struct workload - the operations that are measured
 * @name: as in the results
 * @smallest: bytes of the smallest block
 * @largest: bytes of the largest block; sizes are log-uniform between the two
 * @run: do the timed operations, on a heap with live blocks
 * @prepare: change the heap between steady state and measurement; or NULL
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

struct live {
	void *ptr;
	u32 size;
};

/* The state of a measurement. */
struct rig {
	const struct allocator *allocator;
	const struct workload *workload;
	struct live *live;
	u32 count;
	u32 rounds;
	struct samples alloc_costs;
	struct samples free_costs;
	bool failed;			/* an allocation failed: the figures are void */
};

extern struct rig rig;

int rig_init(u32 blocks, u32 samples);
void rig_destroy(void);
void rig_seed(void);
size_t rig_bytes(void);

void rig_fill(void);
void rig_steady(u32 operations);
void rig_drain(void);

u32 rig_random(u32 below);
u32 rig_size(void);
void rig_alloc(struct live *live, u32 size);
void rig_free(struct live *live);
void rig_batch(size_t size);

/* Blocks of a batch. */
#define RIG_BATCH	16

#endif

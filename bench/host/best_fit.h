/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * best_fit - best fit, as a reference: allocates in the smallest hole that is large enough
 */
#ifndef BEST_FIT_H
#define BEST_FIT_H

#include <linux/types.h>

struct part {
	u32 at;				/* granules from the region's start */
	u32 size;
	bool used;
	struct part *next, *prev;	/* by address */
	struct part *child[2];		/* in the treap of holes: smaller, larger */
	u32 priority;
};

struct best_fit {
	struct part *first;		/* never freed: coalescing keeps the lower part */
	struct part *holes;
};

void best_fit_init(struct best_fit *heap, u32 granules);
void best_fit_destroy(struct best_fit *heap);
struct part *best_fit_alloc(struct best_fit *heap, u32 granules);
void best_fit_free(struct best_fit *heap, struct part *part);

#endif

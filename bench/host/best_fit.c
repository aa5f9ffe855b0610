// SPDX-License-Identifier: GPL-2.0-only
/*
 * best_fit - best fit, as a reference: allocates in the smallest hole that is large enough
 *
 * The holes are in a treap, by size and then by address: a search tree in which no node has a
 * higher priority than its parent. Random priorities keep it balanced. R. Seidel, C. R. Aragon,
 * "Randomized Search Trees", Algorithmica 16, 1996.
 */
#include <stdlib.h>

#include "best_fit.h"

enum { SMALLER, LARGER };

static bool is_behind(const struct part *hole, u32 size, u32 at)
{
	return hole->size < size || (hole->size == size && hole->at < at);
}

/* All of @smaller are smaller than any of @larger. */
static struct part *join(struct part *smaller, struct part *larger)
{
	if (!smaller || !larger)
		return smaller ? smaller : larger;
	if (smaller->priority > larger->priority) {
		smaller->child[LARGER] = join(smaller->child[LARGER], larger);
		return smaller;
	}
	larger->child[SMALLER] = join(smaller, larger->child[SMALLER]);
	return larger;
}

/* Divide a treap into what is smaller than a hole of @size at @at, and the rest. */
static void divide(struct part *holes, u32 size, u32 at, struct part **smaller,
		   struct part **larger)
{
	if (!holes) {
		*smaller = NULL;
		*larger = NULL;
	} else if (is_behind(holes, size, at)) {
		*smaller = holes;
		divide(holes->child[LARGER], size, at, &holes->child[LARGER], larger);
	} else {
		*larger = holes;
		divide(holes->child[SMALLER], size, at, smaller, &holes->child[SMALLER]);
	}
}

static void add_hole(struct best_fit *heap, struct part *part)
{
	struct part *smaller, *larger;

	part->used = false;
	part->child[SMALLER] = NULL;
	part->child[LARGER] = NULL;
	divide(heap->holes, part->size, part->at, &smaller, &larger);
	heap->holes = join(join(smaller, part), larger);
}

static void drop_hole(struct best_fit *heap, struct part *part)
{
	struct part **link = &heap->holes;

	while (*link != part)
		link = &(*link)->child[is_behind(*link, part->size, part->at) ? LARGER : SMALLER];
	*link = join(part->child[SMALLER], part->child[LARGER]);
}

static struct part *part_new(u32 at, u32 size, struct part *prev, struct part *next)
{
	struct part *part = malloc(sizeof(*part));

	*part = (struct part){
		.at = at, .size = size, .prev = prev, .next = next,
		.priority = at * 0x9e3779b1U,	/* as good as random: the golden ratio spreads it */
	};
	if (prev)
		prev->next = part;
	if (next)
		next->prev = part;
	return part;
}

void best_fit_init(struct best_fit *heap, u32 granules)
{
	heap->holes = NULL;
	heap->first = part_new(0, granules, NULL, NULL);
	add_hole(heap, heap->first);
}

void best_fit_destroy(struct best_fit *heap)
{
	struct part *part = heap->first, *next;

	for (; part; part = next) {
		next = part->next;
		free(part);
	}
}

/* The smallest hole that is large enough; of several, the lowest. */
static struct part *best(const struct best_fit *heap, u32 granules)
{
	struct part *part = heap->holes, *best = NULL;

	while (part) {
		if (part->size >= granules)
			best = part;
		part = part->child[part->size >= granules ? SMALLER : LARGER];
	}
	return best;
}

struct part *best_fit_alloc(struct best_fit *heap, u32 granules)
{
	struct part *part = best(heap, granules);

	if (!part)
		return NULL;
	drop_hole(heap, part);
	if (part->size > granules)
		add_hole(heap, part_new(part->at + granules, part->size - granules, part,
					part->next));
	part->size = granules;
	part->used = true;
	return part;
}

/* Add @part's neighbour behind it, which is in no treap, to @part. */
static void absorb_next(struct part *part)
{
	struct part *next = part->next;

	part->size += next->size;
	part->next = next->next;
	if (next->next)
		next->next->prev = part;
	free(next);
}

void best_fit_free(struct best_fit *heap, struct part *part)
{
	if (part->next && !part->next->used) {
		drop_hole(heap, part->next);
		absorb_next(part);
	}
	if (part->prev && !part->prev->used) {
		part = part->prev;
		drop_hole(heap, part);
		absorb_next(part);
	}
	add_hole(heap, part);
}

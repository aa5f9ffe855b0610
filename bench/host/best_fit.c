// SPDX-License-Identifier: GPL-2.0-only
/*
 * best_fit - best fit, as a reference: allocates in the smallest hole that is large enough
 */
#include <stdlib.h>

#include "best_fit.h"

static void add_hole(struct best_fit *heap, struct part *part)
{
	part->used = false;
	part->before = NULL;
	part->behind = heap->holes;
	if (heap->holes)
		heap->holes->before = part;
	heap->holes = part;
}

static void drop_hole(struct best_fit *heap, struct part *part)
{
	if (part->before)
		part->before->behind = part->behind;
	else
		heap->holes = part->behind;
	if (part->behind)
		part->behind->before = part->before;
}

static struct part *part_new(u32 at, u32 size, struct part *prev, struct part *next)
{
	struct part *part = malloc(sizeof(*part));

	*part = (struct part){ .at = at, .size = size, .prev = prev, .next = next };
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
	struct part *part, *best = NULL;

	for (part = heap->holes; part; part = part->behind) {
		if (part->size < granules)
			continue;
		if (!best || part->size < best->size ||
		    (part->size == best->size && part->at < best->at))
			best = part;
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

/* Coalesce @part with the hole behind it. */
static void coalesce(struct best_fit *heap, struct part *part)
{
	struct part *hole = part->next;

	drop_hole(heap, hole);
	part->size += hole->size;
	part->next = hole->next;
	if (hole->next)
		hole->next->prev = part;
	free(hole);
}

void best_fit_free(struct best_fit *heap, struct part *part)
{
	add_hole(heap, part);
	if (part->next && !part->next->used)
		coalesce(heap, part);
	if (part->prev && !part->prev->used)
		coalesce(heap, part->prev);
}

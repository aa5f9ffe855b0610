// SPDX-License-Identifier: GPL-2.0-only
/*
 * oracle - the heap of the notes: a list of nodes and a plain walk
 */
#include <stdlib.h>

#include "oracle.h"

static struct node *node_new(u32 at, u32 size, struct node *prev, struct node *next)
{
	struct node *node = malloc(sizeof(*node));

	*node = (struct node){ .at = at, .size = size, .prev = prev, .next = next };
	if (prev)
		prev->next = node;
	if (next)
		next->prev = node;
	return node;
}

struct node *oracle_init(u32 granules)
{
	return node_new(0, granules, NULL, NULL);
}

struct node *oracle_alloc(struct node *first, u32 granules)
{
	struct node *node = first;

	while (node && (node->used || node->size < granules))
		node = node->next;
	if (!node)
		return NULL;
	if (node->size > granules) {
		node_new(node->at + granules, node->size - granules, node, node->next);
		node->size = granules;
	}
	node->used = true;
	return node;
}

/* The free node and the free one behind it become one. */
static void merge(struct node *node)
{
	struct node *gone = node->next;

	node->size += gone->size;
	node->next = gone->next;
	if (gone->next)
		gone->next->prev = node;
	free(gone);
}

void oracle_free(struct node *node)
{
	node->used = false;
	if (node->next && !node->next->used)
		merge(node);
	if (node->prev && !node->prev->used)
		merge(node->prev);
}

void oracle_destroy(struct node *first)
{
	while (first) {
		struct node *next = first->next;

		free(first);
		first = next;
	}
}

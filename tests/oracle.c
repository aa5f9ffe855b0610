// SPDX-License-Identifier: GPL-2.0-only
/*
 * oracle - the heap of the notes: a list of nodes and a plain walk
 */
#include <stdlib.h>

#include "oracle.h"

/* Nodes that were given up are used again: exhaust.c copies the list millions of times. */
static struct node *spare;

static struct node *node_get(void)
{
	struct node *node = spare;

	if (!node)
		return malloc(sizeof(*node));
	spare = node->next;
	return node;
}

static void node_put(struct node *node)
{
	node->next = spare;
	spare = node;
}

static struct node *node_new(u32 at, u32 size, struct node *prev, struct node *next)
{
	struct node *node = node_get();

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

struct node *oracle_copy(const struct node *first)
{
	struct node *copy = node_new(first->at, first->size, NULL, NULL);
	struct node *last = copy;

	for (last->used = first->used; first->next; last->used = first->used) {
		first = first->next;
		last = node_new(first->at, first->size, last, NULL);
	}
	return copy;
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
	node_put(gone);
}

void oracle_free(struct node *node)
{
	node->used = false;
	if (node->next && !node->next->used)
		merge(node);
	if (node->prev && !node->prev->used)
		merge(node->prev);
}

/* A used node becomes two. */
static struct node *split(struct node *node, u32 granules)
{
	struct node *rest = node_new(node->at + granules, node->size - granules, node, node->next);

	node->size = granules;
	rest->used = true;
	return rest;
}

/* Of a used node @granules are left, behind @front that are free. */
struct node *oracle_trim(struct node *node, u32 front, u32 granules)
{
	struct node *kept = front ? split(node, front) : node;

	if (kept->size > granules)
		oracle_free(split(kept, granules));
	if (front)
		oracle_free(node);
	return kept;
}

bool oracle_resize(struct node *node, u32 granules)
{
	struct node *next = node->next;

	if (granules < node->size)
		oracle_free(split(node, granules));
	if (granules <= node->size)
		return true;
	if (!next || next->used || node->size + next->size < granules)
		return false;
	merge(node);
	if (node->size > granules)
		oracle_free(split(node, granules));
	return true;
}

void oracle_destroy(struct node *first)
{
	while (first) {
		struct node *next = first->next;

		node_put(first);
		first = next;
	}
}

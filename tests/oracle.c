// SPDX-License-Identifier: GPL-2.0-only
/*
 * oracle - first fit on a linked list, as a reference for the heap
 */
#include <stdlib.h>

#include "oracle.h"

/* Released nodes are reused, because exhaust.c copies the list very often. */
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

/* Coalesce a node with the one behind it. */
static void coalesce(struct node *node)
{
	struct node *next = node->next;

	node->size += next->size;
	node->next = next->next;
	if (next->next)
		next->next->prev = node;
	node_put(next);
}

void oracle_free(struct node *node)
{
	node->used = false;
	if (node->next && !node->next->used)
		coalesce(node);
	if (node->prev && !node->prev->used)
		coalesce(node->prev);
}

/* Split a used node in two. Return: the second one. */
static struct node *split(struct node *node, u32 granules)
{
	struct node *rest = node_new(node->at + granules, node->size - granules, node, node->next);

	node->size = granules;
	rest->used = true;
	return rest;
}

/* Free the first @front granules of a used node, and all behind the next @granules. */
struct node *oracle_trim(struct node *node, u32 front, u32 granules)
{
	struct node *middle = front ? split(node, front) : node;

	if (middle->size > granules)
		oracle_free(split(middle, granules));
	if (front)
		oracle_free(node);
	return middle;
}

/*
 * The lowest aligned place, if no more than @most aligned addresses are behind the start of a node
 * that is large enough. Otherwise a node that is large enough for all places.
 */
struct node *oracle_alloc_aligned(struct node *first, u32 granules, const struct phase *phase,
				  u32 most)
{
	struct node *node;
	u64 front, last = 0;
	u32 tried = 0;

	for (node = first; node; node = node->next) {
		if (node->used || node->size < granules)
			continue;
		front = -(phase->base + node->at) & (phase->align - 1);
		tried += !tried || node->at + front != last;
		last = node->at + front;
		if (front + granules <= node->size &&
		    (tried <= most || node->size >= granules + phase->align - 1))
			break;
	}
	if (!node)
		return NULL;
	node->used = true;
	return oracle_trim(node, front, granules);
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
	coalesce(node);
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

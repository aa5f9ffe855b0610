/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * oracle - the heap of the notes: a list of nodes and a plain walk
 *
 * A heap so simple that it is right at sight: nodes in the order of their addresses, each with its
 * size, whether it is used, and its neighbours. malloc walks to the first free node that fits and
 * splits it; free merges a node with its free neighbours. The real heap must always agree with it.
 */
#ifndef ORACLE_H
#define ORACLE_H

#include <linux/types.h>

struct node {
	u32 at;				/* granules from the region's start */
	u32 size;
	bool used;
	struct node *next, *prev;
};

struct node *oracle_init(u32 granules);
struct node *oracle_copy(const struct node *first);
struct node *oracle_alloc(struct node *first, u32 granules);
void oracle_free(struct node *node);
struct node *oracle_trim(struct node *node, u32 front, u32 granules);
bool oracle_resize(struct node *node, u32 granules);
void oracle_destroy(struct node *first);

#endif

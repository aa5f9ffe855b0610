/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * oracle - first fit on a linked list, as a reference for the heap
 *
 * The nodes are in address order. An allocation walks to the first free node that is large enough,
 * and splits it. A free coalesces the node with its free neighbours. The heap must always agree
 * with this list.
 */
#ifndef ORACLE_H
#define ORACLE_H

#include <linux/types.h>

struct node {
	u32 at;				/* granules from the start of the region */
	u32 size;
	bool used;
	struct node *next, *prev;
};

/* The address of granule 0, and an alignment: both in granules. */
struct phase {
	u64 base;
	u64 align;
};

struct node *oracle_init(u32 granules);
struct node *oracle_copy(const struct node *first);
struct node *oracle_alloc(struct node *first, u32 granules);
struct node *oracle_alloc_aligned(struct node *first, u32 granules, const struct phase *phase,
				  u32 most);
void oracle_free(struct node *node);
struct node *oracle_trim(struct node *node, u32 front, u32 granules);
bool oracle_resize(struct node *node, u32 granules);
void oracle_destroy(struct node *first);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scene - a block between neighbours of given kinds, damage to be planted, and who is harmed by it
 *
 *	| left | front | TARGET | behind | rest | right | tail
 *
 * The target is used; left and right are, too, and the tail is a hole. What stands in front of the
 * target and behind it is varied; the rest is that of the hole that a kept block was cut off.
 */
#ifndef SCENE_H
#define SCENE_H

#include "test.h"

/* Of a block; of a neighbour, NONE is the end of the region. */
enum kind {
	NONE,
	USED,
	HOLE,
	KEPT,
	PART,				/* kept, and there is a rest of its hole */
	PENDING,
	QUARANTINED,
	KINDS
};

enum place {
	LEFT,
	FRONT,
	TARGET,
	BEHIND,
	REST,
	RIGHT,
	TAIL,
	PLACES
};

/**
 * struct piece - a block of the scene
 * @kind: what it is
 * @at: where
 * @granules: its size
 * @asked: bytes it was asked for, if it is or was used
 * @ptr: its payload
 * @claim: of a pending one, what to release
 * @harm: HEAP_OK, HEAP_OVERRUN or HEAP_CORRUPT_HEADER
 * @harmed_at: the offset that is to be told
 * @chance: that the harm is seen, the seal alone sees to
 * @gone: freed or released since
 */
struct piece {
	enum kind kind;
	u32 at;
	u32 granules;
	size_t asked;
	u8 *ptr;
	struct heap_block_info claim;
	enum heap_verdict harm;
	u64 harmed_at;
	bool chance;
	bool gone;
};

struct plan {
	u32 granules;			/* of the target; one more, if there are redzones */
	u32 slack;
	enum kind front;
	enum kind behind;
	u32 flags;
};

#define PLANT_BYTES 64

/* Bytes that somebody writes where they do not belong. */
struct plant {
	u64 offset;
	u32 count;
	u8 bytes[PLANT_BYTES];
};

struct scene {
	struct plan plan;
	struct arena arena;
	struct snapshot good;
	struct piece pieces[PLACES];
};

void scene_init(struct scene *scene, const struct plan *plan);
void scene_restore(struct scene *scene);
void scene_destroy(struct scene *scene);

bool scene_plant(struct scene *scene, const struct plant *plant);
unsigned int scene_assess(struct scene *scene);
bool scene_changed(const struct scene *scene, u64 offset, u64 bytes);

enum heap_verdict scene_free(struct heap *heap, void *ptr, struct heap_block_info *freed);
u64 payload_offset(const struct piece *piece);

#endif

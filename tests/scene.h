/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scene - a block between neighbours of given kinds, planted damage, and the blocks that it harms
 *
 *	| left | front | TARGET | behind | rest | right | tail
 *
 * Target, left and right are used, the tail is a hole. The kinds of the front and of the behind
 * block vary. The rest is what a split left of the hole behind a block on the quick list.
 */
#ifndef SCENE_H
#define SCENE_H

#include "test.h"

/* Kinds of blocks. NONE: no neighbour, but the end of the region. */
enum kind {
	NONE,
	USED,
	HOLE,
	QUICK,				/* on the quick list */
	QUICK_PART,			/* on the quick list, with a rest of its hole */
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
 * @kind: its kind
 * @at: its first granule
 * @granules: its size
 * @asked: bytes that were requested, if it is or was used
 * @ptr: its payload
 * @claim: for heap_release(), if it is pending
 * @harm: HEAP_OK, HEAP_OVERRUN or HEAP_CORRUPT_HEADER
 * @harmed_at: the offset that a finding must have
 * @chance: only the seal can detect the harm
 * @gone: freed or released in the meantime
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
	u32 granules;			/* of the target; one more with HEAP_REDZONE */
	u32 slack;
	enum kind front;
	enum kind behind;
	u32 flags;
};

#define PLANT_BYTES 64

/* Bytes to be written to the wrong place. */
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

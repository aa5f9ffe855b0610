// SPDX-License-Identifier: GPL-2.0-only
/*
 * scene - a block between neighbours of given kinds, planted damage, and the blocks that it harms
 */
#include <string.h>

#include "core/block.h"
#include "scene.h"

/*
 * Granules of the region for a target of up to 3 granules, and for one of 70: two neighbours fit in
 * quarantine, and all three do not.
 */
#define SMALL	48
#define LARGE	592

static u64 random_key(void)
{
	u64 high = next_random(U32_MAX);

	return high << 32 | next_random(U32_MAX);
}

u64 payload_offset(const struct piece *piece)
{
	return heap_offset(piece->at) + sizeof(struct heap_block);
}

/* A free, in two steps with HEAP_POISON. */
enum heap_verdict scene_free(struct heap *heap, void *ptr, struct heap_block_info *freed)
{
	enum heap_verdict verdict;

	if (!(heap->flags & HEAP_POISON))
		return heap_free(heap, ptr, freed);
	verdict = heap_claim(heap, ptr, freed);
	if (heap_is_retired(verdict, freed)) {
		heap_fill(ptr, heap_bytes(freed->granules) - sizeof(struct heap_block));
		heap_release(heap, freed);
	}
	return verdict;
}

/* Set size and place of each block. A redzone takes a granule. */
static void measure(struct scene *scene)
{
	const struct plan *plan = &scene->plan;
	u32 more = plan->flags & HEAP_REDZONE ? 1 : 0;
	u32 room = plan->granules > 3 ? LARGE : SMALL;
	struct piece *pieces = scene->pieces;
	enum place i;

	pieces[TARGET].granules = plan->granules + more;
	if (plan->front) {
		pieces[LEFT].granules = 3 + more;
		pieces[FRONT].granules = 1 + more;
	}
	if (plan->behind) {
		pieces[BEHIND].granules = (plan->behind == QUICK_PART ? 2 : 3) + more;
		pieces[REST].granules = plan->behind == QUICK_PART ? 1 : 0;
		pieces[RIGHT].granules = 3 + more;
	}
	for (i = 0; i < TAIL; i++)
		room -= pieces[i].granules;
	if (plan->behind)
		pieces[TAIL].granules = room;
	else if (plan->front)
		pieces[LEFT].granules += room;
	for (i = 1; i < PLACES; i++)
		pieces[i].at = pieces[i - 1].at + pieces[i - 1].granules;
}

static void allocate(struct scene *scene, enum place place, u32 granules, u32 slack)
{
	struct heap *heap = &scene->arena.heap;
	struct piece *piece = &scene->pieces[place];

	piece->asked = heap_bytes(granules) - heap->overhead - slack;
	piece->ptr = heap_alloc(heap, piece->asked, place + 1);
	REQUIRE(piece->ptr && place_of(&scene->arena, piece->ptr) == piece->at);
	memset(piece->ptr, 'a' + place, piece->asked);
	piece->kind = USED;
}

static void free_block(struct scene *scene, enum place place)
{
	struct heap_block_info freed;

	REQUIRE(scene_free(&scene->arena.heap, scene->pieces[place].ptr, &freed) == HEAP_OK);
}

static void quarantine(struct scene *scene, enum place place)
{
	struct heap *heap = &scene->arena.heap;
	struct piece *piece = &scene->pieces[place];
	struct heap_block_info freed;

	block_at(heap, piece->at)->tag ^= 1U << 20;
	REQUIRE(heap_free(heap, piece->ptr, &freed) == HEAP_CORRUPT_HEADER);
	REQUIRE(freed.granules == piece->granules && freed.state == HEAP_QUARANTINED);
}

static void claim(struct scene *scene, enum place place)
{
	struct heap *heap = &scene->arena.heap;
	struct piece *piece = &scene->pieces[place];

	REQUIRE(heap_claim(heap, piece->ptr, &piece->claim) == HEAP_OK);
	if (heap->flags & HEAP_POISON)
		heap_fill(piece->ptr, heap_bytes(piece->granules) - sizeof(struct heap_block));
}

/* Give a neighbour its kind. A block for the quick list becomes a hole first. */
static void set_kind(struct scene *scene, enum place place, enum kind kind)
{
	if (kind == PENDING)
		claim(scene, place);
	else if (kind == QUARANTINED)
		quarantine(scene, place);
	else if (kind != USED)
		free_block(scene, place);
	scene->pieces[place].kind = kind;
}

/* Put a block on the quick list. Any other change would coalesce it. */
static void make_quick(struct scene *scene, enum place place, enum kind kind)
{
	struct piece *piece = &scene->pieces[place];

	if (kind != QUICK && kind != QUICK_PART)
		return;
	allocate(scene, place, piece->granules, 0);
	free_block(scene, place);
	piece->kind = kind;
	if (kind == QUICK_PART)
		scene->pieces[REST].kind = HOLE;
}

static void populate(struct scene *scene)
{
	const struct plan *plan = &scene->plan;
	struct piece *pieces = scene->pieces;

	if (plan->front) {
		allocate(scene, LEFT, pieces[LEFT].granules, 0);
		allocate(scene, FRONT, pieces[FRONT].granules, 0);
	}
	allocate(scene, TARGET, pieces[TARGET].granules, plan->slack);
	if (plan->behind) {
		allocate(scene, BEHIND, pieces[BEHIND].granules + pieces[REST].granules, 5);
		allocate(scene, RIGHT, pieces[RIGHT].granules, 0);
		pieces[TAIL].kind = HOLE;
	}
	/* A block enters quarantine before another one is claimed. */
	if (plan->behind == QUARANTINED)
		set_kind(scene, BEHIND, plan->behind);
	if (plan->front)
		set_kind(scene, FRONT, plan->front);
	if (plan->behind && plan->behind != QUARANTINED)
		set_kind(scene, BEHIND, plan->behind);
	make_quick(scene, FRONT, plan->front);
	make_quick(scene, BEHIND, plan->behind);
}

/**
 * scene_init - build a scene, with a random key
 * @scene: the scene
 * @plan: its contents
 */
void scene_init(struct scene *scene, const struct plan *plan)
{
	struct heap *heap = &scene->arena.heap;
	u32 granules = 0;
	enum place i;

	*scene = (struct scene){ .plan = *plan };
	measure(scene);
	for (i = 0; i < PLACES; i++)
		granules += scene->pieces[i].granules;
	arena_init_as(&scene->arena, granules, plan->flags, random_key());
	populate(scene);
	heap->events = 0;
	memset(heap->verdicts, 0, sizeof(heap->verdicts));
	snapshot_init(&scene->good, granules);
	snapshot_take(&scene->good, &scene->arena);
}

void scene_restore(struct scene *scene)
{
	enum place i;

	snapshot_restore(&scene->good, &scene->arena);
	for (i = 0; i < PLACES; i++)
		scene->pieces[i].gone = false;
}

void scene_destroy(struct scene *scene)
{
	snapshot_destroy(&scene->good);
	arena_destroy(&scene->arena);
}

/* Did the damage change any of these bytes? */
bool scene_changed(const struct scene *scene, u64 offset, u64 bytes)
{
	return memcmp(scene->arena.heap.region + offset, scene->good.region + offset, bytes);
}

/* Return: false when the plant changes nothing, and there is no damage to be found. */
bool scene_plant(struct scene *scene, const struct plant *plant)
{
	u64 end = heap_bytes(scene->arena.heap.index.granules + 1);
	u64 count = plant->count;

	if (count > end - plant->offset)
		count = end - plant->offset;
	memcpy(scene->arena.heap.region + plant->offset, plant->bytes, count);
	return scene_changed(scene, plant->offset, count);
}

/*
 * If more than one byte of the tag was changed, the header may have a valid seal by chance. A wrong
 * size is always detected, except that of a pending block, which is read from the map.
 */
static bool is_chance(const struct scene *scene, const struct piece *piece)
{
	u64 offset = heap_offset(piece->at);
	unsigned int changed = 0, i;

	if (piece->kind == HOLE || piece->kind == QUARANTINED)
		return false;
	if (piece->kind != PENDING && scene_changed(scene, offset, 4))
		return false;
	for (i = 4; i < 8; i++)
		changed += scene_changed(scene, offset + i, 1);
	return changed > 1;
}

static void assess(const struct scene *scene, struct piece *piece)
{
	u64 end = heap_offset(piece->at + piece->granules);
	u64 byte;

	piece->harm = HEAP_OK;
	piece->chance = false;
	if (scene_changed(scene, heap_offset(piece->at), sizeof(struct heap_block))) {
		piece->harm = HEAP_CORRUPT_HEADER;
		piece->harmed_at = heap_offset(piece->at);
		piece->chance = is_chance(scene, piece);
	} else if (piece->kind == USED) {
		for (byte = payload_offset(piece) + piece->asked; byte < end; byte++) {
			if (!scene_changed(scene, byte, 1))
				continue;
			piece->harm = HEAP_OVERRUN;
			piece->harmed_at = byte;
			break;
		}
	}
}

/* Find the blocks that a plant harms. Return: how many. */
unsigned int scene_assess(struct scene *scene)
{
	unsigned int harmed = 0;
	enum place i;

	for (i = 0; i < PLACES; i++) {
		if (!scene->pieces[i].kind)
			continue;
		assess(scene, &scene->pieces[i]);
		harmed += scene->pieces[i].harm != HEAP_OK;
	}
	return harmed;
}

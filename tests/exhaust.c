// SPDX-License-Identifier: GPL-2.0-only
/*
 * exhaust - every sequence of operations up to some length, on tiny regions
 *
 * After each sequence, addresses and blocks must be those of the oracle, a check of the whole heap
 * must find nothing, and the payloads must be unchanged. After shorter ones, a pointer to every
 * byte of the region must get the right verdict.
 *
 * The sequences form a tree, which is walked depth first. A check coalesces the quick list, so the
 * walk continues from a snapshot that was taken before.
 */
#include <string.h>

#include "core/findings.h"
#include "oracle.h"
#include "test.h"

#define SIZES	8
#define STEPS	16
#define LIVE	24
#define DEPTH	8

/* Payload of a block of @granules without slack. */
#define FULL(granules)	((granules) * HEAP_GRANULE - 8)

/*
 * A region, and the operations that are tried on it. The sequences begin after the steps of @start:
 * N allocates N bytes, -N frees the Nth oldest block.
 */
struct world {
	const char *name;
	u32 granules;
	u32 flags;
	bool two_steps;			/* other operations run between claim and release */
	unsigned int depth;
	unsigned int judged;		/* up to this depth, every pointer is judged */
	int start[STEPS];
	size_t sizes[SIZES];
};

static const struct world worlds[] = {
	{
		.name = "5 granules", .granules = 5, .depth = 7, .judged = 5,
		.sizes = { FULL(1), FULL(2), 9, FULL(3), FULL(4), FULL(5) },
	}, {
		.name = "7 granules", .granules = 7, .depth = 7, .judged = 5,
		.sizes = { 1, FULL(2), 25, FULL(4), FULL(5), FULL(6), FULL(7) },
	}, {
		/* Holes of 1 to 4 granules. The block of the first is on the quick list. */
		.name = "four holes and a quick list of three",
		.granules = 13, .depth = 7, .judged = 3,
		.start = { 8, FULL(1), FULL(2), FULL(1), FULL(3), 1, -1, -2, -3, 8, -4 },
		.sizes = { FULL(1), FULL(2), FULL(3), FULL(4) },
	}, {
		.name = "the border of two chunks", .granules = 66, .depth = 7, .judged = 3,
		.start = { FULL(60) },
		.sizes = { FULL(1), 25, FULL(4), FULL(60) - 15, FULL(63), FULL(66) },
	}, {
		/* Each hole in another chunk. */
		.name = "nine chunks", .granules = 9 * HEAP_CHUNK + 1, .depth = 5, .judged = 0,
		.start = { FULL(64), FULL(65), FULL(63), FULL(128), FULL(129), -2, -3 },
		.sizes = { FULL(1), FULL(62), FULL(64), FULL(65) - 15, FULL(128), FULL(255) },
	}, {
		.name = "poison and redzones", .granules = 7, .depth = 7, .judged = 4,
		.flags = HEAP_POISON | HEAP_REDZONE,
		.sizes = { 8, FULL(3) - 16, 9, FULL(4) - 16, FULL(5) - 16, FULL(7) - 16 },
	}, {
		.name = "frees in two steps", .granules = 6, .depth = 7, .judged = 5,
		.flags = HEAP_POISON, .two_steps = true,
		.sizes = { FULL(1), FULL(2), 25, FULL(4), FULL(6) },
	},
};

struct live {
	u8 *ptr;
	u32 at;
	u32 size;
	u8 owner;
	bool claimed;
	struct heap_block_info claim;
};

/* The live blocks, and the oracle. */
struct clients {
	struct live live[LIVE];
	u32 count;
	struct node *oracle;
};

struct state {
	struct snapshot heap;
	struct clients clients;
};

static const struct world *world;
static struct arena arena;
static struct clients now;
static struct state states[DEPTH + 1];
static unsigned long sequences, judgements;

/* The sequence that failed, printed at exit. */
static unsigned int trail[DEPTH];
static unsigned int trail_length;

static void print_trail(void)
{
	unsigned int i;

	if (!trail_length)
		return;
	printf("# %s:", world->name);
	for (i = 0; i < trail_length; i++) {
		if (trail[i] < SIZES)
			printf(" alloc %zu", world->sizes[trail[i]]);
		else
			printf(" free #%u", trail[i] - SIZES + 1);
	}
	printf("\n");
}

static void save(struct state *state)
{
	snapshot_take(&state->heap, &arena);
	state->clients = now;
}

static void restore(const struct state *state)
{
	snapshot_restore(&state->heap, &arena);
	now = state->clients;
	now.oracle = oracle_copy(state->clients.oracle);
}

static struct node *node_at(u32 at)
{
	struct node *node = now.oracle;

	while (node->at + node->size <= at)
		node = node->next;
	return node;
}

static struct live *live_at(u32 at)
{
	u32 i;

	for (i = 0; i < now.count; i++) {
		if (now.live[i].at == at)
			return &now.live[i];
	}
	return NULL;
}

static void allocate(u32 size)
{
	u8 owner = arena.heap.allocs + 1;
	u32 granules = (size + arena.heap.overhead + HEAP_GRANULE - 1) / HEAP_GRANULE;
	u8 *ptr = heap_alloc(&arena.heap, size, owner);
	struct node *node = oracle_alloc(now.oracle, granules);

	REQUIRE(!ptr == !node);
	if (!ptr)
		return;
	REQUIRE((uintptr_t)ptr % HEAP_GRANULE == 0 && place_of(&arena, ptr) == node->at);
	if (world->flags & HEAP_POISON)
		REQUIRE(!heap_first_unfilled(ptr, heap_bytes(granules) - 8));
	memset(ptr, owner, size);
	REQUIRE(now.count < LIVE);
	now.live[now.count++] = (struct live){
		.ptr = ptr, .at = node->at, .size = size, .owner = owner,
	};
}

static void require_same(const struct live *live, const struct heap_block_info *info)
{
	REQUIRE(info->at == live->at && info->granules == node_at(live->at)->size);
	REQUIRE(info->asked == live->size && info->sealed && info->owner == live->owner);
	REQUIRE(info->state == HEAP_USED);
}

static void remove_live(struct live *live)
{
	oracle_free(node_at(live->at));
	now.count--;
	memmove(live, live + 1, (now.live + now.count - live) * sizeof(*live));
}

static void claim(struct live *live)
{
	REQUIRE(heap_claim(&arena.heap, live->ptr, &live->claim) == HEAP_OK);
	require_same(live, &live->claim);
	if (world->flags & HEAP_POISON)
		heap_fill(live->ptr, heap_bytes(live->claim.granules) - 8);
	live->claimed = true;
}

static void release(struct live *live)
{
	heap_release(&arena.heap, &live->claim);
	remove_live(live);
}

static void free_at_once(struct live *live)
{
	struct heap_block_info freed;

	REQUIRE(heap_free(&arena.heap, live->ptr, &freed) == HEAP_OK);
	require_same(live, &freed);
	remove_live(live);
}

static void free_live(struct live *live)
{
	if (live->claimed) {
		release(live);
	} else if (!world->flags) {
		free_at_once(live);
	} else {
		claim(live);
		if (!world->two_steps)
			release(live);
	}
}

/* The verdict that a pointer to this byte must get. */
static enum heap_verdict verdict_on(u32 offset)
{
	u32 at = offset / HEAP_GRANULE - 1;
	const struct live *live;
	struct node *node;

	if (offset < HEAP_GRANULE || at >= world->granules)
		return HEAP_FOREIGN;
	if (offset % HEAP_GRANULE)
		return HEAP_MISALIGNED;
	node = node_at(at);
	live = live_at(node->at);
	if (!node->used || live->claimed)
		return HEAP_DOUBLE_FREE;
	return node->at == at ? HEAP_OK : HEAP_INTERIOR;
}

/* A refused pointer changes the counters and the findings only. */
static void require_refused(const struct state *state, const char *ptr, enum heap_verdict verdict)
{
	struct heap *heap = &arena.heap;
	u32 events = heap->events + (verdict != HEAP_FOREIGN);
	struct heap_block_info freed;

	REQUIRE(heap_free(heap, ptr, &freed) == verdict);
	REQUIRE(heap->refused == state->heap.heap.refused + 1 && heap->events == events);
	heap->refused--;
	REQUIRE(!memcmp(heap, &state->heap.heap, offsetof(struct heap, verdicts)));
}

static void judge_all(const struct state *state)
{
	u32 bytes = heap_bytes(world->granules + 1);
	char *region = arena.region;
	struct heap_block_info info;
	u32 offset;

	for (offset = 0; offset < bytes + HEAP_GRANULE; offset++) {
		enum heap_verdict verdict = verdict_on(offset);

		judgements++;
		REQUIRE(heap_judge(&arena.heap, region + offset, &info) == verdict);
		if (verdict)
			require_refused(state, region + offset, verdict);
		else
			require_same(live_at(offset / HEAP_GRANULE - 1), &info);
	}
	arena.heap.events = 0;
	REQUIRE(!memcmp(arena.region, state->heap.region, bytes));
	REQUIRE(!memcmp(arena.index, state->heap.index, heap_index_bytes(world->granules)));
}

/* A payload is as it was filled. */
static void check_payload(const struct live *live)
{
	if (live->claimed)
		return;
	REQUIRE(live->ptr[0] == live->owner);
	REQUIRE(!memcmp(live->ptr, live->ptr + 1, live->size - 1));
}

static void check_block(const struct heap_block_info *info, const struct node *node)
{
	const struct live *live = live_at(node->at);

	REQUIRE(info->at == node->at && info->granules == node->size);
	REQUIRE(!live == !node->used);
	if (!live)
		REQUIRE(info->state == HEAP_HOLE);
	else if (live->claimed)
		REQUIRE(info->state == HEAP_PENDING);
	else
		require_same(live, info);
}

/* Compare the heap with the oracle. This coalesces the quick list: the caller restores the heap. */
static void check_all(void)
{
	struct heap_block_info blocks[2 * LIVE + 1];
	struct node *node = now.oracle;
	u32 count, i;

	for (i = 0; i < now.count; i++)
		check_payload(&now.live[i]);
	REQUIRE(arena_check(&arena) == HEAP_OK && !arena.heap.events);
	count = heap_walk(&arena.heap, 0, blocks, 2 * LIVE + 1);
	for (i = 0; i < count && node; i++, node = node->next)
		check_block(&blocks[i], node);
	REQUIRE(i == count && !node);
}

/* An operation: an allocation if it is below SIZES, otherwise a free. */
static void operate(unsigned int operation)
{
	if (operation < SIZES)
		allocate(world->sizes[operation]);
	else
		free_live(&now.live[operation - SIZES]);
}

static bool is_possible(const struct state *state, unsigned int operation)
{
	if (operation < SIZES)
		return world->sizes[operation];
	return operation - SIZES < state->clients.count;
}

/* The state of the last depth is not saved, because no sequence continues from it. */
static void explore(unsigned int depth)
{
	const bool last = depth + 1 == world->depth;
	struct state *from = &states[depth], *to = from + 1;
	unsigned int operation;
	struct node *oracle;

	for (operation = 0; operation < SIZES + from->clients.count; operation++) {
		if (!is_possible(from, operation))
			continue;
		trail[depth] = operation;
		trail_length = depth + 1;
		sequences++;
		restore(from);
		operate(operation);
		oracle = now.oracle;
		if (!last)
			save(to);
		if (depth < world->judged)
			judge_all(to);
		check_all();
		if (!last)
			explore(depth + 1);
		oracle_destroy(oracle);
	}
}

static void start(void)
{
	const int *step;

	for (step = world->start; *step; step++) {
		if (*step > 0)
			allocate(*step);
		else
			free_live(&now.live[-*step - 1]);
	}
}

static void exhaust(void)
{
	unsigned int i;

	arena_init_as(&arena, world->granules, world->flags, TEST_KEY);
	for (i = 0; i <= world->depth; i++)
		snapshot_init(&states[i].heap, world->granules);
	now = (struct clients){ .oracle = oracle_init(world->granules) };
	sequences = 0;
	judgements = 0;
	start();
	save(&states[0]);
	explore(0);
	trail_length = 0;
	printf("ok - %s: %lu sequences of up to %u operations agree with the oracle", world->name,
	       sequences, world->depth);
	printf(", %lu pointers judged\n", judgements);
	oracle_destroy(states[0].clients.oracle);
	for (i = 0; i <= world->depth; i++)
		snapshot_destroy(&states[i].heap);
	arena_destroy(&arena);
}

int main(void)
{
	unsigned int i;

	atexit(print_trail);
	for (i = 0; i < sizeof(worlds) / sizeof(*worlds); i++) {
		world = &worlds[i];
		exhaust();
	}
	return 0;
}

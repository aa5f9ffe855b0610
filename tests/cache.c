// SPDX-License-Identifier: GPL-2.0-only
/*
 * cache - caches in front of a heap: random operations, every short sequence of them, damage
 *
 * Each operation has the steps that a heap in the kernel has: the cache first, then the heap; a
 * cache without room gives some blocks back, and an allocation that finds no hole takes all of them
 * back.
 */
#include <string.h>

#include "core/cache.h"
#include "core/pattern.h"
#include "test.h"

#define CPUS	2
#define BLOCKS	400

struct live {
	u8 *ptr;
	size_t size;
	u8 fill;
};

static struct arena arena;
static struct heap_cache caches[CPUS];
static struct live live[BLOCKS];
static u64 hits, misses;

static void setup(u32 granules, u32 flags, u32 depth)
{
	u32 i;

	arena_init_as(&arena, granules, flags | HEAP_CACHES, TEST_KEY);
	memset(caches, 0, sizeof(caches));
	memset(live, 0, sizeof(live));
	for (i = 0; i < CPUS; i++) {
		heap_cache_init(&caches[i], granules, CPUS);
		REQUIRE(caches[i].most == granules / HEAP_CACHE_SHARE / CPUS);
		REQUIRE(caches[i].depth == HEAP_CACHE_DEPTH);
		if (depth) {
			caches[i].depth = depth;
			caches[i].most = granules;
		}
	}
	hits = 0;
	misses = 0;
}

static u32 cached_granules(void)
{
	return caches[0].granules + caches[1].granules;
}

static u32 cached_blocks(void)
{
	return heap_cache_blocks(&caches[0]) + heap_cache_blocks(&caches[1]);
}

static void settle(void)
{
	heap_cache_settle(&arena.heap, &caches[0]);
	heap_cache_settle(&arena.heap, &caches[1]);
}

static void take_all_back(void)
{
	u32 i;

	for (i = 0; i < CPUS; i++) {
		while (heap_take_back(&arena.heap, &caches[i], 0))
			;
	}
	REQUIRE(!cached_granules() && !cached_blocks());
}

static u8 *payload_end(const u8 *ptr, size_t size)
{
	size_t bytes = (size + arena.heap.overhead + 15) / 16 * 16;

	return (u8 *)ptr + bytes - 8;
}

static void *allocate(u32 cpu, size_t size)
{
	void *ptr = heap_cache_alloc(&arena.heap, &caches[cpu], size, TEST_OWNER);

	if (ptr) {
		hits++;
	} else {
		misses++;
		ptr = heap_alloc(&arena.heap, size, TEST_OWNER);
	}
	if (!ptr) {
		take_all_back();
		ptr = heap_alloc(&arena.heap, size, TEST_OWNER);
	}
	if (ptr && arena.heap.flags & HEAP_POISON)
		REQUIRE(!heap_first_unfilled(ptr, payload_end(ptr, size) - (u8 *)ptr));
	return ptr;
}

/* The free of a heap whose hooks write to the block. */
static void free_in_two_steps(u32 cpu, void *ptr)
{
	struct heap_block_info claimed;

	REQUIRE(heap_claim(&arena.heap, ptr, &claimed) == HEAP_OK);
	heap_fill(ptr, heap_bytes(claimed.granules) - sizeof(struct heap_block));
	if (!heap_cache_keep(&arena.heap, &caches[cpu], &claimed))
		heap_release(&arena.heap, &claimed);
}

/* Does the cache take the block? */
static bool cache_free(u32 cpu, const void *ptr)
{
	u64 asked;

	return heap_cache_free(&arena.heap, &caches[cpu], ptr, &asked) >= 0;
}

static void release(u32 cpu, void *ptr, size_t size)
{
	struct heap_block_info freed;
	u64 asked;
	int owner;

	if (arena.heap.flags & HEAP_POISON) {
		free_in_two_steps(cpu, ptr);
		return;
	}
	caches[cpu].full = 0;
	owner = heap_cache_free(&arena.heap, &caches[cpu], ptr, &asked);
	if (owner < 0) {
		if (caches[cpu].full)
			heap_take_back(&arena.heap, &caches[cpu], caches[cpu].full);
		REQUIRE(heap_free(&arena.heap, ptr, &freed) == HEAP_OK);
		REQUIRE(freed.at == place_of(&arena, ptr));
		owner = freed.owner;
		asked = freed.asked;
	}
	REQUIRE(asked == size && owner == TEST_OWNER);
}

/* A second free is refused, wherever the first one has put the block. */
static void release_twice(u32 cpu, void *ptr, size_t size)
{
	struct heap_block_info freed;
	u64 refused = arena.heap.refused;

	release(cpu, ptr, size);
	REQUIRE(!cache_free(0, ptr));
	REQUIRE(!cache_free(1, ptr));
	REQUIRE(heap_free(&arena.heap, ptr, &freed) == HEAP_DOUBLE_FREE);
	REQUIRE(arena.heap.refused == refused + 1);
}

/* Blocks of every state, as a walk reads them. */
static void verify_states(void)
{
	u32 from = 0, granules = 0, blocks = 0;
	struct heap_block_info info;
	u32 used = 0;

	while (heap_walk(&arena.heap, from, &info, 1)) {
		from = info.at + info.granules;
		REQUIRE(heap_cache_suspects(&arena.heap, heap_payload(&arena.heap, info.at)) ==
			(info.state != HEAP_USED && info.state != HEAP_HOLE));
		if (info.state == HEAP_CACHED) {
			granules += info.granules;
			blocks++;
			REQUIRE(!info.asked && !info.sealed);
		} else if (info.state == HEAP_USED) {
			used += info.granules;
		}
	}
	REQUIRE(granules == cached_granules() && blocks == cached_blocks());
	REQUIRE(used + granules == arena.heap.used);
}

static void verify_all(u32 count)
{
	u64 asked = 0;
	u32 i, blocks = 0;

	for (i = 0; i < count; i++) {
		if (!live[i].ptr)
			continue;
		blocks++;
		asked += live[i].size;
	}
	settle();
	REQUIRE(heap_live_blocks(&arena.heap) == blocks && arena.heap.asked == asked);
	REQUIRE(arena_check(&arena) == HEAP_OK);
	verify_states();
}

/* Log-uniform. */
static size_t random_size(u32 bits)
{
	return 1 + next_random(1U << next_random(bits + 1));
}

static void step(struct live *one, u32 bits, u32 turn)
{
	u32 cpu = next_random(CPUS);
	size_t i;

	if (!one->ptr) {
		one->size = random_size(bits);
		one->ptr = allocate(cpu, one->size);
		one->fill = next_random(256);
		if (one->ptr)
			memset(one->ptr, one->fill, one->size);
		return;
	}
	for (i = 0; i < one->size; i++)
		REQUIRE(one->ptr[i] == one->fill);
	if (turn % 16)
		release(cpu, one->ptr, one->size);
	else
		release_twice(cpu, one->ptr, one->size);
	one->ptr = NULL;
}

static void storm(u32 granules, u32 flags, u32 bits, u32 depth)
{
	u32 most = depth ? granules : granules / HEAP_CACHE_SHARE / CPUS;
	u32 i;

	setup(granules, flags, depth);
	for (i = 0; i < 200000; i++) {
		step(&live[next_random(BLOCKS)], bits, i);
		REQUIRE(caches[0].granules <= most && caches[1].granules <= most);
		if (i % 512 == 0)
			verify_all(BLOCKS);
	}
	REQUIRE(hits > 1000 && misses > 1000);
	for (i = 0; i < BLOCKS; i++) {
		if (live[i].ptr)
			step(&live[i], bits, i);
	}
	verify_all(BLOCKS);
	take_all_back();
	REQUIRE(arena.heap.index.holes == 1 && !arena.heap.used && !arena.heap.asked);
	verify_all(BLOCKS);
	arena_destroy(&arena);
}

static void random_operations(void)
{
	storm(65535, 0, 10, 0);
	storm(4096, 0, 10, 0);
	storm(4096, HEAP_REDZONE, 9, 0);
	storm(65535, HEAP_POISON | HEAP_REDZONE, 9, 0);
	storm(2000, 0, 7, 2);
}

/* The last free bytes of a region are in the caches. */
static void budget(void)
{
	void *ptrs[64];
	u32 i;

	setup(64 * 4, 0, HEAP_CACHE_DEPTH);
	for (i = 0; i < 64; i++)
		REQUIRE((ptrs[i] = allocate(0, 4 * 16 - 8)));
	REQUIRE(!allocate(0, 1));
	for (i = 0; i < 8; i++)
		release(i % CPUS, ptrs[i], 4 * 16 - 8);
	REQUIRE(cached_granules() == 32 && !arena.heap.index.holes);
	REQUIRE((ptrs[0] = allocate(0, 32 * 16 - 8)) && !cached_blocks());
	release(0, ptrs[0], 32 * 16 - 8);
	for (i = 8; i < 64; i++)
		release(0, ptrs[i], 4 * 16 - 8);
	verify_all(0);
	take_all_back();
	REQUIRE(arena.heap.index.holes == 1);
	arena_destroy(&arena);
}

/* A stack that is full gives back a block of its size; a cache that is full, of any. */
static void room(void)
{
	void *ptrs[HEAP_CACHE_DEPTH + 1];
	u32 i;

	setup(4096, 0, 0);
	for (i = 0; i <= HEAP_CACHE_DEPTH; i++)
		ptrs[i] = allocate(0, 8);
	for (i = 0; i <= HEAP_CACHE_DEPTH; i++) {
		REQUIRE(caches[0].count[1] == i);
		release(0, ptrs[i], 8);
	}
	REQUIRE(caches[0].full == 1 && caches[0].count[1] == HEAP_CACHE_DEPTH - 1);
	caches[0].most = 70;
	ptrs[0] = allocate(0, 64 * 16 - 8);
	release(0, ptrs[0], 64 * 16 - 8);
	REQUIRE(caches[0].full == 64 && !caches[0].count[64]);
	REQUIRE(caches[0].count[1] == HEAP_CACHE_DEPTH - 2);
	ptrs[0] = allocate(0, 65 * 16 - 8);
	caches[0].most = 4096;
	release(0, ptrs[0], 65 * 16 - 8);
	REQUIRE(!caches[0].full && caches[0].granules == HEAP_CACHE_DEPTH - 2);
	arena_destroy(&arena);
}

static void free_one_of_each(u32 from, u32 to)
{
	void *ptrs[HEAP_CACHE_STACKS];
	u32 i;

	for (i = from; i <= to; i++)
		ptrs[i] = allocate(0, i * 16 - 8);
	for (i = from; i <= to; i++)
		release(0, ptrs[i], i * 16 - 8);
}

/* The stack that was asked for gives a block, else the stacks in turn, from the first one on. */
static void turns(void)
{
	u32 i, at, granules = 0;

	setup(65535, 0, HEAP_CACHE_DEPTH);
	REQUIRE(!heap_cache_pop(&caches[0], &granules, &at));
	free_one_of_each(1, HEAP_CACHE_GRANULES);
	granules = 3;
	REQUIRE(heap_cache_pop(&caches[0], &granules, &at) && granules == 3);
	for (i = 1; i <= HEAP_CACHE_GRANULES; i++) {
		granules = i < 10 ? 0 : 3;
		REQUIRE(i == 3 || heap_cache_pop(&caches[0], &granules, &at));
		REQUIRE(i == 3 || granules == i);
	}
	REQUIRE(!cached_blocks());
	arena_destroy(&arena);

	setup(65535, 0, 0);
	free_one_of_each(HEAP_CACHE_GRANULES, HEAP_CACHE_GRANULES);
	REQUIRE(cached_blocks() == 1);
	take_all_back();
	arena_destroy(&arena);
}

/* What was counted is added once, and is a change of the map. */
static void counted(void)
{
	u64 changes;
	void *ptr;

	setup(4096, 0, 0);
	ptr = allocate(0, 8);
	changes = arena.heap.index.changes;
	settle();
	REQUIRE(arena.heap.index.changes == changes);
	release(0, ptr, 8);
	settle();
	settle();
	REQUIRE(arena.heap.index.changes == changes + 1);
	arena_destroy(&arena);
}

/* What no cache takes is coalesced at once. */
static void coalesced(void)
{
	struct heap_block_info freed;
	void *ptr;

	setup(4096, 0, 0);
	ptr = allocate(0, HEAP_CACHE_BYTES);
	REQUIRE(heap_free(&arena.heap, ptr, &freed) == HEAP_OK);
	REQUIRE(arena.heap.index.holes == 1 && !arena.heap.index.top);
	arena_destroy(&arena);
}

/* Blocks across the border of two chunks, and behind it none. */
static void sizes(void)
{
	u32 nr, granules, at, size;
	void *front, *ptr;

	for (nr = 0; nr < 64; nr++) {
		for (granules = 1; granules <= 130; granules++) {
			setup(320, 0, HEAP_CACHE_DEPTH);
			front = arena_alloc(&arena, 64 + nr);
			ptr = arena_alloc(&arena, granules);
			at = place_of(&arena, ptr);
			REQUIRE(at == 64 + nr);
			REQUIRE(heap_cache_size(&arena.heap.index, at, &size) ==
				(granules <= HEAP_CACHE_GRANULES));
			REQUIRE(granules > HEAP_CACHE_GRANULES || size == granules);
			REQUIRE(!heap_cache_size(&arena.heap.index, at + granules, &size));
			REQUIRE(granules == 1 ||
				!heap_cache_size(&arena.heap.index, at + 1, &size));
			arena_free(&arena, front);
			REQUIRE(!heap_cache_size(&arena.heap.index, 0, &size));
			arena_destroy(&arena);
		}
	}
}

/* While allocations are refused, and when the heap is frozen, the cache serves none. */
static void refusals(void)
{
	struct heap_block_info freed;
	void *ptr;

	setup(4096, 0, 0);
	ptr = allocate(0, 100);
	REQUIRE(!cache_free(0, ptr + 16));
	REQUIRE(!cache_free(0, ptr + 1));
	REQUIRE(!cache_free(0, arena.region));
	REQUIRE(!cache_free(0, &freed));
	REQUIRE(!heap_cache_suspects(&arena.heap, &freed));
	REQUIRE(!heap_cache_suspects(&arena.heap, heap_payload(&arena.heap, 4096)));
	release(0, ptr, 100);
	REQUIRE(!heap_cache_alloc(&arena.heap, &caches[0], 0, TEST_OWNER));
	REQUIRE(!heap_cache_alloc(&arena.heap, &caches[0], SIZE_MAX, TEST_OWNER));
	heap_begin_reset(&arena.heap);
	REQUIRE(!heap_cache_alloc(&arena.heap, &caches[0], 100, TEST_OWNER));
	heap_end_reset(&arena.heap);
	REQUIRE(heap_cache_alloc(&arena.heap, &caches[0], 100, TEST_OWNER) == ptr);
	heap_freeze(&arena.heap, 0);
	REQUIRE(!cache_free(0, ptr));
	REQUIRE(!heap_take_back(&arena.heap, &caches[0], 0));
	arena_destroy(&arena);
}

static void *freed_by_another;		/* before the next exchange */

void before_exchange(void)
{
	void *ptr = freed_by_another;

	freed_by_another = NULL;
	REQUIRE(!ptr || cache_free(1, ptr));
}

/* The block was live when it was judged. Another CPU frees it before the call can end its life. */
static void late_races(void)
{
	struct heap_block_info block, end;
	void *ptr;
	bool done;

	setup(4096, 0, 0);
	ptr = allocate(0, 100);
	freed_by_another = ptr;
	REQUIRE(heap_claim(&arena.heap, ptr, &block) == HEAP_DOUBLE_FREE);
	REQUIRE(allocate(1, 100) == ptr);
	freed_by_another = ptr;
	REQUIRE(heap_resize(&arena.heap, ptr, 10, &block, &end, &done) == HEAP_DOUBLE_FREE);
	REQUIRE(!done);
	REQUIRE(allocate(1, 100) == ptr);
	REQUIRE(arena.heap.refused == 2);
	freed_by_another = ptr;
	REQUIRE(!cache_free(0, ptr));
	REQUIRE(allocate(1, 100) == ptr);
	release(0, ptr, 100);
	while (heap_take_finding(&arena.heap, &(struct heap_finding){}))
		;
	verify_all(0);
	arena_destroy(&arena);
}

/* Calls that need the lock find the mark of a free without it, and leave the block alone. */
static void lost_races(void)
{
	struct heap_block_info block, end;
	u8 *ptr;
	bool done;

	setup(4096, 0, 0);
	ptr = allocate(0, 100);
	release(0, ptr, 100);
	REQUIRE(heap_judge(&arena.heap, ptr, &block) == HEAP_DOUBLE_FREE);
	REQUIRE(heap_judge(&arena.heap, ptr + 16, &block) == HEAP_DOUBLE_FREE);
	REQUIRE(heap_claim(&arena.heap, ptr, &block) == HEAP_DOUBLE_FREE);
	REQUIRE(heap_resize(&arena.heap, ptr, 10, &block, &end, &done) == HEAP_DOUBLE_FREE);
	REQUIRE(!done);
	REQUIRE(arena.heap.refused == 2);
	REQUIRE(allocate(0, 97) == ptr);
	REQUIRE(heap_resize(&arena.heap, ptr, 10, &block, NULL, &done) == HEAP_OK && done);
	REQUIRE(block.asked == 97);
	release(0, ptr, 10);
	REQUIRE(caches[0].count[2] == 1 && !caches[0].count[7]);
	while (heap_take_finding(&arena.heap, &(struct heap_finding){}))
		;
	verify_all(0);
	arena_destroy(&arena);
}

static struct heap_block_info claim(void *ptr)
{
	struct heap_block_info claimed;

	REQUIRE(heap_claim(&arena.heap, ptr, &claimed) == HEAP_OK);
	return claimed;
}

/* Claimed blocks that a cache takes, and those that it does not. */
static void claimed_blocks(void)
{
	struct heap_block_info claimed;
	void *one, *large;
	u32 peak;

	setup(4096, 0, 0);
	one = allocate(0, 100);
	large = allocate(0, 65 * 16 - 8);
	REQUIRE(!heap_take_back_block(&arena.heap, &caches[0], place_of(&arena, large)));
	claimed = claim(large);
	REQUIRE(!heap_cache_keep(&arena.heap, &caches[0], &claimed));
	heap_release(&arena.heap, &claimed);
	peak = arena.heap.peak;
	claimed = claim(one);
	large = allocate(0, (peak - 1) * 16 - 8);
	REQUIRE(arena.heap.peak == peak);
	REQUIRE(heap_cache_keep(&arena.heap, &caches[0], &claimed));
	REQUIRE(arena.heap.peak == peak + 6);	/* cached blocks count */
	REQUIRE(allocate(0, 100) == one);
	claimed = claim(one);
	((u8 *)one)[-1] ^= 1;
	REQUIRE(!heap_cache_keep(&arena.heap, &caches[0], &claimed));
	heap_release(&arena.heap, &claimed);
	REQUIRE(arena_finding(&arena).verdict == HEAP_CORRUPT_HEADER);
	release(0, large, (peak - 1) * 16 - 8);
	one = allocate(0, HEAP_CACHE_BYTES - 8);
	claimed = claim(one);
	caches[0].most = HEAP_CACHE_GRANULES;
	REQUIRE(heap_cache_keep(&arena.heap, &caches[0], &claimed));
	REQUIRE(heap_take_back_block(&arena.heap, &caches[0], claimed.at));
	verify_all(0);
	arena_destroy(&arena);
}

/* With aligned blocks, too. */
static void aligned(void)
{
	void *ptr;

	setup(4096, 0, 0);
	ptr = heap_alloc_aligned(&arena.heap, 100, 1024, TEST_OWNER);
	REQUIRE(ptr && (uintptr_t)ptr % 1024 == 0);
	release(0, ptr, 100);
	REQUIRE(caches[0].count[7] == 1);
	REQUIRE(allocate(0, 100) == ptr);
	arena_destroy(&arena);
}

/* An older header of this place has a valid seal, but another size. */
static void old_header(void)
{
	void *ptr;
	u32 at;

	setup(4096, 0, 0);
	ptr = allocate(0, 100);
	at = place_of(&arena, ptr);
	release(0, ptr, 100);
	write_used(&arena.heap, at, block_at(&arena.heap, at), 3, 0, TEST_OWNER);
	REQUIRE(heap_cache_suspects(&arena.heap, ptr));
	REQUIRE(heap_take_back_block(&arena.heap, &caches[0], at));
	REQUIRE(heap_is_quarantined(&arena.heap, at));
	arena_destroy(&arena);
}

/* A block whose header will be @old again. */
static void *block_with_header(u64 **header, u64 *old)
{
	void *ptr;

	setup(4096, 0, 0);
	ptr = allocate(0, 100);
	*header = (u64 *)ptr - 1;
	*old = **header;
	return ptr;
}

/* In quarantine, an older header is valid again. */
static void valid_in_quarantine(void)
{
	struct heap_block_info freed;
	u64 *header, old;
	void *ptr = block_with_header(&header, &old);

	*header = ~old;
	REQUIRE(heap_free(&arena.heap, ptr, &freed) == HEAP_CORRUPT_HEADER);
	*header = old;
	REQUIRE(!cache_free(0, ptr));
	REQUIRE(heap_free(&arena.heap, ptr, &freed) == HEAP_DOUBLE_FREE);
	arena_destroy(&arena);
}

/*
 * In a cache, an older header is valid again, and the block is freed into another cache, too. It is
 * allocated from one: the other one must not take it back, not even if the quarantine is full.
 */
static void valid_in_a_cache(void)
{
	struct heap_block_info info;
	u64 *header, old;
	void *ptr = block_with_header(&header, &old);

	release(0, ptr, 100);
	*header = old;
	REQUIRE(cache_free(1, ptr));
	REQUIRE(heap_cache_alloc(&arena.heap, &caches[0], 100, TEST_OWNER) == ptr);
	arena.heap.quarantined = arena.heap.granules;
	take_all_back();
	arena.heap.quarantined = 0;
	settle();
	REQUIRE(heap_judge(&arena.heap, ptr, &info) == HEAP_OK);
	REQUIRE(arena_check(&arena) == HEAP_CORRUPT_HEADER && !heap_is_frozen(&arena.heap));
	arena_destroy(&arena);
}

/* The header of a cached block is overwritten: found by the check, and when it leaves the cache. */
static void damage_header(u32 byte, u8 flip, bool free_again)
{
	struct heap_block_info freed;
	struct heap_finding finding;
	u8 *ptr, *other;
	u32 at;

	setup(4096, 0, 0);
	ptr = allocate(0, 100);
	other = allocate(0, 100);
	release(0, other, 100);
	release(0, ptr, 100);
	at = place_of(&arena, ptr);
	ptr[(int)byte - 8] ^= flip;
	REQUIRE(arena_check(&arena) == HEAP_CORRUPT_HEADER);
	REQUIRE(heap_cache_suspects(&arena.heap, ptr));
	REQUIRE(!heap_cache_alloc(&arena.heap, &caches[0], 100, TEST_OWNER));
	REQUIRE(!cache_free(0, ptr));
	if (free_again)
		REQUIRE(!heap_take_back_block(&arena.heap, &caches[1], at) &&
			heap_take_back_block(&arena.heap, &caches[0], at));
	else
		take_all_back();
	REQUIRE(heap_take_finding(&arena.heap, &finding));
	REQUIRE(finding.verdict == HEAP_CORRUPT_HEADER && finding.offset == heap_offset(at));
	REQUIRE(heap_is_quarantined(&arena.heap, at));
	REQUIRE(heap_free(&arena.heap, ptr, &freed) == HEAP_DOUBLE_FREE);
	REQUIRE(heap_take_finding(&arena.heap, &finding));
	REQUIRE(allocate(0, 100) == other);
	live[0] = (struct live){ other, 100, 0 };
	verify_all(1);
	arena_destroy(&arena);
}

static void damage_headers(void)
{
	u32 byte, bit;

	for (byte = 0; byte < 8; byte++) {
		for (bit = 0; bit < 8; bit++) {
			damage_header(byte, 1 << bit, false);
			damage_header(byte, 1 << bit, true);
		}
	}
	old_header();
}

/* An overrun is left to the free with the lock, which reports it. */
static void expect_overrun(void)
{
	struct heap_finding finding = arena_finding(&arena);

	REQUIRE(finding.verdict == HEAP_OVERRUN && finding.block.state == HEAP_USED);
	REQUIRE(finding.block.sealed && finding.block.owner == TEST_OWNER);
	REQUIRE(finding.block.asked == 100);
}

/* The finding has the facts of the header, which the free or the resize has won. */
static void damage_slack(void)
{
	struct heap_block_info freed;
	bool done;
	u8 *ptr;

	setup(4096, 0, 0);
	ptr = allocate(0, 100);
	ptr[100] = 0;
	REQUIRE(!cache_free(0, ptr) && !caches[0].full);
	REQUIRE(heap_free(&arena.heap, ptr, &freed) == HEAP_OVERRUN && freed.asked == 100);
	expect_overrun();
	ptr = allocate(0, 100);
	ptr[100] = 0;
	REQUIRE(heap_resize(&arena.heap, ptr, 10, &freed, NULL, &done) == HEAP_OVERRUN && done);
	expect_overrun();
	arena_destroy(&arena);
}

/* A write to a cached block of a heap with HEAP_POISON. */
static void damage_free(void)
{
	u8 *ptr;

	setup(4096, HEAP_POISON, 0);
	ptr = allocate(0, 100);
	release(0, ptr, 100);
	REQUIRE(cached_blocks() == 1 && arena_check(&arena) == HEAP_OK);
	ptr[50] ^= 1;
	REQUIRE(arena_check(&arena) == HEAP_USE_AFTER_FREE);
	arena_destroy(&arena);
}

/* Every sequence of allocations and frees on two CPUs, with stacks of two. */
#define TINY	12
#define DEPTH	6

struct moment {
	struct snapshot heap;
	struct heap_cache caches[CPUS];
	struct live live[DEPTH];
};

static struct moment moments[DEPTH + 1];
static unsigned long sequences;

static void save(u32 depth)
{
	snapshot_take(&moments[depth].heap, &arena);
	memcpy(moments[depth].caches, caches, sizeof(caches));
	memcpy(moments[depth].live, live, sizeof(moments[depth].live));
}

static void restore(u32 depth)
{
	snapshot_restore(&moments[depth].heap, &arena);
	memcpy(caches, moments[depth].caches, sizeof(caches));
	memcpy(live, moments[depth].live, sizeof(moments[depth].live));
}

static void verify_payloads(void)
{
	u32 i;

	for (i = 0; i < DEPTH; i++)
		REQUIRE(!live[i].ptr || live[i].ptr[0] == live[i].fill);
}

static void explore(u32 depth);

static void try_alloc(u32 depth, u32 cpu, size_t size)
{
	live[depth].ptr = allocate(cpu, size);
	live[depth].size = size;
	live[depth].fill = depth + 1;
	if (live[depth].ptr)
		live[depth].ptr[0] = live[depth].fill;
	explore(depth + 1);
	restore(depth);
}

static void try_free(u32 depth, u32 cpu, u32 i)
{
	release_twice(cpu, live[i].ptr, live[i].size);
	live[i].ptr = NULL;
	explore(depth + 1);
	restore(depth);
}

static void explore(u32 depth)
{
	static const size_t payloads[] = { 1, 2 * 16 - 8, 3 * 16 - 8 - 15 + 3, 5 * 16 - 8 };
	u32 cpu, i;

	save(depth);
	sequences++;
	while (heap_take_finding(&arena.heap, &(struct heap_finding){}))
		;
	verify_payloads();
	verify_all(DEPTH);
	if (depth == DEPTH)
		return;
	restore(depth);
	for (cpu = 0; cpu < CPUS; cpu++) {
		for (i = 0; i < sizeof(payloads) / sizeof(*payloads); i++)
			try_alloc(depth, cpu, payloads[i]);
		for (i = 0; i < depth; i++) {
			if (live[i].ptr)
				try_free(depth, cpu, i);
		}
	}
}

static void every_sequence(void)
{
	u32 i;

	setup(TINY, 0, 2);
	for (i = 0; i <= DEPTH; i++)
		snapshot_init(&moments[i].heap, TINY);
	explore(0);
	REQUIRE(sequences > 100000);
	for (i = 0; i <= DEPTH; i++)
		snapshot_destroy(&moments[i].heap);
	arena_destroy(&arena);
}

static const struct test tests[] = {
	{ "random operations with two caches", random_operations },
	{ "the budget is all there", budget },
	{ "a cache without room gives blocks back", room },
	{ "stacks give blocks back in turn", turns },
	{ "what was counted is added once", counted },
	{ "what no cache takes is coalesced at once", coalesced },
	{ "the size of a block is read without the lock", sizes },
	{ "a cache refuses what is not to be served", refusals },
	{ "calls with the lock lose to a free without it", lost_races },
	{ "... also when it comes after they have judged the pointer", late_races },
	{ "claimed blocks", claimed_blocks },
	{ "aligned blocks", aligned },
	{ "overwritten headers of cached blocks", damage_headers },
	{ "a header that is valid again in quarantine", valid_in_quarantine },
	{ "a header that is valid again in a cache", valid_in_a_cache },
	{ "an overrun", damage_slack },
	{ "a write to a cached block", damage_free },
	{ "every sequence of operations, with stacks of two", every_sequence },
};

int main(void)
{
	run_tests("caches", tests, sizeof(tests) / sizeof(*tests));
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * nmi - an NMI frees blocks between any two instructions of the holder of the lock
 *
 * The trap flag stops the processor after each instruction of an operation of the core. At each
 * stop a child process plays the NMI: it frees blocks without the lock, completes the operation,
 * and drains the deferred blocks, as the module does. The result must be that of the same frees one
 * after the other, with each invalid one found once.
 *
 * With HEAP_CACHES the child plays another CPU: it frees the blocks into its cache, and waits for
 * the lock to free those that the cache refuses; or one of them allocates a cached block while the
 * other one frees it once more.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "core/block.h"
#include "core/deferred.h"
#include "heap_core.h"
#include "test.h"

#define GRANULES	300
#define TRAP_FLAG	0x100

static struct arena arena;
static struct heap *const heap = &arena.heap;
static struct heap_deferred deferred;
static struct heap_cache cache;
static void *refused_by_cache[8];
static u32 refused_count;
static struct heap_block_info info;
static char *victim, *other, *hole;	/* the block of the operation; a live block; no block */
static u32 flags;

struct operation {
	const char *name;
	void (*prepare)(void);
	void (*run)(void);
	int blocks;			/* change of the number of live blocks */
	/* Is the free of the victim by the NMI valid, or one free too many, or are both invalid? */
	enum { VALID, MAYBE, INVALID, BOTH_INVALID } victim;
	void (*interrupt)(void);	/* what the child does */
};

static void *allocate(u32 granules)
{
	void *ptr = heap_alloc(heap, heap_bytes(granules) - heap->overhead - 1, 7);

	REQUIRE(ptr);
	return ptr;
}

static void free_block(void *ptr)
{
	heap_free(heap, ptr, &info);
}

/* Free the deferred blocks with the lock held, as the module does. */
static void drain(void)
{
	struct heap_slot slot;

	while (heap_take_deferred(&deferred, &slot)) {
		if (heap_resume_free(heap, slot.at))
			free_block(heap_payload(heap, slot.at));
	}
}

static enum heap_verdict defer(void *ptr)
{
	return heap_defer(heap, &deferred, ptr, 1234);
}

static bool has_cache(void)
{
	return flags & HEAP_CACHES;
}

static void free_into_cache(void *ptr)
{
	if (heap_cache_free(heap, &cache, ptr, &(u64){ 0 }) < 0)
		refused_by_cache[refused_count++] = ptr;
}

/* With the lock. */
static void empty_cache(void)
{
	heap_cache_settle(heap, &cache);
	while (heap_take_back(heap, &cache, 0))
		;
	while (refused_count)
		free_block(refused_by_cache[--refused_count]);
}

/* The victim between two blocks. */
static void prepare_used(void)
{
	allocate(3);
	victim = allocate(4);
	allocate(3);
}

/* The victim between two holes. */
static void prepare_holes(void)
{
	void *left, *right;

	allocate(3);
	left = allocate(70);
	victim = allocate(4);
	right = allocate(6);
	allocate(3);
	free_block(left);
	free_block(right);
}

static void prepare_last(void)
{
	allocate(3);
	victim = allocate(4);
}

/* The victim is free already, and on the quick list. */
static void prepare_quick(void)
{
	prepare_last();
	free_block(victim);
}

/* Another block is on the quick list. */
static void prepare_beside_quick(void)
{
	void *last;

	prepare_last();
	last = allocate(5);
	free_block(last);
}

static void prepare_deferred(void)
{
	prepare_holes();
	REQUIRE(defer(victim) == HEAP_OK);
}

/* The victim is free already, and in the cache of the other CPU. */
static void cache_victim(u32 granules)
{
	allocate(3);
	victim = allocate(granules);
	allocate(3);
	REQUIRE(heap_cache_free(heap, &cache, victim, &(u64){ 0 }) >= 0);
	heap_cache_settle(heap, &cache);
}

static void prepare_cached(void)
{
	cache_victim(4);
}

/* Header and slack are all that the smallest block has, beside a few bytes. */
static void prepare_cached_small(void)
{
	cache_victim((heap->overhead + HEAP_GRANULE) / HEAP_GRANULE);
}

/* The victim, if it is still in the cache. */
static void allocate_cached(void)
{
	u32 granules = heap_index_size(&heap->index, place_of(&arena, victim));

	heap_cache_alloc(heap, &cache, heap_bytes(granules) - heap->overhead, 8);
}

static void free_victim(void)
{
	free_block(victim);
}

static void claim_victim(void)
{
	if (heap_is_retired(heap_claim(heap, victim, &info), &info))
		heap_release(heap, &info);
}

static void allocate_more(void)
{
	allocate(20);
}

static void allocate_less(void)
{
	allocate(3);
}

static void allocate_aligned(void)
{
	REQUIRE(heap_alloc_aligned(heap, 100, 256, 7));
}

/* At the place of the victim, which is free. */
static void allocate_aligned_there(void)
{
	heap_alloc_aligned(heap, 3 * HEAP_GRANULE - heap->overhead, 32, 7);
}

/* As a CPU does while the kernel panics; another CPU holds the lock and continues. */
static void defer_victim(void)
{
	if (has_cache())
		free_into_cache(victim);
	else
		defer(victim);
}

static void resize(size_t size)
{
	bool done;

	heap_resize(heap, victim, size, &info, NULL, &done);
}

static void grow(void)
{
	resize(90);
}

static void shrink(void)
{
	resize(10);
}

static void walk(void)
{
	struct heap_block_info blocks[8];
	u32 from = 0, count;

	while ((count = heap_walk(heap, from, blocks, 8)))
		from = blocks[count - 1].at + blocks[count - 1].granules;
}

static void check(void)
{
	REQUIRE(arena_check(&arena) == HEAP_OK);
}

static const struct operation *operation;
static u64 live_blocks;			/* expected at the end */
static u64 invalid;			/* frees that must be refused */
static u64 refused;			/* those of them refused without the lock */
static u32 instructions;

/* The NMI frees a live block; its invalid frees are refused. */
static void free_other(void)
{
	REQUIRE(defer(other + HEAP_GRANULE) == HEAP_INTERIOR);
	REQUIRE(defer(other) == HEAP_OK);
	REQUIRE(defer(other) == HEAP_DOUBLE_FREE);
	REQUIRE(defer(hole) == HEAP_INTERIOR || defer(hole) == HEAP_DOUBLE_FREE);
	REQUIRE(defer(other + 1) == HEAP_MISALIGNED);
	REQUIRE(defer(other + heap_bytes(GRANULES)) == HEAP_FOREIGN);
	live_blocks--;
}

/* Whether the free is valid or not, the block is freed once. */
static void free_victim_too(void)
{
	enum heap_verdict verdict = defer(victim);

	REQUIRE(!verdict || verdict == HEAP_DOUBLE_FREE || verdict == HEAP_INTERIOR);
	refused += !!verdict;
	live_blocks -= operation->victim == VALID;
}

/* The holder of the lock frees the victim, and allocates another block at its place. */
static void replace_victim(void)
{
	size_t size = 4 * HEAP_GRANULE - heap->overhead - 3;

	if (!heap_free(heap, victim, &info))
		REQUIRE(heap_alloc(heap, size, 8) == victim);
}

/* Another CPU frees the same blocks, and allocates and frees one more. */
static void free_on_other_cpu(void)
{
	void *ptr;

	free_into_cache(victim);
	free_into_cache(other);
	ptr = heap_cache_alloc(heap, &cache, 5 * HEAP_GRANULE - heap->overhead, 7);
	REQUIRE(ptr == other);
	free_into_cache(ptr);
	live_blocks -= 1 + (operation->victim == VALID);
}

/* Whatever else runs, the victim and another block are freed. */
static void free_blocks(void)
{
	if (has_cache()) {
		free_on_other_cpu();
	} else {
		free_victim_too();
		free_other();
	}
}

static const struct operation operations[] = {
	{ "a free between blocks", prepare_used, free_victim, -1, INVALID, free_blocks },
	{ "a free between holes", prepare_holes, free_victim, -1, INVALID, free_blocks },
	{ "a free that enters the quick list", prepare_last, free_victim, -1, INVALID,
	  free_blocks },
	{ "a free that coalesces the quick list", prepare_beside_quick, free_victim, -1, INVALID,
	  free_blocks },
	{ "a free in two steps", prepare_holes, claim_victim, -1, INVALID, free_blocks },
	{ "a deferred free", prepare_deferred, drain, -1, INVALID, free_blocks },
	{ "a double free", prepare_quick, free_victim, 0, BOTH_INVALID, free_blocks },
	{ "an allocation", prepare_holes, allocate_more, 1, VALID, free_blocks },
	{ "an allocation that coalesces the quick list", prepare_quick, allocate_more, 1, MAYBE,
	  free_blocks },
	{ "an allocation from the quick list", prepare_quick, allocate_less, 1, MAYBE,
	  free_blocks },
	{ "an aligned allocation", prepare_holes, allocate_aligned, 1, VALID, free_blocks },
	{ "an aligned allocation at the place of the victim", prepare_quick,
	  allocate_aligned_there, 1, MAYBE, free_blocks },
	{ "a resize to more", prepare_holes, grow, 0, MAYBE, free_blocks },
	{ "a resize to less", prepare_holes, shrink, 0, MAYBE, free_blocks },
	{ "a free without the lock", prepare_used, defer_victim, 0, MAYBE, replace_victim },
	{ "a walk", prepare_holes, walk, 0, VALID, free_blocks },
	{ "a check", prepare_holes, check, 0, VALID, free_blocks },
};

/* With HEAP_CACHES only. */
static const struct operation cached_operations[] = {
	{ "a double free of a cached block", prepare_cached, free_victim, 1, MAYBE,
	  allocate_cached },
	{ "a double free of a small cached block", prepare_cached_small, free_victim, 1, MAYBE,
	  allocate_cached },
	{ "a resize of a cached block", prepare_cached, grow, 1, MAYBE, allocate_cached },
	{ "an allocation from a cache", prepare_cached, allocate_cached, 1, MAYBE, free_victim },
	{ "an allocation of a small block from a cache", prepare_cached_small, allocate_cached, 1,
	  MAYBE, free_victim },
};

/* All blocks that had to be freed are free, and no others. */
static void judge(void)
{
	if (operation->victim == MAYBE) {
		REQUIRE(heap_live_blocks(heap) == live_blocks ||
			heap_live_blocks(heap) == live_blocks - 1);
	} else {
		REQUIRE(heap_live_blocks(heap) == live_blocks);
		REQUIRE(heap->refused + refused == invalid);
	}
	REQUIRE(!heap->verdicts[HEAP_CORRUPT_HEADER] && !heap->verdicts[HEAP_CORRUPT_INDEX]);
	REQUIRE(!heap->quarantined && !heap->pending && !heap_defers(&deferred));
	REQUIRE(arena_check(&arena) == HEAP_OK);
}

/* The rest of the life of the child. */
static void finish(void)
{
	drain();
	empty_cache();
	judge();
	_exit(0);
}

/* Runs after each instruction while @phase is STEPS. The child gets the NMI; the parent goes on. */
static enum { IDLE, BEGINS, STEPS, ENDS } phase;

static void trap(int signal, siginfo_t *info, void *context)
{
	greg_t *processor_flags = &((ucontext_t *)context)->uc_mcontext.gregs[REG_EFL];
	int status;
	pid_t child;

	*processor_flags |= TRAP_FLAG;
	if (phase == ENDS)
		*processor_flags &= ~TRAP_FLAG;
	if (phase != STEPS)
		return;
	instructions++;
	child = fork();
	if (!child) {
		*processor_flags &= ~TRAP_FLAG;
		operation->interrupt();
		return;
	}
	if (waitpid(child, &status, 0) != child || status) {
		printf("not ok - nmi: after %u instructions of %s\n", instructions,
		       operation->name);
		exit(1);
	}
}

static void step_through(void)
{
	pid_t parent = getpid();

	instructions = 0;
	WRITE_ONCE(phase, BEGINS);
	raise(SIGTRAP);
	WRITE_ONCE(phase, STEPS);
	operation->run();
	WRITE_ONCE(phase, ENDS);
	if (getpid() != parent)
		finish();
	REQUIRE(instructions > 20);
}

static void setup(void)
{
	arena_init_as(&arena, GRANULES, flags, TEST_KEY);
	heap_deferred_init(&deferred);
	cache = (struct heap_cache){};
	heap_cache_init(&cache, GRANULES * HEAP_CACHE_SHARE, 1);
	other = allocate(5);
	hole = allocate(2);
	allocate(3);
	free_block(hole);
	allocate(3);
	operation->prepare();
	live_blocks = heap_live_blocks(heap) + operation->blocks;
	refused = 0;
	invalid = (operation->victim >= INVALID) + (operation->victim == BOTH_INVALID);
}

static void try_operation(void)
{
	setup();
	fflush(stdout);
	step_through();
	arena_destroy(&arena);
}

static void try_all(const struct operation *all, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		operation = &all[i];
		/* The caller of a check holds all caches. */
		if (!has_cache() || operation->run != check)
			try_operation();
	}
}

static void try_flags(u32 these)
{
	flags = these;
	try_all(operations, sizeof(operations) / sizeof(*operations));
	if (has_cache())
		try_all(cached_operations, sizeof(cached_operations) / sizeof(*cached_operations));
}

static void plain(void)
{
	try_flags(0);
}

static void poisoned(void)
{
	try_flags(HEAP_POISON | HEAP_REDZONE);
}

static void cached(void)
{
	try_flags(HEAP_CACHES);
	try_flags(HEAP_CACHES | HEAP_REDZONE);
}

int main(void)
{
	const struct test tests[] = {
		{ "frees between any two instructions are safe", plain },
		{ "so they are with poison and redzones", poisoned },
		{ "so are frees into a cache", cached },
	};
	struct sigaction action = { .sa_sigaction = trap, .sa_flags = SA_SIGINFO };

	sigaction(SIGTRAP, &action, NULL);
	run_tests("nmi", tests, sizeof(tests) / sizeof(*tests));
	return 0;
}

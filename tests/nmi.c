// SPDX-License-Identifier: GPL-2.0-only
/*
 * nmi - an NMI frees blocks between any two instructions of whoever has the lock
 *
 * The processor stops after each instruction of an operation of the core (the trap flag). There a
 * child process is the NMI: it frees blocks without the lock, ends the operation, and then frees
 * what waits, as the module does. Then everything must be as if one free had come after the other,
 * and each that was wrong must have been told of, once.
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
static struct heap_block_info view;
static char *victim, *other, *hole;	/* of whom the operation is about; a live block; none */
static u32 flags;

struct operation {
	const char *name;
	void (*prepare)(void);
	void (*run)(void);
	int blocks;			/* that there are more, or less, when it is done */
	/* Is it right that the NMI frees the victim, or is one free too many, or even both? */
	enum { RIGHT, MAYBE, WRONG, BOTH_WRONG } victim;
};

static void *allocate(u32 granules)
{
	void *ptr = heap_alloc(heap, heap_bytes(granules) - heap->overhead - 1, 7);

	REQUIRE(ptr);
	return ptr;
}

static void free_it(void *ptr)
{
	heap_free(heap, ptr, &view);
}

/* What waits is freed by whoever has the lock next: as in api.c. */
static void drain(void)
{
	struct heap_slot slot;

	while (heap_take_deferred(&deferred, &slot)) {
		if (heap_resume_free(heap, slot.at))
			free_it(heap_payload(heap, slot.at));
	}
}

static enum heap_verdict defer(void *ptr)
{
	return heap_defer(heap, &deferred, ptr, 1234);
}

/* The victim between two blocks. */
static void prepare_used(void)
{
	allocate(3);
	victim = allocate(4);
	allocate(3);
}

/* Between two holes. */
static void prepare_holes(void)
{
	void *left, *right;

	allocate(3);
	left = allocate(70);
	victim = allocate(4);
	right = allocate(6);
	allocate(3);
	free_it(left);
	free_it(right);
}

static void prepare_last(void)
{
	allocate(3);
	victim = allocate(4);
}

/* The victim is kept: free already. */
static void prepare_kept(void)
{
	prepare_last();
	free_it(victim);
}

/* It is not, but another is. */
static void prepare_beside_kept(void)
{
	void *last;

	prepare_last();
	last = allocate(5);
	free_it(last);
}

static void prepare_waiting(void)
{
	prepare_holes();
	REQUIRE(defer(victim) == HEAP_OK);
}

static void free_victim(void)
{
	free_it(victim);
}

static void claim_victim(void)
{
	if (heap_is_retired(heap_claim(heap, victim, &view), &view))
		heap_release(heap, &view);
}

static void allocate_much(void)
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

/* As one CPU while the kernel panics, when another has the lock and goes on. */
static void defer_victim(void)
{
	defer(victim);
}

static void resize(size_t size)
{
	bool done;

	heap_resize(heap, victim, size, &view, &done);
}

static void grow(void)
{
	resize(90);
}

static void shrink(void)
{
	resize(10);
}

static void look(void)
{
	struct heap_block_info views[8];
	u32 from = 0, count;

	while ((count = heap_walk(heap, from, views, 8)))
		from = views[count - 1].at + views[count - 1].granules;
}

static void check(void)
{
	REQUIRE(arena_check(&arena) == HEAP_OK);
}

static const struct operation operations[] = {
	{ "a free between blocks", prepare_used, free_victim, -1, WRONG },
	{ "a free between holes", prepare_holes, free_victim, -1, WRONG },
	{ "a free that is kept", prepare_last, free_victim, -1, WRONG },
	{ "a free that merges what is kept", prepare_beside_kept, free_victim, -1, WRONG },
	{ "a free in two steps", prepare_holes, claim_victim, -1, WRONG },
	{ "a free that was put off", prepare_waiting, drain, -1, WRONG },
	{ "a double free", prepare_kept, free_victim, 0, BOTH_WRONG },
	{ "an allocation", prepare_holes, allocate_much, 1, RIGHT },
	{ "an allocation that merges what is kept", prepare_kept, allocate_much, 1, MAYBE },
	{ "an allocation that takes it back", prepare_kept, allocate_less, 1, MAYBE },
	{ "an aligned allocation", prepare_holes, allocate_aligned, 1, RIGHT },
	{ "growth", prepare_holes, grow, 0, MAYBE },
	{ "shrinkage", prepare_holes, shrink, 0, MAYBE },
	{ "a free without the lock", prepare_used, defer_victim, 0, MAYBE },
	{ "a dump", prepare_holes, look, 0, RIGHT },
	{ "a check", prepare_holes, check, 0, RIGHT },
};

static const struct operation *operation;
static u64 blocks;			/* live at the end */
static u64 bad;				/* frees that are wrong, in all */
static u64 refused;			/* of these, without the lock */
static u32 instructions;

/* What an NMI does that has not the lock: the block that is live is freed, the wrong are not. */
static void free_other(void)
{
	REQUIRE(defer(other + HEAP_GRANULE) == HEAP_INTERIOR);
	REQUIRE(defer(other) == HEAP_OK);
	REQUIRE(defer(other) == HEAP_DOUBLE_FREE);
	REQUIRE(defer(hole) == HEAP_INTERIOR || defer(hole) == HEAP_DOUBLE_FREE);
	REQUIRE(defer(other + 1) == HEAP_MISALIGNED);
	REQUIRE(defer(other + heap_bytes(GRANULES)) == HEAP_FOREIGN);
	blocks--;
}

/* Right or wrong, the block is freed once. */
static void free_victim_too(void)
{
	enum heap_verdict verdict = defer(victim);

	REQUIRE(!verdict || verdict == HEAP_DOUBLE_FREE || verdict == HEAP_INTERIOR);
	refused += !!verdict;
	blocks -= operation->victim == RIGHT;
}

/* What is done meanwhile by who has the lock: another block comes to the same place. */
static void replace_victim(void)
{
	size_t size = 4 * HEAP_GRANULE - heap->overhead - 3;

	if (!heap_free(heap, victim, &view))
		REQUIRE(heap_alloc(heap, size, 8) == victim);
}

static void interrupt(void)
{
	if (operation->run == defer_victim) {
		replace_victim();
	} else {
		free_victim_too();
		free_other();
	}
}

/* Everything is freed that was to be, and nothing else. */
static void judge(void)
{
	if (operation->victim == MAYBE) {
		REQUIRE(heap_live_blocks(heap) == blocks || heap_live_blocks(heap) == blocks - 1);
	} else {
		REQUIRE(heap_live_blocks(heap) == blocks);
		REQUIRE(heap->refused + refused == bad);
	}
	REQUIRE(!heap->verdicts[HEAP_CORRUPT_HEADER] && !heap->verdicts[HEAP_CORRUPT_INDEX]);
	REQUIRE(!heap->quarantined && !heap->pending && !heap_defers(&deferred));
	REQUIRE(arena_check(&arena) == HEAP_OK);
}

/* All that follows from it. */
static void finish(void)
{
	drain();
	judge();
	_exit(0);
}

/*
 * After each instruction, while there are steps: what is interrupted there is ended by the child,
 * to which the NMI came; the parent goes on as if there had been none.
 */
static enum { STILL, BEGINS, STEPS, ENDS } phase;

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
		interrupt();
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
	other = allocate(5);
	hole = allocate(2);
	allocate(3);
	free_it(hole);
	allocate(3);
	operation->prepare();
	blocks = heap_live_blocks(heap) + operation->blocks;
	refused = 0;
	bad = (operation->victim >= WRONG) + (operation->victim == BOTH_WRONG);
}

static void try_operation(void)
{
	setup();
	fflush(stdout);
	step_through();
	arena_destroy(&arena);
}

static void try_all(void)
{
	unsigned int i;

	for (i = 0; i < sizeof(operations) / sizeof(*operations); i++) {
		operation = &operations[i];
		try_operation();
	}
}

static void plain(void)
{
	flags = 0;
	try_all();
}

static void poisoned(void)
{
	flags = HEAP_POISON | HEAP_REDZONE;
	try_all();
}

int main(void)
{
	const struct test tests[] = {
		{ "frees between any two instructions", plain },
		{ "free memory poisoned, with redzones", poisoned },
	};
	struct sigaction action = { .sa_sigaction = trap, .sa_flags = SA_SIGINFO };

	sigaction(SIGTRAP, &action, NULL);
	run_tests("nmi", tests, sizeof(tests) / sizeof(*tests));
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test - shared by the userspace tests: cases, a heap, snapshots of it, random numbers
 */
#ifndef TEST_H
#define TEST_H

#include <stdio.h>
#include <stdlib.h>

#include "core/check.h"
#include "heap_core.h"

#define TEST_KEY 0x1234567890abcdefULL
#define TEST_OWNER 7

/* A condition that must hold. The first one that fails ends the program. */
#define REQUIRE(condition) do {							\
	if (!(condition)) {							\
		printf("not ok - %s:%d: %s\n", __FILE__, __LINE__, #condition);	\
		exit(1);							\
	}									\
} while (0)

struct test {
	const char *name;
	void (*run)(void);
};

/* A heap and its memory. */
struct arena {
	struct heap heap;
	void *region;
	void *index;
};

/* A copy of an arena. It is restored to the same arena, because a heap has absolute pointers. */
struct snapshot {
	struct heap heap;
	char *region;
	char *index;
};

void run_tests(const char *about, const struct test *tests, unsigned int count);
void arena_init(struct arena *arena, u32 granules);
void arena_init_as(struct arena *arena, u32 granules, u32 flags, u64 key);
void arena_destroy(struct arena *arena);
void *arena_alloc(struct arena *arena, u32 granules);
void arena_free(struct arena *arena, const void *ptr);
struct heap_finding arena_finding(struct arena *arena);
void arena_no_finding(struct arena *arena);
void snapshot_init(struct snapshot *snapshot, u32 granules);
void snapshot_take(struct snapshot *snapshot, const struct arena *arena);
void snapshot_restore(const struct snapshot *snapshot, struct arena *arena);
void snapshot_destroy(struct snapshot *snapshot);
enum heap_verdict arena_check(struct arena *arena);
u32 place_of(const struct arena *arena, const void *ptr);
u32 next_random(u32 below);

#endif

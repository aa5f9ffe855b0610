// SPDX-License-Identifier: GPL-2.0-only
/*
 * profile LIVE - replace random live blocks, while callgrind counts instructions
 *
 * Run it with --toggle-collect=pair, which collects only in pair().
 */
#include <linux/compiler.h>

#include "../../tests/test.h"

#define ROUNDS 20000

static struct arena arena;

/* Log-uniform, 16 to 4096 bytes, as in the workload `mixed`. */
static u32 random_size(void)
{
	u32 low = 16U << next_random(8);

	return low + 1 + next_random(low);
}

noinline void *pair(void *ptr, u32 size)
{
	struct heap_block_info freed;

	heap_free(&arena.heap, ptr, &freed);
	return heap_alloc(&arena.heap, size, 1);
}

int main(int argc, char **argv)
{
	u32 count = argc > 1 ? atoi(argv[1]) : 10000;
	void **ptr = calloc(count, sizeof(*ptr));
	struct heap_block_info freed;
	u32 i, k;

	arena_init(&arena, count * 75 + 65536);
	for (i = 0; i < count; i++)
		ptr[i] = heap_alloc(&arena.heap, random_size(), 1);
	for (i = 0; i < count; i++) {
		k = next_random(count);
		heap_free(&arena.heap, ptr[k], &freed);
		ptr[k] = heap_alloc(&arena.heap, random_size(), 1);
	}
	for (i = 0; i < ROUNDS; i++) {
		k = next_random(count);
		ptr[k] = pair(ptr[k], random_size());
	}
	free(ptr);
	arena_destroy(&arena);
	return 0;
}

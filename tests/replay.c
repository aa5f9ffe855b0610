// SPDX-License-Identifier: GPL-2.0-only
/*
 * replay - recorded traces of kernels, replayed by the heap and by the oracle: same addresses
 */
#include "oracle.h"
#include "test.h"
#include "trace.h"

#define GRANULES (64 << 16)

struct pair {
	void *ptr;
	struct node *node;
};

static void replay_event(struct arena *arena, struct node *oracle, struct pair *pair, u32 size)
{
	if (size) {
		pair->ptr = heap_alloc(&arena->heap, size, 1);
		pair->node = oracle_alloc(oracle, (size + 8 + 15) / 16);
		REQUIRE(pair->ptr && pair->node);
		REQUIRE(place_of(arena, pair->ptr) == pair->node->at);
	} else {
		arena_free(arena, pair->ptr);
		oracle_free(pair->node);
	}
}

static void replay(const char *path)
{
	struct trace trace = trace_load(path);
	struct pair *pairs = calloc(trace.blocks + 1, sizeof(*pairs));
	struct node *oracle = oracle_init(GRANULES);
	struct arena arena;
	u32 i;

	arena_init(&arena, GRANULES);
	for (i = 0; i < trace.count; i++) {
		replay_event(&arena, oracle, &pairs[trace.events[i].id], trace.events[i].size);
		if (i % 4096 == 0)
			REQUIRE(arena_check(&arena) == HEAP_OK);
	}
	REQUIRE(arena_check(&arena) == HEAP_OK);
	printf("ok - %u events of %s agree with the oracle, %u blocks are live at the end\n",
	       trace.count, path, (unsigned int)heap_live_blocks(&arena.heap));
	oracle_destroy(oracle);
	arena_destroy(&arena);
	free(pairs);
	trace_free(&trace);
}

int main(void)
{
	replay("../bench/traces/boot.xz");
	replay("../bench/traces/files.xz");
	replay("../bench/traces/processes.xz");
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * profile exact|percpu LIVE|TRACE - free and allocate, while callgrind counts instructions
 *
 * LIVE replaces random live blocks. Run it with --toggle-collect=take --toggle-collect=give, which
 * collects only in these two functions. Prints how often they were called.
 */
#include <string.h>

#include <linux/compiler.h>

#include "../../tests/test.h"
#include "../../tests/trace.h"
#include "allocators.h"

#define ROUNDS 20000
#define REGION (768ULL << 20)	/* more than any trace needs; only headers are written */

static const struct allocator *allocator;
static void *state;

noinline void *take(u32 size)
{
	return allocator->alloc(state, size);
}

noinline void give(void *ptr)
{
	allocator->free(state, ptr);
}

/* Log-uniform, 16 to 4096 bytes, as in the workload `mixed`. */
static u32 random_size(void)
{
	u32 low = 16U << next_random(8);

	return low + 1 + next_random(low);
}

static u32 replace(u32 count)
{
	void **ptr = calloc(count, sizeof(*ptr));
	u32 i, k;

	for (i = 0; i < 2 * count; i++) {
		k = i < count ? i : next_random(count);
		if (ptr[k])
			allocator->free(state, ptr[k]);
		ptr[k] = allocator->alloc(state, random_size());
	}
	for (i = 0; i < ROUNDS; i++) {
		k = next_random(count);
		give(ptr[k]);
		ptr[k] = take(random_size());
	}
	free(ptr);
	return ROUNDS;
}

static u32 replay(const char *path)
{
	struct trace trace = trace_load(path);
	void **ptr = calloc(trace.blocks + 1, sizeof(*ptr));
	u32 i;

	for (i = 0; i < trace.count; i++) {
		const struct event *event = &trace.events[i];

		if (event->size)
			ptr[event->id] = take(event->size);
		else
			give(ptr[event->id]);
	}
	free(ptr);
	trace_free(&trace);
	return i;
}

int main(int argc, char **argv)
{
	REQUIRE(argc == 3);
	allocator = &allocators[strcmp(argv[1], "percpu") ? 0 : 1];
	state = allocator->open(REGION);
	REQUIRE(state);
	printf("%u\n", strchr(argv[2], '.') ? replay(argv[2]) : replace(atoi(argv[2])));
	allocator->close(state);
	return 0;
}

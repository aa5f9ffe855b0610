// SPDX-License-Identifier: GPL-2.0-only
/*
 * profile exact|percpu mixed|hot LIVE
 * profile exact|percpu replay TRACE - free and allocate, while callgrind counts instructions
 *
 * Run it with --toggle-collect=take --toggle-collect=give, which collects only in these two
 * functions. Prints the number of rounds or, of a trace, events.
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

/* Log-uniform, 16 to 4096 bytes. */
static u32 random_size(void)
{
	u32 low = 16U << next_random(8);

	return low + 1 + next_random(low);
}

static void **fill(u32 count)
{
	void **ptr = calloc(count, sizeof(*ptr));
	u32 i, k;

	for (i = 0; i < 2 * count; i++) {
		k = i < count ? i : next_random(count);
		if (ptr[k])
			allocator->free(state, ptr[k]);
		ptr[k] = allocator->alloc(state, random_size());
	}
	return ptr;
}

static u32 mixed(u32 count)
{
	void **ptr = fill(count);
	u32 i, k;

	for (i = 0; i < ROUNDS; i++) {
		k = next_random(count);
		give(ptr[k]);
		ptr[k] = take(random_size());
	}
	free(ptr);
	return ROUNDS;
}

static u32 hot(u32 count)
{
	void **ptr = fill(count);
	u32 i;

	for (i = 0; i < ROUNDS; i++)
		give(take(64));
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

static u32 run(const char *workload, const char *what)
{
	if (!strcmp(workload, "replay"))
		return replay(what);
	return strcmp(workload, "hot") ? mixed(atoi(what)) : hot(atoi(what));
}

int main(int argc, char **argv)
{
	REQUIRE(argc == 4);
	allocator = &allocators[strcmp(argv[1], "percpu") ? 0 : 1];
	state = allocator->open(REGION);
	REQUIRE(state);
	printf("%u\n", run(argv[2], argv[3]));
	allocator->close(state);
	return 0;
}

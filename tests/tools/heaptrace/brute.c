// SPDX-License-Identifier: GPL-2.0-only
/*
 * brute - a random trace, and the region that it needs, found with the oracle by trying every size
 *
 * brute NUMBER REDZONE [RECORD] prints the trace with this number, with callers; with RECORD, it
 * prints the events as tracefs does. On stderr: the smallest region in which no request fails, the
 * bytes at the peak, and the bytes of caller c0 at the peak.
 */
#include <string.h>

#include "../../oracle.h"
#include "../../test.h"

#define EVENTS	120
#define CALLERS	5

struct event {
	u32 id;
	u32 size;			/* 0 for a free */
};

struct random_trace {
	struct event events[EVENTS];
	u32 blocks;
	u32 overhead;
};

static u32 granules_of(const struct random_trace *trace, u32 size)
{
	return (size + trace->overhead + 15) / 16;
}

/* The largest size depends on the trace, so that in some traces all sizes are similar. */
static struct random_trace make(u32 number, u32 overhead)
{
	struct random_trace trace = { .overhead = overhead };
	u32 live[EVENTS], count = 0, most = 16U << number % 7;
	u32 i, k;

	for (i = 0; i < EVENTS; i++) {
		if (count && next_random(10) < 4) {
			k = next_random(count);
			trace.events[i].id = live[k];
			live[k] = live[--count];
			continue;
		}
		live[count++] = ++trace.blocks;
		trace.events[i] = (struct event){ trace.blocks, 1 + next_random(most) };
	}
	return trace;
}

static u64 failures(const struct random_trace *trace, u32 granules)
{
	struct node *first = oracle_init(granules), *nodes[EVENTS + 1] = {};
	const struct event *event;
	u64 count = 0;
	u32 i;

	for (i = 0; i < EVENTS; i++) {
		event = &trace->events[i];
		if (event->size) {
			nodes[event->id] = oracle_alloc(first, granules_of(trace, event->size));
			count += !nodes[event->id];
		} else if (nodes[event->id]) {
			oracle_free(nodes[event->id]);
		}
	}
	oracle_destroy(first);
	return count;
}

/* Try every size up to one that holds all blocks side by side. No request fails in larger ones. */
static u32 smallest(const struct random_trace *trace)
{
	u32 sum = 0, least = 0, i;

	for (i = 0; i < EVENTS; i++)
		sum += trace->events[i].size ? granules_of(trace, trace->events[i].size) : 0;
	for (i = 1; i <= sum; i++) {
		if (failures(trace, i))
			REQUIRE(!least);
		else if (!least)
			least = i;
	}
	REQUIRE(least);
	return least;
}

/* Bytes at the peak: of all callers, and of caller c0. */
static void print_peak(const struct random_trace *trace)
{
	u32 sizes[EVENTS + 1] = {}, live = 0, first = 0, peak = 0, first_peak = 0, i;

	for (i = 0; i < EVENTS; i++) {
		u32 id = trace->events[i].id, size = trace->events[i].size;
		int change = size ? (int)granules_of(trace, size) : -(int)sizes[id];

		sizes[id] = size ? granules_of(trace, size) : 0;
		live += change;
		first += id % CALLERS ? 0 : change;
		if (peak < live) {
			peak = live;
			first_peak = first;
		}
	}
	fprintf(stderr, "%u %u\n", peak * 16, first_peak * 16);
}

static void print_text(const struct random_trace *trace)
{
	const struct event *event = trace->events;

	for (; event < trace->events + EVENTS; event++) {
		if (event->size)
			printf("alloc %u %u c%u\n", event->id, event->size, event->id % CALLERS);
		else
			printf("free %u\n", event->id);
	}
}

/* The offsets are those of first fit in a region that is large enough. */
static void print_record(const struct random_trace *trace)
{
	struct node *first = oracle_init(1 << 24), *nodes[EVENTS + 1] = {};
	u32 sizes[EVENTS + 1] = {}, i;

	for (i = 0; i < EVENTS; i++) {
		u32 id = trace->events[i].id, size = trace->events[i].size;

		if (size) {
			nodes[id] = oracle_alloc(first, granules_of(trace, size));
			sizes[id] = size;
		}
		printf("    a b: [c-%u [00%u] .....   12.%06u: heapmod_%s: ", i, i % 2, i,
		       size ? "alloc" : "free");
		printf("heap=7 offset=%u asked=%u bytes=%u caller=c%u\n", 8 + 16 * nodes[id]->at,
		       sizes[id], 16 * nodes[id]->size, id % CALLERS);
		if (!size)
			oracle_free(nodes[id]);
	}
	oracle_destroy(first);
}

int main(int argc, char **argv)
{
	u32 number = argc > 1 ? atoi(argv[1]) : 0, redzone = argc > 2 ? atoi(argv[2]) : 0, i;
	struct random_trace trace;

	for (i = 0; i < 1000 * number; i++)
		next_random(2);
	trace = make(number, redzone ? 24 : 8);
	if (argc > 3)
		print_record(&trace);
	else
		print_text(&trace);
	fprintf(stderr, "%u ", 16 * smallest(&trace) + 16);
	print_peak(&trace);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench LIVE... TRACE... - the cost of an allocation and of a free at native speed, with caches, in
 * nanoseconds: with LIVE blocks, and on recorded traces
 *
 * All allocators of a row exist at the same time and take turns of a few hundred operations. So
 * noise of the machine affects all of them: compare the ratios. Prints one JSON object per row.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../../tests/trace.h"
#include "allocators.h"

#define TURNS		40
#define REPLAYS		5
#define PAIRS		500	/* pairs of operations in a turn */

struct workload {
	const char *name;
	u32 smallest;
	u32 octaves;		/* log-uniform sizes: the largest is smallest << octaves */
	bool replaces;		/* replaces live blocks; else allocates and frees one more */
	u32 sizes[3];		/* of that one, in turn */
};

static const struct workload workloads[] = {
	{ "mixed", 16, 8, true, {} },
	{ "small", 16, 4, true, {} },
	{ "hot", 16, 8, false, { 64, 64, 64 } },
	{ "rotating", 16, 8, false, { 64, 200, 1000 } },
};

/* What is measured: an allocator and its live blocks. */
struct subject {
	const struct allocator *allocator;
	void *state;
	void **live;
	u64 random;
	u32 turn;
	float *alloc_ns, *free_ns;
	u32 samples;
	float pair_ns[TURNS];	/* from turns timed as a whole */
};

static u32 next_random(struct subject *subject, u32 below)
{
	subject->random ^= subject->random >> 12;
	subject->random ^= subject->random << 25;
	subject->random ^= subject->random >> 27;
	return (subject->random * 2685821657736338717ULL >> 32) * below >> 32;
}

static u32 random_size(struct subject *subject, const struct workload *workload)
{
	u32 low = workload->smallest << next_random(subject, workload->octaves);

	return low + 1 + next_random(subject, low);
}

static u64 ticks(void)
{
#ifdef __x86_64__
	return __builtin_ia32_rdtsc();
#else
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
#endif
}

static double ns_per_tick;
static u64 reading_cost = ~0ULL;

static double now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1e9 + now.tv_nsec;
}

static void calibrate(void)
{
	double start_ns = now_ns();
	u64 start = ticks(), before;

	while (now_ns() - start_ns < 5e7) {
		before = ticks();
		before = ticks() - before;
		if (before < reading_cost)
			reading_cost = before;
	}
	ns_per_tick = (now_ns() - start_ns) / (ticks() - start);
}

static float cost(u64 start)
{
	u64 spent = ticks() - start;

	return spent > reading_cost ? (spent - reading_cost) * ns_per_tick : 0;
}

static u32 next_size(struct subject *subject, const struct workload *workload)
{
	if (workload->replaces)
		return random_size(subject, workload);
	return workload->sizes[subject->turn++ % 3];
}

static void *alloc(struct subject *subject, u32 size)
{
	return subject->allocator->alloc(subject->state, size);
}

/* Write to a new block, as a caller would. */
static void touch(const struct subject *subject, void *ptr)
{
	if (!ptr) {
		fprintf(stderr, "bench: %s: out of memory\n", subject->allocator->name);
		exit(1);
	}
	if (!subject->allocator->most)
		*(u64 *)ptr = 1;
}

static void free_timed(struct subject *subject, void *ptr)
{
	u64 start = ticks();

	subject->allocator->free(subject->state, ptr);
	subject->free_ns[subject->samples] = cost(start);
}

static void *alloc_timed(struct subject *subject, u32 size)
{
	u64 start = ticks();
	void *ptr = subject->allocator->alloc(subject->state, size);

	subject->alloc_ns[subject->samples] = cost(start);
	return ptr;
}

/* Each call by itself, for the rare slow ones. The clock may be coarse. */
static void pair_timed(struct subject *subject, const struct workload *workload, u32 count)
{
	u32 k = workload->replaces ? next_random(subject, count) : count;

	if (workload->replaces)
		free_timed(subject, subject->live[k]);
	subject->live[k] = alloc_timed(subject, next_size(subject, workload));
	touch(subject, subject->live[k]);
	if (!workload->replaces)
		free_timed(subject, subject->live[k]);
	subject->samples++;
}

static void pair(struct subject *subject, const struct workload *workload, u32 count)
{
	const struct allocator *allocator = subject->allocator;
	u32 k = workload->replaces ? next_random(subject, count) : count;

	if (workload->replaces)
		allocator->free(subject->state, subject->live[k]);
	subject->live[k] = allocator->alloc(subject->state, next_size(subject, workload));
	touch(subject, subject->live[k]);
	if (!workload->replaces)
		allocator->free(subject->state, subject->live[k]);
}

/* Time one turn as a whole, then one call by call. */
static void take_turn(struct subject *subject, const struct workload *workload, u32 count, u32 turn)
{
	double start = now_ns();
	u32 i;

	for (i = 0; i < PAIRS; i++)
		pair(subject, workload, count);
	subject->pair_ns[turn] = (now_ns() - start) / PAIRS;
	for (i = 0; i < PAIRS; i++)
		pair_timed(subject, workload, count);
}

static bool open_subject(struct subject *subject, const struct allocator *allocator,
			 const struct workload *workload, u32 count)
{
	u64 sum = workload->smallest * 3ULL * ((1 << workload->octaves) - 1) / 2;
	u64 mean = sum / workload->octaves;
	u32 i, k;

	*subject = (struct subject){ .allocator = allocator, .random = 88172645463325252ULL };
	if (allocator->most && count > allocator->most)
		return false;
	subject->state = allocator->open(count * (mean * 3 / 2 + 64) + (1 << 20));
	if (!subject->state)
		return false;
	subject->live = calloc(count + 1, sizeof(void *));
	subject->alloc_ns = calloc(TURNS * PAIRS, sizeof(float));
	subject->free_ns = calloc(TURNS * PAIRS, sizeof(float));
	for (i = 0; i < count; i++)
		touch(subject, subject->live[i] = alloc(subject, random_size(subject, workload)));
	for (i = 0; i < count; i++) {
		k = next_random(subject, count);
		allocator->free(subject->state, subject->live[k]);
		touch(subject, subject->live[k] = alloc(subject, random_size(subject, workload)));
	}
	return true;
}

static void close_subject(struct subject *subject, u32 count)
{
	u32 i;

	for (i = 0; i < count; i++)
		subject->allocator->free(subject->state, subject->live[i]);
	subject->allocator->close(subject->state);
	free(subject->live);
	free(subject->alloc_ns);
	free(subject->free_ns);
}

static int compare_floats(const void *a, const void *b)
{
	float left = *(const float *)a, right = *(const float *)b;

	return left < right ? -1 : left > right;
}

static void row_start(const struct allocator *allocator, const char *workload, u32 count,
		      const char *op)
{
	printf("{\"allocator\":\"%s\",\"workload\":\"%s\",\"live\":%u,\"op\":\"%s\",",
	       allocator->name, workload, count, op);
}

static void row(const struct subject *subject, const char *workload, u32 count, const char *op,
		float *ns, u32 samples)
{
	qsort(ns, samples, sizeof(*ns), compare_floats);
	row_start(subject->allocator, workload, count, op);
	printf("\"median\":%.1f,\"p999\":%.1f}\n", ns[samples / 2],
	       ns[samples - 1 - samples / 1000]);
}

static void rows(const struct subject *subject, const char *workload, u32 count)
{
	row(subject, workload, count, "pair", (float *)subject->pair_ns, TURNS);
	row(subject, workload, count, "alloc", subject->alloc_ns, subject->samples);
	row(subject, workload, count, "free", subject->free_ns, subject->samples);
}

static void compare_on_workload(const struct workload *workload, u32 count)
{
	struct subject subjects[ALLOCATORS];
	bool opened[ALLOCATORS];
	u32 c, turn;

	for (c = 0; c < ALLOCATORS; c++)
		opened[c] = open_subject(&subjects[c], &allocators[c], workload, count);
	for (turn = 0; turn < TURNS; turn++) {
		for (c = 0; c < ALLOCATORS; c++) {
			if (opened[c])
				take_turn(&subjects[c], workload, count, turn);
		}
	}
	for (c = 0; c < ALLOCATORS; c++) {
		if (!opened[c])
			continue;
		rows(&subjects[c], workload->name, count);
		close_subject(&subjects[c], count);
	}
	fflush(stdout);
}

/* The memory of a process per live byte, with all live bytes written. Runs in its own process. */
static void measure_memory(const struct allocator *allocator, u32 count)
{
	const struct workload *workload = &workloads[0];
	struct subject subject = { .allocator = allocator, .random = 88172645463325252ULL };
	u32 *sizes = calloc(count, sizeof(*sizes));
	u64 live = 0, peak = 0;
	struct rusage before, after;
	u32 i, k;

	subject.state = allocator->open(count * 1300ULL + (1 << 20));
	if (!subject.state)
		return;
	subject.live = calloc(count, sizeof(void *));
	memset(subject.live, 1, count * sizeof(void *));
	memset(sizes, 1, count * sizeof(*sizes));
	getrusage(RUSAGE_SELF, &before);
	for (i = 0; i < 4 * count; i++) {
		k = i < count ? i : next_random(&subject, count);
		if (i >= count) {
			allocator->free(subject.state, subject.live[k]);
			live -= sizes[k];
		}
		sizes[k] = random_size(&subject, workload);
		subject.live[k] = alloc(&subject, sizes[k]);
		memset(subject.live[k], 1, sizes[k]);
		live += sizes[k];
		peak = live > peak ? live : peak;
	}
	getrusage(RUSAGE_SELF, &after);
	row_start(allocator, "mixed", count, "memory");
	printf("\"ratio\":%.3f}\n", (after.ru_maxrss - before.ru_maxrss) * 1024.0 / peak);
	fflush(stdout);
}

static void memory(const struct allocator *allocator, u32 count)
{
	if (allocator->most)
		return;
	if (!fork()) {
		measure_memory(allocator, count);
		_exit(0);
	}
	wait(NULL);
}

/* Replay a trace: nanoseconds per event. Blocks that are live at its end are freed untimed. */
static float replay(const struct allocator *allocator, const struct trace *trace, void **live)
{
	void *state;
	double start, spent;
	u32 i;

	if (allocator->most && trace->count > 20 * allocator->most)
		return -1;
	state = allocator->open(64 << 20);
	if (!state)
		return -1;
	start = now_ns();
	for (i = 0; i < trace->count; i++) {
		const struct event *event = &trace->events[i];

		if (event->size) {
			live[event->id] = allocator->alloc(state, event->size);
		} else {
			allocator->free(state, live[event->id]);
			live[event->id] = NULL;
		}
	}
	spent = now_ns() - start;
	for (i = 0; i <= trace->blocks; i++) {
		if (live[i])
			allocator->free(state, live[i]);
		live[i] = NULL;
	}
	allocator->close(state);
	return spent / trace->count;
}

/* The rows of a trace have the number of events in place of live blocks. */
static void compare_on_trace(const char *path)
{
	struct trace trace = trace_load(path);
	void **live = calloc(trace.blocks + 1, sizeof(*live));
	float ns[ALLOCATORS][REPLAYS];
	char *name = basename(path);
	u32 c, turn;

	*strrchr(name, '.') = '\0';
	for (turn = 0; turn < REPLAYS; turn++) {
		for (c = 0; c < ALLOCATORS; c++)
			ns[c][turn] = replay(&allocators[c], &trace, live);
	}
	for (c = 0; c < ALLOCATORS; c++) {
		if (ns[c][0] < 0)
			continue;
		qsort(ns[c], REPLAYS, sizeof(float), compare_floats);
		row_start(&allocators[c], name, trace.count, "event");
		printf("\"median\":%.1f}\n", ns[c][REPLAYS / 2]);
	}
	free(live);
	trace_free(&trace);
}

int main(int argc, char **argv)
{
	u32 w, c;
	int i;

	calibrate();
	for (c = 0; c < ALLOCATORS; c++)
		memory(&allocators[c], 100000);
	for (i = 1; i < argc; i++) {
		if (strchr(argv[i], '.')) {
			compare_on_trace(argv[i]);
			continue;
		}
		for (w = 0; w < sizeof(workloads) / sizeof(*workloads); w++)
			compare_on_workload(&workloads[w], atoi(argv[i]));
	}
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench LIVE... TRACE... - what an allocation and a free cost at native speed, with caches, in
 * nanoseconds: with so many live blocks, and on recorded traces
 *
 * All contestants of a row are alive at once and take turns of a few hundred operations, so that
 * a noisy machine is noisy to all of them alike: read the ratios. One JSON object a row.
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
#include "contest.h"

#define TURNS		40
#define REPLAYS		5
#define PAIRS		500	/* of operations in a turn */

struct workload {
	const char *name;
	u32 smallest;
	u32 octaves;		/* sizes: log-uniform, so many doublings */
	bool replaces;		/* live blocks; or else adds and removes one beside them */
	u32 sizes[3];		/* of that one, in turn */
};

static const struct workload workloads[] = {
	{ "mixed", 16, 8, true, {} },
	{ "small", 16, 4, true, {} },
	{ "hot", 16, 8, false, { 64, 64, 64 } },
	{ "rotating", 16, 8, false, { 64, 200, 1000 } },
};

struct player {
	const struct contestant *contestant;
	void *state;
	void **live;
	u64 random;
	u32 turn;
	float *alloc_ns, *free_ns;
	u32 samples;
	float pair_ns[TURNS];	/* of turns that were timed as a whole */
};

static u32 next_random(struct player *player, u32 below)
{
	player->random ^= player->random >> 12;
	player->random ^= player->random << 25;
	player->random ^= player->random >> 27;
	return (player->random * 2685821657736338717ULL >> 32) * below >> 32;
}

static u32 random_size(struct player *player, const struct workload *workload)
{
	u32 low = workload->smallest << next_random(player, workload->octaves);

	return low + 1 + next_random(player, low);
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

static u32 next_size(struct player *player, const struct workload *workload)
{
	if (workload->replaces)
		return random_size(player, workload);
	return workload->sizes[player->turn++ % 3];
}

static void *alloc(struct player *player, u32 size)
{
	return player->contestant->alloc(player->state, size);
}

/* A block is written to as soon as it is there, as its user would. */
static void touch(const struct player *player, void *ptr)
{
	if (!ptr) {
		fprintf(stderr, "%s has no memory left\n", player->contestant->name);
		exit(1);
	}
	if (!player->contestant->most)
		*(u64 *)ptr = 1;
}

static void free_timed(struct player *player, void *ptr)
{
	u64 start = ticks();

	player->contestant->free(player->state, ptr);
	player->free_ns[player->samples] = cost(start);
}

static void *alloc_timed(struct player *player, u32 size)
{
	u64 start = ticks();
	void *ptr = player->contestant->alloc(player->state, size);

	player->alloc_ns[player->samples] = cost(start);
	return ptr;
}

/* Each call by itself: for what is rare. The clock may be coarse. */
static void pair_timed(struct player *player, const struct workload *workload, u32 count)
{
	u32 k = workload->replaces ? next_random(player, count) : count;

	if (workload->replaces)
		free_timed(player, player->live[k]);
	player->live[k] = alloc_timed(player, next_size(player, workload));
	touch(player, player->live[k]);
	if (!workload->replaces)
		free_timed(player, player->live[k]);
	player->samples++;
}

static void pair(struct player *player, const struct workload *workload, u32 count)
{
	const struct contestant *contestant = player->contestant;
	u32 k = workload->replaces ? next_random(player, count) : count;

	if (workload->replaces)
		contestant->free(player->state, player->live[k]);
	player->live[k] = contestant->alloc(player->state, next_size(player, workload));
	touch(player, player->live[k]);
	if (!workload->replaces)
		contestant->free(player->state, player->live[k]);
}

/* First a turn that is timed as a whole, then one that is timed call by call. */
static void take_turn(struct player *player, const struct workload *workload, u32 count, u32 turn)
{
	double start = now_ns();
	u32 i;

	for (i = 0; i < PAIRS; i++)
		pair(player, workload, count);
	player->pair_ns[turn] = (now_ns() - start) / PAIRS;
	for (i = 0; i < PAIRS; i++)
		pair_timed(player, workload, count);
}

static bool player_open(struct player *player, const struct contestant *contestant,
			const struct workload *workload, u32 count)
{
	u64 sum = workload->smallest * 3ULL * ((1 << workload->octaves) - 1) / 2;
	u64 mean = sum / workload->octaves;
	u32 i, k;

	*player = (struct player){ .contestant = contestant, .random = 88172645463325252ULL };
	if (contestant->most && count > contestant->most)
		return false;
	player->state = contestant->open(count * (mean * 3 / 2 + 64) + (1 << 20));
	if (!player->state)
		return false;
	player->live = calloc(count + 1, sizeof(void *));
	player->alloc_ns = calloc(TURNS * PAIRS, sizeof(float));
	player->free_ns = calloc(TURNS * PAIRS, sizeof(float));
	for (i = 0; i < count; i++)
		touch(player, player->live[i] = alloc(player, random_size(player, workload)));
	for (i = 0; i < count; i++) {
		k = next_random(player, count);
		contestant->free(player->state, player->live[k]);
		touch(player, player->live[k] = alloc(player, random_size(player, workload)));
	}
	return true;
}

static void player_close(struct player *player, u32 count)
{
	u32 i;

	for (i = 0; i < count; i++)
		player->contestant->free(player->state, player->live[i]);
	player->contestant->close(player->state);
	free(player->live);
	free(player->alloc_ns);
	free(player->free_ns);
}

static int compare(const void *a, const void *b)
{
	float left = *(const float *)a, right = *(const float *)b;

	return left < right ? -1 : left > right;
}

static void row_start(const struct contestant *contestant, const char *workload, u32 count,
		      const char *op)
{
	printf("{\"allocator\":\"%s\",\"workload\":\"%s\",\"live\":%u,\"op\":\"%s\",",
	       contestant->name, workload, count, op);
}

static void row(const struct player *player, const char *workload, u32 count, const char *op,
		float *ns, u32 samples)
{
	qsort(ns, samples, sizeof(*ns), compare);
	row_start(player->contestant, workload, count, op);
	printf("\"median\":%.1f,\"p999\":%.1f}\n", ns[samples / 2],
	       ns[samples - 1 - samples / 1000]);
}

static void rows(const struct player *player, const char *workload, u32 count)
{
	row(player, workload, count, "pair", (float *)player->pair_ns, TURNS);
	row(player, workload, count, "alloc", player->alloc_ns, player->samples);
	row(player, workload, count, "free", player->free_ns, player->samples);
}

static void contest(const struct workload *workload, u32 count)
{
	struct player players[CONTESTANTS];
	bool plays[CONTESTANTS];
	u32 c, turn;

	for (c = 0; c < CONTESTANTS; c++)
		plays[c] = player_open(&players[c], &contestants[c], workload, count);
	for (turn = 0; turn < TURNS; turn++) {
		for (c = 0; c < CONTESTANTS; c++) {
			if (plays[c])
				take_turn(&players[c], workload, count, turn);
		}
	}
	for (c = 0; c < CONTESTANTS; c++) {
		if (!plays[c])
			continue;
		rows(&players[c], workload->name, count);
		player_close(&players[c], count);
	}
	fflush(stdout);
}

/* In a process of its own: how much memory it takes to hold the live bytes, all of them written. */
static void measure_memory(const struct contestant *contestant, u32 count)
{
	const struct workload *workload = &workloads[0];
	struct player player = { .contestant = contestant, .random = 88172645463325252ULL };
	u32 *sizes = calloc(count, sizeof(*sizes));
	u64 live = 0, peak = 0;
	struct rusage before, after;
	u32 i, k;

	player.state = contestant->open(count * 1300ULL + (1 << 20));
	if (!player.state)
		return;
	player.live = calloc(count, sizeof(void *));
	memset(player.live, 1, count * sizeof(void *));
	memset(sizes, 1, count * sizeof(*sizes));
	getrusage(RUSAGE_SELF, &before);
	for (i = 0; i < 4 * count; i++) {
		k = i < count ? i : next_random(&player, count);
		if (i >= count) {
			contestant->free(player.state, player.live[k]);
			live -= sizes[k];
		}
		sizes[k] = random_size(&player, workload);
		player.live[k] = alloc(&player, sizes[k]);
		memset(player.live[k], 1, sizes[k]);
		live += sizes[k];
		peak = live > peak ? live : peak;
	}
	getrusage(RUSAGE_SELF, &after);
	row_start(contestant, "mixed", count, "memory");
	printf("\"ratio\":%.3f}\n", (after.ru_maxrss - before.ru_maxrss) * 1024.0 / peak);
	fflush(stdout);
}

static void memory(const struct contestant *contestant, u32 count)
{
	if (contestant->most)
		return;
	if (!fork()) {
		measure_memory(contestant, count);
		_exit(0);
	}
	wait(NULL);
}

/* Once through a trace, in ns an event; what lives at the end is freed after that. */
static float replay(const struct contestant *contestant, const struct trace *trace, void **live)
{
	void *state = contestant->open(64 << 20);
	double start = now_ns(), spent;
	u32 i;

	if (!state)
		return -1;
	for (i = 0; i < trace->count; i++) {
		const struct event *event = &trace->events[i];

		if (event->size) {
			live[event->id] = contestant->alloc(state, event->size);
		} else {
			contestant->free(state, live[event->id]);
			live[event->id] = NULL;
		}
	}
	spent = now_ns() - start;
	for (i = 0; i <= trace->blocks; i++) {
		if (live[i])
			contestant->free(state, live[i]);
		live[i] = NULL;
	}
	contestant->close(state);
	return spent / trace->count;
}

/* In a row of a trace, the number of live blocks is that of its events. */
static void contest_on_trace(const char *path)
{
	struct trace trace = trace_load(path);
	void **live = calloc(trace.blocks + 1, sizeof(*live));
	float ns[CONTESTANTS][REPLAYS];
	char *name = basename(path);
	u32 c, turn;

	*strrchr(name, '.') = '\0';
	for (turn = 0; turn < REPLAYS; turn++) {
		for (c = 0; c < CONTESTANTS; c++)
			ns[c][turn] = replay(&contestants[c], &trace, live);
	}
	for (c = 0; c < CONTESTANTS; c++) {
		if (ns[c][0] < 0)
			continue;
		qsort(ns[c], REPLAYS, sizeof(float), compare);
		row_start(&contestants[c], name, trace.count, "event");
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
	for (c = 0; c < CONTESTANTS; c++)
		memory(&contestants[c], 100000);
	for (i = 1; i < argc; i++) {
		if (strchr(argv[i], '.')) {
			contest_on_trace(argv[i]);
			continue;
		}
		for (w = 0; w < sizeof(workloads) / sizeof(*workloads); w++)
			contest(&workloads[w], atoi(argv[i]));
	}
	return 0;
}

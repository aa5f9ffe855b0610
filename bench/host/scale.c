// SPDX-License-Identifier: GPL-2.0-only
/*
 * scale LIVE PAIRS TURNS - operations per second of threads that share a heap under a spinlock or
 * have a heap each, and the time that they wait for the lock
 *
 * As bench/kernel/scale.c, but with the core alone, at native speed. Prints one JSON object per row
 * and turn.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <linux/compiler.h>

#include "heap_core.h"

#define CPUS		2U
#define MEAN_BYTES	1024		/* of a live block, with room for fragmentation */

/* The lock is in a cache line of its own. */
struct shared_heap {
	pthread_spinlock_t lock;
	u64 waited_ns;			/* protected by lock */
	struct heap heap __aligned(64);
	void *region;
	void *index;
};

struct worker {
	struct shared_heap *heap;
	pthread_t thread;
	unsigned int cpu;
	u64 random;
	u64 begin_ns, end_ns;
	void **live;
} __aligned(128);

struct workload {
	const char *name;
	void (*pair)(struct worker *worker);
};

static unsigned int live, pairs;
static struct worker workers[CPUS];
static const struct workload *workload;
static pthread_barrier_t barrier;

static u64 now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

static u32 next_random(struct worker *worker, u32 below)
{
	worker->random ^= worker->random >> 12;
	worker->random ^= worker->random << 25;
	worker->random ^= worker->random >> 27;
	return (worker->random * 2685821657736338717ULL >> 32) * below >> 32;
}

/* Log-uniform, 16 to 4096 bytes. */
static size_t random_size(struct worker *worker)
{
	u32 low = 16U << next_random(worker, 8);

	return low + 1 + next_random(worker, low);
}

static void lock(struct shared_heap *heap)
{
	u64 start;

	if (!pthread_spin_trylock(&heap->lock))
		return;
	start = now_ns();
	pthread_spin_lock(&heap->lock);
	heap->waited_ns += now_ns() - start;
}

static void *allocate(struct worker *worker, size_t size)
{
	void *ptr;

	lock(worker->heap);
	ptr = heap_alloc(&worker->heap->heap, size, 1);
	pthread_spin_unlock(&worker->heap->lock);
	if (!ptr) {
		fprintf(stderr, "scale: the heap is full\n");
		exit(1);
	}
	*(u64 *)ptr = 1;
	return ptr;
}

static void free_block(struct worker *worker, void *ptr)
{
	struct heap_block_info freed;

	lock(worker->heap);
	heap_free(&worker->heap->heap, ptr, &freed);
	pthread_spin_unlock(&worker->heap->lock);
}

/* Replace a random block by one of a random size. */
static void mixed(struct worker *worker)
{
	void **block = &worker->live[next_random(worker, live)];

	free_block(worker, *block);
	*block = allocate(worker, random_size(worker));
}

/* Allocate and free one more block. */
static void hot(struct worker *worker)
{
	free_block(worker, allocate(worker, 64));
}

static const struct workload workloads[] = { { "mixed", mixed }, { "hot", hot } };

static void *work(void *data)
{
	struct worker *worker = data;
	cpu_set_t cpus;
	u32 i;

	CPU_ZERO(&cpus);
	CPU_SET(worker->cpu, &cpus);
	pthread_setaffinity_np(pthread_self(), sizeof(cpus), &cpus);
	pthread_barrier_wait(&barrier);
	worker->begin_ns = now_ns();
	for (i = 0; i < pairs; i++)
		workload->pair(worker);
	worker->end_ns = now_ns();
	return NULL;
}

static void *get_memory(u64 bytes)
{
	void *memory = calloc(1, bytes + HEAP_GRANULE);

	if (!memory) {
		fprintf(stderr, "scale: out of memory\n");
		exit(1);
	}
	return memory;
}

static struct shared_heap *open_heap(u64 bytes)
{
	u32 granules = heap_granules_in(bytes);
	struct shared_heap *heap = aligned_alloc(128, (sizeof(*heap) + 127) / 128 * 128);

	*heap = (struct shared_heap){
		.region = get_memory(bytes),
		.index = get_memory(heap_index_bytes(granules)),
	};
	pthread_spin_init(&heap->lock, PTHREAD_PROCESS_PRIVATE);
	heap_init(&heap->heap, heap->region, granules, heap->index, 0, 1);
	return heap;
}

static void close_heap(struct shared_heap *heap)
{
	free(heap->region);
	free(heap->index);
	free(heap);
}

static void prepare(unsigned int cpus, bool shared)
{
	u64 bytes = ((u64)live * MEAN_BYTES * 2 + (1 << 20)) * (shared ? cpus : 1);
	unsigned int i;
	u32 b;

	for (i = 0; i < cpus; i++) {
		workers[i].cpu = i;
		workers[i].random = 88172645463325252ULL + i;
		workers[i].heap = shared && i ? workers[0].heap : open_heap(bytes);
		for (b = 0; b < live; b++)
			workers[i].live[b] = allocate(&workers[i], random_size(&workers[i]));
	}
}

static void row(unsigned int cpus, bool shared)
{
	u64 begin = workers[0].begin_ns, end = 0, waited = workers[0].heap->waited_ns;
	unsigned int i;

	for (i = 0; i < cpus; i++) {
		if (workers[i].begin_ns < begin)
			begin = workers[i].begin_ns;
		if (workers[i].end_ns > end)
			end = workers[i].end_ns;
	}
	if (cpus > 1 && !shared)
		waited += workers[1].heap->waited_ns;
	printf("{\"where\":\"host\",\"workload\":\"%s\",\"kind\":\"exact\",\"cpus\":%u,",
	       workload->name, cpus);
	printf("\"heaps\":\"%s\",\"rate\":%.0f,\"wait\":%.0f}\n", shared ? "shared" : "own",
	       2e9 * pairs * cpus / (end - begin), 1e3 * waited / cpus / (end - begin));
}

static void measure(unsigned int cpus, bool shared)
{
	unsigned int i;

	prepare(cpus, shared);
	pthread_barrier_init(&barrier, NULL, cpus);
	for (i = 0; i < cpus; i++)
		pthread_create(&workers[i].thread, NULL, work, &workers[i]);
	for (i = 0; i < cpus; i++)
		pthread_join(workers[i].thread, NULL);
	row(cpus, shared);
	for (i = 0; i < (shared ? 1 : cpus); i++)
		close_heap(workers[i].heap);
}

int main(int argc, char **argv)
{
	unsigned int turns = argc == 4 ? atoi(argv[3]) : 0;
	unsigned int i, w;

	if (argc == 4) {
		live = atoi(argv[1]);
		pairs = atoi(argv[2]);
	}
	if (!live || !pairs || !turns || sysconf(_SC_NPROCESSORS_ONLN) < CPUS) {
		fprintf(stderr, "usage: scale LIVE PAIRS TURNS (needs two CPUs)\n");
		return 2;
	}
	for (i = 0; i < CPUS; i++)
		workers[i].live = get_memory(live * sizeof(void *));
	for (i = 0; i < turns; i++) {
		for (w = 0; w < sizeof(workloads) / sizeof(*workloads); w++) {
			workload = &workloads[w];
			measure(1, false);
			measure(CPUS, true);
			measure(CPUS, false);
		}
	}
	return 0;
}

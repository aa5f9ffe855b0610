// SPDX-License-Identifier: GPL-2.0-only
/*
 * allocators - the core, a plain first-fit walk, and the allocators that Debian packages
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "heap_core.h"
#include "../../tests/oracle.h"
#include "allocators.h"

/* The core, in mapped memory, of huge pages if there are any, as vmalloc_huge() uses. */
struct core {
	struct heap heap;
	struct heap_cache cache;
	u64 region_bytes;
	void *region;
	void *index;
};

static void *map_bytes(u64 bytes)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			    0);

	if (memory == MAP_FAILED)
		return NULL;
	madvise(memory, bytes, MADV_HUGEPAGE);
	return memory;
}

static void *core_open_as(u64 bytes, u32 flags)
{
	struct core *core = calloc(1, sizeof(*core));
	u32 granules = heap_granules_in(bytes);

	core->region_bytes = bytes;
	core->region = map_bytes(bytes);
	core->index = map_bytes(heap_index_bytes(granules));
	if (!core->region || !core->index)
		return NULL;
	heap_init(&core->heap, core->region, granules, core->index, flags, 1);
	return core;
}

static void *core_open(u64 bytes)
{
	return core_open_as(bytes, 0);
}

static void *core_alloc(void *state, size_t size)
{
	return heap_alloc(&((struct core *)state)->heap, size, 1);
}

static void core_free(void *state, void *ptr)
{
	struct heap_block_info freed;

	heap_free(&((struct core *)state)->heap, ptr, &freed);
}

/* With the cache of one CPU in front, as HEAPMOD_PERCPU has it. */
static void *cached_open(u64 bytes)
{
	struct core *core = core_open_as(bytes, HEAP_CACHES);

	if (core)
		heap_cache_init(&core->cache, core->heap.granules, 1);
	return core;
}

/* The cache had no room for a block: let it give some back. */
static void make_room(struct core *core)
{
	if (core->cache.full)
		heap_take_back(&core->heap, &core->cache, core->cache.full);
	core->cache.full = 0;
}

static void *cached_alloc(void *state, size_t size)
{
	struct core *core = state;
	void *ptr = heap_cache_alloc(&core->heap, &core->cache, size, 1);

	if (ptr)
		return ptr;
	make_room(core);
	return heap_alloc(&core->heap, size, 1);
}

static void cached_free(void *state, void *ptr)
{
	struct core *core = state;
	struct heap_block_info freed;
	u64 asked;

	if (heap_cache_free(&core->heap, &core->cache, ptr, &asked) >= 0)
		return;
	make_room(core);
	heap_free(&core->heap, ptr, &freed);
}

static void core_close(void *state)
{
	struct core *core = state;

	munmap(core->index, heap_index_bytes(core->heap.index.granules));
	munmap(core->region, core->region_bytes);
	free(core);
}

/* The plain walk manages no memory: its blocks are nodes. */
static void *walk_open(u64 bytes)
{
	return oracle_init(bytes / HEAP_GRANULE);
}

static void *walk_alloc(void *state, size_t size)
{
	return oracle_alloc(state, (size + 8 + 15) / 16);
}

static void walk_free(void *state, void *ptr)
{
	oracle_free(ptr);
}

static void walk_close(void *state)
{
	oracle_destroy(state);
}

/* A library's functions, loaded so that it does not replace malloc() for the whole program. */
struct library {
	void *(*alloc)(size_t size);
	void (*free)(void *ptr);
};

static void *library_open(const char *name, const char *alloc, const char *release)
{
	struct library *library = calloc(1, sizeof(*library));
	void *handle = dlopen(name, RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);

	if (!handle) {
		fprintf(stderr, "bench: %s\n", dlerror());
		return NULL;
	}
	library->alloc = dlsym(handle, alloc);
	library->free = dlsym(handle, release);
	return library;
}

static void *glibc_open(u64 bytes)
{
	return library_open("libc.so.6", "malloc", "free");
}

static void *mimalloc_open(u64 bytes)
{
	return library_open("libmimalloc.so.2", "mi_malloc", "mi_free");
}

static void *jemalloc_open(u64 bytes)
{
	return library_open("libjemalloc.so.2", "malloc", "free");
}

static void *library_alloc(void *state, size_t size)
{
	return ((struct library *)state)->alloc(size);
}

static void library_free(void *state, void *ptr)
{
	((struct library *)state)->free(ptr);
}

const struct allocator allocators[ALLOCATORS] = {
	{ "heapmod", core_open, core_alloc, core_free, core_close, 0 },
	{ "heapmod-percpu", cached_open, cached_alloc, cached_free, core_close, 0 },
	{ "plain walk", walk_open, walk_alloc, walk_free, walk_close, 10000 },
	{ "glibc", glibc_open, library_alloc, library_free, free, 0 },
	{ "mimalloc", mimalloc_open, library_alloc, library_free, free, 0 },
	{ "jemalloc", jemalloc_open, library_alloc, library_free, free, 0 },
};

// SPDX-License-Identifier: GPL-2.0-only
/*
 * heap_copy - copies and strings; blocks that are zeroed when freed, or freed with their scope
 *
 * Built without KASAN, because it reads freed blocks.
 */
#include <linux/jump_label.h>
#include <linux/mm.h>
#include <linux/string.h>

#include "heaps/heaps.h"
#include "probe.h"
#include "suite.h"

static void memory_is_copied(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, 1 << 16);
	const char *src = "heapmod\0copies";
	void *nothing = ZERO_SIZE_PTR;
	char *copy = heapmod_memdup(heap, src, 15, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, copy);
	KUNIT_EXPECT_EQ(test, memcmp(copy, src, 15), 0);
	KUNIT_EXPECT_EQ(test, heapmod_usable_size(heap, copy), 15);
	KUNIT_EXPECT_PTR_EQ(test, heapmod_memdup(heap, src, 0, GFP_KERNEL), nothing);
	heapmod_free(heap, copy);
}

static void strings_are_copied(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, 1 << 16);
	char *copy = heapmod_strdup(heap, "granule", GFP_KERNEL);
	char *empty = heapmod_strdup(heap, "", GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, copy);
	KUNIT_ASSERT_NOT_NULL(test, empty);
	KUNIT_EXPECT_STREQ(test, copy, "granule");
	KUNIT_EXPECT_EQ(test, heapmod_usable_size(heap, copy), 8);
	KUNIT_EXPECT_STREQ(test, empty, "");
	KUNIT_EXPECT_NULL(test, heapmod_strdup(heap, NULL, GFP_KERNEL));
	heapmod_free(heap, copy);
	heapmod_free(heap, empty);
}

static __printf(2, 3) char *print(struct heapmod *heap, const char *fmt, ...)
{
	char *string;
	va_list args;

	va_start(args, fmt);
	string = heapmod_vasprintf(heap, GFP_KERNEL, fmt, args);
	va_end(args);
	return string;
}

static void strings_are_printed(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, 1 << 16);
	char *one = heapmod_asprintf(heap, GFP_KERNEL, "%s %d", "chunk", 64);
	char *two = print(heap, "%0100d", 1);

	KUNIT_ASSERT_NOT_NULL(test, one);
	KUNIT_ASSERT_NOT_NULL(test, two);
	KUNIT_EXPECT_STREQ(test, one, "chunk 64");
	KUNIT_EXPECT_EQ(test, heapmod_usable_size(heap, one), 9);
	KUNIT_EXPECT_EQ(test, strlen(two), 100);
	KUNIT_EXPECT_EQ(test, heapmod_usable_size(heap, two), 101);
	heapmod_free(heap, one);
	heapmod_free(heap, two);
}

/* Appends to a string, as another CPU may at any moment. */
static void append(void *string, u32 heap, u64 offset, u64 asked, u64 bytes, unsigned long caller)
{
	strcat(string, "!");
}

/* The string grows between the call that measures it and the one that copies it. */
static void strings_that_change_are_terminated(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, 1 << 16);
	char string[16] = "chunk";
	struct tracepoint *point = probe_start(test, "heapmod_alloc", append, string);
	char *copy = heapmod_strdup(heap, string, GFP_KERNEL);
	char *printed = heapmod_asprintf(heap, GFP_KERNEL, "%s", string);

	probe_stop(point, append, string);
	KUNIT_EXPECT_STREQ(test, string, "chunk!!");
	KUNIT_ASSERT_NOT_NULL(test, copy);
	KUNIT_ASSERT_NOT_NULL(test, printed);
	KUNIT_EXPECT_EQ(test, copy[5], 0);
	KUNIT_EXPECT_EQ(test, printed[6], 0);
	heapmod_free(heap, copy);
	heapmod_free(heap, printed);
}

static void copies_fail_without_room_or_heap(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, REGION(2));
	char *large = "a string that two granules cannot hold";

	KUNIT_EXPECT_NULL(test, heapmod_strdup(heap, large, __GFP_NOWARN));
	KUNIT_EXPECT_NULL(test, heapmod_memdup(heap, large, 30, __GFP_NOWARN));
	KUNIT_EXPECT_NULL(test, heapmod_asprintf(heap, __GFP_NOWARN, "%s", large));
	KUNIT_EXPECT_NULL(test, heapmod_strdup(NULL, large, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, heapmod_memdup(NULL, large, 30, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, suite_hole_bytes(test), 2 * SUITE_GRANULE);
}

static u64 blocks_of(struct heapmod *heap, unsigned long caller)
{
	int i;

	for (i = 0; i < heap_owners_count(&heap->owners); i++) {
		if (heap->owners.table[i].caller == caller)
			return heap_owner_blocks(&heap->owners.table[i]);
	}
	return 0;
}

static __printf(3, 4) char *print_for(struct heapmod *heap, unsigned long caller, const char *fmt,
				      ...)
{
	char *string;
	va_list args;

	va_start(args, fmt);
	string = heapmod_vasprintf_caller(heap, GFP_KERNEL, fmt, args, caller);
	va_end(args);
	return string;
}

/* Wrappers pass the call site of their caller. The addresses here are made up. */
static void wrappers_pass_their_caller(struct kunit *test)
{
	struct heapmod *heap = suite_exact_heap(test, 1 << 16, 0);
	void *blocks[] = {
		heapmod_alloc_caller(heap, 10, GFP_KERNEL, 0x1000),
		heapmod_zalloc_caller(heap, 10, GFP_KERNEL, 0x1010),
		heapmod_alloc_array_caller(heap, 2, 5, GFP_KERNEL, 0x1020),
		heapmod_alloc_aligned_caller(heap, 10, 64, GFP_KERNEL, 0x1030),
		heapmod_realloc_caller(heap, NULL, 10, GFP_KERNEL, 0x1040),
		heapmod_memdup_caller(heap, "a", 2, GFP_KERNEL, 0x1050),
		heapmod_strdup_caller(heap, "a", GFP_KERNEL, 0x1060),
		print_for(heap, 0x1070, "%d", 1),
		heapmod_alloc_wait_caller(heap, 10, 1, GFP_KERNEL, TASK_KILLABLE, 0, 0x1080),
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(blocks); i++) {
		KUNIT_EXPECT_NOT_NULL(test, blocks[i]);
		KUNIT_EXPECT_EQ(test, blocks_of(heap, 0x1000 + 0x10 * i), 1);
		heapmod_free(heap, blocks[i]);
		KUNIT_EXPECT_EQ(test, blocks_of(heap, 0x1000 + 0x10 * i), 0);
	}
}

/* The other calls account the block to their own call site, in this function. */
static void calls_account_to_their_caller(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, 1 << 16);
	unsigned long start = (unsigned long)calls_account_to_their_caller;
	void *blocks[] = {
		heapmod_alloc(heap, 10, GFP_KERNEL),
		heapmod_zalloc(heap, 10, GFP_KERNEL),
		heapmod_alloc_array(heap, 2, 5, GFP_KERNEL),
		heapmod_alloc_aligned(heap, 10, 64, GFP_KERNEL),
		heapmod_realloc(heap, NULL, 10, GFP_KERNEL),
		heapmod_memdup(heap, "a", 2, GFP_KERNEL),
		heapmod_strdup(heap, "a", GFP_KERNEL),
		heapmod_asprintf(heap, GFP_KERNEL, "%d", 1),
		heapmod_alloc_wait(heap, 10, 1, GFP_KERNEL, TASK_KILLABLE, 0),
	};
	const struct heap_owner *owner;
	u64 count = 0;
	int i;

	for (i = 0; i < heap_owners_count(&heap->owners); i++) {
		owner = &heap->owners.table[i];
		if (owner->caller - start < 4096)
			count += heap_owner_blocks(owner);
	}
	KUNIT_EXPECT_EQ(test, count, ARRAY_SIZE(blocks));
	for (i = 0; i < ARRAY_SIZE(blocks); i++)
		heapmod_free(heap, blocks[i]);
}

/* Not memchr_inv(), which is built with KASAN. */
static bool holds(const u8 *ptr, u8 value, size_t size)
{
	while (size && READ_ONCE(ptr[size - 1]) == value)
		size--;
	return !size;
}

static void sensitive_blocks_are_zeroed(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, 1 << 16);
	u8 *ptr = suite_alloc(test, 100), *next = suite_alloc(test, 100);

	memset(ptr, 7, 100);
	memset(next, 7, 100);
	heapmod_free_sensitive(heap, ptr);
	KUNIT_EXPECT_FALSE(test, heapmod_owns(heap, ptr));
	KUNIT_EXPECT_TRUE(test, holds(ptr, 0, 100));
	heapmod_free_sensitive(heap, NULL);
	heapmod_free_sensitive(heap, next + 16);
	KUNIT_EXPECT_TRUE(test, holds(next, 7, 100));
	KUNIT_EXPECT_TRUE(test, heapmod_owns(heap, next));
	heapmod_free(heap, next);
}

/* With init_on_free=1 nothing of the contents stays in memory that is free. */
#define CONTENTS	0x42
#define LARGE		4096

static u8 *fill_large(struct kunit *test)
{
	u8 *ptr = suite_alloc(test, LARGE);

	memset(ptr, CONTENTS, LARGE);
	return ptr;
}

static int count_between(const u8 *ptr, int from, int to)
{
	int count = 0, i;

	for (i = from; i < to; i++)
		count += READ_ONCE(ptr[i]) == CONTENTS;
	return count;
}

/* Up to the header of the next block, any byte of which may be the same by chance. */
static int count_contents(const u8 *ptr, int from)
{
	return count_between(ptr, from, LARGE + SUITE_GRANULE / 2);
}

static u8 *shrink(struct kunit *test, u8 *ptr, size_t size)
{
	KUNIT_EXPECT_PTR_EQ(test, heapmod_realloc(test->priv, ptr, size, GFP_KERNEL), (void *)ptr);
	return ptr;
}

static u8 *move(struct kunit *test, u8 *ptr)
{
	void *wall = suite_alloc(test, 1);
	void *moved = heapmod_realloc(test->priv, ptr, 2 * LARGE, GFP_KERNEL);

	KUNIT_EXPECT_PTR_NE(test, moved, (void *)ptr);
	heapmod_free(test->priv, wall);
	heapmod_free(test->priv, moved);
	return ptr;
}

/*
 * An option of the kernel, init_on_free or init_on_alloc, is set for one call, which allocates no
 * pages: the kernel would take free pages for wiped ones. With SMP it must not be changed. The VM
 * case "options" boots with both.
 */
static void need_option(struct kunit *test, struct static_key *option)
{
	if (IS_ENABLED(CONFIG_SMP) && !static_key_enabled(option))
		kunit_skip(test, "an option of the kernel must not be changed here");
}

#define WITH_OPTION(option, call) do {					\
	struct static_key *_option = (option);				\
	bool _set = static_key_enabled(_option);			\
									\
	if (!_set)							\
		static_key_enable(_option);				\
	call;								\
	if (!_set)							\
		static_key_disable(_option);				\
} while (0)

#define CONTENTS_LEFT(test, ptr, from, call) ({				\
	u8 *_ptr = (ptr);						\
									\
	WITH_OPTION(&init_on_free.key, call);				\
	count_contents(_ptr, from);					\
})

static void free_memory_is_wiped(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, 1 << 16);
	u8 *ptr = fill_large(test);

	need_option(test, &init_on_free.key);
	/* Behind the block, its slack and the header of the hole. */
	KUNIT_EXPECT_EQ(test, CONTENTS_LEFT(test, ptr, 32, shrink(test, ptr, 16)), 0);
	/* The header stays. A byte of it may be the same by chance. */
	KUNIT_EXPECT_EQ(test, CONTENTS_LEFT(test, ptr, 32, heapmod_free_sensitive(heap, ptr)), 0);
	KUNIT_EXPECT_EQ(test, count_between(ptr, 0, 24), 0);
	ptr = fill_large(test);
	WRITE_ONCE(ptr[LARGE + 4], CONTENTS);			/* an overrun */
	KUNIT_EXPECT_EQ(test, CONTENTS_LEFT(test, ptr, 0, heapmod_free(heap, ptr)), 0);
	ptr = fill_large(test);
	KUNIT_EXPECT_EQ(test, CONTENTS_LEFT(test, ptr, 0, move(test, ptr)), 0);
	ptr = fill_large(test);
	KUNIT_EXPECT_EQ(test, CONTENTS_LEFT(test, ptr, 0, heapmod_reset(heap)), 0);
}

static bool is_empty(struct heapmod *heap)
{
	struct heapmod_stats stats = suite_stats(heap);

	return !stats.blocks && !stats.pending_bytes;
}

/* To wipe is a hook, so the free is deferred. The stats complete it, or a work item does. */
static void free_in_nmi(struct heapmod *heap, void *ptr)
{
	unsigned long flags = suite_enter_nmi();

	heapmod_free(heap, ptr);
	suite_leave_nmi(flags);
	while (!is_empty(heap))
		cond_resched();
}

static void bulk_and_deferred_frees_wipe(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, 1 << 16);
	void *two[] = { fill_large(test), fill_large(test) };
	u8 *ptr;

	need_option(test, &init_on_free.key);
	KUNIT_EXPECT_EQ(test, CONTENTS_LEFT(test, two[0], 0, heapmod_free_bulk(heap, 2, two)), 0);
	KUNIT_EXPECT_EQ(test, count_contents(two[1], 0), 0);
	ptr = fill_large(test);
	KUNIT_EXPECT_EQ(test, CONTENTS_LEFT(test, ptr, 0, free_in_nmi(heap, ptr)), 0);
}

/* While this waits for readers, other tasks allocate pages: the option must be set already. */
static void frees_after_readers_wipe(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, 1 << 16);
	u8 *ptr = fill_large(test);

	if (!static_key_enabled(&init_on_free.key))
		kunit_skip(test, "an option of the kernel must not be changed here");
	suite_free_rcu(heap, ptr);
	heapmod_barrier(heap);
	KUNIT_EXPECT_EQ(test, count_contents(ptr, 0), 0);
}

/* With init_on_alloc=1 a new block is zeroed, as with __GFP_ZERO. */
static void new_memory_is_wiped(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, 1 << 16);
	u8 *ptr = fill_large(test);

	need_option(test, &init_on_alloc.key);
	heapmod_free(heap, ptr);
	if (want_init_on_free())
		memset(ptr, CONTENTS, LARGE);	/* a write after free, of what was wiped */
	WITH_OPTION(&init_on_alloc.key, ptr = heapmod_alloc(heap, LARGE, GFP_KERNEL));
	KUNIT_ASSERT_NOT_NULL(test, ptr);
	KUNIT_EXPECT_NULL(test, memchr_inv(ptr, 0, LARGE));
}

#if defined(DEFINE_CLASS) && !defined(__CHECKER__)	/* sparse does not parse the class */
static u8 *make_in_scope(struct heapmod *heap, bool keep)
{
	CLASS(heapmod_block, block)(heap, 100, GFP_KERNEL);

	return keep ? no_free_ptr(block.ptr) : block.ptr;
}

static void make_heap_in_scope(struct kunit *test)
{
	struct heapmod *heap __free(heapmod) = heapmod_create("scope", 1 << 16, 0);

	KUNIT_EXPECT_NOT_ERR_OR_NULL(test, heap);
}

static void scope_frees_blocks_and_heaps(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, 1 << 16);
	u8 *ptr = make_in_scope(heap, false);

	KUNIT_EXPECT_NOT_NULL(test, ptr);
	KUNIT_EXPECT_FALSE(test, heapmod_owns(heap, ptr));
	ptr = make_in_scope(heap, true);
	KUNIT_EXPECT_TRUE(test, heapmod_owns(heap, ptr));
	heapmod_free(heap, ptr);
	make_heap_in_scope(test);
	make_heap_in_scope(test);	/* the name can be reused */
}
#else
static void scope_frees_blocks_and_heaps(struct kunit *test)
{
	kunit_skip(test, "this kernel has no scope-based cleanup");
}
#endif

static struct kunit_case cases[] = {
	KUNIT_CASE(memory_is_copied),
	KUNIT_CASE(strings_are_copied),
	KUNIT_CASE(strings_are_printed),
	KUNIT_CASE(strings_that_change_are_terminated),
	KUNIT_CASE(copies_fail_without_room_or_heap),
	KUNIT_CASE(wrappers_pass_their_caller),
	KUNIT_CASE(calls_account_to_their_caller),
	KUNIT_CASE(sensitive_blocks_are_zeroed),
	KUNIT_CASE(free_memory_is_wiped),
	KUNIT_CASE(bulk_and_deferred_frees_wipe),
	KUNIT_CASE(frees_after_readers_wipe),
	KUNIT_CASE(new_memory_is_wiped),
	KUNIT_CASE(scope_frees_blocks_and_heaps),
	{}
};

SUITE(cases);

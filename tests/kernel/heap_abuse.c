// SPDX-License-Identifier: GPL-2.0-only
/*
 * heap_abuse - make every mistake that a client can make, one after the other
 *
 * With `only=NAME`, that mistake only. Two heaps in debugfs show the results: "abuse" and "poison".
 * The last mistake is not a client's: it corrupts the index of a third heap, and destroys that.
 * With `ruin=1`, the heap "ruin" has much that a check finds.
 */
#include <linux/err.h>
#include <linux/module.h>
#include <linux/string.h>

#include "core/block.h"
#include "heaps/heaps.h"

static char *only = "";
module_param(only, charp, 0444);
MODULE_PARM_DESC(only, "the only mistake to make (default: all)");

static bool ruin;
module_param(ruin, bool, 0444);
MODULE_PARM_DESC(ruin, "instead, leave a heap that is damaged everywhere (default no)");

static struct heapmod *heap, *poison, *ruined;
static u8 *first, *second;		/* adjacent blocks of 100 bytes in "abuse" */

static void foreign(void)
{
	heapmod_free(heap, &heap);
}

static void misaligned(void)
{
	heapmod_free(heap, first + 1);
}

static void interior(void)
{
	heapmod_free(heap, first + 16);
}

static void double_free(void)
{
	void *ptr = heapmod_alloc(poison, 50, GFP_KERNEL);

	heapmod_free(poison, ptr);
	heapmod_free(poison, ptr);
}

static void wrong_heap(void)
{
	heapmod_free(poison, first);
}

static void overrun(void)
{
	WRITE_ONCE(first[100], 'A');
	heapmod_free(heap, first);
}

static void corrupt_header(void)
{
	int i;

	for (i = 0; i < 8; i++)
		WRITE_ONCE(*(second - 8 + i), 'A');
	heapmod_free(heap, second);
}

static void use_after_free(void)
{
	u8 *ptr = heapmod_alloc(poison, 50, GFP_KERNEL);

	heapmod_free(poison, ptr);
	WRITE_ONCE(ptr[20], 0);
	ptr = heapmod_alloc(poison, 50, GFP_KERNEL);
}

/* No client can reach the index. The tree has a hole in chunk 1, where the map has none. */
static void corrupt_index(void)
{
	struct heapmod *broken = heapmod_create("broken", 4096, 0);
	void *ptr;

	if (IS_ERR(broken))
		return;
	broken->core.index.max[0][1] = HEAP_CHUNK;
	broken->core.index.others = HEAP_CHUNK;	/* or a hole is taken without a search */
	ptr = heapmod_alloc(broken, 100, GFP_KERNEL | __GFP_NOWARN);
	heapmod_free(broken, ptr);
	heapmod_destroy(broken);
}

/* As above, but a check finds it. */
static void check_index(void)
{
	struct heapmod *broken = heapmod_create("broken", 4096, 0);

	if (IS_ERR(broken))
		return;
	broken->core.index.max[0][1] = HEAP_CHUNK;
	heapmod_check(broken);
	heapmod_destroy(broken);
}

/* An overrun in each of ten chunks, and a hole in the tree where the map has none, behind them. */
static void leave_ruin(void)
{
	size_t size, i;
	u8 *ptr;

	ruined = heapmod_create("ruin", 1 << 18, HEAPMOD_REDZONE);
	if (IS_ERR(ruined))
		return;
	size = payload_bytes(&ruined->core, HEAP_CHUNK);
	for (i = 0; i < 10; i++) {
		ptr = heapmod_alloc(ruined, size, GFP_KERNEL);
		if (ptr)
			WRITE_ONCE(ptr[size], 'A');
	}
	ruined->core.index.max[0][200] = 1;
}

static const struct {
	const char *name;
	void (*make)(void);
} mistakes[] = {
	{ "foreign", foreign },
	{ "misaligned", misaligned },
	{ "interior", interior },
	{ "double_free", double_free },
	{ "wrong_heap", wrong_heap },
	{ "overrun", overrun },
	{ "corrupt_header", corrupt_header },
	{ "use_after_free", use_after_free },
	{ "corrupt_index", corrupt_index },
	{ "check_index", check_index },
};

static void make_mistakes(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(mistakes); i++) {
		if (!*only || !strcmp(only, mistakes[i].name))
			mistakes[i].make();
	}
}

static void release(void)
{
	heapmod_destroy(ruined);
	heapmod_destroy(poison);
	heapmod_destroy(heap);
}

static int abuse_init(void)
{
	heap = heapmod_create("abuse", 4096, 0);
	poison = heapmod_create("poison", 4096, HEAPMOD_POISON);
	if (IS_ERR(heap) || IS_ERR(poison)) {
		release();
		return -ENOMEM;
	}
	first = heapmod_zalloc(heap, 100, GFP_KERNEL);
	second = heapmod_zalloc(heap, 100, GFP_KERNEL);
	if (ruin)
		leave_ruin();
	else if (first && second)
		make_mistakes();
	return 0;
}

static void abuse_exit(void)
{
	release();
}

module_init(abuse_init);
module_exit(abuse_exit);

MODULE_INFO(import_ns, "HEAPMOD");
MODULE_DESCRIPTION("Every mistake that a client of heapmod can make");
MODULE_LICENSE("GPL");

// SPDX-License-Identifier: GPL-2.0-only
/*
 * heap_life - create, reset and destroy heaps; the watermark and the peak
 */
#include <linux/completion.h>
#include <linux/device.h>
#include <linux/nodemask.h>
#include <linux/numa.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "heaps/heaps.h"
#include "suite.h"

/* Is there a heap of this name? If not, one can be created. */
static bool exists(const char *name)
{
	struct heapmod *heap = heapmod_create(name, 1 << 16, 0);

	if (IS_ERR(heap))
		return true;
	heapmod_destroy(heap);
	return false;
}

static void create_on_a_node(struct kunit *test)
{
	struct heapmod *heap = heapmod_create_node("kunit", 1 << 16, 0, first_online_node);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, heap);
	test->priv = heap;
	heapmod_free(heap, suite_alloc(test, 100));
}

static void create_on_invalid_node(struct kunit *test)
{
	struct heapmod *heap;
	int nodes[] = { -2, MAX_NUMNODES, INT_MAX, INT_MIN };
	int i;

	for (i = 0; i < ARRAY_SIZE(nodes); i++) {
		heap = heapmod_create_node("kunit", 1 << 16, 0, nodes[i]);
		KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(heap), -EINVAL);
	}
	test->priv = heapmod_create_node("kunit", 1 << 16, 0, NUMA_NO_NODE);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, test->priv);
}

/* The longest name of a heap fits into its directory, its reports and its table. */
static void longest_name(struct kunit *test)
{
	char name[HEAPMOD_NAME_MAX + 2] = "";
	struct heapmod *heap;

	KUNIT_EXPECT_EQ(test, HEAPMOD_NAME_MAX, 63);
	memset(name, 'n', HEAPMOD_NAME_MAX);
	heap = heapmod_create(name, 1 << 16, 0);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, heap);
	test->priv = heap;
	KUNIT_EXPECT_STREQ(test, heap->name, name);
	name[HEAPMOD_NAME_MAX] = 'n';
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(heapmod_create(name, 1 << 16, 0)), -ENAMETOOLONG);
}

/* Create a heap in @mem, and destroy it. Return: 0, or the error of the creation. */
static int try_create_in(void *mem, size_t size)
{
	struct heapmod *heap = heapmod_create_in("in", mem, size, HEAPMOD_POISON);

	if (IS_ERR(heap))
		return PTR_ERR(heap);
	heapmod_destroy(heap);
	return 0;
}

/* A heap may lie inside a live block of another one, and nowhere else in its region. */
static void create_in_a_heap(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, 1 << 16);
	char *first = suite_alloc(test, FILL(100));
	char *second = suite_alloc(test, FILL(100));
	char *region = heap->core.region;
	struct heapmod *nested;

	KUNIT_EXPECT_EQ(test, try_create_in(region, 1 << 16), -EBUSY);
	KUNIT_EXPECT_EQ(test, try_create_in(first, 2 * FILL(100)), -EBUSY);
	KUNIT_EXPECT_EQ(test, try_create_in(first - 16, FILL(50)), -EBUSY);
	KUNIT_EXPECT_EQ(test, try_create_in(region + (1 << 15), 1024), -EBUSY);
	KUNIT_EXPECT_EQ(test, try_create_in(region + (1 << 16) - 64, 4096), -EBUSY);
	KUNIT_EXPECT_EQ(test, try_create_in(region - 4096, 4096 + 64), -EBUSY);
	KUNIT_EXPECT_EQ(test, try_create_in(region - 4096, 3 << 16), -EBUSY);
	KUNIT_EXPECT_EQ(test, heapmod_check(heap), 0);
	KUNIT_EXPECT_EQ(test, try_create_in(first, FILL(100)), 0);
	nested = heapmod_create_in("nested", first, FILL(100), 0);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, nested);
	KUNIT_EXPECT_EQ(test, try_create_in(first, FILL(100)), -EBUSY);
	KUNIT_EXPECT_EQ(test, try_create_in(first + 64, 512), -EBUSY);
	KUNIT_EXPECT_EQ(test, try_create_in(second, FILL(100)), 0);
	heapmod_destroy(nested);
	KUNIT_EXPECT_EQ(test, try_create_in(first, FILL(100)), 0);
	heapmod_free(heap, first);
	KUNIT_EXPECT_EQ(test, try_create_in(first, FILL(100)), -EBUSY);
	heapmod_free(heap, second);
}

/* ZERO_SIZE_PTR and error pointers are no memory. */
static void create_in_no_memory(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, try_create_in(NULL, 4096), -EINVAL);
	KUNIT_EXPECT_EQ(test, try_create_in(ZERO_SIZE_PTR, 4096), -EINVAL);
	KUNIT_EXPECT_EQ(test, try_create_in(ERR_PTR(-ENOMEM), 32), -EINVAL);
	KUNIT_EXPECT_EQ(test, try_create_in(ERR_PTR(-MAX_ERRNO), 64), -EINVAL);
}

/* A device with no more than devres needs. */
static void free_device(struct device *dev)
{
	kfree(dev);
}

static struct device *make_device(struct kunit *test)
{
	struct device *dev = kzalloc(sizeof(*dev), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, dev);
	device_initialize(dev);
	dev->release = free_device;
	return dev;
}

static void create_for_a_device(struct kunit *test)
{
	struct device *dev = make_device(test);
	struct heapmod *heap = devm_heapmod_create(dev, "device", 1 << 16, 0);

	KUNIT_EXPECT_NOT_ERR_OR_NULL(test, heap);
	KUNIT_EXPECT_TRUE(test, exists("device"));
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(devm_heapmod_create(dev, "device", 1 << 16, 0)),
			-EEXIST);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(devm_heapmod_create(dev, "", 1 << 16, 0)), -EINVAL);
	put_device(dev);
	KUNIT_EXPECT_FALSE(test, exists("device"));
}

/* heapmod is loaded with size=0. */
static void no_default_heap(struct kunit *test)
{
	if (IS_BUILTIN(CONFIG_HEAPMOD))
		kunit_skip(test, "heapmod.size= may be anything");
	KUNIT_EXPECT_NULL(test, heapmod_default());
}

static void fill_up(struct kunit *test, size_t size)
{
	while (heapmod_alloc(test->priv, size, GFP_KERNEL | __GFP_NOWARN))
		;
}

static void expect_empty(struct kunit *test, struct heapmod *heap)
{
	struct heapmod_stats stats;
	int i;

	heapmod_get_stats(heap, &stats);
	KUNIT_EXPECT_EQ(test, stats.blocks, 0);
	KUNIT_EXPECT_EQ(test, stats.holes, 1);
	KUNIT_EXPECT_EQ(test, stats.quarantine_blocks, 0);
	KUNIT_EXPECT_EQ(test, stats.hole_bytes + stats.edge_bytes, stats.region_bytes);
	for (i = 0; i < heap_owners_count(&heap->owners); i++) {
		KUNIT_EXPECT_EQ(test, heap_owner_blocks(&heap->owners.table[i]), 0);
		KUNIT_EXPECT_EQ(test, heap_owner_bytes(&heap->owners.table[i]), 0);
	}
	KUNIT_EXPECT_EQ(test, heapmod_check(heap), 0);
}

static void reset(struct kunit *test, unsigned int flags)
{
	struct heapmod *heap = suite_heap_flags(test, 1 << 16, flags);
	int i;

	for (i = 0; i < 3; i++) {
		fill_up(test, 10 + 100 * i);
		heapmod_reset(heap);
		expect_empty(test, heap);
		KUNIT_EXPECT_NOT_NULL(test, heapmod_alloc(heap, 1 << 15, GFP_KERNEL));
	}
	heapmod_reset(heap);
	heapmod_reset(heap);
	expect_empty(test, heap);
}

static void reset_frees_all(struct kunit *test)
{
	reset(test, 0);
}

static void reset_frees_all_with_flags(struct kunit *test)
{
	reset(test, HEAPMOD_POISON | HEAPMOD_REDZONE);
}

/* A reset also frees the blocks in quarantine. */
static void reset_ends_quarantine(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, 1 << 16);
	u8 *ptr = suite_alloc(test, 100);
	struct heapmod_stats stats;

	fill_up(test, 100);
	WRITE_ONCE(ptr[-1], ptr[-1] ^ 1);
	heapmod_free(heap, ptr);
	heapmod_get_stats(heap, &stats);
	KUNIT_EXPECT_EQ(test, stats.quarantine_blocks, 1);
	heapmod_reset(heap);
	expect_empty(test, heap);
	heapmod_reset(NULL);
}

struct notified {
	struct completion above, below;
	int count;		/* of both */
	bool is_above;
	bool repeats;		/* a call was the same as the last one */
};

static void notify(struct heapmod *heap, void *data, bool above)
{
	struct notified *notified = data;

	notified->repeats |= notified->is_above == above;
	notified->is_above = above;
	notified->count++;
	complete(above ? &notified->above : &notified->below);
}

static int watch(struct heapmod *heap, unsigned int percent, struct notified *notified)
{
	*notified = (struct notified){};
	init_completion(&notified->above);
	init_completion(&notified->below);
	return heapmod_watch(heap, percent, notify, notified);
}

/* Wait until a callback that is due has run. */
static void flush_callback(struct heapmod *heap)
{
	irq_work_sync(&heap->follow_up);
	flush_delayed_work(&heap->watermark.work);
}

/* The callback is called once when usage exceeds the watermark, and once when it is below again. */
static void watermark_notifies_of_both(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, REGION(100));
	struct notified notified;
	void *half = suite_alloc(test, FILL(50));
	void *more;
	int i;

	KUNIT_EXPECT_EQ(test, watch(heap, 50, &notified), 0);
	flush_callback(heap);
	KUNIT_EXPECT_EQ(test, notified.count, 0);
	for (i = 1; i <= 3; i++) {
		more = suite_alloc(test, FILL(1));
		wait_for_completion(&notified.above);
		heapmod_free(heap, suite_alloc(test, FILL(10)));
		flush_callback(heap);
		KUNIT_EXPECT_EQ(test, notified.count, 2 * i - 1);
		heapmod_free(heap, more);
		wait_for_completion(&notified.below);
		flush_callback(heap);
		KUNIT_EXPECT_EQ(test, notified.count, 2 * i);
	}
	heapmod_unwatch(heap, notify, &notified);
	more = suite_alloc(test, FILL(40));
	flush_callback(heap);
	KUNIT_EXPECT_EQ(test, notified.count, 6);
	KUNIT_EXPECT_FALSE(test, notified.repeats);
	heapmod_free(heap, half);
	heapmod_free(heap, more);
}

/* A peak that is over before the callback runs is reported, and that it is over, too. */
static void watermark_notifies_of_a_short_peak(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, REGION(100));
	struct notified notified;

	KUNIT_EXPECT_EQ(test, watch(heap, 50, &notified), 0);
	heapmod_free(heap, suite_alloc(test, FILL(60)));
	wait_for_completion(&notified.above);
	wait_for_completion(&notified.below);
	heapmod_unwatch(heap, notify, &notified);
	KUNIT_EXPECT_EQ(test, notified.count, 2);
}

/*
 * What lies in front of an aligned block is not in use, not even while the block is cut. As the
 * region begins at a page, that is nearly a page, or more.
 */
static void watermark_ignores_the_front_of_an_aligned_block(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, SZ_64K);
	struct notified notified;
	void *ptr;

	KUNIT_EXPECT_EQ(test, watch(heap, 5, &notified), 0);
	ptr = heapmod_alloc_aligned(heap, 100, SZ_32K, GFP_KERNEL);
	flush_callback(heap);
	KUNIT_EXPECT_NOT_NULL(test, ptr);
	KUNIT_EXPECT_EQ(test, notified.count, 0);
	heapmod_unwatch(heap, notify, &notified);
	heapmod_free(heap, ptr);
}

/* Each watch has a watermark and a state of its own. */
static void watermarks_are_independent(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, REGION(100));
	struct notified low, high;
	void *base, *more;

	KUNIT_EXPECT_EQ(test, watch(heap, 80, &high), 0);
	KUNIT_EXPECT_EQ(test, watch(heap, 20, &low), 0);
	base = suite_alloc(test, FILL(50));
	wait_for_completion(&low.above);
	flush_callback(heap);
	KUNIT_EXPECT_EQ(test, high.count, 0);
	more = suite_alloc(test, FILL(40));
	wait_for_completion(&high.above);
	heapmod_free(heap, more);
	wait_for_completion(&high.below);
	KUNIT_EXPECT_EQ(test, low.count, 1);
	heapmod_unwatch(heap, notify, &high);
	heapmod_free(heap, base);
	wait_for_completion(&low.below);
	heapmod_free(heap, suite_alloc(test, FILL(90)));
	wait_for_completion(&low.above);
	heapmod_unwatch(heap, notify, &low);
	KUNIT_EXPECT_EQ(test, high.count, 2);
}

/*
 * The end of one may be the first to see that another one is exceeded: User-Mode Linux runs an
 * irq_work at the next tick.
 */
static void the_end_of_a_watch_keeps_the_others(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, REGION(100));
	struct notified low, high;
	void *ptr;

	KUNIT_EXPECT_EQ(test, watch(heap, 80, &high), 0);
	KUNIT_EXPECT_EQ(test, watch(heap, 20, &low), 0);
	ptr = suite_alloc(test, FILL(50));
	heapmod_unwatch(heap, notify, &high);
	KUNIT_EXPECT_NE(test, wait_for_completion_timeout(&low.above, 10 * HZ), 0);
	heapmod_unwatch(heap, notify, &low);
	heapmod_free(heap, ptr);
}

/* A callback is called at most ten times a second, of either kind. */
static void watermark_limits_its_rate(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, REGION(100));
	struct notified notified;
	unsigned long start = jiffies;
	int i;

	KUNIT_EXPECT_EQ(test, watch(heap, 50, &notified), 0);
	for (i = 0; i < 40; i++) {
		heapmod_free(heap, suite_alloc(test, FILL(60)));
		schedule_timeout_uninterruptible(2);
	}
	heapmod_unwatch(heap, notify, &notified);
	KUNIT_EXPECT_GE(test, notified.count, 1);
	KUNIT_EXPECT_LE(test, notified.count, 1 + (jiffies - start) / (HZ / 10));
}

/*
 * A run of the irq_work can outlast irq_work_sync(), and schedule the work item for a watch that
 * has ended.
 */
static void late_work_is_no_reason_to_notify(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, REGION(100));
	struct notified old, new;

	KUNIT_EXPECT_EQ(test, watch(heap, 50, &old), 0);
	heapmod_unwatch(heap, notify, &old);
	schedule_delayed_work(&heap->watermark.work, 0);
	flush_delayed_work(&heap->watermark.work);
	KUNIT_EXPECT_EQ(test, old.count, 0);
	KUNIT_EXPECT_EQ(test, watch(heap, 50, &new), 0);
	schedule_delayed_work(&heap->watermark.work, 0);
	flush_delayed_work(&heap->watermark.work);
	KUNIT_EXPECT_EQ(test, old.count, 0);
	KUNIT_EXPECT_EQ(test, new.count, 0);
	heapmod_free(heap, suite_alloc(test, FILL(60)));
	wait_for_completion(&new.above);
	heapmod_unwatch(heap, notify, &new);
	KUNIT_EXPECT_EQ(test, old.count, 0);
}

/* A watch on a heap above its watermark is notified at once. */
static void watermark_notifies_at_once(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, REGION(100));
	void *ptr = suite_alloc(test, FILL(100));
	struct notified notified;

	KUNIT_EXPECT_EQ(test, watch(heap, 99, &notified), 0);
	wait_for_completion(&notified.above);
	heapmod_unwatch(heap, notify, &notified);
	KUNIT_EXPECT_EQ(test, notified.count, 1);
	heapmod_free(heap, ptr);
}

struct rewatch {
	struct completion called;
	struct work_struct work;
	int calls;
};

static void do_nothing(struct work_struct *work)
{
}

/* It waits for work on a queue of the kernel, and for what its heap has left to do. */
static void watch_again(struct heapmod *heap, void *data, bool above)
{
	struct rewatch *rewatch = data;

	rewatch->calls++;
	schedule_work(&rewatch->work);
	flush_work(&rewatch->work);
	heapmod_barrier(heap);
	complete_all(&rewatch->called);
	/* Meanwhile heapmod_unwatch() ends the watch, and waits for this call. */
	schedule_timeout_uninterruptible(HZ / 5);
	heapmod_watch(heap, 50, watch_again, rewatch);
}

static void a_watch_that_its_callback_adds_ends(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, REGION(100));
	struct rewatch rewatch = {};
	int calls;

	init_completion(&rewatch.called);
	INIT_WORK_ONSTACK(&rewatch.work, do_nothing);
	KUNIT_EXPECT_EQ(test, heapmod_watch(heap, 50, watch_again, &rewatch), 0);
	heapmod_free(heap, suite_alloc(test, FILL(60)));
	wait_for_completion(&rewatch.called);
	heapmod_unwatch(heap, watch_again, &rewatch);
	calls = rewatch.calls;
	heapmod_free(heap, suite_alloc(test, FILL(60)));
	flush_callback(heap);
	KUNIT_EXPECT_EQ(test, rewatch.calls, calls);
	destroy_work_on_stack(&rewatch.work);
}

static void watch_refuses_invalid_arguments(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, REGION(100));
	struct notified notified = {};

	KUNIT_EXPECT_EQ(test, heapmod_watch(heap, 0, notify, &notified), -EINVAL);
	KUNIT_EXPECT_EQ(test, heapmod_watch(heap, 100, notify, &notified), -EINVAL);
	KUNIT_EXPECT_EQ(test, heapmod_watch(heap, 50, NULL, &notified), -EINVAL);
	KUNIT_EXPECT_EQ(test, heapmod_watch(NULL, 50, notify, &notified), -EINVAL);
	heapmod_unwatch(NULL, notify, &notified);
	heapmod_unwatch(heap, NULL, NULL);
	heapmod_unwatch(heap, notify, &notified);
	heapmod_free(heap, suite_alloc(test, FILL(100)));
	flush_callback(heap);
	KUNIT_EXPECT_EQ(test, notified.count, 0);
}

/* A heap has a bounded number of watches, each only once. */
static void watches_are_bounded(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, REGION(100));
	struct notified notified[HEAPMOD_WATCHES + 1];
	int i;

	for (i = 0; i < HEAPMOD_WATCHES; i++)
		KUNIT_EXPECT_EQ(test, watch(heap, 50, &notified[i]), 0);
	KUNIT_EXPECT_EQ(test, watch(heap, 50, &notified[i]), -ENOSPC);
	KUNIT_EXPECT_EQ(test, watch(heap, 10, &notified[1]), -EEXIST);
	heapmod_unwatch(heap, notify, &notified[1]);
	KUNIT_EXPECT_EQ(test, watch(heap, 50, &notified[i]), 0);
	suite_alloc(test, FILL(60));
	for (i = 0; i <= HEAPMOD_WATCHES; i++) {
		if (i != 1)
			wait_for_completion(&notified[i].above);
	}
	KUNIT_EXPECT_EQ(test, notified[1].count, 0);
	test->priv = NULL;
	heapmod_reset(heap);
	heapmod_destroy(heap);
}

static u64 peak(struct heapmod *heap)
{
	struct heapmod_stats stats;

	heapmod_get_stats(heap, &stats);
	return stats.peak_bytes;
}

static void peak_is_reset(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, REGION(100));
	void *stays = suite_alloc(test, FILL(10));

	heapmod_free(heap, suite_alloc(test, FILL(50)));
	KUNIT_EXPECT_EQ(test, peak(heap), 60 * SUITE_GRANULE);
	heapmod_reset_peak(heap);
	KUNIT_EXPECT_EQ(test, peak(heap), 10 * SUITE_GRANULE);
	heapmod_free(heap, suite_alloc(test, FILL(20)));
	KUNIT_EXPECT_EQ(test, peak(heap), 30 * SUITE_GRANULE);
	heapmod_reset_peak(NULL);
	heapmod_free(heap, stays);
}

/* A newer client has counters that this heapmod does not know, an older one has fewer. */
static void stats_of_other_versions(struct kunit *test)
{
	struct heapmod *heap = suite_heap(test, REGION(100));
	struct {
		struct heapmod_stats known;
		u64 later;
	} newer = { .later = 7 };
	u64 older[] = { 0, 0, 7 };

	suite_alloc(test, 30);
	heapmod_copy_stats(heap, &newer, sizeof(newer));
	KUNIT_EXPECT_EQ(test, newer.known.blocks, 1);
	KUNIT_EXPECT_EQ(test, newer.later, 0);
	heapmod_copy_stats(heap, older, 2 * sizeof(*older));
	KUNIT_EXPECT_EQ(test, older[0], REGION(100));
	KUNIT_EXPECT_EQ(test, older[1], 30);
	KUNIT_EXPECT_EQ(test, older[2], 7);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(create_on_a_node),
	KUNIT_CASE(create_on_invalid_node),
	KUNIT_CASE(longest_name),
	KUNIT_CASE(create_in_a_heap),
	KUNIT_CASE(create_in_no_memory),
	KUNIT_CASE(create_for_a_device),
	KUNIT_CASE(no_default_heap),
	KUNIT_CASE(reset_frees_all),
	KUNIT_CASE(reset_frees_all_with_flags),
	KUNIT_CASE(reset_ends_quarantine),
	KUNIT_CASE(watermark_notifies_of_both),
	KUNIT_CASE(watermark_notifies_of_a_short_peak),
	KUNIT_CASE(watermark_ignores_the_front_of_an_aligned_block),
	KUNIT_CASE(watermarks_are_independent),
	KUNIT_CASE(the_end_of_a_watch_keeps_the_others),
	KUNIT_CASE(watches_are_bounded),
	KUNIT_CASE(watermark_limits_its_rate),
	KUNIT_CASE(late_work_is_no_reason_to_notify),
	KUNIT_CASE(watermark_notifies_at_once),
	KUNIT_CASE(a_watch_that_its_callback_adds_ends),
	KUNIT_CASE(watch_refuses_invalid_arguments),
	KUNIT_CASE(peak_is_reset),
	KUNIT_CASE(stats_of_other_versions),
	{}
};

SUITE(cases);

// SPDX-License-Identifier: GPL-2.0-only
/*
 * module - insmod and rmmod: the parameter, the default heap
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/module.h>

#include "compat.h"
#include "debugfs/debugfs.h"
#include "heaps.h"

static char *size = "1M";
module_param(size, charp, 0444);
MODULE_PARM_DESC(size, "bytes of the default heap, with K, M or G; 0 for none (default 1M)");

static struct heapmod *default_heap;

/**
 * heapmod_default - the heap that insmod made
 *
 * Its size is the module's parameter size=.
 *
 * Context: any.
 * Return: the heap, or NULL with size=0.
 */
struct heapmod *heapmod_default(void)
{
	return default_heap;
}
EXPORT_SYMBOL_HEAPMOD(heapmod_default);

/* K, M and G are the ends of a size, and nothing is. */
static int parse_unit(const char *unit)
{
	static const char * const units[] = { "", "k", "m", "g" };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(units); i++) {
		if (!strcasecmp(unit, units[i]))
			return 10 * i;
	}
	return -EINVAL;
}

/* memparse() takes anything; a size is digits, then at most a unit, and fits 64 bits. */
static int parse_size(const char *text, u64 *bytes)
{
	size_t digits = strspn(text, "0123456789");
	int shift = parse_unit(text + digits);
	char number[24];
	u64 value;

	if (shift < 0 || digits >= sizeof(number))
		return -EINVAL;
	strscpy(number, text, digits + 1);
	if (kstrtou64(number, 10, &value) || value > U64_MAX >> shift)
		return -EINVAL;
	*bytes = value << shift;
	return 0;
}

static int create_default(void)
{
	struct heapmod *heap;
	u64 bytes;

	if (parse_size(size, &bytes)) {
		pr_err("size=%s is no number of bytes, such as 65536, 64K, 1M or 2G\n", size);
		return -EINVAL;
	}
	if (!bytes)
		return 0;
	if (bytes > SIZE_MAX) {
		pr_err("size=%s is more than this machine can address\n", size);
		return -EFBIG;
	}
	heap = heapmod_create("default", bytes, 0);
	if (IS_ERR(heap))
		return PTR_ERR(heap);
	default_heap = heap;
	return 0;
}

static int __init heapmod_init(void)
{
	int error;

	heapmod_debugfs_init();
	error = create_default();
	if (error)
		heapmod_debugfs_exit();
	else
		pr_info("loaded, default heap of %s bytes\n", size);
	return error;
}

/* Clients hold the module while they use its symbols, so whatever is left now was forgotten. */
static void __exit heapmod_exit(void)
{
	struct heapmod *heap, *next;

	list_for_each_entry_safe(heap, next, &heaps, all)
		heapmod_destroy(heap);
	heapmod_debugfs_exit();
}

module_init(heapmod_init);
module_exit(heapmod_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("A private heap for kernel code");

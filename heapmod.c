// SPDX-License-Identifier: GPL-2.0-only
/*
 * heapmod - the module: init and exit, its parameters, the default heap
 */
#define pr_fmt(fmt) "heapmod: " fmt	/* KBUILD_MODNAME would be heapmod_main */

#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "debugfs/debugfs.h"
#include "heaps/compat.h"
#include "heaps/diagnostics.h"
#include "heaps/follow_up.h"
#include "heaps/module_notifier.h"
#include "heaps/percpu.h"
#include "heaps/registry.h"
#include "heaps/report.h"
#include "heaps/sites.h"

/* Built in, the parameters are heapmod.size= and so on. */
#ifndef MODULE
#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX "heapmod."
#endif

static char *size = "1M";
module_param(size, charp, 0444);
MODULE_PARM_DESC(size, "bytes of the default heap, with K, M or G, and \",percpu\" for caches; 0 for none (default 1M)");

static char *heaps_param = "";
module_param_named(heaps, heaps_param, charp, 0444);
MODULE_PARM_DESC(heaps, "more heaps, for experiments: name:bytes[:percpu],... as for size (default none)");

module_param_named(show_bytes, heapmod_show_bytes, bool, 0644);
MODULE_PARM_DESC(show_bytes, "reports print memory of every heap, not only of heaps with HEAPMOD_POISON or HEAPMOD_REDZONE (default N)");

static struct heapmod *default_heap;

struct heapmod *heapmod_default(void)
{
	return default_heap;
}
EXPORT_SYMBOL_HEAPMOD(heapmod_default);

/* The shift for the suffix of a size: none, K, M or G. */
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

/* Digits and at most one suffix. memparse() would accept more, and not report an overflow. */
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

/* Remove what follows @separator in @text. Return: the flags that it names, or an error. */
static int parse_flags(char *text, char separator)
{
	char *word = strchr(text, separator);

	if (!word)
		return 0;
	*word++ = '\0';
	return strcmp(word, "percpu") ? -EINVAL : HEAPMOD_PERCPU;
}

/* Create a heap as a parameter says. Return: NULL for 0 bytes. */
static struct heapmod *create_heap(const char *parameter, const char *name, char *text,
				   char separator)
{
	int flags = parse_flags(text, separator);
	u64 bytes;

	if (flags < 0) {
		pr_err("%s: what follows %s may only be %cpercpu\n", parameter, text, separator);
		return ERR_PTR(flags);
	}
	if (parse_size(text, &bytes)) {
		pr_err("%s=%s is no number of bytes, such as 65536, 64K, 1M or 2G\n", parameter,
		       text);
		return ERR_PTR(-EINVAL);
	}
	if (bytes > SIZE_MAX) {
		pr_err("%s=%s is more than this machine can address\n", parameter, text);
		return ERR_PTR(-EFBIG);
	}
	return bytes ? heapmod_create(name, bytes, flags) : NULL;
}

static int create_default(void)
{
	char *copy = kstrdup(size, GFP_KERNEL);
	struct heapmod *heap;

	if (!copy)
		return -ENOMEM;
	heap = create_heap("size", "default", copy, ',');
	kfree(copy);
	if (IS_ERR_OR_NULL(heap))
		return PTR_ERR_OR_ZERO(heap);
	heap->permanent = true;
	default_heap = heap;
	return 0;
}

/* Create one heap of heaps=. Splits @name at the colon. */
static int create_named(char *name)
{
	char *bytes = strchr(name, ':');
	struct heapmod *heap;

	if (!bytes) {
		pr_err("heaps=%s: it is name:bytes, with commas between heaps\n", name);
		return -EINVAL;
	}
	*bytes++ = '\0';
	heap = create_heap("heaps", name, bytes, ':');
	if (!heap)
		pr_err("heap \"%s\": 0 bytes make no heap\n", name);
	return heap ? PTR_ERR_OR_ZERO(heap) : -EINVAL;
}

static int create_all_named(void)
{
	char *copy = kstrdup(heaps_param, GFP_KERNEL);
	char *rest = copy, *name;
	int error = copy ? 0 : -ENOMEM;

	while (!error && (name = strsep(&rest, ","))) {
		if (*name)
			error = create_named(name);
	}
	kfree(copy);
	return error;
}

static void destroy_all(void)
{
	struct heapmod *heap, *next;

	if (default_heap)
		default_heap->permanent = false;
	default_heap = NULL;
	/* The newest first: it may be in a block of an older one. */
	list_for_each_entry_safe_reverse(heap, next, &heaps, all)
		heapmod_destroy(heap);
	rcu_barrier();	/* a callback may have freed its block and not returned yet */
}

/* No client is loaded. Heaps that still exist were not destroyed by their clients. */
static void stop(void)
{
	heapmod_module_notifier_exit();
	heapmod_percpu_exit();
	destroy_all();
	heapmod_sites_exit();
	heapmod_set_observer(NULL);
	heapmod_debugfs_exit();
	diagnostics_exit();
	heapmod_follow_up_exit();
}

static int __init heapmod_init(void)
{
	int error;

	error = heapmod_follow_up_init();
	if (error)
		return error;
	error = heapmod_module_notifier_init();
	if (error)
		goto no_notifier;
	error = heapmod_percpu_init();
	if (error)
		goto no_percpu;
	diagnostics_init();
	heapmod_debugfs_init();
	error = create_default() ?: create_all_named();
	if (error) {
		stop();
		return error;
	}
	pr_info("loaded, default heap of %s bytes\n", size);
	return 0;

no_percpu:
	heapmod_module_notifier_exit();
no_notifier:
	heapmod_follow_up_exit();
	return error;
}

static void __exit heapmod_exit(void)
{
	stop();
}

/* Built in: before the initcalls of drivers, which may be clients. */
core_initcall(heapmod_init);
module_exit(heapmod_exit);

MODULE_LICENSE("GPL");
MODULE_AUTHOR("The heapmod developers");
MODULE_VERSION(HEAPMOD_VERSION);
MODULE_DESCRIPTION("A private heap for kernel code");

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * probe - a function of a suite that runs inside calls of heapmod, on one of its tracepoints
 *
 * The tracepoints are not exported, so they are found by their name.
 */
#ifndef KUNIT_PROBE_H
#define KUNIT_PROBE_H

#include <linux/notifier.h>
#include <linux/string.h>
#include <linux/tracepoint.h>

#include "suite.h"

struct probe {
	struct notifier_block notifier;
	const char *name;
	struct tracepoint *found;
};

static inline void probe_compare(struct tracepoint *point, void *data)
{
	struct probe *probe = data;

	if (!strcmp(point->name, probe->name))
		probe->found = point;
}

/* The notifier is called for the modules that are loaded. */
#ifdef CONFIG_MODULES
static inline int probe_search(struct notifier_block *notifier, unsigned long event, void *data)
{
	struct probe *probe = container_of(notifier, struct probe, notifier);
	struct module *module = ((struct tp_module *)data)->mod;
	int i;

	for (i = 0; i < module->num_tracepoints; i++)
		probe_compare(tracepoint_ptr_deref(&module->tracepoints_ptrs[i]), probe);
	return NOTIFY_OK;
}

static inline void probe_search_modules(struct probe *probe)
{
	probe->notifier.notifier_call = probe_search;
	register_tracepoint_module_notifier(&probe->notifier);
	unregister_tracepoint_module_notifier(&probe->notifier);
}
#else
static inline void probe_search_modules(struct probe *probe)
{
}
#endif

/* Run @function on the tracepoint @name, from now on. */
static inline struct tracepoint *probe_start(struct kunit *test, const char *name, void *function,
					     void *data)
{
	struct probe probe = { .name = name };

	for_each_kernel_tracepoint(probe_compare, &probe);
	probe_search_modules(&probe);
	KUNIT_ASSERT_NOT_NULL(test, probe.found);
	KUNIT_ASSERT_EQ(test, tracepoint_probe_register(probe.found, function, data), 0);
	return probe.found;
}

static inline void probe_stop(struct tracepoint *point, void *function, void *data)
{
	tracepoint_probe_unregister(point, function, data);
	tracepoint_synchronize_unregister();
}

#endif

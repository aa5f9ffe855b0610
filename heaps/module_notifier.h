/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * module_notifier - report the live blocks of a module that is unloaded, and save the names of its
 *		     call sites
 */
#ifndef HEAPMOD_MODULE_NOTIFIER_H
#define HEAPMOD_MODULE_NOTIFIER_H

#ifdef CONFIG_MODULES
int heapmod_module_notifier_init(void);
void heapmod_module_notifier_exit(void);
#else
static inline int heapmod_module_notifier_init(void)
{
	return 0;
}

static inline void heapmod_module_notifier_exit(void)
{
}
#endif

#endif

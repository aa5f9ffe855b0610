/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * module_notifier - report the live blocks of a module that is unloaded, and save the names of its
 *		     call sites
 */
#ifndef HEAPMOD_MODULE_NOTIFIER_H
#define HEAPMOD_MODULE_NOTIFIER_H

int heapmod_module_notifier_init(void);
void heapmod_module_notifier_exit(void);

#endif

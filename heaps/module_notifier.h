/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * module_notifier - report a module that is unloaded and leaves blocks behind
 */
#ifndef HEAPMOD_MODULE_NOTIFIER_H
#define HEAPMOD_MODULE_NOTIFIER_H

int heapmod_module_notifier_init(void);
void heapmod_module_notifier_exit(void);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sites - the names of call sites whose text is gone
 *
 * The text of a module is freed when the module is unloaded, that of its __init functions once it
 * is loaded. The next module may get the same addresses. Before that happens, the module notifier
 * saves the name of each call site that a heap remembers, and replaces the address by a number,
 * which no call site has. Numbers are not reused.
 */
#ifndef HEAPMOD_SITES_H
#define HEAPMOD_SITES_H

#include <linux/types.h>

#define SITE_TEXT	160		/* most bytes of a name, with the zero */

struct module;

/* The number for @caller, in text of @module that is about to be freed. Needs heaps_lock. */
unsigned long heapmod_site_save(unsigned long caller, const struct module *module);

/* Is @caller a number for a call site of @module, which is still loaded? Needs heaps_lock. */
bool heapmod_site_is_of(unsigned long caller, const struct module *module);

/* @module is unloaded; the next one may have the same address. Needs heaps_lock. */
void heapmod_sites_detach(const struct module *module);

/* Free the names that were not marked as used since the last call. Needs heaps_lock. */
void heapmod_site_mark_used(unsigned long caller);
void heapmod_sites_release_unused(void);

/* No heap is left. */
void heapmod_sites_exit(void);

/* The name of a call site, in @text of SITE_TEXT bytes. Context: any. */
const char *heapmod_site_name(unsigned long caller, char *text);

#endif

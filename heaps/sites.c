// SPDX-License-Identifier: GPL-2.0-only
/*
 * sites - the names of call sites whose text is gone
 */
#include <linux/kernel.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "heaps/sites.h"

/**
 * struct heapmod_site - a saved name
 * @all: entry in @sites: changed with heaps_lock held, read under RCU
 * @rcu: to free it
 * @number: what replaces @caller
 * @caller: the address that the call site had
 * @module: contains the call site; NULL once the module is unloaded
 * @used: a heap refers to it
 * @text: the name
 */
struct heapmod_site {
	struct list_head all;
	struct rcu_head rcu;
	unsigned long number;
	unsigned long caller;
	const struct module *module;
	bool used;
	char text[SITE_TEXT];
};

#define SITE_UNNAMED	1		/* there was no memory for the name */

static LIST_HEAD(sites);
static unsigned long last_number = SITE_UNNAMED;

static struct heapmod_site *add_site(unsigned long caller, const struct module *module)
{
	struct heapmod_site *site = kzalloc(sizeof(*site), GFP_KERNEL);

	if (!site)
		return NULL;
	site->number = ++last_number;
	site->caller = caller;
	site->module = module;
	snprintf(site->text, sizeof(site->text), "%pS", (void *)caller);
	list_add_rcu(&site->all, &sites);
	return site;
}

unsigned long heapmod_site_save(unsigned long caller, const struct module *module)
{
	struct heapmod_site *site;

	list_for_each_entry(site, &sites, all) {
		if (site->caller == caller && site->module == module)
			return site->number;
	}
	site = add_site(caller, module);
	return site ? site->number : SITE_UNNAMED;
}

bool heapmod_site_is_of(unsigned long caller, const struct module *module)
{
	struct heapmod_site *site;

	list_for_each_entry(site, &sites, all) {
		if (site->number == caller)
			return site->module == module;
	}
	return false;
}

void heapmod_sites_detach(const struct module *module)
{
	struct heapmod_site *site;

	list_for_each_entry(site, &sites, all) {
		if (site->module == module)
			site->module = NULL;
	}
}

void heapmod_site_mark_used(unsigned long caller)
{
	struct heapmod_site *site;

	list_for_each_entry(site, &sites, all) {
		if (site->number == caller)
			site->used = true;
	}
}

void heapmod_sites_release_unused(void)
{
	struct heapmod_site *site, *next;

	list_for_each_entry_safe(site, next, &sites, all) {
		if (site->used) {
			site->used = false;
			continue;
		}
		list_del_rcu(&site->all);
		kfree_rcu(site, rcu);
	}
}

void heapmod_sites_exit(void)
{
	struct heapmod_site *site, *next;

	list_for_each_entry_safe(site, next, &sites, all) {
		list_del(&site->all);
		kfree(site);
	}
}

static bool copy_saved(unsigned long number, char *text)
{
	struct heapmod_site *site;

	list_for_each_entry_rcu(site, &sites, all) {
		if (site->number == number) {
			strscpy(text, site->text, SITE_TEXT);
			return true;
		}
	}
	return false;
}

const char *heapmod_site_name(unsigned long caller, char *text)
{
	bool is_saved;

	/* OWNER_OTHER has no call site. */
	if (!caller)
		return "other";
	if (caller == SITE_UNNAMED)
		return "a module that is unloaded";
	rcu_read_lock();
	is_saved = copy_saved(caller, text);
	rcu_read_unlock();
	if (!is_saved)
		snprintf(text, SITE_TEXT, "%pS", (void *)caller);
	return text;
}

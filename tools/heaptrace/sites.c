// SPDX-License-Identifier: GPL-2.0-only
/*
 * sites - the call sites of the live blocks at an event of a trace
 */
#include <inttypes.h>
#include <string.h>

#include "../trace/callers.h"
#include "../trace/die.h"
#include "run.h"
#include "sites.h"

#define SITES_SHOWN	16

struct site {
	u32 caller;
	u64 blocks;
	u64 granules;
};

/* Most bytes first, then by name. */
static int compare(const void *a, const void *b)
{
	const struct site *left = a, *right = b;

	if (left->granules != right->granules)
		return left->granules < right->granules ? 1 : -1;
	return strcmp(caller_name(left->caller), caller_name(right->caller));
}

/* Count a block as @event made it, or with @sign -1, no more. */
static void count_block(struct site *sites, const struct trace *trace, const struct event *event,
			int sign)
{
	sites[event->owner].blocks += sign;
	sites[event->owner].granules += (int64_t)sign * block_granules(trace, event->size);
}

/* All sites, by number, with their live blocks after event @last. */
static struct site *sites_at(const struct trace *trace, u32 last)
{
	const struct event **live = zeroed((size_t)trace->blocks + 1, sizeof(*live));
	struct site *sites = zeroed(callers_count(), sizeof(*sites));
	const struct event *event;
	u32 i;

	for (i = 0; i < callers_count(); i++)
		sites[i].caller = i;
	for (i = 0; i <= last; i++) {
		event = &trace->events[i];
		if (live[event->id])
			count_block(sites, trace, live[event->id], -1);
		live[event->id] = event->size ? event : NULL;
		if (live[event->id])
			count_block(sites, trace, event, 1);
	}
	free(live);
	return sites;
}

static void print_site(const struct site *site, const char *name)
{
	printf("%12" PRIu64 " %8" PRIu64 "  %s\n", site->granules * HEAP_GRANULE, site->blocks,
	       name);
}

void print_sites(const struct trace *trace, u32 event)
{
	struct site *sites = sites_at(trace, event);
	struct site rest = {};
	u32 i;

	qsort(sites, callers_count(), sizeof(*sites), compare);
	printf("at the peak, by caller:\n       bytes   blocks  caller\n");
	for (i = 0; i < callers_count() && sites[i].blocks; i++) {
		if (i < SITES_SHOWN) {
			print_site(&sites[i], caller_name(sites[i].caller));
			continue;
		}
		rest.blocks += sites[i].blocks;
		rest.granules += sites[i].granules;
	}
	if (rest.blocks)
		print_site(&rest, "others");
	free(sites);
}

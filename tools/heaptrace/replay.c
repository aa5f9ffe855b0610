// SPDX-License-Identifier: GPL-2.0-only
/*
 * replay - replay a trace and print the state of the region over time
 */
#include <getopt.h>
#include <inttypes.h>

#include "../trace/callers.h"
#include "../trace/die.h"
#include "need.h"
#include "options.h"
#include "run.h"

/**
 * struct table - a watcher that prints rows
 * @watcher: the callback of the replay
 * @rows: number of rows, spread evenly over the events
 * @row: format of a row
 */
struct table {
	struct watcher watcher;
	u64 rows;
	const char *row;
};

static const char head[] = "   event         live   blocks          end largest_hole failures\n";
static const char row[] = "%8u %12" PRIu64 " %8" PRIu64 " %12" PRIu64 " %12" PRIu64 " %8" PRIu64
			  "\n";
static const char csv_head[] = "event,live,blocks,end,largest_hole,failures\n";
static const char csv_row[] = "%u,%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 "\n";

/* Is a row due after this event? The last event always has one. */
static bool is_due(const struct table *table, const struct run *run)
{
	u64 before = run->event * table->rows / run->trace->count;
	u64 after = (run->event + 1) * table->rows / run->trace->count;

	return before != after;
}

static void print_row(struct watcher *watcher, struct run *run)
{
	const struct table *table = (const struct table *)watcher;
	const struct heap *heap = run_heap(run);
	u64 hole;

	if (!is_due(table, run))
		return;
	hole = playback_largest_hole(&run->playback);
	printf(table->row, run->event + 1, heap_bytes(heap->used), heap_live_blocks(heap),
	       heap_bytes(run->playback.end), hole, heap->failures);
}

static u64 requests(const struct trace *trace)
{
	u64 count = 0;
	u32 i;

	for (i = 0; i < trace->count; i++)
		count += !!trace->events[i].size;
	return count;
}

static void print_summary(const struct run *run)
{
	const struct heap *heap = run_heap(run);
	const struct event *failure = &run->trace->events[run->first_failure];

	printf("region %" PRIu64 "\n", region_bytes(run->playback.granules));
	printf("peak %" PRIu64 "\n", heap_bytes(heap->peak));
	printf("peak_blocks %" PRIu64 "\n", run->peak_blocks);
	printf("footprint %" PRIu64 "\n", heap_bytes(run->playback.end));
	printf("requests %" PRIu64 "\n", requests(run->trace));
	printf("failures %" PRIu64 "\n", heap->failures);
	if (heap->failures)
		printf("first_failure event %u: %" PRIu64 " bytes for %s\n",
		       run->first_failure + 1, failure->size, caller_name(failure->owner));
}

static void replay(const struct trace *trace, u32 granules, u64 rows, bool csv)
{
	struct table table = {
		.watcher.notify = print_row,
		.rows = rows < trace->count ? rows : trace->count,
		.row = csv ? csv_row : row,
	};
	struct run run;

	fputs(csv ? csv_head : head, stdout);
	run = run_trace(trace, granules, &table.watcher);
	if (csv)
		return;
	printf("\n");
	print_summary(&run);
}

/* A region of 0 bytes stands for the smallest in which no request fails. */
static u32 granules_of(const struct trace *trace, u64 region)
{
	if (!region)
		return need_of(trace).least;
	return heap_granules_in(region);
}

struct replay_options {
	u64 region;
	u64 rows;
	bool csv;
	bool redzone;
};

static void read_option(struct replay_options *chosen, int option, char **argv)
{
	switch (option) {
	case 'r':
		chosen->region = number_option("--region", optarg, REGION_LEAST, REGION_MOST);
		break;
	case 'n':
		chosen->rows = number_option("--rows", optarg, 1, UINT32_MAX);
		break;
	case 'c':
		chosen->csv = true;
		break;
	case 'R':
		chosen->redzone = true;
		break;
	default:
		bad_option(option, argv);
	}
}

int replay_main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "region", required_argument, NULL, 'r' },
		{ "rows", required_argument, NULL, 'n' },
		{ "csv", no_argument, NULL, 'c' },
		{ "redzone", no_argument, NULL, 'R' },
		{}
	};
	struct replay_options chosen = {};
	struct trace trace;
	int option;

	while ((option = getopt_long(argc, argv, ":", options, NULL)) != -1)
		read_option(&chosen, option, argv);
	if (!chosen.rows)
		chosen.rows = chosen.csv ? 1000 : 16;
	trace = trace_load(only_argument(argc, argv, "trace"));
	trace.redzone |= chosen.redzone;
	replay(&trace, granules_of(&trace, chosen.region), chosen.rows, chosen.csv);
	trace_free(&trace);
	return 0;
}

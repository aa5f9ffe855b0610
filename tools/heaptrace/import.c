// SPDX-License-Identifier: GPL-2.0-only
/*
 * import - convert saved output of tracefs or trace-cmd to a trace
 */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <string.h>

#include "convert.h"
#include "ftrace.h"
#include "../trace/die.h"
#include "options.h"

struct import_options {
	u32 heap;			/* 0: the only heap in the file */
	const char *out;
};

/* Is it an event of the imported heap? With several heaps in the file, -i must select one. */
static bool is_selected(struct import_options *selected, bool given, const struct record *record,
			const struct lines *lines)
{
	if (record->kind == RECORD_LOST)
		return true;
	if (record->kind != RECORD_ALLOC && record->kind != RECORD_FREE &&
	    record->kind != RECORD_RESIZE && record->kind != RECORD_FAIL)
		return false;
	if (!selected->heap)
		selected->heap = record->heap;
	if (!given && selected->heap != record->heap)
		lines_die(lines, "heap %" PRIu32 " after heap %" PRIu32 ": select one with -i ID",
			  record->heap, selected->heap);
	return selected->heap == record->heap;
}

static void import(struct import_options options, const char *path)
{
	struct lines lines = lines_open(path);
	bool given = options.heap;
	struct convert convert;
	struct record record;

	if (!lines.file)
		die("%s: %s", path, strerror(errno));
	convert = convert_start(options.out);
	while (lines_next(&lines)) {
		record = ftrace_parse(&lines);
		if (!is_selected(&options, given, &record, &lines))
			continue;
		if (record.ms)
			convert_time(&convert, record.ms);
		convert_record(&convert, &record);
	}
	if (!convert.allocs)
		die("%s has no allocation of %s heap", lines.name, given ? "this" : "a");
	convert_finish(&convert);
	lines_close(&lines);
}

int import_main(int argc, char **argv)
{
	struct import_options options = {};
	int option;

	while ((option = getopt(argc, argv, "i:o:")) != -1) {
		switch (option) {
		case 'i':
			options.heap = number_option("-i", optarg, 1, UINT32_MAX);
			break;
		case 'o':
			options.out = optarg;
			break;
		default:
			return 1;
		}
	}
	import(options, only_argument(argc, argv, "file"));
	return 0;
}

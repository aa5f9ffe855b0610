// SPDX-License-Identifier: GPL-2.0-only
/*
 * import - a trace of what tracefs or trace-cmd saved
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <string.h>

#include "convert.h"
#include "die.h"
#include "options.h"

struct import_options {
	u32 heap;			/* 0: the only one that there is */
	const char *out;
};

/* Is the event one of the heap that is imported? Without a choice there must be only one. */
static bool is_chosen(struct import_options *chosen, bool asked, const struct record *record,
		      const struct lines *lines)
{
	if (record->kind == RECORD_LOST)
		return true;
	if (record->kind != RECORD_ALLOC && record->kind != RECORD_FREE &&
	    record->kind != RECORD_FAIL)
		return false;
	if (!chosen->heap)
		chosen->heap = record->heap;
	if (!asked && chosen->heap != record->heap)
		lines_die(lines, "heap %" PRIu32 " after heap %" PRIu32 ": choose one with -i ID",
			  record->heap, chosen->heap);
	return chosen->heap == record->heap;
}

static void import(struct import_options chosen, const char *path)
{
	struct lines lines = lines_open(path);
	bool asked = chosen.heap;
	struct convert convert;
	struct record record;

	if (!lines.file)
		die("%s: %s", path, strerror(errno));
	convert = convert_start(chosen.out);
	while (lines_next(&lines)) {
		record = ftrace_parse(&lines);
		if (is_chosen(&chosen, asked, &record, &lines))
			convert_record(&convert, &record);
	}
	if (!convert.allocs)
		die("%s: no allocation of %s heap is in it", lines.name,
		    asked ? "this" : "a");
	convert_finish(&convert);
	lines_close(&lines);
}

int import_main(int argc, char **argv)
{
	struct import_options chosen = {};
	int option;

	while ((option = getopt(argc, argv, "i:o:")) != -1) {
		switch (option) {
		case 'i':
			chosen.heap = number_option("-i", optarg, 1, UINT32_MAX);
			break;
		case 'o':
			chosen.out = optarg;
			break;
		default:
			return 1;
		}
	}
	import(chosen, only_argument(argc, argv, "file"));
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * import - convert what tracefs or trace-cmd have recorded to a trace
 */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "convert.h"
#include "dat.h"
#include "ftrace.h"
#include "../trace/die.h"
#include "options.h"

/**
 * struct import - a file that is converted
 * @heap: id of the heap, or 0 before its first event
 * @given: the heap was selected by its id
 * @out: name of the trace
 * @convert: the trace
 */
struct import {
	u32 heap;
	bool given;
	const char *out;
	struct convert convert;
};

/* Is it an event of the imported heap? With several heaps in the file, -i must select one. */
static bool is_selected(struct import *import, const struct record *record,
			const struct lines *line)
{
	if (record->kind == RECORD_LOST)
		return true;
	if (record->kind != RECORD_ALLOC && record->kind != RECORD_FREE &&
	    record->kind != RECORD_RESIZE && record->kind != RECORD_FAIL)
		return false;
	if (!import->heap)
		import->heap = record->heap;
	if (!import->given && import->heap != record->heap)
		lines_die(line, "heap %" PRIu32 " after heap %" PRIu32 ": select one with -i ID",
			  record->heap, import->heap);
	return import->heap == record->heap;
}

static void take_line(void *context, const struct lines *line)
{
	struct import *import = context;
	struct record record = ftrace_parse(line);

	if (!is_selected(import, &record, line) || convert_is_over(&import->convert))
		return;
	if (record.ms)
		convert_time(&import->convert, record.ms);
	convert_record(&import->convert, &record);
}

static void read_text(struct import *import, const char *path)
{
	struct lines lines = lines_open(path);

	if (!lines.file)
		die("%s: %s", path, strerror(errno));
	import->convert = convert_start(import->out);
	while (lines_next(&lines))
		take_line(import, &lines);
	lines_close(&lines);
}

static void read_dat(struct import *import, const char *path)
{
	import->convert = convert_start(import->out);
	dat_read(path, take_line, import);
}

/* Is the file that is read also the one that is to be written? */
static bool is_output(const struct import *import, const char *path)
{
	struct stat in, out;

	return import->out && strcmp(import->out, "-") && !stat(import->out, &out) &&
	       S_ISREG(out.st_mode) && !(strcmp(path, "-") ? stat(path, &in) : fstat(0, &in)) &&
	       in.st_dev == out.st_dev && in.st_ino == out.st_ino;
}

static void run(struct import *import, const char *path)
{
	if (is_output(import, path))
		die("%s: it is the input, and would be overwritten", import->out);
	(dat_is(path) ? read_dat : read_text)(import, path);
	if (!import->convert.allocs)
		die("%s has no allocation of %s heap", strcmp(path, "-") ? path : "stdin",
		    import->given ? "this" : "a");
	convert_finish(&import->convert);
}

int import_main(int argc, char **argv)
{
	struct import import = {};
	int option;

	while ((option = getopt(argc, argv, ":i:o:")) != -1) {
		switch (option) {
		case 'i':
			import.heap = number_option("-i", optarg, 1, UINT32_MAX);
			import.given = true;
			break;
		case 'o':
			import.out = optarg;
			break;
		default:
			bad_option(option, argv);
		}
	}
	run(&import, only_argument(argc, argv, "file"));
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * heaptrace - record the allocations and frees of a heap, find leaks, and size its region
 */
#define _GNU_SOURCE
#include <getopt.h>
#include <string.h>

#include "../trace/die.h"
#include "options.h"

static const char help[] =
"heaptrace record [-o FILE] [-s SECONDS] [-b KB] HEAP  record a heap until Ctrl-C\n"
"heaptrace import [-i ID] [-o FILE] FILE               convert what tracefs or trace-cmd recorded\n"
"heaptrace size [--redzone] TRACE                      size of the region to reserve\n"
"heaptrace leaks [--older SECONDS] [--json] TRACE      call sites that leak\n"
"heaptrace replay [--region BYTES] [--rows N] [--csv] [--redzone] TRACE\n"
"                                                      state of the region over time\n"
"heaptrace --help | --version\n"
"\n"
"HEAP is a name in /sys/kernel/debug/heapmod. FILE and TRACE may be - for stdin or stdout,\n"
"and end with .xz or .zst to be compressed.\n"
"record --debugfs DIR and --tracefs DIR set the mount points.\n"
"See heaptrace(1).\n";

static int help_main(int argc, char **argv)
{
	fputs(help, stdout);
	return 0;
}

static int version_main(int argc, char **argv)
{
	puts("heaptrace " VERSION);
	return 0;
}

static const struct {
	const char *name;
	int (*main)(int argc, char **argv);
} commands[] = {
	{ "record", record_main },
	{ "import", import_main },
	{ "size", size_main },
	{ "leaks", leaks_main },
	{ "replay", replay_main },
	{ "--help", help_main },
	{ "-h", help_main },
	{ "--version", version_main },
};

/* Report an error of the output. */
static int finish(int status)
{
	if (fflush(stdout) || ferror(stdout))
		die("stdout: cannot be written");
	return status;
}

int main(int argc, char **argv)
{
	size_t i;

	opterr = 0;
	for (i = 0; argc > 1 && i < COUNT(commands); i++) {
		if (!strcmp(argv[1], commands[i].name))
			return finish(commands[i].main(argc - 1, argv + 1));
	}
	die("expected a command; " TRY);
}

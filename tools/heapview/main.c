// SPDX-License-Identifier: GPL-2.0-only
/*
 * heapview - show the heaps of heapmod: a table of all, or the address space of one
 */
#include <errno.h>
#include <getopt.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "animation.h"
#include "overview.h"
#include "replay.h"
#include "screen.h"
#include "svg.h"
#include "terminal.h"
#include "text.h"
#include "words.h"

static const char usage[] =
	"heapview shows the heaps of heapmod: a table of all, or one with its owners and holes.\n"
	"\n"
	"usage: heapview [options] [HEAP|FOLDER|TRACE]\n"
	"\n"
	"  HEAP              the name of a heap; without it, a table of all heaps\n"
	"  FOLDER            a copy of a heap's debugfs folder, with the files blocks and stats\n"
	"  TRACE             a file that heaptrace has recorded, to be replayed\n"
	"\n"
	"  --once            print text and exit\n"
	"  --svg FILE        write a picture and exit\n"
	"  --animate FILE    write a moving picture of a trace and exit\n"
	"  --from PLACE      the part of the trace that is animated starts here (0)\n"
	"  --to PLACE        and ends here (end)\n"
	"  --interval S      read the heap every S seconds (1 for a live heap; never for a copy)\n"
	"  --at PLACE        start a trace at an event (1234), a part (50%), peak or end\n"
	"  --region BYTES    replay a trace in a region of this size (4194304, 4M)\n"
	"  --gaps            show a copy in which blocks are missing\n"
	"  --debugfs FOLDER  the mount point of debugfs (/sys/kernel/debug)\n"
	"  --help, --version\n"
	"\n"
	"In full screen mode, ? lists the keys. NO_COLOR switches colours off.\n";

struct options {
	const char *subject;
	const char *svg;
	const char *animate;
	const char *from, *to;
	const char *at;
	const char *debugfs;
	u64 region;
	double interval;
	bool once;
	bool gaps;
};

enum {
	OPTION_ONCE = 256,
	OPTION_SVG,
	OPTION_ANIMATE,
	OPTION_FROM,
	OPTION_TO,
	OPTION_INTERVAL,
	OPTION_AT,
	OPTION_REGION,
	OPTION_GAPS,
	OPTION_DEBUGFS,
	OPTION_HELP,
	OPTION_VERSION
};

static const struct option names[] = {
	{ "once", no_argument, NULL, OPTION_ONCE },
	{ "svg", required_argument, NULL, OPTION_SVG },
	{ "animate", required_argument, NULL, OPTION_ANIMATE },
	{ "from", required_argument, NULL, OPTION_FROM },
	{ "to", required_argument, NULL, OPTION_TO },
	{ "interval", required_argument, NULL, OPTION_INTERVAL },
	{ "at", required_argument, NULL, OPTION_AT },
	{ "region", required_argument, NULL, OPTION_REGION },
	{ "gaps", no_argument, NULL, OPTION_GAPS },
	{ "debugfs", required_argument, NULL, OPTION_DEBUGFS },
	{ "help", no_argument, NULL, OPTION_HELP },
	{ "version", no_argument, NULL, OPTION_VERSION },
	{}
};

static bool is_written(struct problem *problem)
{
	return !fflush(stdout) || fail(problem, "cannot write: %s", strerror(errno));
}

static bool print_and_exit(const char *text, struct problem *problem)
{
	fputs(text, stdout);
	if (!is_written(problem))
		return false;
	exit(0);
}

static bool parse_interval(struct options *options, const char *text, struct problem *problem)
{
	char *end;

	options->interval = strtod(text, &end);
	if (end == text || *end || !(options->interval >= 0.05 && options->interval <= 86400))
		return fail(problem, "--interval %s is not a number from 0.05 to 86400", text);
	return true;
}

static bool parse_region(struct options *options, const char *text, struct problem *problem)
{
	if (!parse_bytes(text, &options->region) || options->region < REGION_LEAST ||
	    options->region > REGION_MOST)
		return fail(problem, "--region %s is not a number of bytes from %llu to %llu", text,
			    REGION_LEAST, REGION_MOST);
	return true;
}

static bool take_option(struct options *options, int option, struct problem *problem)
{
	switch (option) {
	case OPTION_ONCE:
		options->once = true;
		return true;
	case OPTION_SVG:
		options->svg = optarg;
		return true;
	case OPTION_ANIMATE:
		options->animate = optarg;
		return true;
	case OPTION_FROM:
		options->from = optarg;
		return true;
	case OPTION_TO:
		options->to = optarg;
		return true;
	case OPTION_INTERVAL:
		return parse_interval(options, optarg, problem);
	case OPTION_AT:
		options->at = optarg;
		return true;
	case OPTION_REGION:
		return parse_region(options, optarg, problem);
	case OPTION_GAPS:
		options->gaps = true;
		return true;
	case OPTION_DEBUGFS:
		options->debugfs = optarg;
		return true;
	case OPTION_HELP:
		return print_and_exit(usage, problem);
	case OPTION_VERSION:
		return print_and_exit("heapview " VERSION "\n", problem);
	default:
		return true;
	}
}

/* @word: as it was given, if it begins with two dashes. */
static bool bad_option(int option, const char *word, struct problem *problem)
{
	const char letter[] = { '-', optopt, '\0' };

	return fail(problem, "%s %s; try heapview --help", strncmp(word, "--", 2) ? letter : word,
		    option == ':' ? "lacks its argument" : "is not an option");
}

static bool parse_options(struct options *options, int argc, char **argv, struct problem *problem)
{
	int option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, ":", names, NULL)) != -1) {
		if (option == '?' || option == ':')
			return bad_option(option, argv[optind - 1], problem);
		if (!take_option(options, option, problem))
			return false;
	}
	if (optind + 1 < argc)
		return fail(problem, "one heap at a time");
	if ((options->from || options->to) && !options->animate)
		return fail(problem, "%s needs --animate", options->from ? "--from" : "--to");
	options->subject = argv[optind];
	return true;
}

/* @at is an event, a percentage of all events, peak or end. */
static bool find_place(const struct replay *trace, const char *option, const char *at, u32 *event,
		       struct problem *problem)
{
	double number;
	char *end;

	if (!strcmp(at, "peak") || !strcmp(at, "end")) {
		*event = *at == 'p' ? trace->peak : trace->count;
		return true;
	}
	number = strtod(at, &end);
	if (!strcmp(end, "%"))
		number = number / 100 * trace->count;
	else if (*end)
		number = -1;
	if (end == at || !(number >= 0 && number <= trace->count))
		return fail(problem, "%s %s is not a place among %u event%s", option, at,
			    trace->count, plural(trace->count));
	*event = number;
	return true;
}

static bool no_trace(const struct options *options, struct problem *problem)
{
	const char *option = options->animate ? "--animate" : options->at ? "--at" :
			     options->region ? "--region" : NULL;

	return !option || fail(problem, "%s needs a trace", option);
}

static bool open_folder(struct source *source, const struct options *options,
			struct problem *problem)
{
	return no_trace(options, problem) && folder_open(source, options->subject, problem);
}

static bool open_trace(struct source *source, const struct options *options,
		       struct problem *problem)
{
	const char *at = options->at;
	u32 event;

	if (options->gaps)
		return fail(problem, "--gaps needs a copy of a heap");
	replay_open(source, options->subject, options->region);
	if (!at)
		at = options->once || options->svg ? "peak" : "0";
	if (!find_place(source->trace, "--at", at, &event, problem))
		return false;
	replay_go(source, event);
	return true;
}

/* A name with a slash is a path. Any other name is a heap, or if there is none, a path. */
static bool open_subject(struct source *source, const struct options *options,
			 struct problem *problem)
{
	const char *subject = options->subject;
	struct stat file;
	bool is_path;

	is_path = !stat(subject, &file);
	if (!is_path && strchr(subject, '/'))
		return fail(problem, "cannot read %s: %s", subject, strerror(errno));
	if (is_path && (strchr(subject, '/') || !folder_has(options->debugfs, subject)))
		return (S_ISDIR(file.st_mode) ? open_folder : open_trace)(source, options, problem);
	return no_trace(options, problem) &&
	       folder_open_heap(source, options->debugfs, subject, problem);
}

/* See https://no-color.org */
static int colours_of_stdout(void)
{
	const char *no_color = getenv("NO_COLOR");
	const char *terminal = getenv("TERM");

	if ((no_color && *no_color) || !isatty(STDOUT_FILENO) || !terminal ||
	    !strcmp(terminal, "dumb") || !strncmp(terminal, "vt", 2))
		return 0;
	return strstr(terminal, "256") ? 256 : 8;
}

static bool animate(struct source *source, const struct options *options, struct problem *problem)
{
	u32 from, to;

	return find_place(source->trace, "--from", options->from ?: "0", &from, problem) &&
	       find_place(source->trace, "--to", options->to ?: "end", &to, problem) &&
	       animation_write(source, options->animate, from, to, problem);
}

static bool show(struct source *source, const struct options *options, struct problem *problem)
{
	if (options->svg && !svg_write(source, options->svg, problem))
		return false;
	if (options->once)
		text_print(source, stdout, colours_of_stdout());
	if (options->animate && !animate(source, options, problem))
		return false;
	if (options->once || options->svg || options->animate)
		return is_written(problem);
	if (!terminal_start(problem))
		return false;
	screen_run(source, options->interval, false);
	terminal_stop();
	return true;
}

static bool show_one(const struct options *options, struct problem *problem)
{
	static struct source source;
	bool good;

	source.gaps = options->gaps;
	good = open_subject(&source, options, problem) && show(&source, options, problem);
	replay_close(&source);
	model_free(&source.model);
	return good;
}

static bool show_all(const struct options *options, struct problem *problem)
{
	if (options->svg)
		return fail(problem, "--svg draws one heap: name it");
	if (!no_trace(options, problem))
		return false;
	if (options->gaps)
		return fail(problem, "--gaps needs a copy of a heap");
	if (!options->once)
		return overview_run(options->debugfs, options->interval, problem);
	return overview_print(options->debugfs, problem) && is_written(problem);
}

int main(int argc, char **argv)
{
	struct options options = { .debugfs = "/sys/kernel/debug" };
	struct problem problem = {};
	bool good;

	setlocale(LC_ALL, "");
	setlocale(LC_NUMERIC, "C");
	good = parse_options(&options, argc, argv, &problem) &&
	       (options.subject ? show_one : show_all)(&options, &problem);
	if (!good)
		fprintf(stderr, "heapview: %s\n", problem.text);
	return !good;
}

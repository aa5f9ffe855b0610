// SPDX-License-Identifier: GPL-2.0-only
/*
 * record - record the events of a live heap until a signal comes
 */
#define _GNU_SOURCE
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "begin.h"
#include "convert.h"
#include "debugfs.h"
#include "../trace/die.h"
#include "options.h"
#include "order.h"
#include "tracefs.h"

#define WAIT_MS	20			/* between two reads of the buffers */
#define MARK_MS	100			/* between two time marks */

struct record_options {
	const char *tracing;
	const char *debug;
	const char *out;
	u64 seconds;
	u64 kilobytes;
};

struct recorder {
	struct tracefs tracefs;
	struct order order;
	struct begin begin;
	struct convert convert;
	struct lines lines;		/* without a file: its text is a line of @piece */
	char piece[65536];
	u64 marked;			/* time of the last mark, in milliseconds */
	size_t filled;			/* bytes in @piece: a line that has no end yet */
};

static volatile sig_atomic_t interrupted;

static void interrupt(int signal)
{
	interrupted = 1;
}

/* Signals are blocked except while the recorder waits. */
static void catch_signals(sigset_t *waiting)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGALRM };
	struct sigaction action = { .sa_handler = interrupt };
	sigset_t blocked;
	size_t i;

	sigemptyset(&blocked);
	for (i = 0; i < COUNT(signals); i++) {
		sigaction(signals[i], &action, NULL);
		sigaddset(&blocked, signals[i]);
	}
	sigprocmask(SIG_BLOCK, &blocked, waiting);
	signal(SIGPIPE, SIG_IGN);
}

static void take_earliest(struct recorder *recorder)
{
	struct record record;

	if (order_take(&recorder->order, &record))
		begin_record(&recorder->begin, &recorder->convert, &record);
}

/* RECORD_LOST is ignored here: the buffers count the lost events. */
static void take_line(struct recorder *recorder)
{
	struct record record = ftrace_parse(&recorder->lines);

	if (record.kind == RECORD_OTHER || record.kind == RECORD_LOST)
		return;
	if (order_is_full(&recorder->order))
		take_earliest(recorder);
	order_put(&recorder->order, &record);
}

static void take_lines(struct recorder *recorder)
{
	char *start = recorder->piece, *end;

	while ((end = memchr(start, '\n', recorder->piece + recorder->filled - start))) {
		*end = '\0';
		recorder->lines.text = start;
		recorder->lines.number++;
		take_line(recorder);
		start = end + 1;
	}
	recorder->filled -= start - recorder->piece;
	memmove(recorder->piece, start, recorder->filled);
	if (recorder->filled == sizeof(recorder->piece))
		die("trace_pipe has a line without an end");
}

/* Return false when the pipe is empty. */
static bool take_piece(struct recorder *recorder)
{
	size_t got = tracefs_read(recorder->piece + recorder->filled,
				  sizeof(recorder->piece) - recorder->filled);

	recorder->filled += got;
	if (got)
		take_lines(recorder);
	return got;
}

/*
 * The trace clock `counter` orders the events of all CPUs, and tells no time. So the time is
 * written into the event stream.
 */
static void mark_time(struct recorder *recorder)
{
	struct timespec now;
	char text[64];
	u64 ms;

	clock_gettime(CLOCK_BOOTTIME, &now);
	ms = now.tv_sec * 1000ULL + now.tv_nsec / 1000000;
	if (!interrupted && ms < recorder->marked + MARK_MS)
		return;
	recorder->marked = ms;
	snprintf(text, sizeof(text), FTRACE_TIME "%" PRIu64, ms);
	tracefs_mark(&recorder->tracefs, text);
}

/*
 * A heap may be busier than the recorder, so that the pipe is never empty: time is marked, and
 * signals are received, between any two pieces.
 */
static void follow(struct recorder *recorder, const sigset_t *waiting)
{
	struct timespec pause = {};

	while (!interrupted) {
		mark_time(recorder);
		pause.tv_nsec = take_piece(recorder) ? 0 : WAIT_MS * 1000000L;
		ppoll(NULL, 0, &pause, waiting);
	}
	mark_time(recorder);
	tracefs_stop(&recorder->tracefs);
	while (take_piece(recorder))
		continue;
}

static void finish(struct recorder *recorder)
{
	struct record lost = { .kind = RECORD_LOST };

	while (recorder->order.count)
		take_earliest(recorder);
	begin_finish(&recorder->begin, &recorder->convert);
	lost.asked = tracefs_lost(&recorder->tracefs) + recorder->order.late;
	if (lost.asked)
		convert_record(&recorder->convert, &lost);
	order_finish(&recorder->order);
	tracefs_remove();
	convert_finish(&recorder->convert);
}

/* The blocks are read after the events were switched on: see begin.c. */
static void record(const struct record_options *options, const char *heap)
{
	static struct recorder recorder = { .lines.name = "trace_pipe" };
	u32 id = debugfs_id(options->debug, heap);
	sigset_t waiting;

	catch_signals(&waiting);
	tracefs_start(&recorder.tracefs, options->tracing, options->kilobytes);
	recorder.convert = convert_start(options->out);
	recorder.order = order_start();
	tracefs_follow(&recorder.tracefs, id);
	mark_time(&recorder);
	recorder.begin.live = debugfs_live(options->debug, heap);
	tracefs_mark(&recorder.tracefs, FTRACE_MARK);
	warn("recording heap \"%s\"%s", heap, options->seconds ? "" : " until Ctrl-C");
	alarm(options->seconds);
	follow(&recorder, &waiting);
	finish(&recorder);
}

static void read_option(struct record_options *chosen, int option)
{
	switch (option) {
	case 'T':
		chosen->tracing = optarg;
		break;
	case 'D':
		chosen->debug = optarg;
		break;
	case 'o':
		chosen->out = optarg;
		break;
	case 's':
		chosen->seconds = number_option("-s", optarg, 1, 1U << 30);
		break;
	case 'b':
		chosen->kilobytes = number_option("-b", optarg, 4, 1U << 24);
		break;
	default:
		exit(1);
	}
}

int record_main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "tracefs", required_argument, NULL, 'T' },
		{ "debugfs", required_argument, NULL, 'D' },
		{}
	};
	struct record_options chosen = {
		.tracing = "/sys/kernel/tracing",
		.debug = "/sys/kernel/debug",
		.kilobytes = 8192,
	};
	int option;

	while ((option = getopt_long(argc, argv, "o:s:b:", options, NULL)) != -1)
		read_option(&chosen, option);
	record(&chosen, only_argument(argc, argv, "heap"));
	return 0;
}

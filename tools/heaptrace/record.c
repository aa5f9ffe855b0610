// SPDX-License-Identifier: GPL-2.0-only
/*
 * record - record the events of a live heap until a signal comes
 */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "begin.h"
#include "convert.h"
#include "debugfs.h"
#include "instance.h"
#include "../trace/die.h"
#include "options.h"
#include "order.h"
#include "raw.h"

#define WAIT_MS	20			/* between two reads of the buffers */
#define MARK_MS	100			/* between two time marks */
#define TAKE_MOST	1024		/* events, before it looks at the time and for signals */

struct record_options {
	const char *tracing;
	const char *debug;
	const char *out;
	u64 seconds;
	u64 kilobytes;
};

/**
 * struct recorder - a recording
 * @order: events that wait for earlier ones
 * @begin: the blocks that lived before
 * @convert: the trace
 * @waiting: the signals that are blocked while it waits
 * @marked: time of the last mark, in milliseconds
 * @taken: events so far
 * @stopped: the events are switched off
 */
struct recorder {
	struct order order;
	struct begin begin;
	struct convert convert;
	sigset_t waiting;
	u64 marked;
	u64 taken;
	bool stopped;
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

static u64 milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec * 1000ULL + now.tv_nsec / 1000000;
}

/*
 * The trace clock `counter` orders the events of all CPUs, and tells no time. So the time is
 * written into the event stream.
 */
static void mark_time(struct recorder *recorder)
{
	u64 ms = milliseconds();
	char text[64];

	if (!interrupted && ms < recorder->marked + MARK_MS)
		return;
	recorder->marked = ms;
	snprintf(text, sizeof(text), RAW_TIME "%" PRIu64, ms);
	instance_mark(text);
}

/* Mark the time, and wait for a signal. The recording also ends when no more can be written. */
static void attend(struct recorder *recorder, long ms)
{
	const struct timespec pause = { .tv_nsec = ms * 1000000 };

	mark_time(recorder);
	ppoll(NULL, 0, &pause, &recorder->waiting);
	if (!interrupted && !convert_is_over(&recorder->convert))
		return;
	mark_time(recorder);
	instance_stop();
	recorder->stopped = true;
}

/* A heap may be busier than the recorder, so that the buffers are never empty. */
static int take_event(struct tep_event *event, struct tep_record *raw, int cpu, void *context)
{
	struct recorder *recorder = context;
	struct record record = raw_decode(event, raw);

	if (++recorder->taken % TAKE_MOST == 0 && !recorder->stopped)
		attend(recorder, 0);
	if (record.kind == RECORD_OTHER)
		return 0;
	if (order_is_full(&recorder->order))
		take_earliest(recorder);
	order_put(&recorder->order, &record, cpu);
	return 0;
}

/* What was recorded until the events were switched off is read after that. */
static void follow(struct recorder *recorder)
{
	while (!recorder->stopped) {
		instance_read(take_event, recorder);
		if (!recorder->stopped)
			attend(recorder, WAIT_MS);
	}
	instance_read(take_event, recorder);
}

static void finish(struct recorder *recorder)
{
	struct record lost = { .kind = RECORD_LOST };

	while (recorder->order.count)
		take_earliest(recorder);
	begin_finish(&recorder->begin, &recorder->convert);
	lost.asked = instance_lost() + recorder->order.late;
	if (lost.asked)
		convert_record(&recorder->convert, &lost);
	order_finish(&recorder->order);
	instance_close();
	convert_finish(&recorder->convert);
}

/* The clients fill the buffers on all CPUs: the recorder must not wait for them. */
static void hurry(void)
{
	if (setpriority(PRIO_PROCESS, 0, -20))
		warn("this may be too slow: no higher priority: %s", strerror(errno));
}

/* The blocks are read after the events were switched on: see begin.c. */
static void record(const struct record_options *options, const char *heap)
{
	static struct recorder recorder;
	u32 id = debugfs_id(options->debug, heap);

	catch_signals(&recorder.waiting);
	raw_open(instance_open(options->tracing, options->kilobytes));
	hurry();
	recorder.convert = convert_start(options->out);
	recorder.convert.precious = true;
	recorder.order = order_start();
	instance_follow(id);
	mark_time(&recorder);
	recorder.begin.live = debugfs_live(options->debug, heap, id);
	instance_mark(RAW_MARK);
	recorder.begin.marked = milliseconds();
	warn("recording heap \"%s\"%s", heap, options->seconds ? "" : " until Ctrl-C");
	alarm(options->seconds);
	follow(&recorder);
	finish(&recorder);
}

static void read_option(struct record_options *chosen, int option, char **argv)
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
		bad_option(option, argv);
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

	while ((option = getopt_long(argc, argv, ":o:s:b:", options, NULL)) != -1)
		read_option(&chosen, option, argv);
	record(&chosen, only_argument(argc, argv, "heap"));
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * screen - full screen mode: wait for a key or for the next update, and draw
 */
#include <ncurses.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <linux/minmax.h>

#include "keys.h"
#include "panes.h"
#include "screen.h"
#include "terminal.h"
#include "replay.h"
#include "view.h"

#define FRAME		0.05		/* seconds between two updates of a trace */
#define FRAMES		600		/* updates that a whole trace takes */

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

static void advance(struct view *view)
{
	struct replay *trace = view->source->trace;

	if (!trace) {
		view_refresh(view);
		return;
	}
	replay_go(view->source, trace->position + view->speed);
	if (trace->position == trace->count)
		view->running = false;
}

/* Return a key, or ERR when an update is due. */
static int wait_for_key(const struct view *view, double due)
{
	double left = due - now();

	timeout(view->running ? (int)(1000 * max(left, 0.0)) : -1);
	return getch();
}

static void run(struct view *view)
{
	double due = now() + view->interval;

	while (!view->done) {
		int key;

		panes_draw(view, NULL);
		key = wait_for_key(view, due);
		if (key == ERR && !view->running)
			break;		/* the terminal is gone */
		if (key != ERR)
			key_pressed(view, key);
		if (view->running && now() >= due) {
			advance(view);
			due = now() + view->interval;
		}
	}
}

static bool start(struct problem *problem)
{
	const char *terminal = getenv("TERM");

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return fail(problem, "this is not a terminal: --once prints text");
	if (!newterm(NULL, stdout, stdin))
		return fail(problem, "TERM=%s is not known here: try vt100, or --once",
			    terminal ? terminal : "");
	terminal_start();
	return true;
}

bool screen_run(struct source *source, double interval, struct problem *problem)
{
	struct view view = { .source = source, .wanted = OWNER_NONE };

	if (!start(problem))
		return false;
	view.interval = interval > 0 ? interval : source->trace ? FRAME : source->live ? 1 : 0;
	view.running = view.interval > 0;
	if (source->trace)
		view.speed = max(source->trace->count / FRAMES, 1U);
	run(&view);
	terminal_stop();
	free(view.cells);
	return true;
}

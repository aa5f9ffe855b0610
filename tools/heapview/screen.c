// SPDX-License-Identifier: GPL-2.0-only
/*
 * screen - a heap in full screen: waits for keys and for time to pass, and draws
 */
#include <errno.h>
#include <ncurses.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <linux/minmax.h>

#include "keys.h"
#include "panes.h"
#include "screen.h"
#include "terminal.h"
#include "trace.h"

#define ESCAPE		27
#define FRAME		0.05		/* seconds a frame, of a trace that is played */
#define FRAMES		600		/* of all of it */

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

static bool type(char *answer, size_t room, int key)
{
	size_t length = strlen(answer);

	if (key == KEY_BACKSPACE || key == 127 || key == '\b')
		answer[length ? length - 1 : 0] = '\0';
	else if (key >= ' ' && key < 127 && length + 1 < room)
		answer[length] = key;
	return key != '\r' && key != '\n' && key != KEY_ENTER && key != ESCAPE;
}

bool ask(struct view *view, const char *question, char *answer, size_t room)
{
	char prompt[128];
	int key;

	memset(answer, 0, room);
	timeout(-1);
	do {
		snprintf(prompt, sizeof(prompt), "%s%s_", question, answer);
		panes_draw(view, prompt);
		key = getch();
	} while (key != ERR && type(answer, room, key));
	return key != ESCAPE && key != ERR;
}

/* What went wrong is said until it is over, and what was there before stays as far as it can. */
void view_refresh(struct view *view)
{
	if (view->source->trace)
		return;
	if (folder_read(view->source, &view->message)) {
		if (view->lost)
			*view->message.text = '\0';
		view->lost = false;
	} else {
		view->lost = true;
	}
}

static void advance(struct view *view)
{
	struct trace *trace = view->source->trace;

	if (!trace) {
		view_refresh(view);
		return;
	}
	trace_go(view->source, trace->position + view->speed);
	if (trace->position == trace->count)
		view->running = false;
}

/* A key or ERR, when it is time to go on. */
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
		return fail(problem, "this is no terminal: --once prints the same as text");
	if (!newterm(NULL, stdout, stdin))
		return fail(problem, "TERM=%s is not known here: vt100 may do, or --once",
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

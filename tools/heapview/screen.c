// SPDX-License-Identifier: GPL-2.0-only
/*
 * screen - a heap in full screen mode: wait for a key or for the next update, and draw
 */
#include <stdlib.h>

#include <linux/minmax.h>

#include "keys.h"
#include "mouse.h"
#include "panes.h"
#include "screen.h"
#include "terminal.h"
#include "replay.h"
#include "view.h"

#define FRAME		0.05		/* seconds between two updates of a trace */
#define FRAMES		600		/* updates that a whole trace takes */

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

static void run(struct view *view)
{
	double due = terminal_now() + view->interval;

	while (!view->done) {
		int key;

		panes_draw(view, NULL);
		key = terminal_key(view->running ? due : 0);
		if (key == ERR && (!view->running || terminal_gone()))
			break;
		if (key == KEY_MOUSE)
			mouse_used(view);
		else if (key != ERR)
			key_pressed(view, key);
		if (view->running && terminal_now() >= due) {
			advance(view);
			due = terminal_now() + view->interval;
		}
	}
}

void screen_run(struct source *source, double interval, bool nested)
{
	struct view view = { .source = source, .wanted = OWNER_NONE, .nested = nested };

	view.interval = interval > 0 ? interval : source->trace ? FRAME : source->live ? 1 : 0;
	view.running = view.interval > 0;
	if (source->trace)
		view.speed = max(source->trace->count / FRAMES, 1U);
	run(&view);
	free(view.cells);
}

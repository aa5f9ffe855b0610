// SPDX-License-Identifier: GPL-2.0-only
/*
 * keys - the actions of the keys
 */
#include <stdio.h>
#include <string.h>

#include <linux/minmax.h>

#include "array.h"
#include "keys.h"
#include "prompt.h"
#include "terminal.h"
#include "replay.h"
#include "words.h"

static void say(struct view *view, const char *message)
{
	set_problem(&view->message, "%s", message);
}

static void move_cells(struct view *view, int cells)
{
	view_move(view, (long long)cells * view->slice);
}

static void move_rows(struct view *view, int rows)
{
	view_move(view, (long long)rows * view->slice * view->columns);
}

static void move_pages(struct view *view, int pages)
{
	move_rows(view, pages * max((int)view->rows - 1, 1));
}

static void move_end(struct view *view, int end)
{
	view_jump(view, end > 0 ? U32_MAX : 0);
}

static void zoom(struct view *view, int steps)
{
	view_zoom(view, steps);
}

static bool is_any(const struct block *block, u32 unused)
{
	return true;
}

static bool is_in_state(const struct block *block, u32 state)
{
	return block->state == state;
}

static bool is_owned(const struct block *block, u32 owner)
{
	return block->owner == owner;
}

static void go_to_match(struct view *view, int way, bool (*matches)(const struct block *, u32),
			u32 argument, const char *none)
{
	const struct model *model = &view->source->model;
	u32 found = way > 0 ? model_next(model, view_block(view), matches, argument) :
			      model_previous(model, view_block(view), matches, argument);

	if (found == BLOCK_NONE)
		say(view, none);
	else
		view_jump(view, model->blocks[found].at);
}

static void go_block(struct view *view, int way)
{
	go_to_match(view, way, is_any, 0, "there is no further block");
}

static void go_hole(struct view *view, int way)
{
	go_to_match(view, way, is_in_state, HEAP_HOLE, "there is no further hole");
}

static void go_owned(struct view *view, int way)
{
	if (view->wanted == OWNER_NONE)
		say(view, "no owner is selected: j, k or /");
	else
		go_to_match(view, way, is_owned, view->wanted, "this owner has no further block");
}

/* The largest hole; when called again, the next or the previous largest. */
static void go_largest(struct view *view, int way)
{
	const struct model *model = &view->source->model;
	u32 count = model->holes_count, before = min(view->hole, count);

	if (!count) {
		say(view, "there is no hole");
		return;
	}
	if (way > 0)
		view->hole = before % count + 1;
	else
		view->hole = before > 1 ? before - 1 : count;
	view_jump(view, model->blocks[model->holes[view->hole - 1]].at);
}

static void go_offset(struct view *view, int unused)
{
	char answer[32] = "";
	u64 offset;

	if (!prompt_read(view, "go to offset: ", answer, sizeof(answer)))
		return;
	if (!parse_bytes(answer, &offset) ||
	    offset >= stats_get(&view->source->model.stats, "region_bytes"))
		say(view, "not an offset in the region: 4096, 0x1000, 4K");
	else
		view_jump(view, (max(offset, (u64)HEAP_EDGE) - HEAP_EDGE) / HEAP_GRANULE);
}

static void select_owner(struct view *view, int steps)
{
	view->pane = PANE_OWNERS;
	view_select(view, steps);
	view->page = view->page && view->wanted != OWNER_NONE;
}

/* At last, go back to the table of all heaps. */
static void close_one(struct view *view, int unused)
{
	if (view->nested && view->wanted == OWNER_NONE && !view->help)
		view->done = true;
	if (!view->page)
		view->wanted = OWNER_NONE;
	view->page = false;
	view->help = false;
}

/* The page of the selected owner, or of the one at the cursor. */
static void toggle_page(struct view *view, int unused)
{
	const struct model *model = &view->source->model;

	if (view->wanted == OWNER_NONE)
		view->wanted = model->blocks[view_block(view)].owner;
	if (view->wanted == OWNER_NONE)
		say(view, "no owner is selected, and none is at the cursor");
	else
		view->page = !view->page;
}

static void search_again(struct view *view, int unused)
{
	if (!*view->search)
		say(view, "search first: /");
	else if (!view_find_owner(view, true))
		say(view, "no owner has this in its name");
}

static void search(struct view *view, int unused)
{
	if (!prompt_read(view, "search owner: ", view->search, sizeof(view->search)) ||
	    !*view->search)
		return;
	view->pane = PANE_OWNERS;
	if (!view_find_owner(view, false))
		say(view, "no owner has this in its name");
}

/* When the stats are shown already, go on with those that had no room. */
static void show_pane(struct view *view, int pane)
{
	if (pane == PANE_STATS)
		view->first = view->pane == PANE_STATS && !view->page ?
			      view->first + view->shown : 0;
	view->page = false;
	view->pane = pane;
}

static void next_pane(struct view *view, int steps)
{
	view->page = false;
	view->first = 0;
	view->pane = (view->pane + steps + PANES) % PANES;
}

static void pause_or_resume(struct view *view, int unused)
{
	view->running = !view->running;
	if (!view->source->trace && !view->interval) {
		view->running = false;
		say(view, "a copy does not change: --interval reads it periodically");
	}
}

static void read_again(struct view *view, int unused)
{
	view_refresh(view);
}

static void step(struct view *view, long long events)
{
	const struct replay *trace = view->source->trace;
	long long position;

	if (!trace) {
		say(view, "this is not a trace");
		return;
	}
	view->running = false;
	position = trace->position + events;
	replay_go(view->source, position < 0 ? 0 : min_t(long long, position, trace->count));
}

static void step_events(struct view *view, int events)
{
	step(view, events);
}

static void step_hundredths(struct view *view, int hundredths)
{
	const struct replay *trace = view->source->trace;

	step(view, trace ? (long long)hundredths * max(trace->count / 100, 1U) : 0);
}

static void change_speed(struct view *view, int faster)
{
	view->speed = faster > 0 ? min(2 * view->speed, 1U << 24) : max(view->speed / 2, 1U);
	set_problem(&view->message, "%u event%s at a time", view->speed,
		    plural(view->speed));
}

static void toggle_help(struct view *view, int unused)
{
	view->help = !view->help;
}

static void quit(struct view *view, int unused)
{
	view->done = true;
}

static const struct {
	int key;
	void (*run)(struct view *view, int argument);
	int argument;
} keys[] = {
	{ KEY_LEFT, move_cells, -1 },
	{ KEY_RIGHT, move_cells, 1 },
	{ KEY_UP, move_rows, -1 },
	{ KEY_DOWN, move_rows, 1 },
	{ KEY_PPAGE, move_pages, -1 },
	{ KEY_NPAGE, move_pages, 1 },
	{ KEY_HOME, move_end, -1 },
	{ KEY_END, move_end, 1 },
	{ '+', zoom, 1 },
	{ '=', zoom, 1 },
	{ '-', zoom, -1 },
	{ '0', zoom, -32 },
	{ 'b', go_block, 1 },
	{ 'B', go_block, -1 },
	{ 'h', go_hole, 1 },
	{ 'H', go_hole, -1 },
	{ 'o', go_owned, 1 },
	{ 'O', go_owned, -1 },
	{ 'l', go_largest, 1 },
	{ 'L', go_largest, -1 },
	{ 'g', go_offset, 0 },
	{ 'j', select_owner, 1 },
	{ 'k', select_owner, -1 },
	{ ESCAPE, close_one, 0 },
	{ '\r', toggle_page, 0 },
	{ '\n', toggle_page, 0 },
	{ KEY_ENTER, toggle_page, 0 },
	{ '/', search, 0 },
	{ 'n', search_again, 0 },
	{ '\t', next_pane, 1 },
	{ KEY_BTAB, next_pane, -1 },
	{ '1', show_pane, PANE_OWNERS },
	{ '2', show_pane, PANE_BLOCKS },
	{ '3', show_pane, PANE_HOLES },
	{ '4', show_pane, PANE_STATS },
	{ ' ', pause_or_resume, 0 },
	{ 'r', read_again, 0 },
	{ '.', step_events, 1 },
	{ ',', step_events, -1 },
	{ '>', step_hundredths, 1 },
	{ '<', step_hundredths, -1 },
	{ 'f', change_speed, 1 },
	{ 's', change_speed, -1 },
	{ '?', toggle_help, 0 },
	{ KEY_F(1), toggle_help, 0 },
	{ 'q', quit, 0 },
};

void key_pressed(struct view *view, int key)
{
	u32 i;

	*view->message.text = '\0';
	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		if (keys[i].key == key)
			keys[i].run(view, keys[i].argument);
	}
}

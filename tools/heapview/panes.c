// SPDX-License-Identifier: GPL-2.0-only
/*
 * panes - the parts of the screen
 *
 *	title                                       title
 *	bar, totals                                 bar, totals
 *	grid                              or        grid             list
 *	the block at the cursor                     block at cursor
 *	chart                                       chart
 *	list                                        keys
 *	keys
 */
#include <string.h>

#include <linux/minmax.h>

#include "array.h"
#include "panes.h"
#include "terminal.h"
#include "replay.h"
#include "words.h"

#define LABEL		12		/* columns for offsets */
#define SIDE		48		/* columns of the list beside the grid */
#define WIDE		128		/* minimum columns for a list beside the grid */
#define SMALL_COLUMNS	40
#define SMALL_ROWS	16

/* A rectangle of the screen. */
struct place {
	int y, x, rows, columns;
};

struct layout {
	struct place grid, chart, list;
};

/* The columns of the grid are a multiple of 8, so that offsets are round. */
static int grid_columns(int room)
{
	room -= LABEL + 2;
	return room < 8 ? room : room / 8 * 8;
}

static void lay_out(struct layout *layout)
{
	bool wide = COLS >= WIDE;
	int width = wide ? COLS - SIDE : COLS;
	int chart = LINES < 20 ? 0 : LINES < 32 ? 4 : 7;
	int list = wide ? 0 : max(4, (LINES - 4) / 4);

	layout->chart = (struct place){ LINES - 1 - list - chart, 0, chart, width };
	layout->grid = (struct place){ 4, 0, layout->chart.y - 1 - 4, grid_columns(width) };
	layout->list = wide ? (struct place){ 3, width, LINES - 4, SIDE } :
			      (struct place){ LINES - 1 - list, 0, list, COLS };
}

static void words(attr_t ink, int room, const char *text)
{
	attrset(ink);
	addnstr(text, max(room, 0));
	attrset(A_NORMAL);
}

static void draw_state(const struct view *view, char *line, size_t room)
{
	const struct replay *trace = view->source->trace;

	if (trace)
		snprintf(line, room, "%s at event %u of %u", view->running ? "playing" : "stopped",
			 trace->position, trace->count);
	else if (view->interval > 0)
		snprintf(line, room, "%s every %gs", view->running ? view->source->kind : "stopped",
			 view->interval);
	else
		snprintf(line, room, "%s", view->source->kind);
}

static void draw_title(const struct view *view)
{
	char line[512], state[128], a[WORD];

	draw_state(view, state, sizeof(state));
	snprintf(line, sizeof(line), " heapview  %s  %s%s, a cell %s", view->source->name, state,
		 view->source->torn ? " (busy)" : "", human(a, heap_bytes(view->slice)));
	attrset(terminal_title());
	mvprintw(0, 0, "%-*.*s", COLS, COLS, line);
	attrset(A_NORMAL);
}

static void draw_bar(const struct model *model)
{
	u32 widths[KINDS], i;
	char line[64], word[WORD];

	kinds_widths(&model->stats, COLS - 2, widths);
	mvaddch(1, 0, '[');
	for (i = 0; i < KINDS; i++)
		put_bar(kinds[i].colour, kinds[i].letter, widths[i]);
	addch(']');
	move(2, 1);
	for (i = 0; i < KINDS; i++) {
		u64 bytes = stats_get(&model->stats, kinds[i].key);

		snprintf(line, sizeof(line), " %s %s  ", kinds[i].name, human(word, bytes));
		if (!bytes || kinds[i].letter == '|' ||
		    getcurx(stdscr) + 1 + (int)strlen(line) > COLS)
			continue;
		put_bar(kinds[i].colour, kinds[i].letter, 1);
		words(A_NORMAL, COLS - getcurx(stdscr), line);
	}
}

static void draw_totals(const struct model *model)
{
	char line[256], a[WORD], b[WORD], c[WORD], d[WORD];
	u64 used = model_used_bytes(model);

	snprintf(line, sizeof(line),
		 "used %s %s in %u  free %s in %u  largest %s  fragmented %.1f%%",
		 human(a, used), percent(b, used, heap_bytes(model->granules)),
		 model->number[HEAP_USED], human(c, model_free_bytes(model)),
		 model->number[HEAP_HOLE], human(d, model_largest_bytes(model)),
		 100 * model_fragmentation(model));
	move(3, 1);
	words(A_BOLD, COLS - 1, line);
}

static void draw_grid(const struct view *view, const struct place *place)
{
	const struct cell *cells = view->cells;
	u32 i;

	for (i = 0; i < view->count; i++) {
		if (i % view->columns == 0) {
			attrset(terminal_ink(COLOUR_DIM));
			mvprintw(place->y + i / view->columns, 0, "%*llu|", LABEL,
				 (unsigned long long)heap_offset(cells[i].at));
			attrset(A_NORMAL);
		}
		put_cell(&view->source->model, &cells[i], view->wanted,
			 view->cursor - cells[i].at < cells[i].granules);
		if (i % view->columns == view->columns - 1 || i == view->count - 1)
			words(terminal_ink(COLOUR_DIM), 1, "|");
	}
}

static void describe(const struct model *model, const struct block *block, char *line, size_t room)
{
	int length = snprintf(line, room, "%llu: %s, %llu bytes",
			      (unsigned long long)block_offset(block), state_name(block->state),
			      (unsigned long long)heap_bytes(block->granules));

	if (block->state != HEAP_USED)
		return;
	if (block->asked == ASKED_UNKNOWN)
		snprintf(line + length, room - length, ", its header is unreadable");
	else
		snprintf(line + length, room - length, ", %llu allocated by %s",
			 (unsigned long long)block->asked, model->owners.table[block->owner].name);
}

static void draw_block(const struct view *view, int y)
{
	const struct model *model = &view->source->model;
	char line[512];

	describe(model, &model->blocks[view_block(view)], line, sizeof(line));
	mvaddstr(y, 0, "  at cursor  ");
	words(A_BOLD, COLS - LABEL - 1, line);
}

/* The labels of the chart. */
static void draw_chart_words(const struct model *model, const struct place *place)
{
	char word[WORD];

	attrset(terminal_ink(COLOUR_FRAGMENTS));
	mvprintw(place->y + place->rows - 2, 0, " scattered ");
	attrset(terminal_ink(COLOUR_USED));
	mvprintw(place->y + place->rows - 1, 0, " used %6s",
		 percent(word, model->granules - model->in[HEAP_HOLE], model->granules));
	attrset(terminal_ink(COLOUR_DIM));
	mvprintw(place->y, 0, " largest");
	mvprintw(place->y + 1, 0, "  %8s ", human(word, model_largest_bytes(model)));
	attrset(A_NORMAL);
}

#define CHART_COLUMNS	512

static void draw_chart(const struct view *view, const struct place *place)
{
	const struct source *source = view->source;
	u32 columns = min(place->columns - LABEL - 2, CHART_COLUMNS);
	u32 here = columns;
	struct sample samples[CHART_COLUMNS];
	u32 row, i, level;

	if (!place->rows)
		return;
	if (source->trace)
		here = (u64)source->trace->position * (columns - 1) / source->trace->count;
	history_show(&source->history, columns, source->trace, samples);
	draw_chart_words(&source->model, place);
	for (row = 0; row < (u32)place->rows; row++) {
		mvaddch(place->y + place->rows - 1 - row, LABEL, '|');
		for (i = 0; i < columns; i++) {
			enum zone zone = sample_zone(&samples[i], source->model.granules, row,
						     place->rows, &level);

			put_zone(zone, level, i == here);
		}
		addch('|');
	}
}

/* The first line of a list of @rows lines in which @chosen is visible. */
static u32 first_line(u32 chosen, u32 rows, u32 count)
{
	u32 first = chosen < rows / 2 ? 0 : chosen - rows / 2;

	return min(first, count < rows ? 0 : count - rows);
}

static void draw_heading(const struct place *place, const char *text)
{
	move(place->y, place->x);
	attrset(terminal_title());
	printw("%-*.*s", place->columns, place->columns, text);
	attrset(A_NORMAL);
}

static u32 selected_owner(const struct view *view, u32 live)
{
	const struct owners *owners = &view->source->model.owners;
	u32 i;

	for (i = 0; i < live; i++) {
		if (owners->order[i] == view->wanted)
			return i;
	}
	return 0;
}

static void draw_owner(const struct view *view, const struct place *place, u32 number)
{
	const struct model *model = &view->source->model;
	const struct owner *owner = &model->owners.table[number];
	u64 bytes = owner->granules * HEAP_GRANULE;
	char line[256], a[WORD], b[WORD];

	addch(number == view->wanted ? '>' : ' ');
	put_swatch(owner);
	snprintf(line, sizeof(line), " %7s %6s %7u  %-80s", human(a, bytes),
		 percent(b, bytes, model_used_bytes(model)), owner->blocks, owner->name);
	words(number == view->wanted ? A_REVERSE : A_NORMAL, place->columns - 2, line);
}

static void draw_owners(const struct view *view, const struct place *place)
{
	const struct owners *owners = &view->source->model.owners;
	u32 live = owners_live(owners), rows = place->rows - 1;
	u32 first = first_line(selected_owner(view, live), rows, live);
	char line[128];
	u32 i;

	snprintf(line, sizeof(line), "      live  share  blocks  %u owners", live);
	draw_heading(place, line);
	for (i = 0; i < rows && first + i < live; i++) {
		move(place->y + 1 + i, place->x);
		draw_owner(view, place, owners->order[first + i]);
	}
}

static void draw_blocks(const struct view *view, const struct place *place)
{
	const struct model *model = &view->source->model;
	u32 chosen = view_block(view), rows = place->rows - 1;
	u32 first = first_line(chosen, rows, model->count);
	char line[512];
	u32 i;

	snprintf(line, sizeof(line), " block %u of %u", chosen + 1, model->count);
	draw_heading(place, line);
	for (i = first; i - first < rows && i < model->count; i++) {
		move(place->y + 1 + i - first, place->x);
		addch(i == chosen ? '>' : ' ');
		describe(model, &model->blocks[i], line, sizeof(line));
		words(i == chosen ? A_REVERSE : A_NORMAL, place->columns - 1, line);
	}
}

static void draw_holes(const struct view *view, const struct place *place)
{
	const struct model *model = &view->source->model;
	u32 rows = place->rows - 1;
	u32 first = first_line(view->hole ? view->hole - 1 : 0, rows, model->holes_count);
	char line[128];
	u32 i;

	snprintf(line, sizeof(line), "       hole  at   the largest of %u",
		 model->number[HEAP_HOLE]);
	draw_heading(place, line);
	for (i = first; i - first < rows && i < model->holes_count; i++) {
		const struct block *hole = &model->blocks[model->holes[i]];

		snprintf(line, sizeof(line), "%c%10llu  %llu", i + 1 == view->hole ? '>' : ' ',
			 (unsigned long long)heap_bytes(hole->granules),
			 (unsigned long long)block_offset(hole));
		move(place->y + 1 + i - first, place->x);
		words(A_NORMAL, place->columns, line);
	}
}

/* As many columns as fit. */
static void draw_stats(const struct view *view, const struct place *place)
{
	const struct stats *stats = &view->source->model.stats;
	u32 rows = place->rows - 1, i;
	char line[64];

	draw_heading(place, " stats");
	for (i = 0; i < stats->count; i++) {
		int x = 38 * (i / rows);

		if (x + 20 > place->columns)
			break;
		snprintf(line, sizeof(line), " %-18s %14llu", stats->lines[i].key,
			 (unsigned long long)stats->lines[i].value);
		move(place->y + 1 + i % rows, place->x + x);
		words(A_NORMAL, place->columns - x, line);
	}
}

static void (* const lists[PANES])(const struct view *view, const struct place *place) = {
	[PANE_OWNERS] = draw_owners,
	[PANE_BLOCKS] = draw_blocks,
	[PANE_HOLES] = draw_holes,
	[PANE_STATS] = draw_stats,
};

static void draw_foot(const struct view *view, const char *prompt)
{
	const char *keys =
		"? help  q quit  +- zoom  b block  h hole  jk owner  / search  g go to  Tab list";
	const char *text = prompt ? prompt : *view->message.text ? view->message.text : keys;

	attrset(*view->message.text && !prompt ? terminal_title() : terminal_ink(COLOUR_DIM));
	mvaddnstr(LINES - 1, 0, text, COLS - 1);
	attrset(A_NORMAL);
}

static const char * const help[] = {
	"arrows, PgUp, PgDn, Home, End   move the cursor",
	"+ -  0                          zoom in, zoom out; all of it",
	"b B   h H   o O                 next, previous: block, hole, block of the selected owner",
	"l                               the largest hole; again: the next largest",
	"g                               go to an offset: 4096, 0x1000, 4K",
	"j k   Esc                       select the next or the previous owner; none",
	"/  n                            search an owner by a part of its name; the next",
	"Tab   1 2 3 4                   list owners, blocks, the largest holes, stats",
	"space                           pause, resume",
	"r                               read the heap again",
	". ,   > <                       trace: an event forward, back; a hundredth of all",
	"f s                             trace: faster, slower",
	"? q                             this help; quit",
};

static void draw_help(void)
{
	u32 i;

	mvaddstr(1, 2, "heapview: the keys");
	for (i = 0; i < ARRAY_SIZE(help); i++)
		mvaddnstr(3 + i, 2, help[i], COLS - 3);
}

static void draw_heap(struct view *view)
{
	struct layout layout;

	lay_out(&layout);
	view_layout(view, layout.grid.columns, layout.grid.rows);
	draw_title(view);
	draw_bar(&view->source->model);
	draw_totals(&view->source->model);
	draw_grid(view, &layout.grid);
	draw_block(view, layout.grid.y + layout.grid.rows);
	draw_chart(view, &layout.chart);
	lists[view->pane](view, &layout.list);
}

void panes_draw(struct view *view, const char *prompt)
{
	erase();
	if (COLS < SMALL_COLUMNS || LINES < SMALL_ROWS)
		mvprintw(0, 0, "%dx%d is too small", COLS, LINES);
	else if (view->help)
		draw_help();
	else
		draw_heap(view);
	draw_foot(view, prompt);
	refresh();
}

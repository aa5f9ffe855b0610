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
#include <stdarg.h>
#include <string.h>

#include <linux/minmax.h>

#include "array.h"
#include "page.h"
#include "panes.h"
#include "terminal.h"
#include "replay.h"
#include "words.h"

#define LABEL		12		/* columns for offsets */
#define WIDE		128		/* minimum columns for a list beside the grid */
#define SMALL_COLUMNS	40
#define SMALL_ROWS	16

/* The columns of the grid are a multiple of 8, so that offsets are round. */
static int grid_columns(int room)
{
	room -= LABEL + 2;
	return room < 8 ? room : room / 8 * 8;
}

/*
 * @top: the first row below the totals; @page: that of an owner has the place of the chart, too.
 * Return false if there is no room for the grid.
 */
static bool lay_out(struct layout *layout, int top, bool page)
{
	bool wide = COLS >= WIDE;
	int side = 3 * COLS / 8;		/* columns of the list beside the grid */
	int width = wide ? COLS - side : COLS;
	int chart = LINES < 20 || (page && !wide) ? 0 : LINES < 32 ? 4 : 7;
	int list = wide ? 0 : page ? (LINES - 4) / 2 : max(4, (LINES - 4) / 4);

	layout->chart = (struct place){ LINES - 1 - list - chart, 0, chart, width };
	layout->block = (struct place){ layout->chart.y - 2, 0, 2, width };
	layout->grid = (struct place){ top, LABEL + 1, layout->block.y - top,
				       grid_columns(width) };
	layout->list = wide ? (struct place){ top, width, LINES - 1 - top, side } :
			      (struct place){ LINES - 1 - list, 0, list, COLS };
	return layout->grid.rows > 0;
}

/* Separate an item of @length columns from the one before, by blanks or by a new row. */
static void separate(int length)
{
	int x = getcurx(stdscr);

	if (x + 2 + length >= COLS)
		move(getcury(stdscr) + 1, 1);
	else if (x > 1)
		addstr("  ");
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
	char line[512], rest[256], state[128], name[256], a[WORD];

	draw_state(view, state, sizeof(state));
	snprintf(rest, sizeof(rest), "  %s%s, a cell %s", state,
		 view->source->torn ? " (busy)" : "", human(a, heap_bytes(view->slice)));
	snprintf(name, sizeof(name), "%s", view->source->name);
	shorten(name, max(COLS - 12 - (int)strlen(rest), 0));
	snprintf(line, sizeof(line), " heapview  %s%s", name, rest);
	put_title(0, 0, COLS, line);
}

static void draw_bar(const struct model *model)
{
	u32 widths[KINDS], i;

	kinds_widths(&model->stats, COLS - 2, widths);
	mvaddch(1, 0, '[');
	for (i = 0; i < KINDS; i++)
		put_bar(kinds[i].colour, kinds[i].letter, widths[i]);
	addch(']');
}

/* The parts of the bar. The edges have no columns. */
static void draw_kinds(const struct stats *stats)
{
	char line[64], word[WORD];
	u32 i;

	move(2, 1);
	for (i = 0; i < KINDS; i++) {
		u64 bytes = stats_get(stats, kinds[i].key);

		if (!bytes || kinds[i].letter == '|')
			continue;
		snprintf(line, sizeof(line), " %s %s", kinds[i].name, human(word, bytes));
		separate(1 + strlen(line));
		put_bar(kinds[i].colour, kinds[i].letter, 1);
		addstr(line);
	}
}

static void draw_total(const char *format, ...)
{
	char line[128];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	separate(strlen(line));
	attrset(A_BOLD);
	addstr(line);
	attrset(A_NORMAL);
}

static void draw_totals(const struct model *model)
{
	u64 used = model_used_bytes(model);
	char a[WORD], b[WORD];

	move(getcury(stdscr) + 1, 1);
	draw_total("used %s %s in %u", human(a, used),
		   percent(b, used, heap_bytes(model->granules)), model->number[HEAP_USED]);
	draw_total("free %s in %u", human(a, model_free_bytes(model)), model->number[HEAP_HOLE]);
	draw_total("largest %s", human(a, model_largest_bytes(model)));
	draw_total("fragmented %.1f%%", 100 * model_fragmentation(model));
}

/* On the page of an owner, the cells of all others are empty. */
static void draw_cell(const struct view *view, const struct cell *cell)
{
	bool cursor = view->cursor - cell->at < cell->granules;

	if (view->page && !cell->mine && !cursor)
		addch(' ');
	else
		put_cell(&view->source->model, cell, view->wanted, cursor);
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
		draw_cell(view, &cells[i]);
		if (i % view->columns == view->columns - 1 || i == view->count - 1)
			put_words(terminal_ink(COLOUR_DIM), 1, "|");
	}
}

/* The owner of a block, or why there is none. */
static const char *owner_name(const struct model *model, const struct block *block)
{
	if (block->state != HEAP_USED)
		return "";
	return block->asked == ASKED_UNKNOWN ? "its header is unreadable" :
	       model->owners.table[block->owner].name;
}

/* The owner has the second row if the first one is too short. */
static void draw_block(const struct view *view, const struct place *place)
{
	const struct model *model = &view->source->model;
	const struct block *block = &model->blocks[view_block(view)];
	char line[512];

	mvaddstr(place->y, 0, "  at cursor  ");
	attrset(A_BOLD);
	printw("%llu: %s, %llu bytes", (unsigned long long)block_offset(block),
	       state_name(block->state), (unsigned long long)heap_bytes(block->granules));
	if (block->state != HEAP_USED)
		return;
	addstr(", ");
	if (block->asked != ASKED_UNKNOWN)
		printw("%llu allocated by ", (unsigned long long)block->asked);
	snprintf(line, sizeof(line), "%s", owner_name(model, block));
	if (getcurx(stdscr) + (int)strlen(line) >= place->columns)
		move(place->y + 1, LABEL + 1);
	put_words(A_BOLD, place->columns - 1 - getcurx(stdscr), line);
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

static void draw_heading(const struct place *place, const char *text)
{
	put_title(place->y, place->x, place->columns, text);
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
	attr_t ink = number == view->wanted ? A_REVERSE : A_NORMAL;
	char line[64], a[WORD], b[WORD];
	int length;

	addch(number == view->wanted ? '>' : ' ');
	put_swatch(owner);
	length = snprintf(line, sizeof(line), " %7s %6s %7u  ", human(a, bytes),
			  percent(b, bytes, model_used_bytes(model)), owner->blocks);
	put_words(ink, place->columns - 2, line);
	put_words(ink, place->columns - 3 - length, owner->name);
}

static void draw_owners(const struct view *view, const struct place *place)
{
	const struct owners *owners = &view->source->model.owners;
	u32 live = owners_live(owners), rows = place->rows - 1, first = view->first, i;
	char line[128];

	snprintf(line, sizeof(line), "      live  share  blocks  %u owner%s", live, plural(live));
	draw_heading(place, line);
	for (i = 0; i < rows && first + i < live; i++) {
		move(place->y + 1 + i, place->x);
		draw_owner(view, place, owners->order[first + i]);
	}
}

static void draw_listed_block(const struct model *model, const struct block *block, bool chosen,
			      int columns)
{
	attr_t ink = chosen ? A_REVERSE : A_NORMAL;
	char line[128], asked[WORD] = "-";
	int length;

	if (block->asked != ASKED_UNKNOWN)
		snprintf(asked, sizeof(asked), "%llu", (unsigned long long)block->asked);
	addch(chosen ? '>' : ' ');
	length = snprintf(line, sizeof(line), "%10llu %8llu %8s  ",
			  (unsigned long long)block_offset(block),
			  (unsigned long long)heap_bytes(block->granules), asked);
	put_words(ink, columns - 1, line);
	put_words(ink, columns - 2 - length,
		  block->state == HEAP_USED ? owner_name(model, block) : state_name(block->state));
}

static void draw_blocks(const struct view *view, const struct place *place)
{
	const struct model *model = &view->source->model;
	u32 chosen = view_block(view), rows = place->rows - 1, first = view->first, i;
	char line[128];

	snprintf(line, sizeof(line), "     offset     size    asked  %u block%s", model->count,
		 plural(model->count));
	draw_heading(place, line);
	for (i = first; i - first < rows && i < model->count; i++) {
		move(place->y + 1 + i - first, place->x);
		draw_listed_block(model, &model->blocks[i], i == chosen, place->columns);
	}
}

static void draw_holes(const struct view *view, const struct place *place)
{
	const struct model *model = &view->source->model;
	u32 rows = place->rows - 1, first = view->first, i;
	char line[128];

	snprintf(line, sizeof(line), "       hole  at   the largest of %u",
		 model->number[HEAP_HOLE]);
	draw_heading(place, line);
	for (i = first; i - first < rows && i < model->holes_count; i++) {
		const struct block *hole = &model->blocks[model->holes[i]];

		snprintf(line, sizeof(line), "%c%10llu  %llu", i + 1 == view->hole ? '>' : ' ',
			 (unsigned long long)heap_bytes(hole->granules),
			 (unsigned long long)block_offset(hole));
		move(place->y + 1 + i - first, place->x);
		put_words(A_NORMAL, place->columns, line);
	}
}

#define STAT_COLUMNS	38

/* As many columns as fit. */
static void draw_stats(const struct view *view, const struct place *place)
{
	const struct stats *stats = &view->source->model.stats;
	u32 rows = place->rows - 1, i;
	char line[64];

	snprintf(line, sizeof(line), view->shown < stats->count ?
		 " stats, %u to %u of %u; 4: the next" : " stats", view->first + 1,
		 min(view->first + view->shown, stats->count), stats->count);
	draw_heading(place, line);
	for (i = 0; i < view->shown && view->first + i < stats->count; i++) {
		int x = STAT_COLUMNS * (i / rows);

		snprintf(line, sizeof(line), " %-18s %14llu", stats->lines[view->first + i].key,
			 (unsigned long long)stats->lines[view->first + i].value);
		move(place->y + 1 + i % rows, place->x + x);
		put_words(A_NORMAL, place->columns - x, line);
	}
}

static void (* const lists[PANES])(const struct view *view, const struct place *place) = {
	[PANE_OWNERS] = draw_owners,
	[PANE_BLOCKS] = draw_blocks,
	[PANE_HOLES] = draw_holes,
	[PANE_STATS] = draw_stats,
};

static void draw_list(struct view *view, const struct place *place)
{
	const struct model *model = &view->source->model;
	u32 live = owners_live(&model->owners), rows = place->rows - 1;

	if (view->pane == PANE_OWNERS)
		terminal_scroll(&view->first, selected_owner(view, live), rows, live);
	else if (view->pane == PANE_BLOCKS)
		terminal_scroll(&view->first, view_block(view), rows, model->count);
	else if (view->pane == PANE_HOLES)
		terminal_scroll(&view->first, view->hole ? view->hole - 1 : 0, rows,
				model->holes_count);
	else if (view->first >= model->stats.count)
		view->first = 0;
	view->shown = rows * max(place->columns / STAT_COLUMNS, 1);
	lists[view->pane](view, place);
}

static void draw_foot(const struct view *view, const char *prompt)
{
	const char *keys = view->nested ?
		"? help  q back  +- zoom  b block  h hole  jk owner  / search  g go to  Tab list" :
		"? help  q quit  +- zoom  b block  h hole  jk owner  / search  g go to  Tab list";
	const char *text = prompt ? prompt : *view->message.text ? view->message.text : keys;

	move(LINES - 1, 0);
	put_words(*view->message.text && !prompt ? terminal_title() : terminal_ink(COLOUR_DIM),
		  COLS - 1, text);
}

static const char * const help[] = {
	"arrows, PgUp, PgDn, Home, End   move the cursor",
	"+ -  0                          zoom in, zoom out; all of it",
	"b B   h H                       the next or the previous block; hole",
	"o O                             the next or the previous block of the owner",
	"Enter                           the page of the owner: blocks, sizes, ages",
	"l L                             the largest hole, then the next; the previous",
	"g                               go to an offset: 4096, 0x1000, 4K",
	"j k                             select the next or the previous owner",
	"/  n                            search an owner by a part of its name; again",
	"Tab   1 2 3 4                   list owners, blocks, the largest holes, stats",
	"space                           pause, resume",
	"r                               read the heap again",
	". ,   > <                       trace: an event forward, back; a hundredth",
	"f s                             trace: faster, slower",
	"Esc                             select no owner; back to all heaps",
	"mouse                           select; the wheel scrolls; shift selects text",
	"? q                             this help; quit, or back to all heaps",
};

static void draw_help(void)
{
	u32 i;

	mvaddstr(1, 2, "heapview: the keys");
	for (i = 0; i < ARRAY_SIZE(help); i++) {
		move(3 + i, 2);
		put_words(A_NORMAL, COLS - 3, help[i]);
	}
}

static void draw_too_small(void)
{
	erase();
	mvprintw(0, 0, "%dx%d is too small", COLS, LINES);
}

static void draw_heap(struct view *view)
{
	struct layout *layout = &view->layout;

	draw_bar(&view->source->model);
	draw_kinds(&view->source->model.stats);
	draw_totals(&view->source->model);
	if (!lay_out(layout, getcury(stdscr) + 1, view->page)) {
		draw_too_small();
		return;
	}
	view_layout(view, layout->grid.columns, layout->grid.rows);
	draw_title(view);
	draw_grid(view, &layout->grid);
	draw_block(view, &layout->block);
	draw_chart(view, &layout->chart);
	if (view->page)
		page_draw(view, &layout->list);
	else
		draw_list(view, &layout->list);
}

void panes_draw(struct view *view, const char *prompt)
{
	erase();
	if (COLS < SMALL_COLUMNS || LINES < SMALL_ROWS)
		draw_too_small();
	else if (view->help)
		draw_help();
	else
		draw_heap(view);
	draw_foot(view, prompt);
	refresh();
}

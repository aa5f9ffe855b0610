// SPDX-License-Identifier: GPL-2.0-only
/*
 * overview - the table of all heaps, as text or live in full screen mode
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <linux/minmax.h>

#include "array.h"
#include "overview.h"
#include "rows.h"
#include "screen.h"
#include "terminal.h"
#include "words.h"

#define ABOVE	2			/* lines above the rows: title and heading */
#define BELOW	2			/* lines below: the owner of the chosen heap, the keys */

/**
 * struct overview - the state of the screen
 * @heaps: the rows
 * @by: the column by which they are sorted, or COLUMNS for the name
 * @chosen: number of the chosen row
 * @first: number of the first visible row
 * @interval: seconds between two updates
 * @message: shown in the last line
 * @lost: the message is the error of the last read
 * @done: quit
 */
struct overview {
	struct heaps heaps;
	enum column by;
	u32 chosen, first;
	double interval;
	struct problem message;
	bool lost;
	bool done;
};

/* Reading */

static bool read_heaps(struct heaps *heaps, struct problem *problem)
{
	return heaps_read(heaps, problem) &&
	       (heaps->count || fail(problem, "there is no heap: no module has created one"));
}

/* The chosen heap remains chosen, or if it is gone, the one that has its place. */
static void sort(struct overview *overview, const char *name)
{
	struct heaps *heaps = &overview->heaps;
	u32 i;

	heaps_sort(heaps, overview->by);
	for (i = 0; i < heaps->count; i++) {
		if (!strcmp(heaps->rows[i].name, name))
			overview->chosen = i;
	}
	overview->chosen = min(overview->chosen, max(heaps->count, 1U) - 1);
}

static struct row chosen_row(const struct overview *overview)
{
	return overview->heaps.count ? overview->heaps.rows[overview->chosen] : (struct row){};
}

static void read_again(struct overview *overview)
{
	struct row chosen = chosen_row(overview);
	bool lost = !read_heaps(&overview->heaps, &overview->message);

	if (overview->lost && !lost)
		*overview->message.text = '\0';
	overview->lost = lost;
	sort(overview, chosen.name);
}

/* Drawing */

static void draw_row(const struct overview *overview, int y, u32 number)
{
	const s64 *numbers = overview->heaps.rows[number].numbers;
	bool alarm = numbers[COLUMN_FAILURES] || numbers[COLUMN_FINDINGS];
	bool chosen = number == overview->chosen;
	char line[ROW_ROOM];

	rows_line(&overview->heaps, number, line, COLS - 2);
	mvaddch(y, 0, chosen ? '>' : ' ');
	attrset((chosen ? A_REVERSE : A_NORMAL) | (alarm ? A_BOLD : A_NORMAL));
	addnstr(line, COLS - 1);
	attrset(A_NORMAL);
}

static void draw_rows(struct overview *overview)
{
	u32 count = overview->heaps.count, rows = max(LINES - ABOVE - BELOW, 1), i;

	terminal_scroll(&overview->first, overview->chosen, rows, count);
	for (i = 0; i < rows && overview->first + i < count; i++)
		draw_row(overview, ABOVE + i, overview->first + i);
}

/* The owner may have been shortened in its row. */
static void draw_owner(const struct overview *overview)
{
	struct row row = chosen_row(overview);
	char line[ROW_ROOM], bytes[WORD];

	if (!row.owner_bytes)
		return;
	snprintf(line, sizeof(line), " %s: %s of %s", row.name, human(bytes, row.owner_bytes),
		 row.owner);
	move(LINES - 2, 0);
	put_words(A_BOLD, COLS - 1, line);
}

static void draw_foot(const struct overview *overview)
{
	struct problem line = overview->message;
	bool said = *line.text;

	if (!said)
		set_problem(&line, "arrows choose  Enter open  s sort (by %s)  r read  q quit",
			    column_name(overview->by));
	move(LINES - 1, 0);
	put_words(said ? terminal_title() : terminal_ink(COLOUR_DIM), COLS - 1, line.text);
}

static void draw(struct overview *overview)
{
	char heading[ROW_ROOM], line[ROW_ROOM + 2];

	erase();
	snprintf(line, sizeof(line), " heapview  %u heap%s  live every %gs", overview->heaps.count,
		 plural(overview->heaps.count), overview->interval);
	put_title(0, 0, COLS, line);
	rows_heading(&overview->heaps, heading, COLS - 2);
	snprintf(line, sizeof(line), " %s", heading);
	put_title(1, 0, COLS, line);
	draw_rows(overview);
	draw_owner(overview);
	draw_foot(overview);
	refresh();
}

/* Keys */

static void choose(struct overview *overview, int steps)
{
	long long last = max(overview->heaps.count, 1U) - 1;

	overview->chosen = min(max(overview->chosen + (long long)steps, 0LL), last);
}

static void choose_page(struct overview *overview, int pages)
{
	choose(overview, pages * max(LINES - ABOVE - BELOW - 1, 1));
}

static void sort_next(struct overview *overview, int unused)
{
	overview->by = (overview->by + 1) % (COLUMNS + 1);
	sort(overview, chosen_row(overview).name);
}

static void read_now(struct overview *overview, int unused)
{
	read_again(overview);
}

static void quit(struct overview *overview, int unused)
{
	overview->done = true;
}

/* Show the chosen heap until it is left. */
static void open_chosen(struct overview *overview, int unused)
{
	const struct heaps *heaps = &overview->heaps;
	struct source *source;

	if (!heaps->count)
		return;
	source = must(calloc(1, sizeof(*source)));
	if (folder_open_heap(source, heaps->debugfs, heaps->rows[overview->chosen].name,
			     &overview->message))
		screen_run(source, overview->interval, true);
	model_free(&source->model);
	free(source);
}

/* A click chooses a heap; another one opens it. */
static void use_mouse(struct overview *overview, int unused)
{
	struct mouse mouse;
	int row;

	if (!terminal_mouse(&mouse))
		return;
	row = overview->first + mouse.y - ABOVE;
	if (mouse.wheel)
		choose(overview, mouse.wheel);
	else if (mouse.y < ABOVE || mouse.y >= LINES - BELOW || row >= (int)overview->heaps.count)
		return;
	else if (row == (int)overview->chosen)
		open_chosen(overview, 0);
	else
		overview->chosen = row;
}

static const struct {
	int key;
	void (*run)(struct overview *overview, int argument);
	int argument;
} keys[] = {
	{ KEY_UP, choose, -1 },
	{ KEY_DOWN, choose, 1 },
	{ 'k', choose, -1 },
	{ 'j', choose, 1 },
	{ KEY_PPAGE, choose_page, -1 },
	{ KEY_NPAGE, choose_page, 1 },
	{ KEY_HOME, choose, -INT_MAX },
	{ KEY_END, choose, INT_MAX },
	{ '\r', open_chosen, 0 },
	{ '\n', open_chosen, 0 },
	{ KEY_ENTER, open_chosen, 0 },
	{ KEY_MOUSE, use_mouse, 0 },
	{ 's', sort_next, 0 },
	{ 'r', read_now, 0 },
	{ ESCAPE, quit, 0 },
	{ 'q', quit, 0 },
};

static void key_pressed(struct overview *overview, int key)
{
	u32 i;

	if (!overview->lost)
		*overview->message.text = '\0';
	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		if (keys[i].key == key)
			keys[i].run(overview, keys[i].argument);
	}
}

static void run(struct overview *overview)
{
	double due = terminal_now() + overview->interval;

	while (!overview->done) {
		int key;

		draw(overview);
		key = terminal_key(due);
		if (key != ERR)
			key_pressed(overview, key);
		else if (terminal_gone())
			break;
		if (terminal_now() >= due) {
			read_again(overview);
			due = terminal_now() + overview->interval;
		}
	}
}

bool overview_run(const char *debugfs, double interval, struct problem *problem)
{
	struct overview overview = { .heaps.debugfs = debugfs };
	bool good = read_heaps(&overview.heaps, problem) && terminal_start(problem);

	if (good) {
		overview.interval = interval > 0 ? interval : 1;
		sort(&overview, "");
		run(&overview);
		terminal_stop();
	}
	heaps_free(&overview.heaps);
	return good;
}

bool overview_print(const char *debugfs, struct problem *problem)
{
	struct heaps heaps = { .debugfs = debugfs };
	bool good = read_heaps(&heaps, problem);

	if (heaps.count) {
		heaps_sort(&heaps, COLUMN_USED);
		rows_print(&heaps, stdout);
	}
	heaps_free(&heaps);
	return good;
}

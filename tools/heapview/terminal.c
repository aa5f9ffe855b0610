// SPDX-License-Identifier: GPL-2.0-only
/*
 * terminal - the terminal: with or without colours, with or without block characters
 */
#include <langinfo.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <linux/minmax.h>

#include "array.h"
#include "size.h"
#include "terminal.h"
#include "words.h"

static bool colours, blocks;

/* Colour pairs: on the default background, or solid, with the background in the same colour. */
#define PAIR_INK(colour)	(1 + (colour))
#define PAIR_SOLID(colour)	(1 + COLOURS + (colour))
#define PAIR_TITLE		(1 + 2 * COLOURS)

static void start_colours(void)
{
	const char *no_color = getenv("NO_COLOR");
	short title_ink = COLOR_WHITE, title_paper = COLOR_BLUE;
	bool rich;
	int i;

	colours = !(no_color && *no_color) && has_colors() && start_color() == OK;
	if (!colours)
		return;
	use_default_colors();
	rich = COLORS >= 256;
	for (i = 0; i < COLOURS; i++) {
		short ink = rich ? palette[i].rich : palette[i].plain;

		init_pair(PAIR_INK(i), ink, -1);
		init_pair(PAIR_SOLID(i), ink, ink);
	}
	if (rich) {
		title_ink = 231;
		title_paper = 24;
	}
	init_pair(PAIR_TITLE, title_ink, title_paper);
}

/* Terminals send sequences that terminfo omits; "Esc [ 4 ~" must not be read as the key 4. */
static const struct {
	const char *sent;
	int key;
} sequences[] = {
	{ "\033[A", KEY_UP }, { "\033[B", KEY_DOWN },
	{ "\033[C", KEY_RIGHT }, { "\033[D", KEY_LEFT },
	{ "\033[H", KEY_HOME }, { "\033[F", KEY_END },
	{ "\033OH", KEY_HOME }, { "\033OF", KEY_END },
	{ "\033[1~", KEY_HOME }, { "\033[4~", KEY_END }, { "\033[7~", KEY_HOME },
	{ "\033[8~", KEY_END }, { "\033[5~", KEY_PPAGE }, { "\033[6~", KEY_NPAGE },
	{ "\033[Z", KEY_BTAB },
};

static void define_sequences(void)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(sequences); i++) {
		if (!key_defined(sequences[i].sent))
			define_key(sequences[i].sent, sequences[i].key);
	}
}

static bool open_terminal(struct problem *problem)
{
	const char *terminal = getenv("TERM");

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return fail(problem, "this is not a terminal: --once prints text");
	size_ask();
	if (!newterm(NULL, stdout, stdin))
		return fail(problem, "TERM=%s is not known here: try vt100, or --once",
			    terminal ? terminal : "");
	return true;
}

bool terminal_start(struct problem *problem)
{
	if (!open_terminal(problem))
		return false;
	blocks = !strcmp(nl_langinfo(CODESET), "UTF-8");
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	define_sequences();
	set_escdelay(100);
	mousemask(BUTTON1_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED, NULL);
	mouseinterval(0);
	curs_set(0);
	start_colours();
	fail_leave = terminal_stop;
	return true;
}

/* Not every terminal has an alternate screen, so clear this one. */
void terminal_stop(void)
{
	fail_leave = NULL;
	erase();
	refresh();
	endwin();
}

double terminal_now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

int terminal_key(double due)
{
	timeout(due > 0 ? (int)(1000 * max(due - terminal_now(), 0.0)) : -1);
	return getch();
}

bool terminal_gone(void)
{
	struct pollfd input = { .fd = STDIN_FILENO };

	return poll(&input, 1, 0) == 1;
}

bool terminal_mouse(struct mouse *mouse)
{
	MEVENT event;

	if (getmouse(&event) == ERR)
		return false;
	*mouse = (struct mouse){ .y = event.y, .x = event.x };
	if (event.bstate & BUTTON4_PRESSED)
		mouse->wheel = -1;
	else if (event.bstate & BUTTON5_PRESSED)
		mouse->wheel = 1;
	return mouse->wheel || event.bstate & BUTTON1_PRESSED;
}

void terminal_scroll(u32 *first, u32 chosen, u32 rows, u32 count)
{
	if (chosen - *first >= rows)
		*first = chosen < rows / 2 ? 0 : chosen - rows / 2;
	*first = min(*first, count < rows ? 0 : count - rows);
}

bool terminal_has_colours(void)
{
	return colours;
}

attr_t terminal_ink(int colour)
{
	bool bold = palette[colour].bold && COLORS < 256;

	if (!colours)
		return colour == COLOUR_QUARANTINED ? A_BOLD : A_NORMAL;
	return COLOR_PAIR(PAIR_INK(colour)) | (bold ? A_BOLD : A_NORMAL);
}

static attr_t solid_ink(int colour)
{
	if (!colours)
		return A_NORMAL;
	return COLOR_PAIR(PAIR_SOLID(colour)) |
	       (palette[colour].bold && COLORS < 256 ? A_BOLD : A_NORMAL);
}

attr_t terminal_title(void)
{
	return colours ? COLOR_PAIR(PAIR_TITLE) | A_BOLD : A_REVERSE;
}

void put_words(attr_t ink, int room, const char *text)
{
	char line[1024];

	snprintf(line, sizeof(line), "%s", text);
	attrset(ink);
	addstr(shorten(line, max(room, 0)));
	attrset(A_NORMAL);
}

void put_title(int y, int x, int columns, const char *text)
{
	attrset(terminal_title());
	mvprintw(y, x, "%-*.*s", columns, columns, text);
	attrset(A_NORMAL);
}

static void put(attr_t ink, const char *glyph)
{
	attrset(ink);
	addstr(glyph);
	attrset(A_NORMAL);
}

static const char * const eighths[LEVELS + 1] = {
	" ", "\u2581", "\u2582", "\u2583", "\u2584", "\u2585", "\u2586", "\u2587", "\u2588",
};

/* A used cell in the colour of its owner. If it is one granule, a block starts with half a cell. */
static void put_used(const struct cell *cell, int colour, u32 level)
{
	bool begins = cell->granules == 1 && cell->starts;
	char shade[] = { ".---==++#"[level], '\0' };

	if (blocks)
		put(terminal_ink(colour), begins ? "\u2590" : eighths[level]);
	else if (begins)
		put(terminal_ink(colour), "[");
	else
		put(level == LEVELS ? solid_ink(colour) : terminal_ink(colour), shade);
}

static const struct {
	const char *plain;
	const char *block;
} looks[LOOKS] = {
	[LOOK_HOLE] = { ".", "\u00b7" },
	[LOOK_PENDING] = { "~", "~" },
	[LOOK_CACHED] = { "$", "$" },
	[LOOK_QUARANTINED] = { "!", "!" },
	[LOOK_UNKNOWN] = { "?", "?" },
	[LOOK_OTHERS] = { ":", "\u2591" },
};

/* Without colours, a cell is the letter of its owner. */
static void put_letter(const struct model *model, const struct cell *cell, u32 wanted, attr_t ink)
{
	char letter[] = { cell_letter(model, cell, wanted), '\0' };

	put(ink, letter);
}

void put_cell(const struct model *model, const struct cell *cell, u32 wanted, bool cursor)
{
	enum look look = cell_look(cell, wanted);
	u32 owner = look == LOOK_USED && cell->mine ? wanted : cell->owner;

	if (cursor)
		put(A_REVERSE | A_BOLD, blocks ? "\u25c6" : "X");
	else if (!colours)
		put_letter(model, cell, wanted,
			   look == LOOK_QUARANTINED || (look == LOOK_USED && cell->mine) ?
			   A_REVERSE : A_NORMAL);
	else if (look == LOOK_USED)
		put_used(cell, model->owners.table[owner].colour, cell_level(cell, look));
	else
		put(terminal_ink(look_colours[look]) | (look == LOOK_QUARANTINED ? A_REVERSE : 0),
		    blocks ? looks[look].block : looks[look].plain);
}

/* The colour or the letter of an owner. */
void put_swatch(const struct owner *owner)
{
	char letter[] = { owner->letter ? owner->letter : '#', '\0' };

	if (!colours)
		put(A_BOLD, letter);
	else if (blocks)
		put(terminal_ink(owner->colour), eighths[LEVELS]);
	else
		put(solid_ink(owner->colour), "#");
}

/* A cell of the chart; @here marks the current event. */
void put_zone(enum zone zone, u32 level, bool here)
{
	static const int inks[] = {
		[ZONE_NONE] = COLOUR_DIM, [ZONE_USED] = COLOUR_USED,
		[ZONE_FRAGMENTS] = COLOUR_FRAGMENTS, [ZONE_LARGEST] = COLOUR_HOLE,
	};
	static const char * const plain[] = { " ", "#", ":", " " };
	static const char * const rich[] = { " ", NULL, "\u2591", " " };
	attr_t ink = terminal_ink(inks[zone]) | (here ? A_REVERSE : 0);

	if (zone != ZONE_USED)
		put(ink, blocks ? rich[zone] : plain[zone]);
	else
		put(ink, blocks ? eighths[level] : level < 4 ? "." : "#");
}

void put_bar(int colour, char letter, u32 width)
{
	char plain[] = { letter, '\0' };

	while (width--) {
		if (blocks && colours)
			put(terminal_ink(colour), eighths[LEVELS]);
		else
			put(letter == '.' ? terminal_ink(colour) : solid_ink(colour), plain);
	}
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * page - the page of a single owner: the sizes of its blocks, and in a trace their ages
 */
#include <linux/minmax.h>

#include "page.h"
#include "replay.h"
#include "words.h"

#define LABELS	26			/* columns before a bar */
#define BESIDE	76			/* minimum columns for two histograms side by side */
#define CLASSES	33			/* the powers of two of a u32, and 0 */

/**
 * struct histogram - numbers by powers of two
 * @counts: class c has the numbers up to 2^c that are not in a lower class; the last one all others
 * @first: the lowest class that is not empty
 * @last: the highest one
 * @most: the largest count
 */
struct histogram {
	u32 counts[CLASSES];
	u32 first, last;
	u32 most;
};

static u32 class_of(u64 number)
{
	u32 class = 0;

	while (class < CLASSES - 1 && number > 1ULL << class)
		class++;
	return class;
}

static void count(struct histogram *histogram, u64 number)
{
	u32 class = class_of(number);

	histogram->counts[class]++;
	histogram->first = min(histogram->first, class);
	histogram->last = max(histogram->last, class);
	histogram->most = max(histogram->most, histogram->counts[class]);
}

static void fill(const struct view *view, struct histogram *sizes, struct histogram *ages)
{
	const struct model *model = &view->source->model;
	const struct replay *trace = view->source->trace;
	u32 i;

	*sizes = *ages = (struct histogram){ .first = CLASSES - 1 };
	for (i = 0; i < model->count; i++) {
		const struct block *block = &model->blocks[i];

		if (block->owner != view->wanted)
			continue;
		if (block->asked != ASKED_UNKNOWN)
			count(sizes, block->asked);
		if (trace)
			count(ages, trace->position - trace->born_at[block->at]);
	}
}

static void draw_class(const struct histogram *histogram, u32 class, u32 columns, bool bytes)
{
	u32 bar = columns - min(columns, LABELS + 1U), blocks = histogram->counts[class];
	char word[WORD];

	if (bytes)
		human(word, 1ULL << class);
	else
		snprintf(word, sizeof(word), "%llu", 1ULL << class);
	printw("  up to %8s %8u ", word, blocks);
	put_bar(COLOUR_USED, '#', blocks ? max((u64)blocks * bar / histogram->most, 1ULL) : 0);
}

/* If there are more classes than rows, the empty ones have none. */
static void draw_histogram(const struct histogram *histogram, const struct place *place,
			   const char *title, bool bytes)
{
	bool all = histogram->last < histogram->first + place->rows - 1;
	u32 class;
	int y = 1;

	attrset(A_BOLD);
	mvprintw(place->y, place->x, "%16s %8s", title, "blocks");
	attrset(A_NORMAL);
	for (class = histogram->first; class <= histogram->last && y < place->rows; class++) {
		if (!all && !histogram->counts[class])
			continue;
		move(place->y + y++, place->x);
		draw_class(histogram, class, place->columns, bytes);
	}
}

/* Beside each other, or if there is no room, one below the other. */
static void split(const struct place *place, bool two, struct place *one, struct place *other)
{
	*one = (struct place){ place->y + 1, place->x, place->rows - 1, place->columns };
	*other = *one;
	if (two && place->columns >= BESIDE) {
		one->columns /= 2;
		other->columns -= one->columns;
		other->x += one->columns;
	} else if (two) {
		one->rows /= 2;
		other->rows -= one->rows;
		other->y += one->rows;
	}
}

void page_draw(const struct view *view, const struct place *place)
{
	const struct owner *owner = &view->source->model.owners.table[view->wanted];
	bool trace = view->source->trace;
	struct histogram sizes, ages;
	struct place one, other;
	struct problem line;
	char word[WORD];

	fill(view, &sizes, &ages);
	split(place, trace, &one, &other);
	set_problem(&line, " %u block%s  %s  %s", owner->blocks, plural(owner->blocks),
		    human(word, owner->granules * HEAP_GRANULE), owner->name);
	shorten(line.text, place->columns - 1);
	put_title(place->y, place->x, place->columns, line.text);
	draw_histogram(&sizes, &one, "bytes", true);
	if (trace)
		draw_histogram(&ages, &other, "events ago", false);
}

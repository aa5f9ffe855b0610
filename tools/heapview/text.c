// SPDX-License-Identifier: GPL-2.0-only
/*
 * text - the output of --once
 *
 * It fits into 80 columns. Colours only repeat what the characters say.
 */
#include <stdio.h>
#include <string.h>

#include <linux/minmax.h>

#include "array.h"
#include "cells.h"
#include "palette.h"
#include "text.h"
#include "replay.h"
#include "words.h"

#define COLUMNS		64		/* as the map in debugfs */
#define ROWS		16
#define KINDS_IN_LINE	4
#define TOP_OWNERS	20
#define TOP_HOLES	5
#define CHART_ROWS	6

struct paper {
	FILE *file;
	int colours;
};

static void ink(const struct paper *paper, int colour)
{
	if (paper->colours >= 256)
		fprintf(paper->file, "\033[38;5;%dm", palette[colour].rich);
	else if (paper->colours)
		fprintf(paper->file, "\033[%s3%dm", palette[colour].bold ? "1;" : "",
			palette[colour].plain);
}

static void ink_off(const struct paper *paper)
{
	if (paper->colours)
		fputs("\033[0m", paper->file);
}

static void put(const struct paper *paper, int colour, const char *text, int length)
{
	ink(paper, colour);
	fprintf(paper->file, "%.*s", length, text);
	ink_off(paper);
}

static void print_title(const struct paper *paper, const struct source *source)
{
	fprintf(paper->file, "%s (%s): region of %llu bytes", source->name, source->kind,
		(unsigned long long)stats_get(&source->model.stats, "region_bytes"));
	if (source->trace)
		fprintf(paper->file, ", after %u of %u event%s", source->trace->position,
			source->trace->count, plural(source->trace->count));
	fputc('\n', paper->file);
}

static void print_totals(const struct paper *paper, const struct source *source)
{
	const struct model *model = &source->model;
	u32 blocks = model->number[HEAP_USED], holes = model->number[HEAP_HOLE];
	u32 owners = owners_live(&model->owners);
	u64 all = heap_bytes(model->granules);
	char a[WORD], b[WORD], c[WORD];

	fprintf(paper->file, "used %s %s in %u block%s of %u owner%s, peak %s\n",
		human(a, model_used_bytes(model)), percent(b, model_used_bytes(model), all),
		blocks, plural(blocks), owners, plural(owners),
		human(c, stats_get(&model->stats, "peak_bytes")));
	fprintf(paper->file, "free %s %s in %u hole%s, the largest %s, fragmentation %.1f%%\n",
		human(a, model_free_bytes(model)), percent(b, model_free_bytes(model), all),
		holes, plural(holes), human(c, model_largest_bytes(model)),
		100 * model_fragmentation(model));
}

static void print_bar(const struct paper *paper, const struct source *source)
{
	const struct stats *stats = &source->model.stats;
	char bar[COLUMNS], word[WORD];
	u32 widths[KINDS], printed = 0, i;

	fprintf(paper->file, "%12s|", "");
	kinds_widths(stats, COLUMNS, widths);
	for (i = 0; i < KINDS; i++) {
		memset(bar, kinds[i].letter, widths[i]);
		put(paper, kinds[i].colour, bar, widths[i]);
	}
	fputs("|", paper->file);
	for (i = 0; i < KINDS; i++) {
		if (!stats_get(stats, kinds[i].key) || kinds[i].letter == '|')
			continue;
		if (printed++ % KINDS_IN_LINE == 0)
			fprintf(paper->file, "\n%13s", "");
		put(paper, kinds[i].colour, &kinds[i].letter, 1);
		fprintf(paper->file, " %s %s  ", kinds[i].name,
			human(word, stats_get(stats, kinds[i].key)));
	}
	fputc('\n', paper->file);
}

/* Counters that need attention when they are not zero. */
static const char * const alarms[] = {
	"failures", "refused", "foreign", "misaligned", "interior", "double_free", "wrong_heap",
	"overrun", "corrupt_header", "use_after_free", "corrupt_index", "frozen",
};

static void print_alarms(const struct paper *paper, const struct source *source)
{
	const struct stats *stats = &source->model.stats;
	bool any = false;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(alarms); i++) {
		if (!stats_get(stats, alarms[i]))
			continue;
		ink(paper, COLOUR_QUARANTINED);
		fprintf(paper->file, "%s%s %llu", any ? ", " : "counted: ", alarms[i],
			(unsigned long long)stats_get(stats, alarms[i]));
		ink_off(paper);
		any = true;
	}
	if (any)
		fputc('\n', paper->file);
	if (source->missing)
		fprintf(paper->file,
			"no block covers %llu bytes: the heap changed while it was read\n",
			(unsigned long long)heap_bytes(source->missing));
	else if (source->torn)
		fputs("stats and blocks disagree: the heap changed while it was read\n",
		      paper->file);
}

/* A run of one colour is written at once. */
static void print_row(const struct paper *paper, const struct model *model,
		      const struct cell *cells, u32 count)
{
	char run[COLUMNS];
	u32 i, length = 0;
	int colour;

	fprintf(paper->file, "%12llu|", (unsigned long long)heap_offset(cells->at));
	for (i = 0; i < count; i++) {
		run[length++] = cell_letter(model, &cells[i], OWNER_NONE);
		colour = cell_colour(model, &cells[i]);
		if (i + 1 < count && colour == cell_colour(model, &cells[i + 1]))
			continue;
		put(paper, colour, run, length);
		length = 0;
	}
	fputs("|\n", paper->file);
}

static void print_map(const struct paper *paper, const struct model *model)
{
	struct cell cells[COLUMNS * ROWS];
	u32 slice = cells_slice(model, COLUMNS * ROWS);
	u32 count = cells_fill(model, 0, slice, OWNER_NONE, cells, COLUMNS * ROWS);
	u32 i;

	fprintf(paper->file, "\na character is %llu bytes: ",
		(unsigned long long)heap_bytes(slice));
	fputs(". hole, ~ pending, $ cached, ! quarantined,\n", paper->file);
	fputs("? unknown, a letter: the owner of most of it; a capital if all of it is used\n",
	      paper->file);
	for (i = 0; i < count; i += COLUMNS)
		print_row(paper, model, &cells[i], min(count - i, (u32)COLUMNS));
}

static void print_owner(const struct paper *paper, const struct owner *owner, u64 used)
{
	char a[WORD], b[WORD], c[WORD];

	fprintf(paper->file, "%9s %9s %9s %9u ", human(a, owner->granules * HEAP_GRANULE),
		percent(b, owner->granules * HEAP_GRANULE, used), human(c, owner->asked),
		owner->blocks);
	put(paper, owner->colour, owner->letter ? &owner->letter : "#", 1);
	fprintf(paper->file, " %s\n", owner->name);
}

static void print_owners(const struct paper *paper, const struct model *model)
{
	const struct owners *owners = &model->owners;
	u32 live = owners_live(owners), i;

	fputs("\n     live     share     asked    blocks   owner\n", paper->file);
	for (i = 0; i < live && i < TOP_OWNERS; i++)
		print_owner(paper, &owners->table[owners->order[i]], model_used_bytes(model));
	if (live > TOP_OWNERS)
		fprintf(paper->file, "%43s %u more\n", "", live - TOP_OWNERS);
}

static void print_holes(const struct paper *paper, const struct model *model)
{
	u32 i;

	fputs("\n     hole   at\n", paper->file);
	for (i = 0; i < model->holes_count && i < TOP_HOLES; i++) {
		const struct block *hole = &model->blocks[model->holes[i]];

		fprintf(paper->file, "%9llu   %llu\n",
			(unsigned long long)heap_bytes(hole->granules),
			(unsigned long long)block_offset(hole));
	}
}

static void print_chart_row(const struct paper *paper, const struct model *model,
			    const struct sample *samples, u32 row)
{
	static const char letters[] = {
		[ZONE_NONE] = ' ', [ZONE_USED] = '#', [ZONE_FRAGMENTS] = ':', [ZONE_LARGEST] = ' ',
	};
	static const int colours[] = {
		[ZONE_USED] = COLOUR_USED, [ZONE_FRAGMENTS] = COLOUR_FRAGMENTS,
		[ZONE_LARGEST] = COLOUR_HOLE,
	};
	u32 i, level;

	for (i = 0; i < COLUMNS; i++) {
		enum zone zone = sample_zone(&samples[i], model->granules, row, CHART_ROWS, &level);

		put(paper, colours[zone], zone == ZONE_USED && level < 4 ? "." : &letters[zone], 1);
	}
}

static void print_chart(const struct paper *paper, const struct source *source)
{
	struct sample samples[COLUMNS];
	u32 row;

	fputs("\nalong the trace: # used, : free but not in the largest hole\n", paper->file);
	history_show(&source->history, COLUMNS, true, samples);
	for (row = CHART_ROWS; row-- > 0;) {
		fprintf(paper->file, "%11u%%|", (row + 1) * 100 / CHART_ROWS);
		print_chart_row(paper, &source->model, samples, row);
		fputs("|\n", paper->file);
	}
	fprintf(paper->file, "%12s|%*s^\n", "", (int)((u64)source->trace->position * (COLUMNS - 1) /
						     source->trace->count), "");
}

void text_print(const struct source *source, FILE *file, int colours)
{
	const struct paper paper = { .file = file, .colours = colours };

	print_title(&paper, source);
	print_totals(&paper, source);
	print_alarms(&paper, source);
	fputc('\n', file);
	print_bar(&paper, source);
	print_map(&paper, &source->model);
	print_owners(&paper, &source->model);
	print_holes(&paper, &source->model);
	if (source->trace)
		print_chart(&paper, source);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * svg - a heap as a picture
 *
 *	name                              totals
 *	bar of the kinds of bytes
 *	grid, a square for each slice     owners
 *	chart along the trace             holes
 *
 * All squares of the same colour and level are one path, and neighbours in a row are one stroke of
 * it, which keeps the file small. The gaps between the squares are a pattern on top.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/minmax.h>

#include "cells.h"
#include "drawing.h"
#include "palette.h"
#include "svg.h"
#include "replay.h"
#include "words.h"

#define SQUARE		8
#define COLUMNS		96
#define ROWS		48
#define MARGIN		24
#define LEFT		(MARGIN + 72)
#define GRID_WIDTH	(COLUMNS * SQUARE)
#define GRID_TOP	150
#define LEGEND		(LEFT + GRID_WIDTH + 28)
#define WIDTH		(LEGEND + 330)
#define CHART_HEIGHT	96
#define TOP_OWNERS	16
#define TOP_HOLES	5
#define NAME		34		/* maximum characters of an owner's name */

/* A number, with its name above it. */
static void figure(FILE *file, double x, const char *what, const char *value)
{
	draw_text(file, x, 40, "dim", what);
	draw_text(file, x, 66, "big", value);
}

static void draw_head(FILE *file, const struct source *source)
{
	const struct model *model = &source->model;
	char line[128], word[WORD];

	draw_text(file, MARGIN, 66, "big", source->name);
	snprintf(line, sizeof(line), "%s, %s region", source->kind,
		 human(word, stats_get(&model->stats, "region_bytes")));
	draw_text(file, MARGIN, 40, "dim", line);
	figure(file, 420, "used",
	       percent(word, model_used_bytes(model), heap_bytes(model->granules)));
	figure(file, 560, "free", human(word, model_free_bytes(model)));
	figure(file, 700, "largest hole", human(word, model_largest_bytes(model)));
	snprintf(line, sizeof(line), "%.1f%%", 100 * model_fragmentation(model));
	figure(file, 860, "fragmentation", line);
	snprintf(line, sizeof(line), "%u", model->number[HEAP_USED]);
	figure(file, 1010, "blocks", line);
	snprintf(line, sizeof(line), "%u", model->number[HEAP_HOLE]);
	figure(file, 1120, "holes", line);
}

static void draw_kinds(FILE *file, const struct stats *stats)
{
	char line[128], word[WORD];
	u32 widths[KINDS], i, x = 0;
	double label = LEFT;

	kinds_widths(stats, GRID_WIDTH, widths);
	for (i = 0; i < KINDS; i++) {
		if (!widths[i])
			continue;
		draw_rect(file, LEFT + x, 88, widths[i], 14, palette[kinds[i].colour].hex);
		x += widths[i];
		draw_rect(file, label, 112, 10, 10, palette[kinds[i].colour].hex);
		snprintf(line, sizeof(line), "%s %s", kinds[i].name,
			 human(word, stats_get(stats, kinds[i].key)));
		draw_text(file, label + 15, 121, "dim", line);
		label += 15 + 7.3 * strlen(line) + 22;
	}
}

/* Colour and level in one number. Only the colours of owners have levels. */
static u32 shade_of(const struct model *model, const struct cell *cell)
{
	int colour = cell_colour(model, cell);
	u32 level = cell_level(cell, cell_look(cell, OWNER_NONE));

	return colour * (LEVELS + 1) + (colour < OWNER_COLOURS ? level : LEVELS);
}

static void draw_shade(FILE *file, const u32 *shades, u32 count, u32 shade)
{
	bool any = false;
	u32 i, run;

	for (i = 0; i < count; i += run) {
		for (run = 1; i % COLUMNS + run < COLUMNS && i + run < count &&
		     shades[i + run] == shades[i]; run++)
			;
		if (shades[i] != shade)
			continue;
		if (!any)
			fprintf(file, "<path fill=\"%s\" fill-opacity=\"%g\" d=\"",
				palette[shade / (LEVELS + 1)].hex,
				0.4 + 0.6 * (shade % (LEVELS + 1)) / LEVELS);
		any = true;
		fprintf(file, "M%u %uh%uv%dh-%uz", i % COLUMNS * SQUARE, i / COLUMNS * SQUARE,
			run * SQUARE, SQUARE, run * SQUARE);
	}
	if (any)
		fputs("\"/>\n", file);
}

static void draw_offsets(FILE *file, u32 slice, u32 count)
{
	char line[32];
	u32 i;

	for (i = 0; i < count; i += 8 * COLUMNS) {
		snprintf(line, sizeof(line), "%llu", (unsigned long long)heap_offset(i * slice));
		draw_text(file, LEFT - 8, GRID_TOP + i / COLUMNS * SQUARE + 10, "dim end", line);
	}
}

/* Return the lower edge. */
static u32 draw_grid(FILE *file, const struct model *model)
{
	u32 slice = cells_slice(model, COLUMNS * ROWS);
	struct cell *cells = must(calloc(COLUMNS * ROWS, sizeof(*cells)));
	u32 shades[COLUMNS * ROWS];
	u32 count = cells_fill(model, 0, slice, OWNER_NONE, cells, COLUMNS * ROWS);
	u32 height = (count + COLUMNS - 1) / COLUMNS * SQUARE;
	u32 i;

	for (i = 0; i < count; i++)
		shades[i] = shade_of(model, &cells[i]);
	fprintf(file, "<g transform=\"translate(%d %d)\">\n", LEFT, GRID_TOP);
	for (i = 0; i < COLOURS * (LEVELS + 1); i++)
		draw_shade(file, shades, count, i);
	fprintf(file, "<rect width=\"%d\" height=\"%u\" fill=\"url(#gaps)\"/>\n</g>\n", GRID_WIDTH,
		height);
	draw_offsets(file, slice, count);
	free(cells);
	return GRID_TOP + height;
}

static u32 draw_owner(FILE *file, const struct model *model, const struct owner *owner, u32 y)
{
	u64 bytes = owner->granules * HEAP_GRANULE;
	char word[WORD];

	draw_rect(file, LEGEND, y - 10, 10, 10, palette[owner->colour].hex);
	draw_text(file, LEGEND + 80, y, "end", human(word, bytes));
	draw_text(file, LEGEND + 140, y, "dim end", percent(word, bytes, model_used_bytes(model)));
	fprintf(file, "<text x=\"%d\" y=\"%u\" class=\"dim\">", LEGEND + 152, y);
	draw_escaped(file, owner->name, min_t(int, strcspn(owner->name, "+"), NAME));
	fputs("</text>\n", file);
	return y + 20;
}

/* Return the lower edge. */
static u32 draw_owners(FILE *file, const struct model *model, u32 y)
{
	const struct owners *owners = &model->owners;
	u32 live = owners_live(owners), i;
	char line[64];

	snprintf(line, sizeof(line), "%u owner%s by live bytes", live, plural(live));
	draw_text(file, LEGEND, y, "dim", line);
	y += 24;
	for (i = 0; i < live && i < TOP_OWNERS; i++)
		y = draw_owner(file, model, &owners->table[owners->order[i]], y);
	return y + 14;
}

static u32 draw_holes(FILE *file, const struct model *model, u32 y)
{
	char line[64], word[WORD];
	u32 i;

	draw_text(file, LEGEND, y, "dim", "the largest holes");
	y += 24;
	for (i = 0; i < model->holes_count && i < TOP_HOLES; i++, y += 20) {
		const struct block *hole = &model->blocks[model->holes[i]];

		draw_text(file, LEGEND + 80, y, "end", human(word, heap_bytes(hole->granules)));
		snprintf(line, sizeof(line), "at %llu", (unsigned long long)block_offset(hole));
		draw_text(file, LEGEND + 90, y, "dim", line);
	}
	return y;
}

static double height_of(u32 granules, const struct model *model)
{
	return (double)CHART_HEIGHT * granules / model->granules;
}

/* The area below a line of the chart. The background above the areas is the largest hole. */
static void draw_area(FILE *file, const struct source *source, const struct sample *samples,
		      bool fragments)
{
	const struct model *model = &source->model;
	u32 i;

	fprintf(file, "<path fill=\"%s\" d=\"M0 %d",
		palette[fragments ? COLOUR_FRAGMENTS : COLOUR_USED].hex, CHART_HEIGHT);
	for (i = 0; i < GRID_WIDTH / 2; i++) {
		u32 high = fragments ? model->granules - samples[i].largest : samples[i].used;

		fprintf(file, "L%u %.1f", 2 * i, CHART_HEIGHT - height_of(high, model));
	}
	fprintf(file, "H%dV%dz\"/>\n", GRID_WIDTH, CHART_HEIGHT);
}

/* Return the lower edge. */
static u32 draw_chart(FILE *file, const struct source *source, u32 y)
{
	struct sample samples[GRID_WIDTH / 2];
	u32 x = (u64)source->trace->position * GRID_WIDTH / source->trace->count;
	char line[128];

	history_show(&source->history, GRID_WIDTH / 2, true, samples);
	fprintf(file, "<g transform=\"translate(%d %u)\">\n", LEFT, y);
	draw_rect(file, 0, 0, GRID_WIDTH, CHART_HEIGHT, palette[COLOUR_HOLE].hex);
	draw_area(file, source, samples, true);
	draw_area(file, source, samples, false);
	fprintf(file, "<path d=\"M%u 0v%d\" stroke=\"#fff\" stroke-width=\"1.5\"/>\n</g>\n", x,
		CHART_HEIGHT);
	snprintf(line, sizeof(line),
		 "used, free in pieces, largest hole; above, it is after %u of %u event%s",
		 source->trace->position, source->trace->count, plural(source->trace->count));
	draw_text(file, LEFT, y + CHART_HEIGHT + 18, "dim", line);
	return y + CHART_HEIGHT + 24;
}

static void define_gaps(FILE *file)
{
	fprintf(file, "<defs><pattern id=\"gaps\" width=\"%d\" height=\"%d\"", SQUARE, SQUARE);
	fputs(" patternUnits=\"userSpaceOnUse\">", file);
	fprintf(file, "<path d=\"M%d 0v%dM0 %dh%d\" stroke=\"" BACKGROUND "\"", SQUARE, SQUARE,
		SQUARE, SQUARE);
	fputs(" stroke-width=\"2\"/></pattern></defs>\n", file);
}

/* The contents determine the height, so they are drawn before the frame. */
static void draw(FILE *file, const struct source *source, u32 *height)
{
	u32 left, right;

	define_gaps(file);
	left = draw_grid(file, &source->model);
	right = draw_owners(file, &source->model, GRID_TOP + 10);
	right = draw_holes(file, &source->model, right);
	draw_head(file, source);
	draw_kinds(file, &source->model.stats);
	if (source->trace)
		left = draw_chart(file, source, left + 24);
	*height = max(left, right) + MARGIN;
}

bool svg_write(const struct source *source, const char *path, struct problem *problem)
{
	char *inside = NULL;
	FILE *memory;
	size_t size;
	u32 height;
	bool good;

	memory = must(open_memstream(&inside, &size));
	draw(memory, source, &height);
	fclose(memory);
	good = drawing_write(path, source->name, WIDTH, height, inside, problem);
	free(inside);
	return good;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * animation - a part of a trace as a moving picture
 *
 *	name			event
 *	the address space, a row after the other: used blocks in the colours of their owners
 *	progress
 *	owners
 *
 * It is animated by SMIL, without a script, so that it moves in an <img>. A block is drawn once and
 * is visible from its first frame to its last. Where SMIL is not known, the last frame is shown.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/minmax.h>

#include "animation.h"
#include "drawing.h"
#include "film.h"
#include "replay.h"
#include "palette.h"
#include "words.h"

#define MARGIN		24
#define LEFT		(MARGIN + 64)
#define TOP		88
#define COLUMNS		64		/* the granules of a row in a small region */
#define ROWS		24
#define WIDE		832		/* of a row */
#define HIGH		22
#define PITCH		28		/* from row to row */
#define WIDTH		(LEFT + WIDE + MARGIN)
#define LEGEND		3		/* owners in a row */
#define NAME		34		/* maximum characters of an owner's name */

#define SECONDS		0.9		/* of a frame */
#define FADE		0.2
#define PAUSE		2.0		/* at the end */

/**
 * struct canvas - what depends on the trace
 * @file: the elements
 * @row: granules in a row
 * @granules: in all rows
 * @seconds: of the whole animation
 */
struct canvas {
	FILE *file;
	u32 row;
	u32 granules;
	double seconds;
};

/* The time when a frame begins, as a part of the whole. */
static double when(const struct canvas *canvas, u32 frame)
{
	return frame * SECONDS / canvas->seconds;
}

static void begin_values(const struct canvas *canvas, const char *values)
{
	fprintf(canvas->file, "<animate attributeName=\"opacity\" dur=\"%gs\"", canvas->seconds);
	fprintf(canvas->file, " repeatCount=\"indefinite\" values=\"%s\" keyTimes=\"0", values);
}

/* Show the element that this stands in from frame @first to frame @end, which are not all. */
static void animate(const struct canvas *canvas, u32 first, u32 end, u32 frames)
{
	double fade = FADE / canvas->seconds;

	begin_values(canvas, !first ? "1;1;0;0" : end == frames ? "0;0;1;1" : "0;0;1;1;0;0");
	if (first)
		fprintf(canvas->file, ";%.4f;%.4f", when(canvas, first),
			when(canvas, first) + fade);
	if (end != frames)
		fprintf(canvas->file, ";%.4f;%.4f", when(canvas, end), when(canvas, end) + fade);
	fputs(";1\"/>", canvas->file);
}

static double x_of(const struct canvas *canvas, u32 at)
{
	return (double)WIDE * (at % canvas->row) / canvas->row;
}

/* A rectangle in each row that the granules are in. */
static void draw_outline(const struct canvas *canvas, u32 at, u32 granules)
{
	fputs("d=\"", canvas->file);
	while (granules) {
		u32 here = min(granules, canvas->row - at % canvas->row);
		double width = (double)WIDE * here / canvas->row;

		fprintf(canvas->file, "M%g %uh%gv%dh-%gz", x_of(canvas, at),
			at / canvas->row * PITCH, width, HIGH, width);
		at += here;
		granules -= here;
	}
	fputs("\"", canvas->file);
}

static const char *colour_of(const struct model *model, const struct block *block)
{
	return palette[block->state == HEAP_USED ? model->owners.table[block->owner].colour :
						   COLOUR_HOLE].hex;
}

static void draw_span(const struct canvas *canvas, const struct model *model,
		      const struct span *span, u32 frames)
{
	fprintf(canvas->file, "<path fill=\"%s\" opacity=\"%d\" ", colour_of(model, &span->block),
		span->end == frames);
	draw_outline(canvas, span->block.at, span->block.granules);
	fputs(">", canvas->file);
	if (span->first || span->end != frames)
		animate(canvas, span->first, span->end, frames);
	fputs("</path>\n", canvas->file);
}

/* What the event before the frame did. It appears at once and does not fade. */
static void draw_event(const struct canvas *canvas, const struct frame *frame, u32 number,
		       bool last)
{
	fprintf(canvas->file, "<g class=\"event\" opacity=\"%d\"><text x=\"0\" y=\"-24\">", last);
	draw_escaped(canvas->file, frame->caption, -1);
	fputs("</text><path fill=\"none\" stroke=\"#fff\" ", canvas->file);
	draw_outline(canvas, frame->at, frame->granules);
	fputs("/>", canvas->file);
	begin_values(canvas, last ? "0;1" : "0;1;0");
	fprintf(canvas->file, ";%.4f", when(canvas, number));
	if (!last)
		fprintf(canvas->file, ";%.4f", when(canvas, number + 1));
	fputs("\" calcMode=\"discrete\"/></g>\n", canvas->file);
}

static void draw_map(const struct canvas *canvas, const struct film *film,
		     const struct model *model)
{
	u32 frames = film->frames_count, i;

	fprintf(canvas->file, "<g transform=\"translate(%d %d)\" stroke-width=\"2\">\n", LEFT, TOP);
	fputs("<g stroke=\"" BACKGROUND "\">\n", canvas->file);
	for (i = 0; i < film->spans_count; i++)
		draw_span(canvas, model, &film->spans[i], frames);
	fputs("</g>\n", canvas->file);
	for (i = 1; i < frames; i++)
		draw_event(canvas, &film->frames[i], i, i + 1 == frames);
	fputs("</g>\n", canvas->file);
}

static void draw_offsets(const struct canvas *canvas)
{
	char line[32];
	u64 at;

	for (at = 0; at < canvas->granules; at += canvas->row) {
		snprintf(line, sizeof(line), "%llu", (unsigned long long)heap_offset(at));
		draw_text(canvas->file, LEFT - 8, TOP + (u32)(at / canvas->row) * PITCH + 15,
			  "dim end", line);
	}
}

static void draw_progress(const struct canvas *canvas, u32 y)
{
	draw_rect(canvas->file, LEFT, y, WIDE, 3, palette[COLOUR_HOLE].hex);
	fprintf(canvas->file, "<rect x=\"%d\" y=\"%u\" width=\"%d\" height=\"3\" fill=\"%s\">",
		LEFT, y, WIDE, palette[COLOUR_DIM].hex);
	fprintf(canvas->file, "<animate attributeName=\"width\" dur=\"%gs\"", canvas->seconds);
	fprintf(canvas->file, " repeatCount=\"indefinite\" values=\"0;%d\"/></rect>\n", WIDE);
}

/* Return the lower edge. Owners without a block in any frame have no colour yet. */
static u32 draw_legend(const struct canvas *canvas, const struct owners *owners, u32 y)
{
	u32 i, place = 0;

	for (i = 0; i < owners->count; i++) {
		const struct owner *owner = &owners->table[i];
		u32 x = LEFT + place % LEGEND * (WIDE / LEGEND);
		u32 row = y + place / LEGEND * 20;

		if (!owner->seen)
			continue;
		draw_rect(canvas->file, x, row - 10, 10, 10, palette[owner->colour].hex);
		fprintf(canvas->file, "<text x=\"%u\" y=\"%u\" class=\"dim\">", x + 16, row);
		draw_escaped(canvas->file, owner->name,
			     min_t(int, strcspn(owner->name, "+"), NAME));
		fputs("</text>\n", canvas->file);
		place++;
	}
	return y + (place + LEGEND - 1) / LEGEND * 20;
}

/* Return the height. */
static u32 draw(const struct canvas *canvas, const struct source *source, const struct film *film)
{
	u32 rows = (canvas->granules - 1) / canvas->row + 1;
	u32 y = TOP + rows * PITCH + 6;
	char line[128], word[WORD];

	draw_text(canvas->file, LEFT, 36, "big", source->name);
	snprintf(line, sizeof(line), "a region of %s",
		 human(word, stats_get(&source->model.stats, "region_bytes")));
	draw_text(canvas->file, LEFT + WIDE, 36, "dim end", line);
	draw_map(canvas, film, &source->model);
	draw_offsets(canvas);
	draw_progress(canvas, y);
	return draw_legend(canvas, &source->model.owners, y + 32) + MARGIN - 16;
}

bool animation_write(struct source *source, const char *path, u32 from, u32 to,
		     struct problem *problem)
{
	struct film film = {};
	struct canvas canvas = { .granules = source->trace->playback.granules };
	char *inside = NULL;
	size_t size;
	u32 height;
	bool good;

	good = film_shoot(&film, source, from, to, problem);
	if (good) {
		canvas.row = max((u32)COLUMNS, (canvas.granules - 1) / ROWS + 1);
		canvas.seconds = film.frames_count * SECONDS + PAUSE;
		canvas.file = must(open_memstream(&inside, &size));
		height = draw(&canvas, source, &film);
		fclose(canvas.file);
		good = drawing_write(path, source->name, WIDTH, height, inside, problem);
		free(inside);
	}
	film_free(&film);
	return good;
}

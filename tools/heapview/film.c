// SPDX-License-Identifier: GPL-2.0-only
/*
 * film - a part of a trace, frame by frame: the state before it, and after each of its events
 *
 * A block that a frame has in common with the one before it is the same span. So the film is as
 * large as what changes.
 */
#include <stdio.h>
#include <stdlib.h>

#include "film.h"
#include "replay.h"

static bool shows(const struct span *span, const struct block *block)
{
	return span->block.at == block->at && span->block.granules == block->granules &&
	       span->block.state == block->state;
}

/* The spans of the last frame, by first granule: their numbers + 1. */
static bool add_frame(struct film *film, const struct model *model, u32 *last)
{
	u32 frame = film->frames_count++, i;

	for (i = 0; i < model->count; i++) {
		const struct block *block = &model->blocks[i];
		u32 *number = &last[block->at];

		if (*number && film->spans[*number - 1].end == frame &&
		    shows(&film->spans[*number - 1], block)) {
			film->spans[*number - 1].end++;
			continue;
		}
		if (film->spans_count == SPANS_MAX)
			return false;
		film->spans[film->spans_count++] = (struct span){ *block, frame, frame + 1 };
		*number = film->spans_count;
	}
	return true;
}

static const struct block *shown_at(const struct model *model, u32 at)
{
	return &model->blocks[model_find(model, at)];
}

static u64 size_at(const struct model *model, u32 at)
{
	return heap_bytes(shown_at(model, at)->granules);
}

/* What became of the memory of a freed block, by how the number of holes has changed. */
static const char *fate(int more_holes)
{
	if (more_holes > 0)
		return "a hole opens";
	return more_holes ? "three become one hole" : "it joins the hole beside it";
}

static void say_free(struct frame *frame, const struct model *model, u32 at, u64 size,
		     int more_holes)
{
	snprintf(frame->caption, sizeof(frame->caption), "free %llu bytes at %llu: %s, %llu bytes",
		 (unsigned long long)size, (unsigned long long)heap_offset(at), fate(more_holes),
		 (unsigned long long)size_at(model, at));
}

static void say_alloc(struct frame *frame, const char *what, const struct model *model, u32 at,
		      const char *how)
{
	snprintf(frame->caption, sizeof(frame->caption), "%s %llu bytes at %llu%s", what,
		 (unsigned long long)size_at(model, at), (unsigned long long)heap_offset(at), how);
}

static void say_fail(struct frame *frame, u64 size)
{
	snprintf(frame->caption, sizeof(frame->caption), "%llu bytes fail: no hole is large enough",
		 (unsigned long long)size);
}

/* Mark the block or hole at @at. */
static void mark(struct frame *frame, const struct model *model, u32 at)
{
	const struct block *block = shown_at(model, at);

	frame->at = block->at;
	frame->granules = block->granules;
}

/* How an allocation changes the number of holes. */
static const char *way(int more_holes)
{
	return more_holes < 0 ? ": it fills a hole" :
				": split off the first hole that is large enough";
}

/* What an event may change. */
struct before {
	struct block block;
	u32 holes;
	u64 failures;
};

static struct before look_before(const struct source *source, const struct event *event)
{
	const struct playback *playback = &source->trace->playback;
	const struct model *model = &source->model;
	struct before before = { .holes = model->number[HEAP_HOLE],
				 .failures = playback->heap.failures };

	if (playback->payloads[event->id])
		before.block = *shown_at(model, playback_place(playback, event->id));
	return before;
}

/* Describe an event that has been replayed. The sizes are those of blocks, not what was asked. */
static void describe(struct frame *frame, const struct source *source, const struct event *event,
		     const struct before *before)
{
	const struct playback *playback = &source->trace->playback;
	const struct model *model = &source->model;
	int more_holes = (int)model->number[HEAP_HOLE] - (int)before->holes;
	bool lives = playback->payloads[event->id];
	u32 was = before->block.at, at = lives ? playback_place(playback, event->id) : was;

	if (playback->heap.failures != before->failures)
		return say_fail(frame, event->size);
	if (!lives && !before->block.granules)
		return;		/* its allocation has failed */
	mark(frame, model, at);
	if (event->kind == EVENT_FREE)
		say_free(frame, model, at, heap_bytes(before->block.granules), more_holes);
	else if (event->kind == EVENT_RESIZE)
		say_alloc(frame, "resize to", model, at, at == was ? ": in place" : ": it moves");
	else
		say_alloc(frame, "alloc", model, at, way(more_holes));
}

/* Replay an event. */
static void take(struct frame *frame, struct source *source)
{
	struct replay *replay = source->trace;
	const struct event *event = &replay->trace.events[replay->position];
	struct before before = look_before(source, event);

	replay_go(source, replay->position + 1);
	describe(frame, source, event, &before);
}

static bool shoot(struct film *film, struct source *source, u32 to, u32 *last)
{
	replay_go(source, source->trace->position);
	while (add_frame(film, &source->model, last)) {
		if (source->trace->position == to)
			return true;
		take(&film->frames[film->frames_count], source);
	}
	return false;
}

bool film_shoot(struct film *film, struct source *source, u32 from, u32 to,
		struct problem *problem)
{
	bool good;
	u32 *last;

	if (from >= to || to - from >= FRAMES_MAX)
		return fail(problem, "from %u to %u is not 1 to %u events: use --from and --to",
			    from, to, FRAMES_MAX - 1);
	replay_go(source, from);
	film->spans = must(calloc(SPANS_MAX, sizeof(*film->spans)));
	film->frames = must(calloc(FRAMES_MAX, sizeof(*film->frames)));
	last = must(calloc(source->model.granules, sizeof(*last)));
	good = shoot(film, source, to, last);
	free(last);
	return good || fail(problem, "more than %u blocks and holes: choose fewer events",
			    SPANS_MAX);
}

void film_free(struct film *film)
{
	free(film->spans);
	free(film->frames);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * growth - which call sites of a trace keep ever more memory
 *
 * The old bytes of a site are a curve over the judged time: from the moment at which the first
 * blocks become old to the end. The site leaks if all of this holds:
 *
 *	the curve rises at more moments than it falls, more than chance explains: a sum of n steps
 *	up or down at random is hardly ever more than 4 * sqrt(n);
 *	no fall from a high point is more than a quarter of the growth: else it is a ring, a cache
 *	or a load that comes and goes;
 *	the last third of the judged time has at least half of an even share: else a warm-up fades;
 *	at the end the curve has not rested for longer than twice the longest rest between two high
 *	points: else a warm-up is over.
 *
 * Only recorded times count. What happened between two time marks is one moment.
 */
#include "../trace/callers.h"
#include "../trace/die.h"
#include "growth.h"

/* The time of each event, as events come in order. */
struct clock {
	const struct mark *mark, *end;
	u64 now;
};

/**
 * struct pass - one pass over the events
 * @trace: the events
 * @growths: the sites so far
 * @lag: the next event that may become old
 * @lag_clock: its clock
 * @alloc: by id, the number of the event that allocated the live block, + 1; 0: none
 * @size: by id, its bytes now
 * @old: by id, the block is old
 * @slice: the current slice
 */
struct pass {
	const struct trace *trace;
	struct growths growths;
	u32 lag;
	struct clock lag_clock;
	u32 *alloc;
	u64 *size;
	bool *old;
	u32 slice;
};

static struct clock clock_start(const struct trace *trace)
{
	return (struct clock){ trace->marks, trace->marks + trace->marks_count,
			       trace->marks[0].ms };
}

static u64 clock_at(struct clock *clock, u32 event)
{
	while (clock->mark < clock->end && clock->mark->event <= event)
		clock->now = clock->mark++->ms;
	return clock->now;
}

static struct growth *site_of(const struct pass *pass, u32 id)
{
	return &pass->growths.sites[pass->trace->events[pass->alloc[id] - 1].owner];
}

static u64 judged_from(const struct growths *growths)
{
	return growths->start + growths->age;
}

static u32 third_of(const struct growths *growths, u64 moment)
{
	u64 judged = growths->end - judged_from(growths);
	u64 third = (moment - judged_from(growths)) * 3 / judged;

	return third < 2 ? third : 2;
}

static void note_high(struct curve *curve, u64 bytes)
{
	if (curve->high_at && curve->gap < curve->moment - curve->high_at)
		curve->gap = curve->moment - curve->high_at;
	curve->high_at = curve->moment;
	curve->highest = bytes;
}

/* All changes of a moment are known. */
static void settle(const struct growths *growths, struct growth *site)
{
	struct curve *curve = &site->curve;
	int64_t change = site->old_bytes - curve->settled;

	if (curve->moment <= judged_from(growths)) {
		site->base = site->old_bytes;
		curve->highest = site->old_bytes;
	} else if (change) {
		curve->ups += change > 0;
		curve->downs += change < 0;
		curve->thirds[third_of(growths, curve->moment)] += change;
		if (site->old_bytes > curve->highest)
			note_high(curve, site->old_bytes);
		else if (curve->drawdown < curve->highest - site->old_bytes)
			curve->drawdown = curve->highest - site->old_bytes;
	}
	curve->settled = site->old_bytes;
}

/* The site of this block has so many bytes in old blocks more, or less. */
static void change_old(struct pass *pass, u32 id, u64 moment, int64_t bytes)
{
	struct growth *site = site_of(pass, id);

	if (site->curve.moment != moment)
		settle(&pass->growths, site);
	site->curve.moment = moment;
	site->old_bytes += bytes;
	if (bytes > 0)
		site->curve.aged += bytes;
	else
		site->curve.gone -= bytes;
}

/* Blocks that are still live become old, up to the time @now. */
static void age_blocks(struct pass *pass, u64 now, u32 before)
{
	const struct event *event;
	u64 moment;

	for (; pass->lag < before; pass->lag++) {
		event = &pass->trace->events[pass->lag];
		moment = clock_at(&pass->lag_clock, pass->lag) + pass->growths.age;
		if (moment > now)
			return;
		if (event->kind != EVENT_ALLOC || pass->alloc[event->id] != pass->lag + 1)
			continue;
		pass->old[event->id] = true;
		change_old(pass, event->id, moment, pass->size[event->id]);
		site_of(pass, event->id)->old_blocks++;
	}
}

static u64 slice_end(const struct growths *growths, u32 slice)
{
	return growths->start + (growths->end - growths->start) * (slice + 1) / GROWTH_SLICES;
}

static void fill_slices(struct pass *pass, u64 now)
{
	struct growths *growths = &pass->growths;
	u32 i;

	for (; pass->slice < GROWTH_SLICES; pass->slice++) {
		if (slice_end(growths, pass->slice) > now)
			return;
		for (i = 0; i < growths->count; i++)
			growths->sites[i].live[pass->slice] = growths->sites[i].live_bytes;
	}
}

static void take_alloc(struct pass *pass, u32 number)
{
	const struct event *event = &pass->trace->events[number];
	struct growth *site;

	pass->alloc[event->id] = number + 1;
	pass->size[event->id] = event->size;
	site = site_of(pass, event->id);
	site->live_bytes += event->size;
	site->live_blocks++;
}

static void take_resize(struct pass *pass, const struct event *event, u64 now)
{
	int64_t change = event->size - pass->size[event->id];

	if (pass->old[event->id])
		change_old(pass, event->id, now, change);
	site_of(pass, event->id)->live_bytes += change;
	pass->size[event->id] = event->size;
}

static void take_free(struct pass *pass, u32 id, u64 now)
{
	struct growth *site = site_of(pass, id);

	if (pass->old[id]) {
		change_old(pass, id, now, -(int64_t)pass->size[id]);
		site->old_blocks--;
	}
	pass->old[id] = false;
	site->live_bytes -= pass->size[id];
	site->live_blocks--;
	site->freed++;
	pass->alloc[id] = 0;
}

static void take_event(struct pass *pass, u32 number, u64 now)
{
	const struct event *event = &pass->trace->events[number];

	age_blocks(pass, now, number);
	fill_slices(pass, now);
	if (event->kind == EVENT_ALLOC)
		take_alloc(pass, number);
	else if (event->kind == EVENT_RESIZE)
		take_resize(pass, event, now);
	else
		take_free(pass, event->id, now);
}

/* The time, the sizes and the number of the blocks that are old at the end. */
static void describe_old(struct pass *pass)
{
	struct clock clock = clock_start(pass->trace);
	const struct event *event;
	struct growth *site;
	u64 now, size;
	u32 i;

	for (i = 0; i < pass->trace->count; i++) {
		event = &pass->trace->events[i];
		now = clock_at(&clock, i);
		size = pass->size[event->id];
		if (pass->alloc[event->id] != i + 1 || !pass->old[event->id])
			continue;
		site = &pass->growths.sites[event->owner];
		if (!site->most)
			site->first = now;
		site->last = now;
		if (!site->most || site->least > size)
			site->least = size;
		if (site->most < size)
			site->most = size;
	}
}

static bool is_beyond_chance(const struct curve *curve)
{
	u64 net = curve->ups - curve->downs;

	return curve->ups > curve->downs && net * net >= 16 * (curve->ups + curve->downs);
}

static bool fades(const struct curve *curve, int64_t growth)
{
	return 6 * curve->thirds[2] < growth;
}

static bool rests(const struct growths *growths, const struct curve *curve, u64 step)
{
	return growths->end - curve->high_at > 2 * curve->gap + step;
}

/* @step: the longest time between two marks. */
static enum verdict judge(const struct growths *growths, const struct growth *site, u64 step)
{
	const struct curve *curve = &site->curve;
	int64_t growth = site->old_bytes - site->base;
	bool falls = 4 * (int64_t)curve->drawdown > growth;

	if (curve->aged == site->base && !curve->gone)
		return VERDICT_STEADY;
	if (growth <= 0 || falls)
		return VERDICT_TURNOVER;
	if (fades(curve, growth) || rests(growths, curve, step))
		return 2 * curve->gone > curve->aged - site->base ? VERDICT_TURNOVER :
								    VERDICT_WARM_UP;
	return is_beyond_chance(curve) ? VERDICT_LEAK : VERDICT_UNCLEAR;
}

static u64 longest_step(const struct trace *trace)
{
	u64 longest = 0, step;
	u32 i;

	for (i = 1; i < trace->marks_count; i++) {
		step = trace->marks[i].ms - trace->marks[i - 1].ms;
		if (longest < step)
			longest = step;
	}
	return longest;
}

static void judge_all(struct pass *pass)
{
	struct growths *growths = &pass->growths;
	u64 step = longest_step(pass->trace);
	u32 i;

	for (i = 0; i < growths->count; i++) {
		settle(growths, &growths->sites[i]);
		growths->sites[i].caller = i;
		growths->sites[i].verdict = judge(growths, &growths->sites[i], step);
	}
}

static struct pass start(const struct trace *trace, u64 age)
{
	u64 first = trace->marks[0].ms, last = trace->marks[trace->marks_count - 1].ms;

	return (struct pass){
		.trace = trace,
		.growths = {
			.sites = zeroed(callers_count(), sizeof(struct growth)),
			.count = callers_count(),
			.start = first,
			.end = last,
			.age = age ?: (last - first) / 4,
		},
		.lag_clock = clock_start(trace),
		.alloc = zeroed((size_t)trace->blocks + 1, sizeof(u32)),
		.size = zeroed((size_t)trace->blocks + 1, sizeof(u64)),
		.old = zeroed((size_t)trace->blocks + 1, sizeof(bool)),
	};
}

struct growths growths_of(const struct trace *trace, u64 age)
{
	struct pass pass = start(trace, age);
	struct clock clock = clock_start(trace);
	u32 i;

	for (i = 0; i < trace->count; i++)
		take_event(&pass, i, clock_at(&clock, i));
	age_blocks(&pass, pass.growths.end, trace->count);
	fill_slices(&pass, pass.growths.end);
	describe_old(&pass);
	judge_all(&pass);
	free(pass.alloc);
	free(pass.size);
	free(pass.old);
	return pass.growths;
}

bool has_length(const struct trace *trace)
{
	return trace->marks_count &&
	       trace->marks[trace->marks_count - 1].ms - trace->marks[0].ms >= 4;
}

double growth_rate(const struct growths *growths, const struct growth *site)
{
	u64 judged = growths->end - judged_from(growths);

	return ((double)site->old_bytes - site->base) * 1000 / judged;
}

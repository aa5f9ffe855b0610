// SPDX-License-Identifier: GPL-2.0-only
/*
 * trace - a recorded trace as a workload
 */
#include <linux/kernel.h>
#include <linux/kernel_read_file.h>
#include <linux/sizes.h>
#include <linux/vmalloc.h>

#include "rig.h"
#include "trace.h"

/* A line is `alloc ID SIZE [CALLER]`, `free ID`, or a comment. */
static int parse(struct trace_event *event, const char *line)
{
	event->size = 0;
	if (sscanf(line, "alloc %u %u", &event->id, &event->size) == 2 ||
	    sscanf(line, "free %u", &event->id) == 1)
		return 0;
	return -EINVAL;
}

static int parse_all(struct bench_trace *trace, char *text, u32 room)
{
	char *line;
	int error = 0;

	while (!error && trace->count < room && (line = strsep(&text, "\n")) && *line) {
		struct trace_event *event = &trace->events[trace->count];

		if (*line == '#')
			continue;
		trace->count++;
		error = parse(event, line);
		trace->ids = max(trace->ids, event->id);
	}
	return error;
}

/* The peak of live blocks and bytes: a heap for the trace must be at least as large. */
static int measure(struct bench_trace *trace)
{
	u32 *sizes = vzalloc(array_size(trace->ids + 1, sizeof(*sizes)));
	size_t bytes = 0;
	u32 live = 0, i;

	if (!sizes)
		return -ENOMEM;
	for (i = 0; i < trace->count; i++) {
		const struct trace_event *event = &trace->events[i];

		live += event->size ? 1 : -1;
		bytes -= sizes[event->id];
		sizes[event->id] = event->size ? round_up(event->size + 8, 16) : 0;
		bytes += sizes[event->id];
		trace->live = max(trace->live, live);
		trace->bytes = max(trace->bytes, bytes);
	}
	vfree(sizes);
	return 0;
}

int bench_trace_load(struct bench_trace *trace, const char *path)
{
	void *text = NULL;
	size_t length, i;
	ssize_t got;
	u32 lines = 0;
	int error;

	*trace = (struct bench_trace){};
	got = kernel_read_file_from_path(path, 0, &text, SZ_16M, &length, READING_UNKNOWN);
	if (got < 0)
		return got;
	for (i = 0; i < length; i++)
		lines += ((char *)text)[i] == '\n';
	if (!lines)
		return -EINVAL;
	((char *)text)[length - 1] = '\0';
	trace->events = vzalloc(array_size(lines, sizeof(*trace->events)));
	error = trace->events ? parse_all(trace, text, lines) : -ENOMEM;
	vfree(text);
	return error ?: measure(trace);
}

void bench_trace_free(struct bench_trace *trace)
{
	vfree(trace->events);
}

void bench_trace_replay(const struct bench_trace *trace)
{
	u32 i;

	for (i = 0; i < trace->count; i++) {
		struct live *one = &rig.live[trace->events[i].id];

		if (trace->events[i].size) {
			rig_alloc(one, trace->events[i].size);
		} else {
			rig_free(one);
			one->ptr = NULL;
		}
	}
}

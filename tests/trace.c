// SPDX-License-Identifier: GPL-2.0-only
/*
 * trace - the recorded traces of bench/traces, as arrays of events
 */
#include "test.h"
#include "trace.h"

static void add(struct trace *trace, u32 id, u32 size)
{
	if (!(trace->count & (trace->count - 1)))
		trace->events = realloc(trace->events,
					2 * (trace->count + 1) * sizeof(struct event));
	trace->events[trace->count++] = (struct event){ .id = id, .size = size };
	if (trace->blocks < id)
		trace->blocks = id;
}

/*
 * Read a file compressed by xz. A line is `alloc ID SIZE [CALLER]`, `free ID`, or a # comment. The
 * reader in tools/trace needs a library of which there is no 32-bit version here.
 */
struct trace trace_load(const char *path)
{
	struct trace trace = {};
	char command[256], *line = NULL;
	size_t room = 0;
	u32 id, size;
	FILE *file;

	snprintf(command, sizeof(command), "xz -dc %s", path);
	file = popen(command, "r");
	REQUIRE(file);
	while (getline(&line, &room, file) > 0) {
		if (sscanf(line, "alloc %u %u", &id, &size) == 2)
			add(&trace, id, size);
		else if (sscanf(line, "free %u", &id) == 1)
			add(&trace, id, 0);
		else if (*line != '#')
			REQUIRE(!"a line of a trace");
	}
	free(line);
	REQUIRE(pclose(file) == 0 && trace.count);
	return trace;
}

void trace_free(struct trace *trace)
{
	free(trace->events);
}

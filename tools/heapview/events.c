// SPDX-License-Identifier: GPL-2.0-only
/*
 * events - parser of traces: lines `alloc ID SIZE` and `free ID`
 *
 * The file may be compressed by xz, as in bench/traces.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "events.h"

static const char xz_magic[6] = { '\xfd', '7', 'z', 'X', 'Z', '\0' };

struct loading {
	struct event *events;
	u32 count;
	u8 *live;			/* by id */
	u32 ids;
};

static bool is_xz(FILE *file)
{
	char begin[sizeof(xz_magic)];
	bool xz = fread(begin, sizeof(begin), 1, file) == 1 &&
		  !memcmp(begin, xz_magic, sizeof(begin));

	rewind(file);
	return xz;
}

/* Run xz with the file as its input. Return its output. */
static FILE *decompress(FILE *file, pid_t *child)
{
	int ends[2];

	if (pipe(ends))
		return NULL;
	*child = fork();
	if (!*child) {
		dup2(fileno(file), STDIN_FILENO);
		lseek(STDIN_FILENO, 0, SEEK_SET);
		dup2(ends[1], STDOUT_FILENO);
		close(ends[0]);
		close(ends[1]);
		execlp("xz", "xz", "-dc", (char *)NULL);
		_exit(127);
	}
	close(ends[1]);
	return *child < 0 ? NULL : fdopen(ends[0], "r");
}

/* The entry that says whether block @id is live. */
static u8 *live_of(struct loading *loading, u32 id)
{
	u32 ids = loading->ids;

	if (id >= ids) {
		loading->ids = id < 512 ? 1024 : 2 * id;
		loading->live = must(realloc(loading->live, loading->ids));
		memset(loading->live + ids, 0, loading->ids - ids);
	}
	return &loading->live[id];
}

static bool parse(struct loading *loading, const char *line, struct event *event)
{
	int end = 0;
	u8 *live;

	*event = (struct event){};
	if (sscanf(line, "alloc %u %u%n", &event->id, &event->size, &end) == 2) {
		if (!event->size)
			return false;
	} else if (sscanf(line, "free %u%n", &event->id, &end) != 1) {
		return false;
	}
	if (line[end] != '\n' || !event->id || event->id >= EVENT_IDS)
		return false;
	live = live_of(loading, event->id);
	if (*live == !!event->size)
		return false;
	*live = !!event->size;
	return true;
}

static void add(struct loading *loading, const struct event *event)
{
	if (!(loading->count & (loading->count - 1)))
		loading->events = must(realloc(loading->events,
					       2 * (loading->count + 1) * sizeof(*event)));
	loading->events[loading->count++] = *event;
}

static bool parse_all(struct loading *loading, FILE *file, const char *path,
		      struct problem *problem)
{
	struct event event;
	char line[64];

	while (fgets(line, sizeof(line), file)) {
		if (!parse(loading, line, &event))
			return fail(problem, "%s: line %u is neither `alloc ID SIZE` of a new "
				    "block nor `free ID` of a live one", path, loading->count + 1);
		add(loading, &event);
	}
	if (!loading->count)
		return fail(problem, "%s has no events", path);
	return true;
}

static bool load_xz(struct loading *loading, FILE *file, const char *path,
		    struct problem *problem)
{
	FILE *text;
	pid_t child;
	int status;
	bool good;

	text = decompress(file, &child);
	if (!text)
		return fail(problem, "cannot run xz: %s", strerror(errno));
	good = parse_all(loading, text, path, problem);
	fclose(text);
	waitpid(child, &status, 0);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return fail(problem, "%s is compressed: install xz-utils", path);
	if (good && status)
		return fail(problem, "%s: xz cannot read it", path);
	return good;
}

bool events_load(const char *path, struct event **events, u32 *count, struct problem *problem)
{
	struct loading loading = {};
	FILE *file = fopen(path, "r");
	bool good;

	if (!file)
		return fail(problem, "cannot read %s: %s", path, strerror(errno));
	good = is_xz(file) ? load_xz(&loading, file, path, problem) :
			     parse_all(&loading, file, path, problem);
	fclose(file);
	free(loading.live);
	*events = loading.events;
	*count = loading.count;
	return good;
}

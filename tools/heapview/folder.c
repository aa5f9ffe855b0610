// SPDX-License-Identifier: GPL-2.0-only
/*
 * folder - a heap's folder in debugfs, or a copy of one: the files `blocks` and `stats`
 *
 * debugfs reads a heap in batches, and the heap changes between them. So a live heap is read again
 * when a block is missing or when stats and blocks disagree, ATTEMPTS times at most; after that,
 * missing parts are shown as unknown. In a copy they are an error: the copy may be truncated.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../trace/printable.h"
#include "blocks.h"
#include "file.h"
#include "heaps.h"
#include "source.h"

#define ATTEMPTS	3

static bool read_stats(const struct source *source, struct stats *stats, struct problem *problem)
{
	static struct text text;
	char path[sizeof(source->path) + 16];

	snprintf(path, sizeof(path), "%s/stats", source->path);
	return file_read(path, &text, problem) &&
	       stats_parse(stats, text.bytes, text.length, path, problem);
}

/* The size of the region according to stats, in granules. */
static bool granules_of(const struct stats *stats, u32 *granules, struct problem *problem)
{
	u64 region = stats_get(stats, "region_bytes");
	u64 edge = stats_get(stats, "edge_bytes");

	if (edge < 2 * HEAP_EDGE || region < edge + HEAP_GRANULE ||
	    (region - edge) % HEAP_GRANULE || (region - edge) / HEAP_GRANULE >= U32_MAX)
		return fail(problem, "stats: a region of %llu bytes with edges of %llu is invalid",
			    (unsigned long long)region, (unsigned long long)edge);
	*granules = (region - edge) / HEAP_GRANULE;
	return true;
}

/* The file of a frozen heap lists no blocks. */
static bool read_blocks(struct source *source, struct problem *problem)
{
	bool gaps = source->live || source->gaps || stats_get(&source->model.stats, "frozen");
	char path[sizeof(source->path) + 16];
	static struct text text;

	snprintf(path, sizeof(path), "%s/blocks", source->path);
	return file_read(path, &text, problem) &&
	       blocks_parse(&source->model, text.bytes, text.length, gaps, &source->missing, path,
			    problem);
}

/* Do stats and blocks agree? */
static bool agree(const struct model *model)
{
	return model->number[HEAP_USED] == stats_get(&model->stats, "blocks") &&
	       model->number[HEAP_HOLE] == stats_get(&model->stats, "holes");
}

static bool read_once(struct source *source, struct problem *problem)
{
	struct model *model = &source->model;
	struct stats stats;
	u32 granules;

	if (!read_stats(source, &stats, problem) || !granules_of(&stats, &granules, problem))
		return false;
	model->stats = stats;
	model_empty(model, granules);
	if (!read_blocks(source, problem)) {
		model_fill_gap(model, model_end(model), granules);
		return false;
	}
	source->torn = source->missing || !agree(model);
	return true;
}

bool folder_read(struct source *source, struct problem *problem)
{
	u32 attempts = source->live ? ATTEMPTS : 1;
	bool good;

	do {
		good = read_once(source, problem);
	} while (good && source->torn && --attempts);
	model_settle(&source->model);
	if (good)
		history_add(&source->history, &source->model);
	return good;
}

/* The name of the heap is the last component of the path. */
static void name_after(struct source *source, const char *path)
{
	char *last, *copy = must(strdup(path));

	for (last = copy + strlen(copy); last > copy + 1 && last[-1] == '/'; last--)
		last[-1] = '\0';
	last = strrchr(copy, '/');
	snprintf(source->name, sizeof(source->name), "%s", last && last[1] ? last + 1 : copy);
	make_printable(source->name);
	free(copy);
}

bool folder_open(struct source *source, const char *path, struct problem *problem)
{
	if (strlen(path) >= sizeof(source->path))
		return fail(problem, "%s is too long for a path", path);
	snprintf(source->path, sizeof(source->path), "%s", path);
	name_after(source, path);
	source->live = is_debugfs(path);
	source->kind = source->live ? "live" : "copy";
	return folder_read(source, problem);
}

static void add_name(char *names, size_t room, const char *line)
{
	size_t length = strlen(names);

	snprintf(names + length, room - length, "%s%.*s", length ? ", " : "",
		 (int)strcspn(line, " "), line);
}

static void list_names(const struct text *heaps, char *names, size_t room)
{
	const char *line = heaps->bytes;

	while ((line = heaps_next(line)))
		add_name(names, room, line);
}

static bool no_such_heap(const char *name, const struct text *heaps, struct problem *problem)
{
	char names[512] = "";

	list_names(heaps, names, sizeof(names));
	if (!*names)
		return fail(problem, "there is no heap \"%s\", and no other", name);
	return fail(problem, "there is no heap \"%s\"; there are: %s", name, names);
}

#define PATH	1024

/* Make the path of a heap. Beside the folders of heaps is a file. Return false if there is none. */
static bool find_heap(char path[PATH], const char *debugfs, const char *name)
{
	struct stat folder;

	errno = 0;
	snprintf(path, PATH, "%s/heapmod/%s", debugfs, name);
	return *name && strcmp(name, ".") && strcmp(name, "..") && !stat(path, &folder) &&
	       S_ISDIR(folder.st_mode);
}

bool folder_open_heap(struct source *source, const char *debugfs, const char *name,
		      struct problem *problem)
{
	struct text heaps = {};
	char path[PATH];
	bool good;

	if (find_heap(path, debugfs, name))
		return folder_open(source, path, problem);
	good = errno == EACCES ? cannot_read(path, problem) :
	       heaps_list(debugfs, &heaps, problem) && no_such_heap(name, &heaps, problem);
	free(heaps.bytes);
	return good;
}

bool folder_has(const char *debugfs, const char *name)
{
	char path[PATH];

	return find_heap(path, debugfs, name);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * folder - a heap's folder in debugfs, or a copy of one: the files `blocks` and `stats`
 *
 * debugfs reads a heap in batches, and the heap changes between them. So a live heap is read again
 * when a block is missing or when stats and blocks disagree, ATTEMPTS times at most; after that,
 * missing parts are shown as unknown. In a copy they are an error: the copy may be truncated.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "blocks.h"
#include "source.h"

#define DEBUGFS_MAGIC	0x64626720
#define ATTEMPTS	3

/* The text of a file. The buffer is reused by the next refresh. */
struct text {
	char *bytes;
	size_t length, room;
};

static bool is_debugfs(const char *path)
{
	struct statfs system;

	return !statfs(path, &system) && system.f_type == DEBUGFS_MAGIC;
}

static bool cannot_read(const char *path, struct problem *problem)
{
	if (errno == EACCES || errno == EPERM)
		return fail(problem, "no permission to read %s: run heapview as root", path);
	return fail(problem, "cannot read %s: %s", path, strerror(errno));
}

static bool read_all(int file, struct text *text)
{
	ssize_t got;

	text->length = 0;
	do {
		if (text->room - text->length < 65536) {
			text->room = 2 * text->room + 131072;
			text->bytes = must(realloc(text->bytes, text->room));
		}
		got = read(file, text->bytes + text->length, text->room - text->length - 1);
		if (got > 0)
			text->length += got;
	} while (got > 0 || (got < 0 && errno == EINTR));
	text->bytes[text->length] = '\0';
	return !got;
}

static bool read_file(const char *path, struct text *text, struct problem *problem)
{
	int file = open(path, O_RDONLY | O_CLOEXEC);
	bool whole;

	if (file < 0)
		return cannot_read(path, problem);
	whole = read_all(file, text);
	if (!whole)
		set_problem(problem, "cannot read %s: %s", path, strerror(errno));
	close(file);
	return whole;
}

static bool read_stats(const struct source *source, struct stats *stats, struct problem *problem)
{
	static struct text text;
	char path[sizeof(source->path) + 16];

	snprintf(path, sizeof(path), "%s/stats", source->path);
	return read_file(path, &text, problem) &&
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
	return read_file(path, &text, problem) &&
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

/* Explain why there is no folder of heapmod. */
static bool no_heapmod(const char *debugfs, const char *folder, struct problem *problem)
{
	if (errno == EACCES || errno == EPERM)
		return cannot_read(folder, problem);
	if (!is_debugfs(debugfs))
		return fail(problem, "debugfs is not mounted; as root: mount -t debugfs none %s",
			    debugfs);
	return fail(problem, "heapmod is not loaded (there is no %s); as root: modprobe heapmod",
		    folder);
}

/* The file `heaps`: a line for each heap. The name is the first column in all versions. */
static bool read_heaps(const char *debugfs, struct text *text, struct problem *problem)
{
	struct stat unused;
	char path[1024];

	snprintf(path, sizeof(path), "%s/heapmod", debugfs);
	if (stat(path, &unused))
		return no_heapmod(debugfs, path, problem);
	snprintf(path, sizeof(path), "%s/heapmod/heaps", debugfs);
	return read_file(path, text, problem);
}

static void add_name(char *names, size_t room, const char *line)
{
	size_t length = strlen(names);

	snprintf(names + length, room - length, "%s%.*s", length ? ", " : "",
		 (int)strcspn(line, " "), line);
}

static void list_names(const struct text *heaps, char *names, size_t room)
{
	const char *line = strchr(heaps->bytes, '\n');

	for (; line && line[1]; line = strchr(line + 1, '\n'))
		add_name(names, room, line + 1);
}

static bool no_such_heap(const char *name, const struct text *heaps, struct problem *problem)
{
	char names[512] = "";

	list_names(heaps, names, sizeof(names));
	if (!*names)
		return fail(problem, "there is no heap \"%s\", and no other", name);
	return fail(problem, "there is no heap \"%s\"; there are: %s", name, names);
}

bool folder_open_heap(struct source *source, const char *debugfs, const char *name,
		      struct problem *problem)
{
	struct text heaps = {};
	struct stat unused;
	char path[1024];
	bool good;

	snprintf(path, sizeof(path), "%s/heapmod/%s", debugfs, name);
	if (!stat(path, &unused))
		return folder_open(source, path, problem);
	good = errno == EACCES ? cannot_read(path, problem) :
	       read_heaps(debugfs, &heaps, problem) && no_such_heap(name, &heaps, problem);
	free(heaps.bytes);
	return good;
}

bool folder_has(const char *debugfs, const char *name)
{
	struct stat unused;
	char path[1024];

	snprintf(path, sizeof(path), "%s/heapmod/%s", debugfs, name);
	return !stat(path, &unused);
}

bool folder_only(const char *debugfs, char *name, size_t room, struct problem *problem)
{
	struct text heaps = {};
	char names[512] = "";
	bool good = false;

	if (read_heaps(debugfs, &heaps, problem)) {
		list_names(&heaps, names, sizeof(names));
		good = *names && !strchr(names, ',');
		if (!*names)
			set_problem(problem, "there is no heap");
		else if (!good)
			set_problem(problem, "which heap? There are: %s", names);
	}
	snprintf(name, room, "%s", names);
	free(heaps.bytes);
	return good;
}

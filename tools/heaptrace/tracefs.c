// SPDX-License-Identifier: GPL-2.0-only
/*
 * tracefs - an instance of tracefs, which does not disturb other tracing
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../trace/die.h"
#include "tracefs.h"

/* Closed and removed at exit. */
static int pipe_fd = -1;
static char made[4096];

void tracefs_remove(void)
{
	if (pipe_fd >= 0)
		close(pipe_fd);
	pipe_fd = -1;
	if (*made && rmdir(made))
		warn("%s is left behind: %s", made, strerror(errno));
	*made = '\0';
}

static void path_of(char *path, size_t room, const struct tracefs *tracefs, const char *file)
{
	if (snprintf(path, room, "%s/%s", tracefs->path, file) >= (int)room)
		die("the path of %s is too long", file);
}

static int open_file(const struct tracefs *tracefs, const char *file, int flags)
{
	char path[4096];
	int fd;

	path_of(path, sizeof(path), tracefs, file);
	fd = open(path, flags | O_CLOEXEC);
	if (fd < 0)
		die("%s: %s", path, strerror(errno));
	return fd;
}

static void write_file(const struct tracefs *tracefs, const char *file, const char *text)
{
	int fd = open_file(tracefs, file, O_WRONLY);
	size_t length = strlen(text);

	if (write(fd, text, length) != (ssize_t)length)
		die("%s/%s: cannot write %s: %s", tracefs->path, file, text, strerror(errno));
	close(fd);
}

static void explain(const char *root, int error)
{
	if (error == EACCES || error == EPERM)
		die("no permission to trace in %s: be root", root);
	if (error == ENOENT)
		die("%s/instances is not there: mount -t tracefs none %s", root, root);
	die("%s/instances: %s", root, strerror(error));
}

/* The trace clock `counter` orders the events of all CPUs. */
void tracefs_start(struct tracefs *tracefs, const char *root, u64 kilobytes)
{
	char text[32];

	snprintf(made, sizeof(made), "%s/instances/heaptrace-%d", root, getpid());
	if (mkdir(made, 0700)) {
		*made = '\0';
		explain(root, errno);
	}
	strcpy(tracefs->path, made);
	atexit(tracefs_remove);
	snprintf(text, sizeof(text), "%" PRIu64, kilobytes);
	write_file(tracefs, "trace_clock", "counter");
	write_file(tracefs, "buffer_size_kb", text);
	pipe_fd = open_file(tracefs, "trace_pipe", O_RDONLY | O_NONBLOCK);
}

void tracefs_follow(struct tracefs *tracefs, u32 heap)
{
	static const char * const events[] = {
		"heapmod_alloc", "heapmod_free", "heapmod_resize", "heapmod_fail",
	};
	char file[64], filter[32];
	size_t i;

	write_file(tracefs, "tracing_on", "0");
	snprintf(filter, sizeof(filter), "heap == %" PRIu32, heap);
	for (i = 0; i < COUNT(events); i++) {
		snprintf(file, sizeof(file), "events/heapmod/%s/filter", events[i]);
		write_file(tracefs, file, filter);
		snprintf(file, sizeof(file), "events/heapmod/%s/enable", events[i]);
		write_file(tracefs, file, "1");
	}
	write_file(tracefs, "tracing_on", "1");
}

void tracefs_mark(struct tracefs *tracefs, const char *text)
{
	write_file(tracefs, "trace_marker", text);
}

size_t tracefs_read(char *piece, size_t room)
{
	ssize_t got = read(pipe_fd, piece, room);

	if (got < 0 && errno != EAGAIN && errno != EINTR)
		die("trace_pipe: %s", strerror(errno));
	return got > 0 ? got : 0;
}

void tracefs_stop(struct tracefs *tracefs)
{
	write_file(tracefs, "tracing_on", "0");
}

static u64 lost_in(const char *path)
{
	FILE *file = fopen(path, "r");
	u64 sum = 0, count;
	char line[128];

	if (!file)
		die("%s: %s", path, strerror(errno));
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "overrun: %" SCNu64, &count) == 1 ||
		    sscanf(line, "commit overrun: %" SCNu64, &count) == 1 ||
		    sscanf(line, "dropped events: %" SCNu64, &count) == 1)
			sum += count;
	}
	fclose(file);
	return sum;
}

u64 tracefs_lost(struct tracefs *tracefs)
{
	char pattern[4096];
	glob_t cpus = {};
	u64 sum = 0;
	size_t i;

	path_of(pattern, sizeof(pattern), tracefs, "per_cpu/cpu*/stats");
	if (glob(pattern, 0, NULL, &cpus))
		die("%s: cannot be read", pattern);
	for (i = 0; i < cpus.gl_pathc; i++)
		sum += lost_in(cpus.gl_pathv[i]);
	globfree(&cpus);
	return sum;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * file - the text of a file in debugfs, or in a copy
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "../trace/printable.h"
#include "file.h"

#define DEBUGFS_MAGIC	0x64626720

bool is_debugfs(const char *path)
{
	struct statfs system;

	return !statfs(path, &system) && system.f_type == DEBUGFS_MAGIC;
}

bool cannot_read(const char *path, struct problem *problem)
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

/* A copy may have any bytes where debugfs has names. */
static void clean(char *text)
{
	char *stop;

	for (; (stop = strchr(text, '\n')); text = stop + 1) {
		*stop = '\0';
		make_printable(text);
		*stop = '\n';
	}
	make_printable(text);
}

/* One that is there again has vanished, too. */
static bool cannot_open(const char *path, struct problem *problem)
{
	bool missing = errno == ENOENT;

	cannot_read(path, problem);
	problem->vanished = missing && !access(path, F_OK);
	return false;
}

bool file_read(const char *path, struct text *text, struct problem *problem)
{
	int file = open(path, O_RDONLY | O_CLOEXEC);
	bool whole;

	if (file < 0)
		return cannot_open(path, problem);
	whole = read_all(file, text);
	if (!whole) {
		set_problem(problem, "cannot read %s: %s", path, strerror(errno));
		problem->vanished = errno == EIO;
	}
	close(file);
	if (whole && memchr(text->bytes, '\0', text->length))
		return fail(problem, "%s: this is not text", path);
	if (whole)
		clean(text->bytes);
	return whole;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * source - where a heap comes from: a folder of debugfs, a copy of one, or a trace
 */
#ifndef HEAPVIEW_SOURCE_H
#define HEAPVIEW_SOURCE_H

#include "fail.h"
#include "history.h"
#include "model.h"

struct trace;

/**
 * struct source - a heap that is shown
 * @name: for the title
 * @kind: what it is, in a word
 * @path: of a folder
 * @live: the folder is debugfs' own, and changes
 * @gaps: show it though something is missing
 * @trace: the events; NULL for a folder
 * @model: what it is now
 * @history: what it was
 * @missing: granules that nothing was said of
 * @torn: stats and blocks are not of the same moment
 */
struct source {
	char name[256];
	const char *kind;
	char path[1024];
	bool live;
	bool gaps;
	struct trace *trace;
	struct model model;
	struct history history;
	u32 missing;
	bool torn;
};

bool folder_open(struct source *source, const char *path, struct problem *problem);
bool folder_open_heap(struct source *source, const char *debugfs, const char *name,
		      struct problem *problem);
bool folder_has(const char *debugfs, const char *name);
bool folder_only(const char *debugfs, char *name, size_t room, struct problem *problem);
bool folder_read(struct source *source, struct problem *problem);

#endif

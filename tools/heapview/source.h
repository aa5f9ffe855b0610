/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * source - the source of a heap: a folder of debugfs, a copy of one, or a trace
 */
#ifndef HEAPVIEW_SOURCE_H
#define HEAPVIEW_SOURCE_H

#include "fail.h"
#include "history.h"
#include "model.h"

struct replay;

/**
 * struct source - a heap and its source
 * @name: name of the heap or of the trace
 * @kind: live, copy or trace
 * @path: path of the folder
 * @live: the folder is in debugfs, and its contents change
 * @gaps: accept missing blocks
 * @trace: the replay of a trace; NULL for a folder
 * @model: the current state of the heap
 * @history: its past
 * @missing: granules that no block covers
 * @torn: blocks are missing, or stats and blocks disagree
 */
struct source {
	char name[256];
	const char *kind;
	char path[1024];
	bool live;
	bool gaps;
	struct replay *trace;
	struct model model;
	struct history history;
	u32 missing;
	bool torn;
};

/* Open a folder by its path. */
bool folder_open(struct source *source, const char *path, struct problem *problem);

/* Open a heap of the running kernel by its name. @debugfs is the mount point. */
bool folder_open_heap(struct source *source, const char *debugfs, const char *name,
		      struct problem *problem);

/* Is there a heap of this name? */
bool folder_has(const char *debugfs, const char *name);

/* Read the heap again. After an error the model has what could be read, or its old contents. */
bool folder_read(struct source *source, struct problem *problem);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * raw - heapmod's events as the kernel's ring buffer has them
 */
#ifndef RAW_H
#define RAW_H

#include <event-parse.h>

#include "records.h"

#define RAW_MARK	"heaptrace: the blocks are read"
#define RAW_TIME	"heaptrace: milliseconds "

/* @formats: of the events */
void raw_open(struct tep_handle *formats);

/* The name of event @i of heapmod in a recording; NULL behind the last. */
const char *raw_name(size_t i);

struct record raw_decode(const struct tep_event *event, const struct tep_record *raw);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * instance - an instance of tracefs for one recording, which does not disturb other tracing
 */
#ifndef INSTANCE_H
#define INSTANCE_H

#include <tracefs.h>

#include <linux/types.h>

/* @root: the mount point of tracefs. Return the formats of the events. */
struct tep_handle *instance_open(const char *root, u64 kilobytes);

/* Switch on the events of one heap, all at the same moment. */
void instance_follow(u32 heap);

/* Write a mark into the event stream. */
void instance_mark(const char *text);

/*
 * Call @take for all events in the buffers of the CPUs, until these are empty. Each CPU's events
 * come in order.
 */
void instance_read(int (*take)(struct tep_event *event, struct tep_record *raw, int cpu,
			       void *context), void *context);

/* Stop the events. The buffers can still be read. */
void instance_stop(void);

/* The number of events for which the buffers had no room. */
u64 instance_lost(void);

/* Remove the instance. Also called at exit. */
void instance_close(void);

#endif

// SPDX-License-Identifier: GPL-2.0-only
/*
 * instance - an instance of tracefs for one recording, which does not disturb other tracing
 */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../trace/die.h"
#include "instance.h"
#include "raw.h"

static struct tracefs_instance *instance;
static struct tep_handle *formats;

void instance_close(void)
{
	if (!instance)
		return;
	if (tracefs_instance_destroy(instance))
		warn("%s is left behind: %s", tracefs_instance_get_name(instance), strerror(errno));
	tracefs_instance_free(instance);
	tep_free(formats);
	instance = NULL;
}

static void write_file(const char *file, const char *text)
{
	if (tracefs_instance_file_write(instance, file, text) < 0)
		die("tracefs: cannot write %s into %s: %s", text, file, strerror(errno));
}

static void switch_events(bool on)
{
	if (on ? tracefs_trace_on(instance) : tracefs_trace_off(instance))
		die("tracefs: the events cannot be switched %s: %s", on ? "on" : "off",
		    strerror(errno));
}

static void explain(const char *root, int error)
{
	if (error == EACCES || error == EPERM)
		die("no permission to trace in %s: be root", root);
	if (error == ENOENT)
		die("%s/instances is not there: mount -t tracefs none %s", root, root);
	die("%s/instances: %s", root, strerror(error));
}

static void create(const char *root)
{
	char path[4096], name[32];

	snprintf(path, sizeof(path), "%s/instances", root);
	snprintf(name, sizeof(name), "heaptrace-%d", getpid());
	if (access(path, W_OK | X_OK) || tracefs_set_tracing_dir((char *)root))
		explain(root, errno);
	instance = tracefs_instance_create(name);
	if (!instance)
		explain(root, errno);
	atexit(instance_close);
}

/* The trace clock `counter` orders the events of all CPUs. */
struct tep_handle *instance_open(const char *root, u64 kilobytes)
{
	static const char * const systems[] = { "heapmod", "ftrace", NULL };
	char text[32];

	create(root);
	snprintf(text, sizeof(text), "%" PRIu64, kilobytes);
	write_file("trace_clock", "counter");
	write_file("buffer_size_kb", text);
	formats = tracefs_local_events_system(NULL, systems);
	if (!formats)
		die("tracefs: the formats of the events cannot be read");
	return formats;
}

static void write_event(const char *event, const char *file, const char *text)
{
	if (tracefs_event_file_write(instance, "heapmod", event, file, text) < 0)
		die("tracefs: cannot write %s into the %s of %s: %s", text, file, event,
		    strerror(errno));
}

void instance_follow(u32 heap)
{
	const char *event;
	char filter[32];
	size_t i;

	switch_events(false);
	snprintf(filter, sizeof(filter), "heap == %" PRIu32, heap);
	for (i = 0; (event = raw_name(i)); i++) {
		write_event(event, "filter", filter);
		write_event(event, "enable", "1");
	}
	switch_events(true);
}

void instance_mark(const char *text)
{
	write_file("trace_marker", text);
}

void instance_read(int (*take)(struct tep_event *event, struct tep_record *raw, int cpu,
			       void *context), void *context)
{
	if (tracefs_iterate_raw_events(formats, instance, NULL, 0, take, context) < 0)
		die("tracefs: the events cannot be read: %s", strerror(errno));
}

void instance_stop(void)
{
	switch_events(false);
}

static u64 lost_in(const char *stats)
{
	static const char * const kinds[] = {
		"\noverrun: ", "\ncommit overrun: ", "\ndropped events: ",
	};
	const char *found;
	u64 sum = 0;
	size_t i;

	for (i = 0; i < COUNT(kinds); i++) {
		found = strstr(stats, kinds[i]);
		if (found)
			sum += strtoull(found + strlen(kinds[i]), NULL, 10);
	}
	return sum;
}

u64 instance_lost(void)
{
	long cpu, cpus = sysconf(_SC_NPROCESSORS_CONF);
	char file[64], *stats;
	u64 sum = 0;

	for (cpu = 0; cpu < cpus; cpu++) {
		snprintf(file, sizeof(file), "per_cpu/cpu%ld/stats", cpu);
		stats = tracefs_instance_file_read(instance, file, NULL);
		sum += stats ? lost_in(stats) : 0;
		free(stats);
	}
	return sum;
}

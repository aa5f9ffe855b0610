// SPDX-License-Identifier: GPL-2.0-only
/*
 * dat - the file trace.dat of trace-cmd
 *
 * libtracecmd reads it, and libtraceevent prints its events, as for `trace-cmd report`. So what is
 * checked in that text is checked here, too.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <trace-cmd.h>
#include <unistd.h>

#include "../trace/die.h"
#include "dat.h"

#define MAGIC		"\027\010Dtracing"
#define VERSION_ROOM	8		/* for the version, which ends with NUL */

/**
 * struct dat - a file that is read
 * @line: the current event
 * @text: the text of it
 * @formats: of the events
 * @take: what is called for each line
 * @context: for @take
 */
struct dat {
	struct lines line;
	struct trace_seq text;
	struct tep_handle *formats;
	void (*take)(void *context, const struct lines *line);
	void *context;
};

/* The version of a trace.dat, or NULL. What is read from a pipe would be lost. */
static const char *version_of(const char *path)
{
	static char start[sizeof(MAGIC) - 1 + VERSION_ROOM];
	struct stat status;
	size_t length;
	FILE *file;

	if (stat(path, &status) || !S_ISREG(status.st_mode))
		return NULL;
	file = fopen(path, "r");
	if (!file)
		return NULL;
	length = fread(start, 1, sizeof(start) - 1, file);
	fclose(file);
	start[length] = '\0';
	return strncmp(start, MAGIC, strlen(MAGIC)) ? NULL : start + strlen(MAGIC);
}

bool dat_is(const char *path)
{
	return version_of(path);
}

static void take_text(struct dat *dat)
{
	trace_seq_terminate(&dat->text);
	dat->line.text = dat->text.buffer;
	dat->take(dat->context, &dat->line);
	trace_seq_reset(&dat->text);
}

/* The number of lost events is negative if the kernel had no room to store it. */
static void take_lost(struct dat *dat, const struct tep_record *record)
{
	if (record->missed_events < 0)
		trace_seq_printf(&dat->text, "CPU:%d [EVENTS DROPPED]", record->cpu);
	else
		trace_seq_printf(&dat->text, "CPU:%d [%lld EVENTS DROPPED]", record->cpu,
				 record->missed_events);
	take_text(dat);
}

static int take_event(struct tracecmd_input *file, struct tep_record *record, int cpu,
		      void *context)
{
	struct dat *dat = context;
	struct tep_event *event = tep_find_event_by_record(dat->formats, record);

	dat->line.number++;
	if (record->missed_events)
		take_lost(dat, record);
	if (!event || strcmp(event->system, "heapmod"))
		return 0;
	tep_print_event(dat->formats, &dat->text, record, "%6.1000d: %s: %s", TEP_PRINT_TIME,
			TEP_PRINT_NAME, TEP_PRINT_INFO);
	take_text(dat);
	return 0;
}

static struct tracecmd_input *input;

/* libtracecmd 1.3 crashes in tracecmd_close() after tracecmd_init_data() has failed. */
static void open_file(const char *path)
{
	const char *version = version_of(path);

	tracecmd_set_loglevel(TEP_LOG_NONE);
	tep_set_loglevel(TEP_LOG_NONE);
	input = tracecmd_open_head(path, TRACECMD_FL_LOAD_NO_PLUGINS);
	if (!input || tracecmd_init_data(input))
		die("%s: libtracecmd cannot read this trace.dat of version %s: it is truncated, or "
		    "newer than the library", path, version);
	if (tracecmd_buffer_instances(input))
		die("%s has more than one buffer: record without -B", path);
}

/* Nothing is written twice at the end: this process has not written yet, and does not any more. */
static void end_as(pid_t child, const char *path)
{
	int status;

	if (waitpid(child, &status, 0) != child)
		die("%s: %s", path, strerror(errno));
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE)
		raise(SIGPIPE);
	if (WIFSIGNALED(status))
		warn("%s: libtracecmd ended with \"%s\": is the file damaged?", path,
		     strsignal(WTERMSIG(status)));
	if (WIFSIGNALED(status))
		exit(1);		/* the output is removed */
	_exit(WEXITSTATUS(status));
}

/*
 * The libraries trust numbers in the file, and crash if these are damaged. So the rest of the
 * program runs in a child. The parent only waits, and reports a crash.
 */
static void go_on_in_child(const char *path)
{
	pid_t child = fork();

	if (child < 0)
		die("%s: %s", path, strerror(errno));
	if (child)
		end_as(child, path);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
}

/* The libraries print some errors on stdout, where the trace may go. Return the true stdout. */
static int hide_stdout(void)
{
	int hidden = dup(STDOUT_FILENO), null = open("/dev/null", O_WRONLY);

	dup2(null, STDOUT_FILENO);
	close(null);
	return hidden;
}

static void show_stdout(int hidden)
{
	fflush(stdout);
	dup2(hidden, STDOUT_FILENO);
	close(hidden);
}

void dat_read(const char *path, void (*take)(void *context, const struct lines *line),
	      void *context)
{
	struct dat dat = { .line.name = path, .take = take, .context = context };
	int hidden;

	go_on_in_child(path);
	hidden = hide_stdout();
	open_file(path);
	dat.formats = tracecmd_get_tep(input);
	trace_seq_init(&dat.text);
	if (tracecmd_iterate_events(input, NULL, 0, take_event, &dat) < 0)
		die("%s: the events cannot be read: the file is damaged", path);
	trace_seq_destroy(&dat.text);
	tracecmd_close(input);
	show_stdout(hidden);
}

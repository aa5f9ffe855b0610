// SPDX-License-Identifier: GPL-2.0-only
/*
 * convert - write a trace from the events of tracepoints
 *
 * The event of a free precedes any reuse of the place, and the event of an allocation precedes any
 * free of the block. So in time order, allocations and frees of a place alternate, unless events
 * were lost.
 *
 * The first line says how many events were lost, which is known at the end. So the trace is first
 * written to a temporary file.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/minmax.h>

#include "heap_core.h"
#include "../trace/callers.h"
#include "../trace/packed.h"
#include "../trace/trace.h"
#include "convert.h"
#include "../trace/die.h"

static const char *temporary(void)
{
	return getenv("TMPDIR") ?: "/tmp";
}

/* A file that has no name. If it is not of O_TMPFILE, it cannot get one. */
static FILE *open_spool(void)
{
	int fd = open(temporary(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	char path[4096];

	if (fd >= 0)
		return fdopen(fd, "w+");
	if (snprintf(path, sizeof(path), "%s/heaptrace-XXXXXX", temporary()) >= (int)sizeof(path))
		die("TMPDIR is too long");
	fd = mkstemp(path);
	if (fd < 0 || unlink(path))
		die("%s: %s", path, strerror(errno));
	return fdopen(fd, "w+");
}

static bool is_file(const char *path)
{
	return path && strcmp(path, "-");
}

static const char *created;		/* a new file, as long as nothing is written to it */

static void remove_created(void)
{
	if (created)
		unlink(created);
}

/* A new file is removed again if there is no trace to write. */
static int create(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);

	if (fd < 0)
		return open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	created = path;
	atexit(remove_created);
	return fd;
}

/* A file that cannot be written is reported now, and keeps its contents until all is known. */
struct convert convert_start(const char *path)
{
	struct convert convert = {
		.target = is_file(path) ? create(path) : -1,
		.name = is_file(path) ? path : NULL,
	};

	if (convert.name && convert.target < 0)
		die("%s: %s", path, strerror(errno));
	convert.out = open_spool();
	return convert;
}

/* It is a trace without its first and last line, which may be missing. */
static bool name_spool(const struct convert *convert, char *path, size_t room)
{
	int spool = fileno(convert->out);
	char self[64];

	snprintf(path, room, "%s/heaptrace-%d", temporary(), getpid());
	snprintf(self, sizeof(self), "/proc/self/fd/%d", spool);
	return !ftruncate(spool, convert->kept) &&
	       !linkat(AT_FDCWD, self, AT_FDCWD, path, AT_SYMLINK_FOLLOW);
}

static void must_write(const struct convert *convert, bool good)
{
	const char *name = convert->name ?: "stdout";
	char path[4096];

	if (good)
		return;
	if (convert->precious && name_spool(convert, path, sizeof(path)))
		die("%s: cannot be written; %s has the trace", name, path);
	die("%s: cannot be written", name);
}

/* What is not a regular file has no length. */
static FILE *open_target(const struct convert *convert)
{
	FILE *file = stdout;

	created = NULL;
	if (convert->name) {
		must_write(convert, !ftruncate(convert->target, 0) || errno == EINVAL);
		file = packed_write(convert->target, convert->name);
	}
	must_write(convert, file);
	return file;
}

/* Are the temporary file and the output in one file system? */
static bool is_shared(const struct convert *convert)
{
	struct stat spool, target;

	return !fstat(fileno(convert->out), &spool) &&
	       !fstat(convert->name ? convert->target : STDOUT_FILENO, &target) &&
	       spool.st_dev == target.st_dev;
}

/* There may be no room for both files in one file system: then what was read is given back. */
static size_t read_spool(const struct convert *convert, u64 at, char *piece, size_t room)
{
	int spool = fileno(convert->out);
	ssize_t count = pread(spool, piece, min_t(u64, room, convert->kept - at), at);

	if (count <= 0)
		die("the temporary file cannot be read");
	if (!convert->precious)
		fallocate(spool, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, at, count);
	return count;
}

static void copy_spool(struct convert *convert, FILE *target)
{
	char piece[65536];
	size_t count;
	u64 at;

	for (at = 0; at < convert->kept; at += count) {
		count = read_spool(convert, at, piece, sizeof(piece));
		must_write(convert, fwrite(piece, 1, count, target) == count);
	}
}

/* Now the events that were lost are counted, and the first line tells of them. */
static void write_all(struct convert *convert)
{
	FILE *target;

	convert->precious &= !is_shared(convert);
	target = open_target(convert);
	fprintf(target, "# heaptrace %d", TRACE_VERSION);
	if (convert->lost)
		fprintf(target, " lost %" PRIu64, convert->lost);
	fputc('\n', target);
	copy_spool(convert, target);
	fprintf(target, "# end %" PRIu64 "\n", convert->kept_events);
	must_write(convert, !fflush(target) && !ferror(target));
	if (target != stdout)
		must_write(convert, !fclose(target));
	fclose(convert->out);
}

static u64 events_of(const struct convert *convert)
{
	return convert->allocs + convert->frees + convert->resizes;
}

/* A trace that had more events could not be read. */
static bool has_room(struct convert *convert)
{
	convert->full |= events_of(convert) >= UINT32_MAX;
	return !convert->full;
}

bool convert_is_over(const struct convert *convert)
{
	return convert->full || convert->broken;
}

/* After an error some bytes of the stream may be lost: what was written before remains. */
static void keep(struct convert *convert)
{
	convert->broken |= fflush(convert->out) || ferror(convert->out);
	if (convert->broken)
		return;
	convert->kept = ftello(convert->out);
	convert->kept_events = events_of(convert);
}

static u64 granule_of(const struct record *record)
{
	return (record->offset - HEAP_EDGE) / HEAP_GRANULE;
}

static u64 granules_of(u64 bytes)
{
	return bytes / HEAP_GRANULE;
}

static void write_caller(struct convert *convert, const struct record *record)
{
	if (record->caller != NO_CALLER) {
		putc_unlocked(' ', convert->out);
		fputs_unlocked(caller_name(record->caller), convert->out);
	}
	putc_unlocked('\n', convert->out);
}

/* Each event has one or two numbers: printf() would take most of the time. */
static void write_number(struct convert *convert, const char *before, u64 number)
{
	char digits[20], *first = digits + sizeof(digits);

	for (; number > 9; number /= 10)
		*--first = '0' + number % 10;
	*--first = '0' + number;
	fputs_unlocked(before, convert->out);
	fwrite_unlocked(first, 1, digits + sizeof(digits) - first, convert->out);
}

static void write_free(struct convert *convert, u32 id)
{
	if (!has_room(convert))
		return;
	write_number(convert, "free ", id);
	putc_unlocked('\n', convert->out);
	convert->frees++;
}

/* The place is reused: blocks there were freed, even if their frees were not seen. */
static void evict(struct convert *convert, u64 at, u64 granules)
{
	u32 id;

	while ((id = places_take(&convert->places, at, granules))) {
		write_free(convert, id);
		convert->implied++;
	}
}

/* More bytes than header and rounding need are a redzone; all blocks of a heap have it, or none. */
static void find_redzone(struct convert *convert, const struct record *record)
{
	u64 plain = (record->asked + sizeof(struct heap_block) + HEAP_GRANULE - 1) /
		    HEAP_GRANULE * HEAP_GRANULE;

	if (convert->redzone || record->bytes <= plain)
		return;
	convert->redzone = true;
	fprintf(convert->out, "# redzone\n");
}

/* Does one known block have exactly these granules? */
static bool is_block(const struct convert *convert, u64 at, u64 granules)
{
	const struct places *places = &convert->places;
	u32 id = places_find(places, at, 1);

	return id && (!at || places_find(places, at - 1, 1) != id) &&
	       places_find(places, at + granules - 1, 1) == id &&
	       places_find(places, at + granules, 1) != id;
}

/* The block was read from debugfs before the event of its allocation came. */
static bool is_known(const struct convert *convert, u64 at, u64 granules)
{
	return places_find(&convert->places, at, 1) <= convert->live &&
	       is_block(convert, at, granules);
}

static void convert_alloc(struct convert *convert, const struct record *record)
{
	u64 at = granule_of(record), granules = granules_of(record->bytes);

	if (is_known(convert, at, granules))
		return;
	find_redzone(convert, record);
	evict(convert, at, granules);
	while (places_take(&convert->pending, at, granules))
		continue;
	if (!has_room(convert))
		return;
	places_put(&convert->places, at, granules, ++convert->allocs);
	write_number(convert, "alloc ", convert->allocs);
	write_number(convert, " ", record->asked);
	write_caller(convert, record);
}

static void resize(struct convert *convert, const struct record *record)
{
	u64 at = granule_of(record), granules = granules_of(record->bytes);
	u32 id = places_take(&convert->places, at, granules_of(record->was_bytes));

	find_redzone(convert, record);
	evict(convert, at, granules);
	if (!has_room(convert))
		return;
	places_put(&convert->places, at, granules, id);
	write_number(convert, "resize ", id);
	write_number(convert, " ", record->asked);
	write_caller(convert, record);
	convert->resizes++;
}

/* An unknown block is known from now on. The caller of a resize is not that of the allocation. */
static void convert_late(struct convert *convert, const struct record *record)
{
	struct record block = *record;

	block.caller = NO_CALLER;
	convert_alloc(convert, &block);
	convert->late++;
}

static void convert_resize(struct convert *convert, const struct record *record)
{
	u64 at = granule_of(record);

	if (is_block(convert, at, granules_of(record->was_bytes)))
		resize(convert, record);
	else if (!is_known(convert, at, granules_of(record->bytes)))
		convert_late(convert, record);
}

static void convert_free(struct convert *convert, const struct record *record)
{
	u64 at = granule_of(record), granules = granules_of(record->bytes);

	if (is_block(convert, at, granules)) {
		write_free(convert, places_take(&convert->places, at, granules));
		return;
	}
	evict(convert, at, granules);
	convert->skipped += !places_take(&convert->pending, at, granules);
}

static void convert_fail(struct convert *convert, const struct record *record)
{
	fprintf(convert->out, "# fail %" PRIu64, record->asked);
	write_caller(convert, record);
	convert->fails++;
}

static void convert_lost(struct convert *convert, const struct record *record)
{
	fprintf(convert->out, "# lost %" PRIu64 "\n", record->asked);
	convert->lost += record->asked;
}

void convert_time(struct convert *convert, u64 ms)
{
	if (!convert->began)
		convert->began = ms;
	else if (ms <= convert->time)
		return;
	convert->time = ms;
	fprintf(convert->out, "# time %" PRIu64 "\n", ms - convert->began);
}

static void convert_mark(struct convert *convert, const struct record *record)
{
	convert_time(convert, record->ms);
	keep(convert);
}

static void convert_nothing(struct convert *convert, const struct record *record)
{
}

void convert_record(struct convert *convert, const struct record *record)
{
	static void (*const converters[])(struct convert *, const struct record *) = {
		[RECORD_OTHER] = convert_nothing,
		[RECORD_ALLOC] = convert_alloc,
		[RECORD_FREE] = convert_free,
		[RECORD_RESIZE] = convert_resize,
		[RECORD_FAIL] = convert_fail,
		[RECORD_MARK] = convert_nothing,
		[RECORD_TIME] = convert_mark,
		[RECORD_LOST] = convert_lost,
	};

	if (!convert->full || record->kind == RECORD_LOST)
		converters[record->kind](convert, record);
}

void convert_live(struct convert *convert, const struct record *blocks, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		convert_record(convert, &blocks[i]);
	convert->live = count;
	fprintf(convert->out, "# live %zu\n", count);
}

void convert_pending(struct convert *convert, const struct record *freed)
{
	places_put(&convert->pending, granule_of(freed), granules_of(freed->bytes), 1);
}

static void warn_of(u64 count, const char *what)
{
	if (count)
		warn("%" PRIu64 " %s", count, what);
}

static void fail_cut(const struct convert *convert)
{
	if (!convert->kept_events)
		die("the temporary file cannot be written; TMPDIR sets its folder");
	die("the temporary file cannot be written; %s has the %" PRIu64
	    " events before that; TMPDIR sets its folder", convert->name ?: "stdout",
	    convert->kept_events);
}

static void summarize(const struct convert *convert)
{
	warn("%" PRIu64 " events: %" PRIu32 " allocations, %" PRIu64 " frees", events_of(convert),
	     convert->allocs, convert->frees);
	if (convert->full)
		warn("the trace is full, and ends here");
	warn_of(convert->resizes, "of them are resizes of a block where it is");
	warn_of(convert->live, "of them are blocks that lived when the recording began");
	warn_of(convert->fails, "requests failed");
	warn_of(convert->skipped, "frees are skipped, of blocks whose allocation was not seen");
	warn_of(convert->late, "resizes are of blocks whose allocation was not seen");
	warn_of(convert->implied, "blocks were freed unseen: their places were reused");
	warn_of(convert->lost, "EVENTS WERE LOST: the trace is incomplete");
}

void convert_finish(struct convert *convert)
{
	keep(convert);
	if (!convert->broken || convert->kept_events)
		write_all(convert);
	places_free(&convert->places);
	places_free(&convert->pending);
	if (convert->broken)
		fail_cut(convert);
	summarize(convert);
}

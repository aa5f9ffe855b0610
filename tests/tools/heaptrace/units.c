// SPDX-License-Identifier: GPL-2.0-only
/*
 * units - tests of parts of heaptrace that a recording rarely exercises: records that come out of
 * order, blocks that change while they are read, both formats of debugfs, and recordings that must
 * end: a full trace, a full disk
 */
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../../tools/heaptrace/begin.h"
#include "../../../tools/trace/callers.h"
#include "../../../tools/heaptrace/debugfs.h"
#include "../../../tools/heaptrace/order.h"
#include "../../../tools/trace/trace.h"
#include "../../oracle.h"
#include "../../test.h"

static struct record stamped(u64 stamp)
{
	return (struct record){ .kind = RECORD_ALLOC, .stamp = stamp };
}

/* The CPU of a record: pieces of the events of three CPUs are read in turn. */
static u32 cpu_of(u64 stamp)
{
	return stamp * 2654435761U % 3;
}

static void put_piece(struct order *order, u64 from, u64 to, u64 *taken)
{
	struct record record;
	u32 cpu;
	u64 i;

	for (cpu = 0; cpu < 3; cpu++) {
		for (i = from; i < to; i++) {
			if (cpu_of(i) != cpu)
				continue;
			if (order_is_full(order)) {
				REQUIRE(order_take(order, &record));
				REQUIRE(record.stamp == ++*taken);
			}
			record = stamped(i);
			order_put(order, &record, 5 * cpu);
		}
	}
}

/* A record that is late by less than the window is put into order. */
static void late_records(void)
{
	const u64 count = 3 * ORDER_ROOM, piece = ORDER_ROOM / 2;
	struct order order = order_start();
	struct record record;
	u64 i, taken = 0;

	for (i = 0; i < count; i += piece)
		put_piece(&order, i + 1, i + piece + 1, &taken);
	while (order_take(&order, &record))
		REQUIRE(record.stamp == ++taken);
	REQUIRE(taken == count && !order.late);
	order_finish(&order);
}

/* A record that is late by more is counted. */
static void too_late_records(void)
{
	struct order order = order_start();
	struct record record;
	u64 i;

	for (i = 0; i < ORDER_ROOM; i++) {
		record = stamped(10 + i);
		order_put(&order, &record, 0);
	}
	REQUIRE(order_take(&order, &record) && order_take(&order, &record));
	record = stamped(5);
	order_put(&order, &record, 1);
	REQUIRE(order.late == 1);
	order_finish(&order);
}

#define BLOCKS	64			/* slots; about half of them have a block */
#define EVENTS	600

/**
 * struct history - a busy heap, and the state of a recording that starts
 * @first: first node of the oracle
 * @slots: blocks
 * @late: the event of a block, still missing, if @slow is its slot
 * @slow: that slot, or NULL
 * @asked: bytes requested, by first granule of the block
 * @now: number of events so far
 * @read_to: the blocks before this granule are read
 */
struct history {
	struct node *first;
	struct node *slots[BLOCKS];
	struct node **slow;
	struct record late;
	u32 asked[BLOCKS * 40];
	u64 now;
	u32 read_to;
};

static struct record record_of(const struct history *history, enum record_kind kind,
			       const struct node *node)
{
	return (struct record){
		.kind = kind,
		.stamp = history->now,
		.offset = 8 + 16ULL * node->at,
		.asked = history->asked[node->at],
		.bytes = 16ULL * node->size,
	};
}

static void allocate(struct history *history, struct node **slot)
{
	u32 asked = 1 + next_random(500);

	*slot = oracle_alloc(history->first, (asked + 8 + 15) / 16);
	REQUIRE(*slot);
	history->asked[(*slot)->at] = asked;
}

/* Resize a block where it is, if it can. */
static bool resize(struct history *history, struct node *node, struct record *record)
{
	u32 asked = 1 + next_random(500);

	record->was_asked = history->asked[node->at];
	record->was_bytes = 16ULL * node->size;
	if (!oracle_resize(node, (asked + 8 + 15) / 16))
		return false;
	history->asked[node->at] = asked;
	record->kind = RECORD_RESIZE;
	record->asked = asked;
	record->bytes = 16ULL * node->size;
	return true;
}

/* One event: a free, recorded before the block is freed, a resize, or an allocation. */
static struct record happen(struct history *history)
{
	struct node **slot;
	struct record record;

	do {
		slot = &history->slots[next_random(BLOCKS)];
	} while (slot == history->slow);
	history->now++;
	if (*slot) {
		record = record_of(history, RECORD_FREE, *slot);
		if (next_random(2) && resize(history, *slot, &record))
			return record;
		oracle_free(*slot);
		*slot = NULL;
		return record;
	}
	allocate(history, slot);
	return record_of(history, RECORD_ALLOC, *slot);
}

/* An allocation that is interrupted before its event is recorded. */
static void allocate_silently(struct history *history)
{
	struct node **slot = history->slots;

	while (*slot)
		slot++;
	allocate(history, slot);
	history->late = record_of(history, RECORD_ALLOC, *slot);
	history->slow = slot;
}

/* The same of a block that grows. (The end of one that shrinks is not free before the event.) */
static void grow_silently(struct history *history)
{
	struct node **slot = history->slots;
	struct record record;
	u32 asked;

	while (!*slot || !(*slot)->next || (*slot)->next->used)
		slot++;
	record = record_of(history, RECORD_RESIZE, *slot);
	record.was_asked = record.asked;
	record.was_bytes = record.bytes;
	REQUIRE(oracle_resize(*slot, (*slot)->size + 1));
	asked = record.asked + 16;
	history->asked[(*slot)->at] = asked;
	record.asked = asked;
	record.bytes += 16;
	history->late = record;
	history->slow = slot;
}

/* A free that is interrupted before its event is recorded: the block is pending. */
static void claim_silently(struct history *history)
{
	struct node **slot = history->slots;

	while (!*slot)
		slot++;
	history->late = record_of(history, RECORD_FREE, *slot);
	history->slow = slot;
}

static bool is_claimed(const struct history *history, const struct node *node)
{
	return history->slow && *history->slow == node && history->late.kind == RECORD_FREE;
}

/* The late event, and what follows it. */
static struct record record_late(struct history *history)
{
	if (history->late.kind == RECORD_FREE) {
		oracle_free(*history->slow);
		*history->slow = NULL;
	}
	history->late.stamp = history->now;
	history->slow = NULL;
	return history->late;
}

/* Read the blocks that start between @read_to and granule @end. */
static void read_some(struct history *history, struct live *live, u32 end)
{
	const struct node *node = history->first;

	for (; node && node->at < end; node = node->next) {
		if (!node->used || node->at < history->read_to)
			continue;
		REQUIRE(live->count < live->room);
		live->blocks[live->count++] =
			record_of(history, is_claimed(history, node) ? RECORD_FREE : RECORD_ALLOC,
				  node);
	}
	history->read_to = end;
}

static u32 live_blocks(const struct history *history)
{
	u32 count = 0, i;

	for (i = 0; i < BLOCKS; i++)
		count += !!history->slots[i];
	return count;
}

/*
 * No event is skipped or implied, and at the end the same blocks are live. After the event @slow,
 * if there is such an event, @silently does what is recorded late. A block that it allocates may
 * count as live at the start, one that it resizes as allocated then, and one that it frees as freed
 * before.
 */
static void begin_once(u32 slow, void (*silently)(struct history *history))
{
	struct history history = { .first = oracle_init(BLOCKS * 40) };
	struct convert convert = convert_start("/dev/null");
	const struct record mark = { .kind = RECORD_MARK };
	struct begin begin = {};
	struct record record;
	u32 i, lived;

	begin.live.room = EVENTS;
	begin.live.blocks = calloc(EVENTS, sizeof(record));
	for (i = 0; i < EVENTS; i++)
		happen(&history);
	lived = live_blocks(&history);
	for (i = 0; i < EVENTS; i++) {
		record = happen(&history);
		begin_record(&begin, &convert, &record);
		if (i == slow)
			silently(&history);
		if (i >= 20 && i < 60)
			read_some(&history, &begin.live, (i - 19) * BLOCKS);
		if (i == 80)
			begin_record(&begin, &convert, &mark);
		if (history.slow && i == 90) {
			record = record_late(&history);
			begin_record(&begin, &convert, &record);
		}
	}
	REQUIRE(convert.live + 1 >= lived && convert.live <= lived + 1);
	REQUIRE(slow < EVENTS || convert.live == lived);
	REQUIRE(!convert.skipped && !convert.implied);
	REQUIRE(convert.late <= (slow < EVENTS));
	REQUIRE(convert.allocs - convert.frees == live_blocks(&history));
	fclose(convert.out);
	close(convert.target);
	places_free(&convert.places);
	places_free(&convert.pending);
	oracle_destroy(history.first);
}

static void beginnings(void)
{
	u32 i;

	for (i = 0; i < 500; i++) {
		begin_once(EVENTS, NULL);
		begin_once(i % 90, allocate_silently);
		begin_once(i % 90, grow_silently);
		begin_once(i % 90, claim_silently);
	}
}

/* An allocation before the blocks are read, whose event comes after that, is written once. */
static void late_allocation(void)
{
	struct record block = { .kind = RECORD_ALLOC, .offset = 8, .asked = 9, .bytes = 32 };
	struct convert convert = convert_start("/dev/null");

	convert_live(&convert, &block, 1);
	convert_record(&convert, &block);
	REQUIRE(convert.allocs == 1 && !convert.frees && !convert.implied);
	block.kind = RECORD_FREE;
	convert_record(&convert, &block);
	block.kind = RECORD_ALLOC;
	convert_record(&convert, &block);
	REQUIRE(convert.allocs == 2 && convert.frees == 1 && !convert.skipped);
	fclose(convert.out);
	close(convert.target);
	places_free(&convert.places);
}

/* The mark that tells that the blocks are read was overwritten: a later time tells the same. */
static void lost_mark(void)
{
	struct record record = { .kind = RECORD_TIME };
	struct convert convert = convert_start("/dev/null");
	struct begin begin = {};
	u64 ms;

	for (ms = 1000; ms <= 5000; ms += 100) {
		if (ms == 3000)
			begin.marked = 3050;
		record.ms = ms == 3100 ? begin.marked : ms;
		begin_record(&begin, &convert, &record);
		REQUIRE(begin.over == (ms > 3100));
	}
	fclose(convert.out);
	close(convert.target);
}

/* The exit status of what a child process does, which may be fatal; what it says is in `said`. */
static int status_of(void (*run)(void))
{
	pid_t child;
	int status;

	fflush(stdout);
	child = fork();
	if (!child) {
		REQUIRE(freopen("said", "w", stderr));
		run();
		exit(0);
	}
	REQUIRE(waitpid(child, &status, 0) == child && WIFEXITED(status));
	return WEXITSTATUS(status);
}

static bool has_line(const char *path, const char *line)
{
	FILE *file = fopen(path, "r");
	char text[256];
	bool found = false;

	while (file && fgets(text, sizeof(text), file)) {
		text[strcspn(text, "\n")] = '\0';
		found |= !strcmp(text, line);
	}
	if (file)
		fclose(file);
	return found;
}

static void happen_at(struct convert *convert, enum record_kind kind, u64 offset, u64 bytes)
{
	const struct record record = {
		.kind = kind, .offset = offset, .asked = bytes - 8, .bytes = bytes,
		.was_bytes = bytes,
	};

	convert_record(convert, &record);
}

/* @room events more fit into the trace. */
static struct convert start_full(u64 room)
{
	struct convert convert = convert_start("full");

	happen_at(&convert, RECORD_ALLOC, 8, 32);
	happen_at(&convert, RECORD_ALLOC, 40, 32);
	convert.frees = UINT32_MAX - 2 - room;
	REQUIRE(!convert_is_over(&convert));
	return convert;
}

static void fill_by_free(void)
{
	struct convert convert = start_full(1);

	happen_at(&convert, RECORD_FREE, 40, 32);
	REQUIRE(!convert_is_over(&convert));
	happen_at(&convert, RECORD_FREE, 8, 32);
	REQUIRE(convert_is_over(&convert));
	convert_finish(&convert);
}

static void fill_by_resize(void)
{
	struct convert convert = start_full(0);

	happen_at(&convert, RECORD_RESIZE, 8, 32);
	REQUIRE(convert_is_over(&convert) && !convert.resizes);
	convert_finish(&convert);
}

/* The allocation takes the place of two blocks whose frees were not seen. */
static void fill_by_alloc(void)
{
	struct convert convert = start_full(2);

	happen_at(&convert, RECORD_ALLOC, 8, 64);
	REQUIRE(convert_is_over(&convert) && convert.allocs == 2);
	convert_finish(&convert);
}

static void full_traces(void)
{
	static void (* const fills[])(void) = { fill_by_free, fill_by_resize, fill_by_alloc };
	u32 i;

	for (i = 0; i < sizeof(fills) / sizeof(*fills); i++) {
		REQUIRE(!status_of(fills[i]));
		REQUIRE(has_line("said", "units: the trace is full, and ends here"));
		REQUIRE(has_line("full", "# end 4294967295"));
	}
}

/* The largest size of a file is a full disk. */
static void limit_files(rlim_t bytes)
{
	const struct rlimit limit = { bytes, RLIM_INFINITY };

	signal(SIGXFSZ, SIG_IGN);
	REQUIRE(!setrlimit(RLIMIT_FSIZE, &limit));
}

/* A mark after every 1000 events, or none. */
static void fill_disk(bool marks)
{
	struct record mark = { .kind = RECORD_TIME };
	struct convert convert = convert_start("cut");

	limit_files(100000);
	while (convert.frees < 20000 && !convert_is_over(&convert)) {
		happen_at(&convert, RECORD_ALLOC, 8, 32);
		happen_at(&convert, RECORD_FREE, 8, 32);
		if (!marks || convert.frees % 500)
			continue;
		mark.ms += 100;
		convert_record(&convert, &mark);
	}
	REQUIRE(convert_is_over(&convert) == marks && convert.frees > 3000);
	limit_files(RLIM_INFINITY);
	convert_finish(&convert);
}

static void fill_with_marks(void)
{
	fill_disk(true);
}

static void fill_without_marks(void)
{
	fill_disk(false);
}

/* What was written before the last time mark is a whole trace. */
static void full_disk(void)
{
	struct trace trace;
	char line[128];

	REQUIRE(status_of(fill_with_marks) == 1);
	trace = trace_load("cut");
	REQUIRE(trace.count % 1000 == 0 && trace.count > 6000 && trace.count < 20000);
	snprintf(line, sizeof(line), "units: the temporary file cannot be written; "
		 "cut has the %u events before that; TMPDIR sets its folder", trace.count);
	REQUIRE(has_line("said", line));
	trace_free(&trace);
	REQUIRE(!unlink("cut"));
	REQUIRE(status_of(fill_without_marks) == 1 && access("cut", F_OK));
	REQUIRE(has_line("said", "units: the temporary file cannot be written; "
			 "TMPDIR sets its folder"));
}

/* The output is on another disk, which is full. */
static void fill_output(void)
{
	struct convert convert = convert_start("/dev/full");

	convert.precious = true;
	happen_at(&convert, RECORD_ALLOC, 8, 32);
	happen_at(&convert, RECORD_FREE, 8, 32);
	convert_finish(&convert);
}

/* The temporary file gets a name. That of the child process is in it. */
static void full_output(void)
{
	char line[256], path[128], *end;
	struct trace trace;
	FILE *said;

	REQUIRE(status_of(fill_output) == 1);
	said = fopen("said", "r");
	REQUIRE(said && fgets(line, sizeof(line), said));
	fclose(said);
	REQUIRE(sscanf(line, "units: /dev/full: cannot be written; %127s", path) == 1);
	end = strstr(line, path) + strlen(path);
	REQUIRE(!strcmp(end, " has the trace\n"));
	trace = trace_load(path);
	REQUIRE(trace.count == 2);
	trace_free(&trace);
	REQUIRE(!unlink(path));
}

#define FOLDER	"formats/heapmod/some/"

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	REQUIRE(file && fputs(text, file) >= 0 && !fclose(file));
}

static struct live read_blocks(const char *text)
{
	write_file(FOLDER "blocks", text);
	return debugfs_live("formats", "some", 7);
}

/* The same blocks: one used, one with an unreadable header, a hole, and maybe one pending. */
static void blocks_of_versions(void)
{
	static const char * const texts[] = {
		"offset size state asked owner\n"
		"8 112 used 100 f+0x1/0x2 [m]\n120 16 used ? ?\n136 32 hole - -\n168 16 pending - -\n",
		"      offset         size state              asked owner\n"
		"           8          112 used                 100 f+0x1/0x2 [m]\n"
		"         120           16 used                   ? ?\n"
		"         136           32 hole                   - -\n"
		"         168           16 pending                - -\n",
		"state cpu asked size offset owner\n"
		"used 1 100 112 8 f+0x1/0x2 [m]\nused 0 ? 16 120 ?\nhole - - 32 136 -\n",
	};
	struct live live;
	u32 i;

	mkdir("formats", 0755);
	mkdir("formats/heapmod", 0755);
	mkdir(FOLDER, 0755);
	write_file(FOLDER "stats", "version 2\nid 7\n");
	for (i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		live = read_blocks(texts[i]);
		REQUIRE(live.count == (i < 2 ? 3 : 2) && live.blocks[0].kind == RECORD_ALLOC);
		REQUIRE(live.blocks[0].offset == 8 && live.blocks[0].bytes == 112);
		REQUIRE(live.blocks[0].asked == 100);
		REQUIRE(!strcmp(caller_name(live.blocks[0].caller), "f+0x1/0x2 [m]"));
		REQUIRE(live.blocks[1].offset == 120 && live.blocks[1].bytes == 16);
		REQUIRE(live.blocks[1].asked == 8 && live.blocks[1].caller == NO_CALLER);
		REQUIRE(i == 2 || live.blocks[2].kind == RECORD_FREE);
		free(live.blocks);
	}
}

static void read_of_other(void)
{
	free(debugfs_live("formats", "some", 6).blocks);
}

/* The heap was destroyed, and one of its name was created, before the blocks were read. */
static void other_heap(void)
{
	REQUIRE(status_of(read_of_other) == 1);
	REQUIRE(has_line("said", "units: \"some\" was destroyed, and a new heap has its name"));
}

static const struct test tests[] = {
	{ "late records are put into order", late_records },
	{ "records that are too late are counted", too_late_records },
	{ "2000 recordings start correctly while blocks change", beginnings },
	{ "an allocation with a late event is written once", late_allocation },
	{ "a recording whose mark was lost starts at a later time", lost_mark },
	{ "a trace has as many events as can be read, and ends there", full_traces },
	{ "on a full disk, a recording ends at its last time", full_disk },
	{ "a recording that has no room in its file is kept", full_output },
	{ "blocks are read in the formats of versions 1 and 2", blocks_of_versions },
	{ "blocks of another heap of the name are refused", other_heap },
};

int main(void)
{
	run_tests("units", tests, sizeof(tests) / sizeof(*tests));
	return 0;
}

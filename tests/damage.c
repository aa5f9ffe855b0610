// SPDX-License-Identifier: GPL-2.0-only
/*
 * damage - what clients can damage: is it found, by the check and by who meets it, and contained?
 *
 * In every scene (scene.h) bytes are written over, and each such damage is taken through three
 * stages: the check tells of it, and of nothing else; the next operation that touches it finds it;
 * and the heap serves on until everything is free, with no damage told twice, none forgotten,
 * and nothing in quarantine that does not belong there.
 */
#include <string.h>

#include "core/block.h"
#include "core/findings.h"
#include "scene.h"

/* Damage of a kind. What is not seen must have had its chance: 2^-20, that of the seal. */
struct tally {
	const char *name;
	unsigned long tried;
	unsigned long found;
	unsigned long chances;		/* of those tried, how many the seal had to find */
	unsigned long past;		/* and did not */
};

#define CHANCE_SHIFT 20

static struct scene scene;
static struct plant plant;
static unsigned long given_up;		/* writes that harm nobody: behind the last block */

/* As many as the chance says, and five standard deviations; where that is below 1, one. */
static void require_rare(const struct tally *tally)
{
	unsigned long expected = tally->chances >> CHANCE_SHIFT;
	unsigned long more = tally->past > expected ? tally->past - expected : 0;

	REQUIRE(more <= 1 || more * more <= 25 * expected);
}

static void report(const struct tally *tally)
{
	REQUIRE(tally->tried && tally->found + tally->past == tally->tried);
	printf("ok - %s: %lu of %lu found", tally->name, tally->found, tally->tried);
	if (tally->chances)
		printf("; %lu by the seal alone, %lu got past it, %.2f expected", tally->chances,
		       tally->past, (double)tally->chances / (1 << CHANCE_SHIFT));
	printf("\n");
	require_rare(tally);
}

/* A header that was written over, and is a good one all the same. */
static bool got_past(const struct piece *piece)
{
	const struct heap *heap = &scene.arena.heap;
	u64 word = header_word(block_at(heap, piece->at)) >> WORD_LOW_SHIFT << WORD_LOW_SHIFT;

	return piece->chance && is_sealed(heap, piece->at, word | piece->granules);
}

static const struct piece *piece_harmed(enum heap_verdict verdict, u64 offset)
{
	enum place i;

	for (i = 0; i < PLACES; i++) {
		if (scene.pieces[i].harm == verdict && scene.pieces[i].harmed_at == offset)
			return &scene.pieces[i];
	}
	return NULL;
}

/* What waits to be told is true: every finding is of a block that is harmed. */
static unsigned int true_findings(void)
{
	const struct heap *heap = &scene.arena.heap;
	u32 i;

	REQUIRE(heap->events <= HEAP_FINDINGS);
	for (i = 0; i < heap->events; i++) {
		const struct heap_finding *finding = &heap->findings[i];

		REQUIRE(finding->verdict != HEAP_OK);
		REQUIRE(piece_harmed(finding->verdict, finding->offset));
	}
	return heap->events;
}

/* Stage 1: the check tells of the damage; of one of a chunk at least, if there is more of it. */
static void look(unsigned int harmed)
{
	struct heap *heap = &scene.arena.heap;
	enum heap_verdict verdict;
	struct heap_audit audit;
	unsigned int told = 0;

	heap_audit_start(&audit);
	do {
		verdict = heap_check(heap, &audit, U32_MAX);
		REQUIRE(verdict != HEAP_CORRUPT_INDEX);
		if (verdict)
			REQUIRE(piece_harmed(verdict, audit.offset));
		told += verdict != HEAP_OK;
	} while (!heap_audit_done(heap, &audit));
	told += true_findings();	/* it merged what was kept, and met that */
	REQUIRE(told <= harmed && !told == !harmed);
}

/* Stage 2: the operations that touch a harmed block. */
enum act {
	FREE_IT,
	RELEASE_IT,
	FREE_NEIGHBOUR,
	TAKE_ALL,			/* of the hole */
	TAKE_LESS,			/* by a granule */
	TAKE_LEAST,			/* by two */
	ACTS
};

static const char * const act_names[ACTS] = {
	[FREE_IT] = "a free of the block",
	[RELEASE_IT] = "the second step of a free",
	[FREE_NEIGHBOUR] = "a free beside it",
	[TAKE_ALL] = "an allocation of all of the hole",
	[TAKE_LESS] = "an allocation of all but a granule",
	[TAKE_LEAST] = "an allocation of all but two",
};

static unsigned long met[ACTS];

static void report_acts(void)
{
	enum act act;

	for (act = 0; act < ACTS; act++) {
		REQUIRE(met[act]);
		printf("ok - damage met by %s: %lu times\n", act_names[act], met[act]);
	}
}

/* Where first fit goes. */
static enum place place_for(u32 want)
{
	enum place i;

	for (i = 0; i < PLACES; i++) {
		enum kind kind = scene.pieces[i].kind;
		u32 rest = kind == PART ? scene.pieces[REST].granules : 0;

		if ((kind == HOLE || kind == KEPT || kind == PART) &&
		    scene.pieces[i].granules + rest >= want)
			break;
	}
	return i;
}

static bool is_bystander(enum place place)
{
	return scene.pieces[place].kind == USED && scene.pieces[place].harm != HEAP_CORRUPT_HEADER;
}

static enum place neighbour_of(enum place place)
{
	return place == TAIL ? RIGHT : TARGET;
}

/* The hole of a block is its own, or that which it was cut off. */
static enum place hole_of(enum place place)
{
	return place == REST ? BEHIND : place;
}

static u32 want_of(enum place place, enum act act)
{
	const struct piece *hole = &scene.pieces[hole_of(place)];
	u32 granules = hole->granules + (hole->kind == PART ? scene.pieces[REST].granules : 0);
	u32 less = act - TAKE_ALL;

	return granules > less ? granules - less : 0;
}

static bool takes(enum place place, enum act act)
{
	u32 want = want_of(place, act);

	if (place == REST && want == scene.pieces[BEHIND].granules)
		return false;		/* the kept block as it is: its rest is not touched */
	return heap_bytes(want) > scene.arena.heap.overhead && place_for(want) == hole_of(place);
}

static bool touches(enum place place, enum act act)
{
	switch (scene.pieces[place].kind) {
	case USED:
		return act == FREE_IT;
	case PENDING:
		return act == RELEASE_IT;
	case HOLE:
	case KEPT:
	case PART:
		if (act == FREE_NEIGHBOUR)
			return is_bystander(neighbour_of(place));
		return act >= TAKE_ALL && takes(place, act);
	default:
		return false;		/* nothing goes near what is in quarantine */
	}
}

/* A block whose header was damaged is quarantined as long as there is room. */
static void require_quarantined(const struct heap *before, const struct piece *piece)
{
	const struct heap *heap = &scene.arena.heap;
	u32 granules = before->quarantined + piece->granules;
	bool room = granules <= heap->granules / 8 && before->quarantine_count < HEAP_QUARANTINE;

	REQUIRE(heap->quarantine_count == before->quarantine_count + room);
	REQUIRE(heap->quarantined == (room ? granules : before->quarantined));
}

static void free_piece(struct piece *piece)
{
	struct heap *heap = &scene.arena.heap;
	struct heap before = *heap;
	struct heap_block_info freed;

	REQUIRE(scene_free(heap, piece->ptr, &freed) == piece->harm);
	REQUIRE(freed.at == piece->at && freed.granules == piece->granules);
	REQUIRE(heap_live_blocks(heap) == heap_live_blocks(&before) - 1 && heap->frees == before.frees + 1);
	REQUIRE(heap->used == before.used - piece->granules);
	if (piece->harm == HEAP_CORRUPT_HEADER)
		require_quarantined(&before, piece);
	else
		REQUIRE(heap->quarantine_count == before.quarantine_count);
	piece->gone = true;
}

static void release_piece(struct piece *piece)
{
	struct heap before = scene.arena.heap;

	heap_release(&scene.arena.heap, &piece->claim);
	REQUIRE(scene.arena.heap.pending == before.pending - piece->granules);
	if (piece->harm)
		require_quarantined(&before, piece);
	piece->gone = true;
}

/* Blocks that came after the damage. */
#define GUESTS 16

static void *guests[GUESTS];
static u32 guest_count;

static void admit(u32 at, u32 granules)
{
	struct heap *heap = &scene.arena.heap;
	size_t size = payload_bytes(heap, granules);
	u8 *ptr = heap_alloc(heap, size, 99);

	REQUIRE(ptr && place_of(&scene.arena, ptr) == at && guest_count < GUESTS);
	memset(ptr, 'z', size);
	guests[guest_count++] = ptr;
}

static void touch(enum place place, enum act act)
{
	if (act == FREE_IT)
		free_piece(&scene.pieces[place]);
	else if (act == RELEASE_IT)
		release_piece(&scene.pieces[place]);
	else if (act == FREE_NEIGHBOUR)
		free_piece(&scene.pieces[neighbour_of(place)]);
	else
		admit(scene.pieces[hole_of(place)].at, want_of(place, act));
}

static void require_found(const struct piece *piece)
{
	const struct heap *heap = &scene.arena.heap;
	unsigned int i, told = 0;

	true_findings();
	for (i = 0; i < heap->events; i++)
		told += heap->findings[i].offset == piece->harmed_at;
	REQUIRE(told == 1);
}

/* Stage 3: every hole is taken, and everything is freed. */
static void fill_holes(void)
{
	struct heap *heap = &scene.arena.heap;
	struct heap_block_info views[GUESTS];
	u32 count = heap_walk(heap, 0, views, GUESTS);
	u32 i;

	REQUIRE(count < GUESTS);
	for (i = 0; i < count; i++) {
		if (views[i].state == HEAP_HOLE && heap_bytes(views[i].granules) > heap->overhead)
			admit(views[i].at, views[i].granules);
	}
}

static void free_all(void)
{
	struct heap_block_info freed;
	enum place i;

	for (i = 0; i < PLACES; i++) {
		if (!scene.pieces[i].gone && scene.pieces[i].kind == PENDING)
			release_piece(&scene.pieces[i]);
	}
	for (i = 0; i < PLACES; i++) {
		if (!scene.pieces[i].gone && scene.pieces[i].kind == USED)
			free_piece(&scene.pieces[i]);
	}
	while (guest_count)
		REQUIRE(scene_free(&scene.arena.heap, guests[--guest_count], &freed) == HEAP_OK);
}

/* How much damage the operations should have found by now: all but that in quarantine. */
static unsigned int harms(enum heap_verdict verdict)
{
	unsigned int count = 0;
	enum place i;

	for (i = 0; i < PLACES; i++)
		count += scene.pieces[i].harm == verdict && scene.pieces[i].kind != QUARANTINED;
	return count;
}

static void require_totals(void)
{
	const struct heap *heap = &scene.arena.heap;
	const u64 *verdicts = heap->verdicts;

	REQUIRE(!heap_live_blocks(heap) && !heap->used && !heap->pending);
	REQUIRE(-heap->asked <= heap->lost * TAG_SLACK);
	REQUIRE(verdicts[HEAP_CORRUPT_HEADER] == harms(HEAP_CORRUPT_HEADER));
	REQUIRE(verdicts[HEAP_OVERRUN] == harms(HEAP_OVERRUN));
	REQUIRE(heap->events == verdicts[HEAP_CORRUPT_HEADER] + verdicts[HEAP_OVERRUN]);
	REQUIRE(!heap_is_frozen(heap) && heap->refused == scene.good.heap.refused);
}

/* Only what was damaged in quarantine stays damaged, for nobody comes there any more. */
static void require_good(void)
{
	struct heap_audit audit;
	enum heap_verdict verdict;
	enum place i;

	heap_audit_start(&audit);
	verdict = heap_check(&scene.arena.heap, &audit, U32_MAX);
	for (i = 0; i < PLACES; i++) {
		if (scene.pieces[i].harm && scene.pieces[i].kind == QUARANTINED)
			break;
	}
	REQUIRE(verdict == (i < PLACES ? HEAP_CORRUPT_HEADER : HEAP_OK));
}

static void serve_on(void)
{
	fill_holes();
	free_all();
	require_totals();
	require_good();
}

/* The last two stages, for every way to touch what was harmed. */
static unsigned int meet(enum place place)
{
	unsigned int ways = 0;
	enum act act;

	for (act = 0; act < ACTS; act++) {
		if (!touches(place, act))
			continue;
		scene_restore(&scene);
		scene_plant(&scene, &plant);
		touch(place, act);
		require_found(&scene.pieces[place]);
		met[act]++;
		ways++;
		serve_on();
	}
	return ways;
}

/* All three stages of a plant. */
static void prove(unsigned int harmed)
{
	unsigned int ways = 0;
	enum place i;

	look(harmed);
	for (i = 0; i < PLACES; i++) {
		if (scene.pieces[i].harm)
			ways += meet(i);
	}
	if (ways)
		return;
	scene_restore(&scene);
	scene_plant(&scene, &plant);
	serve_on();
}

/* Try the plant, and count it. Return: false if it changes nothing, and is no damage. */
static bool try(struct tally *tally)
{
	bool chance = false, past = false;
	unsigned int harmed;
	enum place i;

	scene_restore(&scene);
	if (!scene_plant(&scene, &plant))
		return false;
	harmed = scene_assess(&scene);
	for (i = 0; i < PLACES; i++) {
		chance |= scene.pieces[i].harm && scene.pieces[i].chance;
		past |= scene.pieces[i].harm && got_past(&scene.pieces[i]);
	}
	if (!past)
		prove(harmed);
	if (harmed) {
		tally->tried++;
		tally->chances += chance;
		tally->past += past;
		tally->found += !past;
	} else {
		given_up++;
	}
	return true;
}

/* Every value of a byte: those that differ in a bit are counted on their own. */
static void try_byte(u64 offset, struct tally *bits, struct tally *bytes)
{
	u8 good = scene.good.region[offset];
	unsigned int flip;

	plant = (struct plant){ .offset = offset, .count = 1 };
	for (flip = 1; flip < 256; flip++) {
		plant.bytes[0] = good ^ flip;
		try(flip & (flip - 1) ? bytes : bits);
	}
}

/* Scenes: every target between every two neighbours; in a heap with flags, one target. */
static const u32 targets[] = { 3, 1, 70 };
static const u32 slacks[] = { 0, 1, 8, 9, 15 };

#define COUNT(table) (sizeof(table) / sizeof(*(table)))

/* The slack that a target of few granules can have. */
static bool is_plausible(const struct plan *plan)
{
	return plan->front != PART && plan->slack < heap_bytes(plan->granules) - 8;
}

static void each_scene(u32 flags, u32 slack, void (*run)(void))
{
	struct plan plan = { .flags = flags, .slack = slack };
	unsigned int i;

	for (i = 0; i < (flags ? 1 : COUNT(targets)); i++) {
		plan.granules = targets[i];
		for (plan.front = NONE; plan.front < KINDS; plan.front++) {
			for (plan.behind = NONE; plan.behind < KINDS; plan.behind++) {
				if (!is_plausible(&plan))
					continue;
				scene_init(&scene, &plan);
				run();
				scene_destroy(&scene);
			}
		}
	}
}

/* Headers: of the target and of the blocks beside it. */
static struct tally header_bits[KINDS] = {
	[USED] = { .name = "header bits of used blocks" },
	[HOLE] = { .name = "header bits of holes" },
	[KEPT] = { .name = "header bits of kept blocks" },
	[PART] = { .name = "header bits of kept blocks that are a part of their hole" },
	[PENDING] = { .name = "header bits of pending blocks" },
	[QUARANTINED] = { .name = "header bits of quarantined blocks" },
};

static struct tally header_bytes[KINDS] = {
	[USED] = { .name = "header bytes of used blocks" },
	[HOLE] = { .name = "header bytes of holes" },
	[KEPT] = { .name = "header bytes of kept blocks" },
	[PART] = { .name = "header bytes of kept blocks that are a part of their hole" },
	[PENDING] = { .name = "header bytes of pending blocks" },
	[QUARANTINED] = { .name = "header bytes of quarantined blocks" },
};

static void spoil_headers(void)
{
	enum place place;
	u64 byte;

	for (place = FRONT; place <= REST; place++) {
		const struct piece *piece = &scene.pieces[place];

		for (byte = 0; piece->kind && byte < sizeof(struct heap_block); byte++)
			try_byte(heap_offset(piece->at) + byte, &header_bits[piece->kind],
				 &header_bytes[piece->kind]);
	}
}

static void headers(void)
{
	enum kind kind;

	each_scene(0, 1, spoil_headers);
	each_scene(HEAP_POISON | HEAP_REDZONE, 0, spoil_headers);
	for (kind = USED; kind < KINDS; kind++) {
		report(&header_bits[kind]);
		report(&header_bytes[kind]);
	}
}

/* Slack, and redzones. */
static struct tally slack_bits, slack_bytes;

static void spoil_slack(void)
{
	const struct piece *target = &scene.pieces[TARGET];
	u64 end = heap_offset(target->at + target->granules);
	u64 byte;

	for (byte = payload_offset(target) + target->asked; byte < end; byte++)
		try_byte(byte, &slack_bits, &slack_bytes);
}

static void slack(u32 flags, const char *bits, const char *bytes)
{
	unsigned int i;

	slack_bits = (struct tally){ .name = bits };
	slack_bytes = (struct tally){ .name = bytes };
	for (i = 0; i < COUNT(slacks); i++)
		each_scene(flags, slacks[i], spoil_slack);
	report(&slack_bits);
	report(&slack_bytes);
}

/* Overruns: what a client writes behind what it asked for. */
#define LONGEST 32

enum text {
	ZEROS,
	ONES,
	LETTERS,
	WORDS,
	OWN_HEADER,
	OTHER_HEADER,
	TEXTS
};

static struct tally overruns[TEXTS];
static unsigned long overruns_stopped;	/* by the redzone */

/* A header is copied so that it would come to lie on the next one. */
static u8 header_byte(enum place place, u32 i)
{
	u64 offset = heap_offset(scene.pieces[place].at);

	return scene.good.region[offset + (i - scene.plan.slack) % sizeof(struct heap_block)];
}

static u8 text_byte(enum text text, u32 i)
{
	static const char words[] = "the quick brown fox jumps over a lazy dog";

	switch (text) {
	case ZEROS:
		return 0;
	case ONES:
		return 0xff;
	case LETTERS:
		return 'A';
	case WORDS:
		return words[i];
	case OWN_HEADER:
		return header_byte(TARGET, i);
	default:
		return header_byte(scene.plan.behind ? RIGHT : LEFT, i);
	}
}

/* A redzone is there to stop what is no longer than itself. */
static void require_stopped(u32 length)
{
	enum place i;

	if (!(scene.plan.flags & HEAP_REDZONE) || length > scene.plan.slack + HEAP_GRANULE)
		return;
	for (i = 0; i < PLACES; i++)
		REQUIRE(scene.pieces[i].harm != HEAP_CORRUPT_HEADER);
	overruns_stopped++;
}

static void overrun(void)
{
	const struct piece *target = &scene.pieces[TARGET];
	enum text text;
	u32 length, i;

	for (text = 0; text < TEXTS; text++) {
		for (length = 1; length <= LONGEST; length++) {
			plant = (struct plant){
				.offset = payload_offset(target) + target->asked, .count = length,
			};
			for (i = 0; i < length; i++)
				plant.bytes[i] = text_byte(text, i);
			if (try(&overruns[text]))
				require_stopped(length);
		}
	}
}

static void overrun_all(u32 flags, const char * const *names)
{
	unsigned int i;

	memset(overruns, 0, sizeof(overruns));
	given_up = 0;
	overruns_stopped = 0;
	for (i = 0; i < COUNT(slacks); i++)
		each_scene(flags, slacks[i], overrun);
	for (i = 0; i < TEXTS; i++) {
		overruns[i].name = names[i];
		report(&overruns[i]);
	}
	if (flags & HEAP_REDZONE)
		printf("ok - overruns up to the redzone's end: %lu, none reached a header\n",
		       overruns_stopped);
	if (given_up)
		printf("ok - overruns behind the last block: %lu, harmless, not found\n",
		       given_up);
}

static const char * const names_usual[TEXTS] = {
	"overruns by 1 to 32 zeros", "overruns by 0xff", "overruns by letters",
	"overruns by words", "overruns by the block's own header",
	"overruns by the header of another",
};

static const char * const names_redzone[TEXTS] = {
	"with redzones, overruns by zeros", "with redzones, overruns by 0xff",
	"with redzones, overruns by letters", "with redzones, overruns by words",
	"with redzones, overruns by the block's own header",
	"with redzones, overruns by the header of another",
};

static const char * const names_poison[TEXTS] = {
	"with poison, overruns by zeros", "with poison, overruns by 0xff",
	"with poison, overruns by letters", "with poison, overruns by words",
	"with poison, overruns by the block's own header",
	"with poison, overruns by the header of another",
};

/* Poison: a byte that is written to a free block is told of when the memory is given anew. */
static struct tally late_writes[2];

static void require_late_write(u32 at, u32 granules)
{
	struct heap *heap = &scene.arena.heap;
	u8 *ptr = heap_alloc(heap, payload_bytes(heap, granules), 1);
	u64 bytes = heap_bytes(granules) - sizeof(struct heap_block);

	REQUIRE(ptr && place_of(&scene.arena, ptr) == at);
	REQUIRE(heap_first_unfilled(ptr, bytes) == heap->region + plant.offset);
}

/* As a block of its own, and as a part of what a free of the target merges it with. */
static void try_late(enum place place, struct tally *tally)
{
	struct piece *piece = &scene.pieces[place];
	u32 want = want_of(place, TAKE_ALL), first;

	scene_restore(&scene);
	scene_plant(&scene, &plant);
	if (piece->kind == PENDING)
		release_piece(piece);
	if (piece->kind == PENDING || takes(place, TAKE_ALL))
		require_late_write(scene.pieces[hole_of(place)].at, want);

	scene_restore(&scene);
	scene_plant(&scene, &plant);
	if (piece->kind == PENDING)
		release_piece(piece);
	first = place == FRONT ? piece->at : scene.pieces[TARGET].at;
	free_piece(&scene.pieces[TARGET]);
	if (scene.plan.front == HOLE || scene.plan.front == KEPT)
		first = scene.pieces[FRONT].at;
	heap_flush(&scene.arena.heap);
	require_late_write(first, heap_index_size(&scene.arena.heap.index, first));
	tally->tried++;
	tally->found++;
}

static void write_late(void)
{
	enum place place;
	unsigned int flip;
	u64 byte, end;

	for (place = FRONT; place <= REST; place++) {
		const struct piece *piece = &scene.pieces[place];

		if (!piece->kind || piece->kind == USED || piece->kind == QUARANTINED)
			continue;
		end = heap_offset(piece->at + piece->granules);
		for (byte = payload_offset(piece); byte < end; byte++) {
			plant = (struct plant){ .offset = byte, .count = 1 };
			for (flip = 1; flip < 256; flip++) {
				plant.bytes[0] = HEAP_PATTERN ^ flip;
				try_late(place, &late_writes[!!(flip & (flip - 1))]);
			}
		}
	}
}

static void poison(void)
{
	late_writes[0].name = "bits written to free memory";
	late_writes[1].name = "bytes written to free memory";
	each_scene(HEAP_POISON, 8, write_late);
	report(&late_writes[0]);
	report(&late_writes[1]);
}

/* The seal alone: tags at random, and copies of good headers, where the size is right. */
#define ROW	16
#define KEYS	4096

static void make_row(struct arena *arena, u8 **row, u32 granules)
{
	u64 key = next_random(U32_MAX);
	unsigned int i;

	arena_init_as(arena, ROW * granules, 0, key << 32 | next_random(U32_MAX));
	for (i = 0; i < ROW; i++)
		row[i] = heap_alloc(&arena->heap, heap_bytes(granules) - 8, 3);
}

static void judge(struct arena *arena, u8 *ptr, u64 word, struct tally *tally)
{
	struct heap_block *header = block_at(&arena->heap, place_of(arena, ptr));
	u64 good = header_word(header);
	struct heap_block_info view;
	enum heap_verdict verdict;

	if (word == good)
		return;
	write_header(header, word);
	verdict = heap_judge(&arena->heap, ptr, &view);
	write_header(header, good);
	REQUIRE(verdict == HEAP_OK || verdict == HEAP_CORRUPT_HEADER ||
		verdict == HEAP_DOUBLE_FREE);
	tally->tried++;
	tally->chances++;
	tally->past += verdict == HEAP_OK;
	tally->found += verdict != HEAP_OK;
}

static void seals(void)
{
	struct tally random = { .name = "headers with the right size and a random tag" };
	struct tally copies = { .name = "good headers on the place of others of their size" };
	unsigned int key, i, j;
	struct arena arena;
	u8 *row[ROW];

	for (key = 0; key < KEYS; key++) {
		u32 granules = 1 + key % 5;

		make_row(&arena, row, granules);
		for (i = 0; i < ROW; i++) {
			for (j = 0; j < 512; j++)
				judge(&arena, row[i], granules | (u64)next_random(U32_MAX) << 32,
				      &random);
			for (j = 0; j < ROW; j++)
				judge(&arena, row[i],
				      header_word(block_at(&arena.heap, j * granules)), &copies);
		}
		arena_destroy(&arena);
	}
	report(&random);
	report(&copies);
}

/* A client that damages everything does not get everything into quarantine. */
static void fill_quarantine(u32 granules, u32 block, u32 expected)
{
	struct arena arena;
	struct heap_block_info freed;
	u8 *ptrs[HEAP_QUARANTINE * 2];
	u32 count = granules / block, i;

	arena_init(&arena, granules);
	for (i = 0; i < count && i < COUNT(ptrs); i++)
		ptrs[i] = heap_alloc(&arena.heap, heap_bytes(block) - 8, 1);
	count = i;
	for (i = 0; i < count; i++) {
		block_at(&arena.heap, place_of(&arena, ptrs[i]))->tag ^= 1U << 31;
		REQUIRE(heap_free(&arena.heap, ptrs[i], &freed) == HEAP_CORRUPT_HEADER);
		REQUIRE(arena_check(&arena) == HEAP_OK);
	}
	REQUIRE(arena.heap.quarantine_count == expected);
	REQUIRE(arena.heap.quarantined == expected * block);
	REQUIRE(heap_alloc(&arena.heap, heap_bytes(granules - expected * block) - 8, 1));
	REQUIRE(arena_check(&arena) == HEAP_OK);
	printf("ok - quarantine: %u of %u damaged blocks of %u granules, of %u in the region\n",
	       expected, count, block, granules);
	arena_destroy(&arena);
}

int main(void)
{
	headers();
	slack(0, "slack bits", "slack bytes");
	slack(HEAP_REDZONE, "slack and redzone bits", "slack and redzone bytes");
	overrun_all(0, names_usual);
	overrun_all(HEAP_REDZONE, names_redzone);
	overrun_all(HEAP_POISON, names_poison);
	report_acts();
	poison();
	seals();
	fill_quarantine(80, 3, 3);
	fill_quarantine(1000, 1, HEAP_QUARANTINE);
	fill_quarantine(7, 1, 0);
	return 0;
}

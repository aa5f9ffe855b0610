// SPDX-License-Identifier: GPL-2.0-only
/*
 * damage - damage by clients is found, by the check and by the next operation, and contained
 *
 * In every scene (scene.h) bytes are overwritten, and each such damage goes through three stages:
 * the check finds it, and nothing else; the next operation on the block finds it; and the heap
 * works until everything is free, with each damage found exactly once, and only corrupt blocks in
 * quarantine.
 */
#include <string.h>

#include "core/block.h"
#include "core/findings.h"
#include "scene.h"

/* Counts of a kind of damage. Damage may pass only by chance: with 2^-20 a seal is valid. */
struct tally {
	const char *name;
	unsigned long tried;
	unsigned long found;
	unsigned long chances;		/* tried ones that only the seal can detect */
	unsigned long past;		/* those of them that it did not detect */
};

#define CHANCE_SHIFT 20

static struct scene scene;
static struct plant plant;
static unsigned long harmless;		/* writes behind the last block */

/* At most the expected number and five standard deviations, or one more than expected. */
static void require_rare(const struct tally *tally)
{
	unsigned long expected = tally->chances >> CHANCE_SHIFT;
	unsigned long more = tally->past > expected ? tally->past - expected : 0;

	REQUIRE(more <= 1 || more * more <= 25 * expected);
}

static void report(const struct tally *tally)
{
	REQUIRE(tally->tried && tally->found + tally->past == tally->tried);
	printf("ok - %s are found: %lu of %lu", tally->name, tally->found, tally->tried);
	if (tally->chances)
		printf("; %lu by the seal alone, %lu passed it, %.2f expected", tally->chances,
		       tally->past, (double)tally->chances / (1 << CHANCE_SHIFT));
	printf("\n");
	require_rare(tally);
}

/* A header that was overwritten, and has a valid seal by chance. */
static bool passes_seal(const struct piece *piece)
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

/* Every queued finding is about a harmed block. Return: how many are queued. */
static unsigned int count_findings(void)
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

/*
 * Stage 1: the check finds the damage; at least one in each chunk that has damage. An overrun may
 * also reach free memory: with HEAP_POISON that is a finding of its own, maybe the only one.
 */
static void check_damage(unsigned int harmed)
{
	struct heap *heap = &scene.arena.heap;
	enum heap_verdict verdict;
	struct heap_audit audit;
	unsigned int found = 0;
	bool late = false;

	heap_audit_start(&audit);
	do {
		verdict = heap_check(heap, &audit, U32_MAX);
		REQUIRE(verdict != HEAP_CORRUPT_INDEX);
		if (verdict == HEAP_USE_AFTER_FREE) {
			REQUIRE(scene_changed(&scene, audit.offset, 1));
			late = true;
			continue;
		}
		if (verdict)
			REQUIRE(piece_harmed(verdict, audit.offset));
		found += verdict != HEAP_OK;
	} while (!heap_audit_done(heap, &audit));
	found += count_findings();	/* the check has coalesced the quick list */
	REQUIRE(found <= harmed && (late || !found == !harmed));
}

/* Stage 2: the operations that find a harmed block. */
enum act {
	FREE_IT,
	RELEASE_IT,
	FREE_NEIGHBOUR,
	TAKE_ALL,			/* of the hole */
	TAKE_LESS,			/* all but a granule */
	TAKE_LEAST,			/* all but two */
	ACTS
};

static const char * const act_names[ACTS] = {
	[FREE_IT] = "a free of the block",
	[RELEASE_IT] = "the release of a claimed block",
	[FREE_NEIGHBOUR] = "a free of its neighbour",
	[TAKE_ALL] = "an allocation of the whole hole",
	[TAKE_LESS] = "an allocation of all but one granule",
	[TAKE_LEAST] = "an allocation of all but two granules",
};

static unsigned long found_by[ACTS];

static void report_acts(void)
{
	enum act act;

	for (act = 0; act < ACTS; act++) {
		REQUIRE(found_by[act]);
		printf("ok - damage is found by %s: %lu times\n", act_names[act], found_by[act]);
	}
}

/* The place that first fit chooses. */
static enum place place_for(u32 want)
{
	enum place i;

	for (i = 0; i < PLACES; i++) {
		enum kind kind = scene.pieces[i].kind;
		u32 rest = kind == QUICK_PART ? scene.pieces[REST].granules : 0;

		if ((kind == HOLE || kind == QUICK || kind == QUICK_PART) &&
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

/* The place of the hole that a block is, or was split off. */
static enum place hole_of(enum place place)
{
	return place == REST ? BEHIND : place;
}

static u32 want_of(enum place place, enum act act)
{
	const struct piece *hole = &scene.pieces[hole_of(place)];
	u32 rest = hole->kind == QUICK_PART ? scene.pieces[REST].granules : 0;
	u32 granules = hole->granules + rest;
	u32 less = act - TAKE_ALL;

	return granules > less ? granules - less : 0;
}

static bool takes(enum place place, enum act act)
{
	u32 want = want_of(place, act);

	if (place == REST && want == scene.pieces[BEHIND].granules)
		return false;		/* a block of the list, as it is: its rest is not touched */
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
	case QUICK:
	case QUICK_PART:
		if (act == FREE_NEIGHBOUR)
			return is_bystander(neighbour_of(place));
		return act >= TAKE_ALL && takes(place, act);
	default:
		return false;		/* no operation touches a quarantined block */
	}
}

/* A block with a corrupt header is quarantined while there is room. */
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
	REQUIRE(heap_live_blocks(heap) == heap_live_blocks(&before) - 1);
	REQUIRE(heap->frees == before.frees + 1);
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

/* Blocks that are allocated after the damage. */
#define NEW_BLOCKS 16

static void *new_blocks[NEW_BLOCKS];
static u32 new_count;

static void allocate_at(u32 at, u32 granules)
{
	struct heap *heap = &scene.arena.heap;
	size_t size = payload_bytes(heap, granules);
	u8 *ptr = heap_alloc(heap, size, 99);

	REQUIRE(ptr && place_of(&scene.arena, ptr) == at && new_count < NEW_BLOCKS);
	memset(ptr, 'z', size);
	new_blocks[new_count++] = ptr;
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
		allocate_at(scene.pieces[hole_of(place)].at, want_of(place, act));
}

static void require_found(const struct piece *piece)
{
	const struct heap *heap = &scene.arena.heap;
	unsigned int i, found = 0;

	count_findings();
	for (i = 0; i < heap->events; i++)
		found += heap->findings[i].offset == piece->harmed_at;
	REQUIRE(found == 1);
}

/* Stage 3: every hole is allocated, and everything is freed. */
static void fill_holes(void)
{
	struct heap *heap = &scene.arena.heap;
	struct heap_block_info blocks[NEW_BLOCKS];
	u32 count = heap_walk(heap, 0, blocks, NEW_BLOCKS);
	u32 i;

	REQUIRE(count < NEW_BLOCKS);
	for (i = 0; i < count; i++) {
		if (blocks[i].state == HEAP_HOLE && heap_bytes(blocks[i].granules) > heap->overhead)
			allocate_at(blocks[i].at, blocks[i].granules);
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
	while (new_count)
		REQUIRE(scene_free(&scene.arena.heap, new_blocks[--new_count], &freed) == HEAP_OK);
}

/* Damage that the operations must have found by now: all but that in quarantine. */
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

/* Only damage in quarantine remains, because no operation touches these blocks. */
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

static void use_and_empty(void)
{
	fill_holes();
	free_all();
	require_totals();
	require_good();
}

/* Stages 2 and 3, for each operation that touches a harmed block. */
static unsigned int find_by_each(enum place place)
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
		found_by[act]++;
		ways++;
		use_and_empty();
	}
	return ways;
}

/* All three stages for a plant. */
static void prove(unsigned int harmed)
{
	unsigned int ways = 0;
	enum place i;

	check_damage(harmed);
	for (i = 0; i < PLACES; i++) {
		if (scene.pieces[i].harm)
			ways += find_by_each(i);
	}
	if (ways)
		return;
	scene_restore(&scene);
	scene_plant(&scene, &plant);
	use_and_empty();
}

/* Try the plant, and count it. Return: false when it changes nothing. */
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
		past |= scene.pieces[i].harm && passes_seal(&scene.pieces[i]);
	}
	if (!past)
		prove(harmed);
	if (harmed) {
		tally->tried++;
		tally->chances += chance;
		tally->past += past;
		tally->found += !past;
	} else {
		harmless++;
	}
	return true;
}

/* Every value of a byte. Those that differ in one bit are counted separately. */
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

/* Scenes: every target between neighbours of every kind; with flags, one target only. */
static const u32 targets[] = { 3, 1, 70 };
static const u32 slacks[] = { 0, 1, 8, 9, 15 };

#define COUNT(table) (sizeof(table) / sizeof(*(table)))

/* A block on the quick list in front of the target has no rest; a small block has little slack. */
static bool is_possible(const struct plan *plan)
{
	return plan->front != QUICK_PART && plan->slack < heap_bytes(plan->granules) - 8;
}

static void each_scene(u32 flags, u32 slack, void (*run)(void))
{
	struct plan plan = { .flags = flags, .slack = slack };
	unsigned int i;

	for (i = 0; i < (flags ? 1 : COUNT(targets)); i++) {
		plan.granules = targets[i];
		for (plan.front = NONE; plan.front < KINDS; plan.front++) {
			for (plan.behind = NONE; plan.behind < KINDS; plan.behind++) {
				if (!is_possible(&plan))
					continue;
				scene_init(&scene, &plan);
				run();
				scene_destroy(&scene);
			}
		}
	}
}

/* Headers of the target and of its neighbours. */
static struct tally header_bits[KINDS] = {
	[USED] = { .name = "changed header bits of used blocks" },
	[HOLE] = { .name = "changed header bits of holes" },
	[QUICK] = { .name = "changed header bits of blocks on the quick list" },
	[QUICK_PART] = { .name = "changed header bits of such blocks with a rest" },
	[PENDING] = { .name = "changed header bits of pending blocks" },
	[QUARANTINED] = { .name = "changed header bits of quarantined blocks" },
};

static struct tally header_bytes[KINDS] = {
	[USED] = { .name = "changed header bytes of used blocks" },
	[HOLE] = { .name = "changed header bytes of holes" },
	[QUICK] = { .name = "changed header bytes of blocks on the quick list" },
	[QUICK_PART] = { .name = "changed header bytes of such blocks with a rest" },
	[PENDING] = { .name = "changed header bytes of pending blocks" },
	[QUARANTINED] = { .name = "changed header bytes of quarantined blocks" },
};

static void damage_headers(void)
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

	each_scene(0, 1, damage_headers);
	each_scene(HEAP_POISON | HEAP_REDZONE, 0, damage_headers);
	for (kind = USED; kind < KINDS; kind++) {
		report(&header_bits[kind]);
		report(&header_bytes[kind]);
	}
}

/* Slack, and redzones. */
static struct tally slack_bits, slack_bytes;

static void damage_slack(void)
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
		each_scene(flags, slacks[i], damage_slack);
	report(&slack_bits);
	report(&slack_bytes);
}

/* Overruns: writes behind the requested bytes. */
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

/* A header is copied over the next one. */
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

/* An overrun up to the end of the redzone does not reach a header. */
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
	harmless = 0;
	overruns_stopped = 0;
	for (i = 0; i < COUNT(slacks); i++)
		each_scene(flags, slacks[i], overrun);
	for (i = 0; i < TEXTS; i++) {
		overruns[i].name = names[i];
		report(&overruns[i]);
	}
	if (flags & HEAP_REDZONE)
		printf("ok - no overrun up to the end of the redzone reaches a header: %lu\n",
		       overruns_stopped);
	if (harmless)
		printf("ok - overruns behind the last block are harmless: %lu\n", harmless);
}

static const char * const names_usual[TEXTS] = {
	"overruns by zeros", "overruns by 0xff", "overruns by letters",
	"overruns by words", "overruns by a copy of the block's header",
	"overruns by a copy of another header",
};

static const char * const names_redzone[TEXTS] = {
	"with redzones, overruns by zeros", "with redzones, overruns by 0xff",
	"with redzones, overruns by letters", "with redzones, overruns by words",
	"with redzones, overruns by a copy of the block's header",
	"with redzones, overruns by a copy of another header",
};

static const char * const names_poison[TEXTS] = {
	"with poison, overruns by zeros", "with poison, overruns by 0xff",
	"with poison, overruns by letters", "with poison, overruns by words",
	"with poison, overruns by a copy of the block's header",
	"with poison, overruns by a copy of another header",
};

/* Poison: a byte that was written to a free block is found when the memory is allocated. */
static struct tally late_writes[2];

static void require_late_write(u32 at, u32 granules)
{
	struct heap *heap = &scene.arena.heap;
	u8 *ptr = heap_alloc(heap, payload_bytes(heap, granules), 1);
	u64 bytes = heap_bytes(granules) - sizeof(struct heap_block);

	REQUIRE(ptr && place_of(&scene.arena, ptr) == at);
	REQUIRE(heap_first_unfilled(ptr, bytes) == heap->region + plant.offset);
}

/* The damaged block is allocated again, and as a part of the hole that it is coalesced to. */
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
	if (scene.plan.front == HOLE || scene.plan.front == QUICK)
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
	late_writes[0].name = "changed bits of free memory";
	late_writes[1].name = "changed bytes of free memory";
	each_scene(HEAP_POISON, 8, write_late);
	report(&late_writes[0]);
	report(&late_writes[1]);
}

/* The seal alone: random tags, and copies of valid headers of the same size. */
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
	struct heap_block_info info;
	enum heap_verdict verdict;

	if (word == good)
		return;
	write_header(header, word);
	verdict = heap_judge(&arena->heap, ptr, &info);
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
	struct tally random = { .name = "headers with a random tag" };
	struct tally copies = { .name = "headers copied from blocks of the same size" };
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

/* A client that damages all blocks cannot bring the whole heap into quarantine. */
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
	printf("ok - the quarantine is bounded: %u of %u blocks of %u granules, of %u in all\n",
	       expected, count, block, granules);
	arena_destroy(&arena);
}

int main(void)
{
	headers();
	slack(0, "changed slack bits", "changed slack bytes");
	slack(HEAP_REDZONE, "changed slack and redzone bits", "changed slack and redzone bytes");
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

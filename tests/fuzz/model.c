// SPDX-License-Identifier: GPL-2.0-only
/*
 * model - what a heap must be, byte for byte, after everything that was done to it
 */
#include <string.h>

#include "model.h"

#define KEY 0x1234567890abcdefULL

unsigned int heap_steps;

void model_init(struct model *model, u32 granules, u32 flags)
{
	size_t bytes = heap_bytes(granules + 1);

	memset(model, 0, sizeof(*model));
	model->granules = granules;
	model->bytes = bytes;
	MUST(!posix_memalign((void **)&model->region, MODEL_ALIGN, bytes));
	model->image = malloc(bytes);
	model->index = calloc(1, heap_index_bytes(granules));
	model->oracle = oracle_init(granules);
	model->tally.mark = U32_MAX;
	MUST(model->image && model->index);
	heap_fill(model->region, bytes);
	memset(model->image, MODEL_PATTERN, bytes);
	heap_init(&model->heap, model->region, granules, model->index, flags, KEY);
	heap_deferred_init(&model->deferred);
	heap_audit_start(&model->audit);
	model_settle(model);
	model_verify(model);
}

void model_destroy(struct model *model)
{
	oracle_destroy(model->oracle);
	free(model->region);
	free(model->image);
	free(model->index);
}

void *model_payload(const struct model *model, u32 at)
{
	return model->region + heap_bytes(at + 1);
}

static u32 overhead(const struct model *model)
{
	return model->heap.flags & HEAP_REDZONE ? 24 : 8;
}

u32 model_payload_bytes(const struct model *model, u32 granules)
{
	return heap_bytes(granules) - overhead(model);
}

/* Granules for a payload of @size bytes; 0 if no block can have that. */
u32 model_granules(const struct model *model, size_t size)
{
	u64 region = heap_bytes(model->granules);

	if (model->closed || !size || size > region || size + overhead(model) > region)
		return 0;
	return (size + overhead(model) + HEAP_GRANULE - 1) / HEAP_GRANULE;
}

/* The node that holds granule @at. */
struct node *model_node(const struct model *model, u32 at)
{
	struct node *node = model->oracle;

	while (node->at + node->size <= at)
		node = node->next;
	return node;
}

/*
 * Headers: granules (32 bits), slack (4) and owner (8), and 20 bits of seal, of which every other
 * is turned over in a block that waits to be freed; or granules and a masked state. As
 * heap_block.h says, written down once more.
 */
#define SEAL_SHIFT	44
#define SEAL_DEFERRED	(0xaaaaaULL << SEAL_SHIFT)
#define STATE_MASK	(KEY >> 32 << 32)

static u64 seal(const struct model *model, u32 at, u64 open)
{
	return ((open << 20 ^ KEY ^ at) * model->heap.factor) >> SEAL_SHIFT;
}

static u64 used_word(const struct model *model, u32 at, u32 granules, u32 slack, u8 owner)
{
	u64 open = granules | (u64)slack << 32 | (u64)owner << 36;

	return open | seal(model, at, open) << SEAL_SHIFT;
}

static u64 state_word(u32 granules, u8 state)
{
	return (granules | (u64)state << 32) ^ STATE_MASK;
}

static bool is_state_word(u64 word)
{
	return (word ^ STATE_MASK) >> 32 <= HEAP_QUARANTINED;
}

static bool is_sealed(const struct model *model, u32 at, u64 word)
{
	return seal(model, at, word & ((1ULL << SEAL_SHIFT) - 1)) == word >> SEAL_SHIFT;
}

static u64 header_in(const u8 *bytes, u32 at)
{
	struct heap_block header;

	memcpy(&header, bytes + heap_offset(at), sizeof(header));
	return header.granules | (u64)header.tag << 32;
}

static void put_header(u8 *bytes, u32 at, u64 word)
{
	struct heap_block header = { .granules = word, .tag = word >> 32 };

	memcpy(bytes + heap_offset(at), &header, sizeof(header));
}

/* Is the header of the block that begins at @at something else than the core wrote? */
bool model_is_damaged(const struct model *model, u32 at)
{
	return header_in(model->image, at) != model->starts[at].word;
}

/* ... and more of it than the size? */
static bool is_tag_damaged(const struct model *model, u32 at)
{
	return (header_in(model->image, at) ^ model->starts[at].word) >> 32;
}

/* Would @word pass for any header? */
static bool passes(const struct model *model, u32 at, u64 word)
{
	return is_state_word(word) || is_sealed(model, at, word) ||
	       is_sealed(model, at, word ^ SEAL_DEFERRED);
}

/*
 * Damage of several bytes passes the seal with 2^-20, which is seldom for clients, and not for a
 * fuzzer. Would @word pass for a header of this block, as it is or with the right size, that it is
 * not?
 */
static bool is_forged(const struct model *model, u32 at, u64 word)
{
	u64 right = model->starts[at].word;
	u64 sized = (u32)right | word >> 32 << 32;

	return (word != right && passes(model, at, word)) ||
	       (sized != right && passes(model, at, sized));
}

bool model_is_kept(const struct model *model, u32 at)
{
	u32 i;

	for (i = 0; i < model->heap.quick_count; i++) {
		if (model->heap.kept[i].at == at)
			return true;
	}
	return false;
}

/* The first byte of the image from @from to @end that is not the pattern, or @end. */
size_t model_first_wrong(const struct model *model, size_t from, size_t end)
{
	while (from < end && model->image[from] == MODEL_PATTERN)
		from++;
	return from;
}

static size_t end_of(const struct node *node)
{
	return heap_offset(node->at + node->size);
}

/* Where the bytes behind a payload are wrong; the end of the block if they are not. */
size_t model_overrun(const struct model *model, const struct node *node)
{
	return model_first_wrong(model, heap_bytes(node->at + 1) + model->starts[node->at].asked,
				 end_of(node));
}

/*
 * What the block seems to be: a damaged mark of one that waits is taken for the header of a used
 * one.
 */
static u8 state_seen(const struct model *model, const struct node *node)
{
	u8 state = node->used ? model->starts[node->at].state : HEAP_HOLE;

	if (state != HEAP_DEFERRED)
		return state;
	return is_tag_damaged(model, node->at) ? HEAP_USED : state;
}

static bool is_live(u8 state)
{
	return state == HEAP_USED || state == HEAP_DEFERRED;
}

struct heap_block_info model_view(const struct model *model, const struct node *node)
{
	const struct start *start = &model->starts[node->at];
	struct heap_block_info view = {
		.at = node->at,
		.granules = node->size,
		.state = state_seen(model, node),
	};

	if (!is_live(view.state))
		return view;
	view.asked = model_payload_bytes(model, node->size);
	if (is_live(start->state) && !is_tag_damaged(model, node->at)) {
		view.sealed = true;
		view.asked = start->asked;
		view.owner = start->owner;
	}
	return view;
}

/* What must be said of a pointer; @at is set to the block that it is the payload of, if any. */
enum heap_verdict model_judge(const struct model *model, const void *ptr, u32 *at)
{
	size_t offset = (uintptr_t)ptr - (uintptr_t)model_payload(model, 0);
	const struct node *node;

	*at = HEAP_NONE;
	if (offset >= heap_bytes(model->granules))
		return HEAP_FOREIGN;
	if (offset % HEAP_GRANULE)
		return HEAP_MISALIGNED;
	node = model_node(model, offset / HEAP_GRANULE);
	if (state_seen(model, node) != HEAP_USED)
		return HEAP_DOUBLE_FREE;
	if (node->at != offset / HEAP_GRANULE)
		return HEAP_INTERIOR;
	*at = node->at;
	return model_is_damaged(model, node->at) ? HEAP_CORRUPT_HEADER : HEAP_OK;
}

/*
 * ... without the lock: only the map and the header are looked at, and a block that is kept has
 * still the header of a used one.
 */
enum heap_verdict model_judge_deferred(const struct model *model, const void *ptr, u32 *at)
{
	size_t offset = (uintptr_t)ptr - (uintptr_t)model_payload(model, 0);
	u64 word;

	if (offset >= heap_bytes(model->granules))
		return HEAP_FOREIGN;
	if (offset % HEAP_GRANULE)
		return HEAP_MISALIGNED;
	*at = offset / HEAP_GRANULE;
	if (!model->starts[*at].word)
		return HEAP_INTERIOR;
	if (!model_node(model, *at)->used && !model_is_kept(model, *at))
		return HEAP_DOUBLE_FREE;
	word = header_in(model->image, *at);
	if (is_sealed(model, *at, word))
		return HEAP_OK;
	if (is_sealed(model, *at, word ^ SEAL_DEFERRED) || is_state_word(word))
		return HEAP_DOUBLE_FREE;
	return HEAP_CORRUPT_HEADER;
}

static enum heap_verdict check_block(const struct model *model, const struct node *node,
				     u64 *offset)
{
	*offset = heap_offset(node->at);
	if (model_is_damaged(model, node->at))
		return HEAP_CORRUPT_HEADER;
	if (!is_live(state_seen(model, node)))
		return HEAP_OK;
	*offset = model_overrun(model, node);
	return *offset == end_of(node) ? HEAP_OK : HEAP_OVERRUN;
}

/*
 * What the check must say of a chunk: the first that is wrong with the blocks that end in it, and
 * where.
 */
enum heap_verdict model_check(const struct model *model, u32 chunk, u64 *offset)
{
	enum heap_verdict verdict = HEAP_OK;
	const struct node *node;

	for (node = model->oracle; node && !verdict; node = node->next) {
		if ((node->at + node->size) / HEAP_CHUNK == chunk)
			verdict = check_block(model, node, offset);
	}
	return verdict;
}

/* A client writes to what is his. */
void model_fill(struct model *model, size_t offset, u8 byte, size_t bytes)
{
	memset(model->region + offset, byte, bytes);
	memset(model->image + offset, byte, bytes);
}

/* Somebody writes where he must not. */
void model_damage(struct model *model, size_t offset, u8 byte)
{
	u32 at = (offset - HEAP_EDGE) / HEAP_GRANULE;
	u8 before = model->image[offset];

	model->image[offset] = byte;
	if (offset >= HEAP_EDGE && at < model->granules && model->starts[at].word &&
	    is_forged(model, at, header_in(model->image, at)))
		model->image[offset] = before;
	model->region[offset] = model->image[offset];
	model->damaged = true;
}

void model_find(struct model *model, enum heap_verdict verdict)
{
	model->tally.verdicts[verdict]++;
	model->told++;
}

/* More is in use. */
void model_use(struct model *model, u32 granules)
{
	struct tally *tally = &model->tally;

	tally->used += granules;
	if (tally->peak < tally->used)
		tally->peak = tally->used;
	tally->above |= tally->used > tally->watermark;
}

/* If the header is damaged, it is told of. */
void model_meet(struct model *model, u32 at)
{
	if (!model_is_damaged(model, at))
		return;
	model->starts[at].met = model->operations;
	model_find(model, HEAP_CORRUPT_HEADER);
}

/* The block at @at gets a new state, whatever its header was. */
void model_mark(struct model *model, u32 at, enum heap_state state)
{
	struct start *start = &model->starts[at];

	start->state = state;
	start->word = state_word(start->node->size, state);
	put_header(model->image, at, start->word);
}

/* The block at @at waits from now on. If it is kept, it has the mark alone. */
void model_defer(struct model *model, u32 at)
{
	struct start *start = &model->starts[at];
	u64 word = header_in(model->image, at) ^ SEAL_DEFERRED;

	put_header(model->image, at, word);
	start->word = word;
	if (!model_is_kept(model, at))
		start->state = HEAP_DEFERRED;
}

/* What the map says of a block that is used there; 0 if none is. */
static u32 granules_in_map(const struct model *model, u32 at)
{
	const struct node *node = model_node(model, at);
	u32 i;

	for (i = 0; i < model->heap.quick_count; i++) {
		if (model->heap.kept[i].at == at)
			return model->heap.kept[i].granules;
	}
	return node->used && node->at == at ? node->size : 0;
}

/* Has the block that is used at @at the mark of one that waits, whatever size its header says? */
bool model_waits(const struct model *model, u32 at)
{
	u64 word = header_in(model->image, at);
	u32 granules = granules_in_map(model, at);

	return granules && is_sealed(model, at, ((word >> 32 << 32) | granules) ^ SEAL_DEFERRED);
}

/*
 * ... and does no more. What is there may be something else by now: the tag alone says, for were
 * the granules written over, that is found by the free.
 */
bool model_resume(struct model *model, u32 at)
{
	struct start *start = &model->starts[at];
	u64 word = header_in(model->image, at);

	if (!model_waits(model, at))
		return !is_sealed(model, at, word);
	put_header(model->image, at, word ^ SEAL_DEFERRED);
	if (start->state == HEAP_DEFERRED || start->word == word)
		start->word ^= SEAL_DEFERRED;
	if (start->state == HEAP_DEFERRED)
		start->state = HEAP_USED;
	return true;
}

/* The header that a claimed block had is written back, by somebody who had a copy. */
void model_write_back(struct model *model, u32 at)
{
	const struct start *start = &model->starts[at];
	u32 granules = start->node->size;
	u32 slack = model_payload_bytes(model, granules) - start->asked;
	u64 word = used_word(model, at, granules, slack, start->owner);

	put_header(model->image, at, word);
	put_header(model->region, at, word);
}

/*
 * No block begins at @at; if one did, then its header was looked at, and given up. If that is not
 * written over, it may have been that of a hole meanwhile.
 */
static void settle_none(struct model *model, u32 at)
{
	struct start *start = &model->starts[at];

	if (!start->word)
		return;
	model_meet(model, at);
	if (model->heap.flags & HEAP_POISON)
		memset(model->image + heap_offset(at), MODEL_PATTERN, sizeof(u64));
	else
		put_header(model->image, at, header_in(model->region, at));
	start->word = 0;
}

/* A block begins at @at with the header @word, which was written if it was another before. */
static void settle_start(struct model *model, u32 at, u64 word, bool written)
{
	struct start *start = &model->starts[at];

	if (start->word == word && !written)
		return;
	if (start->word)
		model_meet(model, at);
	put_header(model->image, at, word);
	start->word = word;
}

/* Headers from @from to @end were written, even if they were the same before. */
struct written {
	u32 from;
	u32 end;
};

/* The core's map must say the same. Where a block was of this size before, none began inside. */
static void settle_block(struct model *model, u32 at, u32 end, u64 word,
			 const struct written *written)
{
	const struct heap_index *index = &model->heap.index;
	u32 inner = (u32)model->starts[at].word == end - at ? end : at + 1;

	MUST(heap_index_is_start(index, at) && heap_index_next(index, at) == end);
	settle_start(model, at, word, at >= written->from && at < written->end);
	for (; inner < end; inner++)
		settle_none(model, inner);
}

/* The lowest kept block from @from on, or NULL. */
static const struct heap_split *next_kept(const struct heap *heap, u32 from)
{
	const struct heap_split *next = NULL;
	u32 i;

	for (i = 0; i < heap->quick_count; i++) {
		if (heap->quick[i].at >= from && (!next || heap->quick[i].at < next->at))
			next = &heap->quick[i];
	}
	return next;
}

/* A kept block: its header is as it was when it was let go. Then the rest of its hole. */
static u32 settle_kept(struct model *model, const struct heap_split *cut, u32 end)
{
	const struct written none = {};
	u32 rest = cut->at + cut->granules;

	MUST(rest <= end && cut->at + cut->have <= end);
	MUST((u32)model->starts[cut->at].word == cut->granules);
	MUST(!heap_index_is_hole(&model->heap.index, cut->at));
	MUST(heap_index_is_hole(&model->heap.index, rest) == (cut->have != cut->granules));
	MUST(cut->have == cut->granules ||
	     heap_index_next(&model->heap.index, rest) == cut->at + cut->have);
	settle_block(model, cut->at, rest, model->starts[cut->at].word, &none);
	return rest;
}

/* A hole of the oracle: holes, and kept blocks between them. */
static void settle_free(struct model *model, u32 at, u32 end, const struct written *written)
{
	while (at < end) {
		const struct heap_split *cut = next_kept(&model->heap, at);
		u32 stop = cut && cut->at < end ? cut->at : end;

		if (stop == at) {
			at = settle_kept(model, cut, end);
			continue;
		}
		MUST(heap_index_is_hole(&model->heap.index, at));
		settle_block(model, at, stop, state_word(stop - at, HEAP_HOLE), written);
		at = stop;
	}
}

static u64 word_of(const struct model *model, const struct node *node)
{
	const struct start *start = &model->starts[node->at];
	u32 slack = model_payload_bytes(model, node->size) - start->asked;
	u64 word;

	if (!is_live(start->state))
		return state_word(node->size, start->state);
	word = used_word(model, node->at, node->size, slack, start->owner);
	return start->state == HEAP_DEFERRED ? word ^ SEAL_DEFERRED : word;
}

static void settle(struct model *model, const struct written *written)
{
	const struct heap_index *index = &model->heap.index;
	const struct node *node;

	for (node = model->oracle; node; node = node->next) {
		u32 end = node->at + node->size;

		if (!node->used) {
			settle_free(model, node->at, end, written);
			continue;
		}
		MUST(!heap_index_is_hole(index, node->at));
		settle_block(model, node->at, end, word_of(model, node), written);
	}
}

/**
 * model_settle_written - the core did something: what must the region be, and what was told of?
 * @model: the model, whose oracle and starts know of it already
 * @from: from here on headers were written, even if they were the same before
 * @end: and up to here
 */
void model_settle_written(struct model *model, u32 from, u32 end)
{
	const struct written written = { from, end };

	settle(model, &written);
}

void model_settle(struct model *model)
{
	model_settle_written(model, 0, 0);
}

/* Findings are told of in order; of each, only what can be known here. */
static void verify_finding(const struct model *model, const struct heap_finding *finding)
{
	const struct heap_block_info *block = &finding->block;
	u32 at = (finding->offset - HEAP_EDGE) / HEAP_GRANULE;

	MUST(finding->verdict > HEAP_FOREIGN && finding->verdict < HEAP_CORRUPT_INDEX);
	if (block->at == HEAP_NONE) {
		MUST(finding->offset >= heap_offset(model->granules) && !finding->bytes_count);
		return;
	}
	MUST(finding->bytes_at + finding->bytes_count <= model->bytes);
	MUST(finding->offset - finding->bytes_at < finding->bytes_count);
	MUST(at - block->at < block->granules);
	MUST(finding->before.at == HEAP_NONE ? !block->at :
	     finding->before.at + finding->before.granules == block->at);
	if (finding->verdict == HEAP_CORRUPT_HEADER)
		MUST(model->starts[at].met == model->operations);
}

static void verify_findings(struct model *model)
{
	struct heap_finding finding;
	u32 told = 0;

	for (; heap_take_finding(&model->heap, &finding); told++)
		verify_finding(model, &finding);
	MUST(told == (model->told < HEAP_FINDINGS ? model->told : HEAP_FINDINGS));
	model->told = 0;
}

static void verify_counters(const struct model *model)
{
	const struct tally *tally = &model->tally;
	const struct heap *heap = &model->heap;

	MUST(heap_live_blocks(heap) == model->live_count && heap->used == tally->used);
	MUST(heap->peak == tally->peak && heap->asked == tally->asked);
	MUST(heap->watermark == tally->watermark && !heap_queued_findings(heap) == !model->told);
	MUST(!(heap->events & HEAP_EVENT_WATERMARK) == !tally->above);
	MUST(!(heap->events & HEAP_EVENT_WAITERS) == !tally->waited);
	MUST(heap->lost == tally->lost && heap->allocs == tally->allocs);
	MUST(heap->frees == tally->frees && heap->failures == tally->failures);
	MUST(heap->refused == tally->refused && heap->pending == tally->pending);
	MUST(heap->quarantined == tally->quarantined);
	MUST(heap->quarantine_count == tally->quarantine_count);
	MUST(!memcmp(heap->verdicts, tally->verdicts, sizeof(tally->verdicts)));
}

/* At the end of an operation. */
void model_verify(struct model *model)
{
	MUST(!heap_is_frozen(&model->heap));
	verify_counters(model);
	verify_findings(model);
	MUST(heap_defers(&model->deferred) || !(model->waiting_count || model->overflow));
	MUST(!memcmp(model->region, model->image, model->bytes));
	model->operations++;
}

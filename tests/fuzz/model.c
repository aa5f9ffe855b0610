// SPDX-License-Identifier: GPL-2.0-only
/*
 * model - the state that a heap must have after each operation, byte for byte
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
	model->tally.watermark = U32_MAX;
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

/* Granules for a payload of @size bytes; 0 if no block can have as many. */
u32 model_granules(const struct model *model, size_t size)
{
	u64 region = heap_bytes(model->granules);

	if (model->resetting || !size || size > region || size + overhead(model) > region)
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
 * Headers: granules (32 bits), slack (4), owner (8) and seal (20), with every other bit of the seal
 * flipped in a deferred block; or granules and a masked state. An implementation of core/block.h
 * that is independent of it.
 */
#define SEAL_SHIFT	44
#define SEAL_DEFERRED	(0xaaaaaULL << SEAL_SHIFT)
#define SEAL_LIMBO	(0x55555ULL << SEAL_SHIFT)
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

/* The place times eight, and the state; a hole has no place. */
static u64 masked_state(u32 at, u32 granules, u8 state)
{
	u32 tag = state == HEAP_HOLE ? 0 : at * 8 ^ state;

	return (granules | (u64)tag << 32) ^ STATE_MASK;
}

static bool is_masked_state(u32 at, u64 word)
{
	u32 tag = (word ^ STATE_MASK) >> 32;

	return !tag || (tag / 8 == at && tag % 8 <= HEAP_CACHED);
}

static bool has_seal(const struct model *model, u32 at, u64 word)
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

/* Does the header at @at differ from what the core wrote? */
bool model_is_damaged(const struct model *model, u32 at)
{
	return header_in(model->image, at) != model->starts[at].word;
}

/* ... in more than the size? */
static bool is_tag_damaged(const struct model *model, u32 at)
{
	return (header_in(model->image, at) ^ model->starts[at].word) >> 32;
}

/* Is @word a valid header of any kind? */
static bool passes(const struct model *model, u32 at, u64 word)
{
	return is_masked_state(at, word) || has_seal(model, at, word) ||
	       has_seal(model, at, word ^ SEAL_DEFERRED) ||
	       has_seal(model, at, word ^ SEAL_LIMBO);
}

/*
 * Damage of several bytes has a valid seal with a probability of 2^-20; a fuzzer finds such damage.
 * Is @word, as it is or with the right size, a valid header that this block does not have?
 */
static bool is_forged(const struct model *model, u32 at, u64 word)
{
	u64 right = model->starts[at].word;
	u64 sized = (u32)right | word >> 32 << 32;

	return (word != right && passes(model, at, word)) ||
	       (sized != right && passes(model, at, sized));
}

bool model_is_quick(const struct model *model, u32 at)
{
	u32 i;

	for (i = 0; i < model->heap.quick_count; i++) {
		if (model->heap.quick[i].at == at)
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

/* The first changed byte behind a payload, or the end of the block. */
size_t model_overrun(const struct model *model, const struct node *node)
{
	return model_first_wrong(model, heap_bytes(node->at + 1) + model->starts[node->at].asked,
				 end_of(node));
}

/* The state that the core reads. A deferred block with a damaged tag is read as used. */
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

struct heap_block_info model_info(const struct model *model, const struct node *node)
{
	const struct start *start = &model->starts[node->at];
	struct heap_block_info info = {
		.at = node->at,
		.granules = node->size,
		.state = state_seen(model, node),
	};

	if (!is_live(info.state))
		return info;
	info.asked = model_payload_bytes(model, node->size);
	if (is_live(start->state) && !is_tag_damaged(model, node->at)) {
		info.sealed = true;
		info.asked = start->asked;
		info.owner = start->owner;
	}
	return info;
}

/* The verdict that a pointer must get; @at is set to its block, or to HEAP_NONE. */
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
 * ... without the lock: only map and header are read, and a block on the quick list still has the
 * header of a used block.
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
	if (!model_node(model, *at)->used && !model_is_quick(model, *at))
		return HEAP_DOUBLE_FREE;
	word = header_in(model->image, *at);
	if (has_seal(model, *at, word))
		return HEAP_OK;
	if (has_seal(model, *at, word ^ SEAL_DEFERRED) || is_masked_state(*at, word))
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

/* Free memory in the chunk must carry the pattern. */
static enum heap_verdict check_free(const struct model *model, const struct node *node, u32 chunk,
				    u64 *offset)
{
	u32 from = max(node->at, chunk * HEAP_CHUNK);
	u32 to = min(node->at + node->size, (chunk + 1) * HEAP_CHUNK);
	size_t first = heap_offset(from) + (from == node->at ? sizeof(struct heap_block) : 0);

	if (from >= to || !(model->heap.flags & HEAP_POISON) ||
	    state_seen(model, node) != HEAP_HOLE)
		return HEAP_OK;
	*offset = model_first_wrong(model, first, heap_offset(to));
	return *offset == heap_offset(to) ? HEAP_OK : HEAP_USE_AFTER_FREE;
}

/*
 * The verdict that a check of a chunk must get: the first finding in the blocks that end there, and
 * in the free memory that lies there.
 */
enum heap_verdict model_check(const struct model *model, u32 chunk, u64 *offset)
{
	enum heap_verdict verdict = HEAP_OK;
	const struct node *node;

	for (node = model->oracle; node && !verdict; node = node->next) {
		if ((node->at + node->size) / HEAP_CHUNK == chunk)
			verdict = check_block(model, node, offset);
		if (!verdict)
			verdict = check_free(model, node, chunk, offset);
	}
	return verdict;
}

/* A client writes to its block. */
void model_fill(struct model *model, size_t offset, u8 byte, size_t bytes)
{
	memset(model->region + offset, byte, bytes);
	memset(model->image + offset, byte, bytes);
}

/* A write that damages memory. It is skipped when it would forge a header. */
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

void model_record(struct model *model, enum heap_verdict verdict)
{
	model->tally.verdicts[verdict]++;
	model->recorded++;
}

/* @granules more are in use. */
void model_add_used(struct model *model, u32 granules)
{
	struct tally *tally = &model->tally;

	tally->used += granules;
	if (tally->peak < tally->used)
		tally->peak = tally->used;
	tally->above |= tally->used > tally->watermark;
}

/* The core reads a header; if it is damaged, that is recorded. */
void model_verify_header(struct model *model, u32 at)
{
	if (!model_is_damaged(model, at))
		return;
	model->starts[at].found = model->operations;
	model_record(model, HEAP_CORRUPT_HEADER);
}

/* The core writes a new state to the header at @at. */
void model_set_state(struct model *model, u32 at, enum heap_state state)
{
	struct start *start = &model->starts[at];

	start->state = state;
	start->word = masked_state(at, start->node->size, state);
	put_header(model->image, at, start->word);
}

/* The block at @at is marked as deferred. On the quick list it stays free. */
void model_defer(struct model *model, u32 at)
{
	struct start *start = &model->starts[at];
	u64 word = header_in(model->image, at) ^ SEAL_DEFERRED;

	put_header(model->image, at, word);
	start->word = word;
	if (!model_is_quick(model, at))
		start->state = HEAP_DEFERRED;
}

/* The granules of a used block at @at in the map; 0 if there is none. */
static u32 granules_in_map(const struct model *model, u32 at)
{
	const struct node *node = model_node(model, at);
	u32 i;

	for (i = 0; i < model->heap.quick_count; i++) {
		if (model->heap.quick[i].at == at)
			return model->heap.quick[i].granules;
	}
	return node->used && node->at == at ? node->size : 0;
}

/* Is the block at @at marked as deferred, whatever the size in its header? */
bool model_is_deferred(const struct model *model, u32 at)
{
	u64 word = header_in(model->image, at);
	u32 granules = granules_in_map(model, at);

	return granules && has_seal(model, at, ((word >> 32 << 32) | granules) ^ SEAL_DEFERRED);
}

/*
 * Remove the mark. Return: whether to free the block. The tag alone decides: if the granules were
 * overwritten, the free finds that.
 */
bool model_resume(struct model *model, u32 at)
{
	struct start *start = &model->starts[at];
	u64 word = header_in(model->image, at);

	if (!model_is_deferred(model, at))
		return !has_seal(model, at, word);
	put_header(model->image, at, word ^ SEAL_DEFERRED);
	if (start->state == HEAP_DEFERRED || start->word == word)
		start->word ^= SEAL_DEFERRED;
	if (start->state == HEAP_DEFERRED)
		start->state = HEAP_USED;
	return true;
}

/* A client writes a copy of the old header of a claimed block. */
void model_restore_header(struct model *model, u32 at)
{
	const struct start *start = &model->starts[at];
	u32 granules = start->node->size;
	u32 slack = model_payload_bytes(model, granules) - start->asked;
	u64 word = used_word(model, at, granules, slack, start->owner);

	put_header(model->image, at, word);
	put_header(model->region, at, word);
}

/*
 * No block begins at @at. If one did, the core verified its header and erased it. Without
 * HEAP_POISON that header may be anything.
 */
static void settle_none(struct model *model, u32 at)
{
	struct start *start = &model->starts[at];

	if (!start->word)
		return;
	model_verify_header(model, at);
	if (model->heap.flags & HEAP_POISON)
		memset(model->image + heap_offset(at), MODEL_PATTERN, sizeof(u64));
	else
		put_header(model->image, at, header_in(model->region, at));
	start->word = 0;
}

/* A block begins at @at with the header @word. It was written if it is @written, or has changed. */
static void settle_start(struct model *model, u32 at, u64 word, bool written)
{
	struct start *start = &model->starts[at];

	if (start->word == word && !written)
		return;
	if (start->word)
		model_verify_header(model, at);
	put_header(model->image, at, word);
	start->word = word;
}

/* Headers from @from to @end were written, even if they did not change. */
struct written {
	u32 from;
	u32 end;
};

/* The map must have this block. If it had the same size before, no block began inside. */
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

/* The lowest block on the quick list from @from on, or NULL. */
static const struct heap_split *next_quick(const struct heap *heap, u32 from)
{
	const struct heap_split *next = NULL;
	u32 i;

	for (i = 0; i < heap->quick_count; i++) {
		if (heap->quick[i].at >= from && (!next || heap->quick[i].at < next->at))
			next = &heap->quick[i];
	}
	return next;
}

/* A block on the quick list: its header is that of its free. Return: the start of the rest. */
static u32 settle_quick(struct model *model, const struct heap_split *split, u32 end)
{
	const struct written none = {};
	u32 rest = split->at + split->granules;

	MUST(rest <= end && split->at + split->have <= end);
	MUST((u32)model->starts[split->at].word == split->granules);
	MUST(!heap_index_is_hole(&model->heap.index, split->at));
	MUST(heap_index_is_hole(&model->heap.index, rest) == (split->have != split->granules));
	MUST(split->have == split->granules ||
	     heap_index_next(&model->heap.index, rest) == split->at + split->have);
	settle_block(model, split->at, rest, model->starts[split->at].word, &none);
	return rest;
}

/* A free node of the oracle: holes, and blocks on the quick list between them. */
static void settle_free(struct model *model, u32 at, u32 end, const struct written *written)
{
	while (at < end) {
		const struct heap_split *split = next_quick(&model->heap, at);
		u32 stop = split && split->at < end ? split->at : end;

		if (stop == at) {
			at = settle_quick(model, split, end);
			continue;
		}
		MUST(heap_index_is_hole(&model->heap.index, at));
		settle_block(model, at, stop, masked_state(at, stop - at, HEAP_HOLE), written);
		at = stop;
	}
}

static u64 word_of(const struct model *model, const struct node *node)
{
	const struct start *start = &model->starts[node->at];
	u32 slack = model_payload_bytes(model, node->size) - start->asked;
	u64 word;

	if (!is_live(start->state))
		return masked_state(node->at, node->size, start->state);
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
 * model_settle_written - update image and findings after an operation of the core
 * @model: the model; its oracle and starts are updated already
 * @from: from here on headers were written, even if they did not change
 * @end: up to here
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

/* Verify what the model can predict about a finding. */
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
		MUST(model->starts[at].found == model->operations);
}

static void verify_findings(struct model *model)
{
	struct heap_finding finding;
	u32 recorded = 0;

	for (; heap_take_finding(&model->heap, &finding); recorded++)
		verify_finding(model, &finding);
	MUST(recorded == (model->recorded < HEAP_FINDINGS ? model->recorded : HEAP_FINDINGS));
	model->recorded = 0;
}

static void verify_counters(const struct model *model)
{
	const struct tally *tally = &model->tally;
	const struct heap *heap = &model->heap;

	MUST(heap_live_blocks(heap) == model->live_count && heap->used == tally->used);
	MUST(heap->peak == tally->peak && heap->asked == tally->asked);
	MUST(heap->watermark == tally->watermark);
	MUST(!heap_queued_findings(heap) == !model->recorded);
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
	MUST(heap_defers(&model->deferred) || !(model->slot_count || model->overflow));
	MUST(!memcmp(model->region, model->image, model->bytes));
	model->operations++;
}

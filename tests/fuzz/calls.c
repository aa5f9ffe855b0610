// SPDX-License-Identifier: GPL-2.0-only
/*
 * calls - each call of the core, with the effect that it must have on the model
 *
 * With HEAP_POISON, these functions do what the module does around the core: they fill memory that
 * becomes free, and check memory that is allocated.
 */
#include <string.h>

#include "heap_core.h"
#include "calls.h"

#define MOST_WALKED	16

/* A call of the core must not take more steps than its bound. */
static void verify_steps(const struct model *model, unsigned int bound)
{
	MUST(heap_steps <= bound);
	heap_steps = 0;
}

static void verify_info(const struct heap_block_info *info, const struct heap_block_info *right)
{
	MUST(info->at == right->at && info->granules == right->granules);
	MUST(info->state == right->state && info->sealed == right->sealed);
	MUST(info->asked == right->asked && info->owner == right->owner);
}

static bool has_poison(const struct model *model)
{
	return model->heap.flags & HEAP_POISON;
}

/*
 * The verdict that a pointer must get, recorded in the model, before anything changes. @block is
 * set to the block; its place is HEAP_NONE if the pointer is refused.
 */
static enum heap_verdict expect_verdict(struct model *model, const void *ptr,
					struct heap_block_info *block)
{
	enum heap_verdict verdict = model_judge(model, ptr, &block->at);
	const struct node *node;

	if (block->at == HEAP_NONE) {
		model->tally.refused++;
		if (verdict != HEAP_FOREIGN)
			model_record(model, verdict);
		return verdict;
	}
	node = model_node(model, block->at);
	*block = model_info(model, node);
	if (verdict || model_overrun(model, node) == heap_offset(node->at + node->size))
		return verdict;
	return HEAP_OVERRUN;
}

/* Allocations. */
static struct node *oracle_alloc_bytes(struct model *model, size_t size)
{
	u32 granules = model_granules(model, size);

	return granules ? oracle_alloc(model->oracle, granules) : NULL;
}

static void add_live(struct model *model, struct node *node, u32 size, u8 owner)
{
	struct start *start = &model->starts[node->at];

	start->node = node;
	start->asked = size;
	start->owner = owner;
	start->state = HEAP_USED;
	model->live[model->live_count++] = node->at;
	model->tally.allocs++;
	model->tally.asked += size;
}

/* Check that bytes from @from to @end carry the pattern, and record the first that does not. */
static void find_writes(struct model *model, size_t from, size_t end)
{
	const u8 *wrong = heap_first_unfilled(model->region + from, end - from);
	size_t right = model_first_wrong(model, from, end);

	MUST(wrong == (right == end ? NULL : model->region + right));
	if (!wrong)
		return;
	MUST(model->damaged);
	heap_record(&model->heap, HEAP_USE_AFTER_FREE, right);
	model_record(model, HEAP_USE_AFTER_FREE);
}

/* The core fills the bytes behind the payload, and may fill some of the payload. */
static void fill(struct model *model, const struct node *node, u32 size)
{
	size_t from = heap_bytes(node->at + 1), slack = from + size;
	size_t end = heap_offset(node->at + node->size);

	if (has_poison(model))
		find_writes(model, from, end);
	else
		memset(model->image + slack, MODEL_PATTERN, end - slack);
	model_fill(model, from, model->tally.allocs * 7, size);
}

bool call_alloc(struct model *model, size_t size)
{
	u8 owner = model->tally.allocs * 37;
	struct node *node = oracle_alloc_bytes(model, size);
	void *ptr;

	heap_steps = 0;
	ptr = heap_alloc(&model->heap, size, owner);
	verify_steps(model, heap_bound(&model->heap));
	MUST(ptr == (node ? model_payload(model, node->at) : NULL));
	if (!node) {
		model->tally.failures += !!size;
		model_settle(model);
	} else {
		add_live(model, node, size, owner);
		model_add_used(model, node->size);
		model_settle_written(model, node->at, node->at + 1);
		fill(model, node, size);
	}
	model_verify(model);
	return node;
}

static struct phase phase_of(const struct model *model, size_t align)
{
	return (struct phase){
		.base = (uintptr_t)model_payload(model, 0) / HEAP_GRANULE,
		.align = align / HEAP_GRANULE,
	};
}

/* A place in a hole: headers are written in all of it. */
static void settle_aligned(struct model *model, struct node *node, size_t size, u8 owner)
{
	u32 from = node->at, end = node->at + node->size;

	if (node->prev && !node->prev->used)
		from = node->prev->at;
	if (node->next && !node->next->used)
		end += node->next->size;
	add_live(model, node, size, owner);
	model_add_used(model, node->size);
	model_settle_written(model, from, end);
	fill(model, node, size);
}

/* The core coalesces the quick list first: the model must follow each step. */
bool call_alloc_aligned(struct model *model, size_t size, size_t align)
{
	u32 granules = model_granules(model, size);
	struct phase phase = phase_of(model, align);
	u8 owner = model->tally.allocs * 37;
	struct node *node = NULL;

	if (align <= HEAP_GRANULE)
		return call_alloc(model, size);
	call_flush(model);
	if (granules)
		node = oracle_alloc_aligned(model->oracle, granules, &phase, HEAP_ALIGN_TRIES);
	heap_steps = 0;
	MUST(heap_fits(&model->heap, size, align) == !!node);
	verify_steps(model, heap_aligned_bound(&model->heap));
	MUST(heap_alloc_aligned(&model->heap, size, align, owner) ==
	     (node ? model_payload(model, node->at) : NULL));
	verify_steps(model, heap_aligned_bound(&model->heap));
	if (node)
		settle_aligned(model, node, size, owner);
	else
		model->tally.failures += !!size;
	model_verify(model);
	return node;
}

/* Resizes. The end is filled before a block shrinks. */
static void fill_end_of(struct model *model, const void *ptr, size_t size)
{
	size_t from, bytes;
	u32 at, granules = model_granules(model, size);

	if (!has_poison(model) || !granules || model_judge(model, ptr, &at) ||
	    granules >= model_node(model, at)->size)
		return;
	from = heap_offset(at + granules);
	bytes = heap_bytes(model_node(model, at)->size - granules);
	heap_fill(model->region + from, bytes);
	memset(model->image + from, MODEL_PATTERN, bytes);
}

/* The block has @size bytes now. Check the new ones, and fill them. */
static void settle_resized(struct model *model, const struct heap_block_info *was, u32 size)
{
	const struct node *node = model_node(model, was->at);
	size_t from = heap_bytes(was->at + 1), slack = from + size;
	size_t old_end = heap_offset(was->at + was->granules);
	size_t end = heap_offset(node->at + node->size);

	model->starts[was->at].asked = size;
	model->tally.asked += size - was->asked;
	model->tally.used -= was->granules;
	model_add_used(model, node->size);
	model_settle(model);
	memset(model->image + slack, MODEL_PATTERN, end - slack);
	if (has_poison(model) && end > old_end)
		find_writes(model, old_end, end);
	if (size > was->asked)
		model_fill(model, from + was->asked, model->operations, size - was->asked);
}

void call_resize(struct model *model, const void *ptr, size_t size)
{
	u32 granules = model_granules(model, size);
	struct heap_block_info block, right;
	enum heap_verdict verdict;
	bool done, fits;

	/* As heap_resize() does: the model must follow each step. */
	heap_flush(&model->heap);
	model_settle(model);
	fill_end_of(model, ptr, size);
	verdict = expect_verdict(model, ptr, &right);
	if (verdict == HEAP_CORRUPT_HEADER)
		model_verify_header(model, right.at);
	fits = (!verdict || verdict == HEAP_OVERRUN) && granules &&
	       oracle_resize(model_node(model, right.at), granules);
	if (verdict == HEAP_OVERRUN && fits)
		model_record(model, verdict);
	heap_steps = 0;
	MUST(heap_resize(&model->heap, ptr, size, &block, NULL, &done) == verdict && done == fits);
	verify_steps(model, heap_resize_bound(&model->heap));
	if (right.at != HEAP_NONE)
		verify_info(&block, &right);
	if (done)
		settle_resized(model, &right, size);
	else
		model_settle(model);
	model_verify(model);
}

/* Frees in one step or two, of any pointer. */
static void remove_live(struct model *model, const struct heap_block_info *block)
{
	u32 i = 0;

	while (model->live[i] != block->at)
		i++;
	model->live[i] = model->live[--model->live_count];
	model->tally.frees++;
	model->tally.asked -= block->asked;
	model->tally.used -= block->granules;
}

static void claim_block(struct model *model, const struct heap_block_info *block)
{
	model_set_state(model, block->at, HEAP_PENDING);
	model->tally.pending += block->granules;
	MUST(model->claimed_count < MODEL_CLAIMED);
	model->claimed[model->claimed_count++] = *block;
}

/* Record a damaged block, and quarantine it if there is room. Return: its state. */
static enum heap_state quarantine(struct model *model, u32 at)
{
	struct tally *tally = &model->tally;
	u32 granules = model->starts[at].node->size;
	enum heap_state state = HEAP_PENDING;

	model_verify_header(model, at);
	if (tally->quarantine_count < HEAP_QUARANTINE &&
	    tally->quarantined + granules <= model->granules / 8) {
		state = HEAP_QUARANTINED;
		tally->quarantine_count++;
		tally->quarantined += granules;
	}
	model_set_state(model, at, state);
	return state;
}

static void give_back(struct model *model, const struct heap_block_info *block, bool claim)
{
	if (claim)
		claim_block(model, block);
	else
		oracle_free(model->starts[block->at].node);
}

static void quarantine_block(struct model *model, struct heap_block_info *block, bool claim)
{
	model->tally.lost += !block->sealed;
	remove_live(model, block);
	block->state = quarantine(model, block->at);
	if (block->state == HEAP_PENDING)
		give_back(model, block, claim);
}

/* The verdict on a free, and its effect on the model; @block is set to the block as it was. */
static enum heap_verdict expect_free(struct model *model, const void *ptr, bool claim,
				     struct heap_block_info *block)
{
	enum heap_verdict verdict = expect_verdict(model, ptr, block);

	if (verdict == HEAP_CORRUPT_HEADER) {
		quarantine_block(model, block, claim);
	} else if (block->at != HEAP_NONE) {
		if (verdict)
			model_record(model, verdict);
		remove_live(model, block);
		give_back(model, block, claim);
	}
	return verdict;
}

enum heap_verdict call_free(struct model *model, const void *ptr, bool claim)
{
	struct heap_block_info block, right;
	enum heap_verdict verdict = expect_free(model, ptr, claim, &right);

	heap_steps = 0;
	if (claim)
		MUST(heap_claim(&model->heap, ptr, &block) == verdict);
	else
		MUST(heap_free(&model->heap, ptr, &block) == verdict);
	verify_steps(model, heap_bound(&model->heap));
	if (right.at != HEAP_NONE) {
		verify_info(&block, &right);
		MUST(heap_is_retired(verdict, &block) ==
		     (verdict != HEAP_CORRUPT_HEADER || right.state == HEAP_PENDING));
	}
	model_settle(model);
	return verdict;
}

/* The second step. With HEAP_POISON the block is filled before. */
void call_release(struct model *model, u32 i)
{
	struct heap_block_info block = model->claimed[i];
	bool damaged = model_is_damaged(model, block.at);
	size_t bytes = heap_bytes(block.granules) - sizeof(struct heap_block);

	model->claimed[i] = model->claimed[--model->claimed_count];
	if (has_poison(model)) {
		heap_fill(model_payload(model, block.at), bytes);
		memset(model->image + heap_bytes(block.at + 1), MODEL_PATTERN, bytes);
	}
	heap_steps = 0;
	heap_release(&model->heap, &block);
	verify_steps(model, heap_bound(&model->heap));
	model->tally.pending -= block.granules;
	if (!damaged || quarantine(model, block.at) == HEAP_PENDING)
		oracle_free(model->starts[block.at].node);
	model_settle(model);
}

/* Free a block as the module does. */
void call_free_as_module(struct model *model, const void *ptr)
{
	u32 claimed;

	if (!has_poison(model)) {
		call_free(model, ptr, false);
	} else {
		if (model->claimed_count == MODEL_CLAIMED)
			call_release(model, 0);
		claimed = model->claimed_count;
		call_free(model, ptr, true);
		if (model->claimed_count != claimed)
			call_release(model, claimed);
	}
	model_verify(model);
}

/* A deferred free changes no counter. A block with a corrupt header needs a slot. */
void call_defer(struct model *model, const void *ptr)
{
	struct heap_slot *slot = &model->slots[model->slot_count];
	bool full = model->slot_count == HEAP_SLOTS;
	unsigned long caller = model->operations;
	enum heap_verdict verdict;
	bool deferred;
	u32 at;

	verdict = model_judge_deferred(model, ptr, &at);
	deferred = !verdict || (verdict == HEAP_CORRUPT_HEADER && !full);
	MUST(heap_defer(&model->heap, &model->deferred, ptr, caller) ==
	     (deferred ? HEAP_OK : verdict));
	if (!verdict)
		model_defer(model, at);
	if (deferred && full)
		model->overflow = true;
	if (deferred && !full) {
		*slot = (struct heap_slot){ .at = at, .caller = caller };
		model->slot_count++;
	}
	model_verify(model);
}

/* Take any deferred block; false only if all slots are empty. */
bool call_take_deferred(struct model *model, u32 *at)
{
	struct heap_slot slot;
	u32 i = 0;

	if (!heap_take_deferred(&model->deferred, &slot)) {
		MUST(!model->slot_count);
		return false;
	}
	while (i < model->slot_count &&
	       (model->slots[i].at != slot.at || model->slots[i].caller != slot.caller))
		i++;
	MUST(i < model->slot_count);
	model->slots[i] = model->slots[--model->slot_count];
	*at = slot.at;
	return true;
}

bool call_resume(struct model *model, u32 at)
{
	bool resumed = model_resume(model, at);

	MUST(heap_resume_free(&model->heap, at) == resumed);
	model_verify(model);
	return resumed;
}

static bool has_slot(const struct model *model, u32 at)
{
	u32 i;

	for (i = 0; i < model->slot_count; i++) {
		if (model->slots[i].at == at)
			return true;
	}
	return false;
}

/* A walk leaves a block that has a slot, and all while there is no room for a claim. */
bool call_recover(struct model *model, u32 at)
{
	bool deferred = model_is_deferred(model, at);
	bool later = deferred && (has_slot(model, at) || !heap_can_claim(&model->heap));
	bool recovered = deferred && !later && model_resume(model, at);

	model->overflow |= later;
	MUST(heap_recover(&model->heap, &model->deferred, at) == recovered);
	model_verify(model);
	return recovered;
}

/* A reset. */
static void expect_claims(struct model *model, u32 *from, u32 most)
{
	const struct node *node = model->oracle;
	struct heap_block_info block;

	for (; most; most--) {
		while (node && node->at < *from)
			node = node->next;
		if (!node) {
			*from = HEAP_NONE;
			break;
		}
		*from = node->at + node->size;
		block = model_info(model, node);
		if (block.state == HEAP_USED)
			expect_free(model, model_payload(model, node->at), true, &block);
	}
}

/* Claim blocks while the model has room. Return: where to continue, or HEAP_NONE. */
u32 call_claim_batch(struct model *model, u32 from, u32 most)
{
	struct heap_block_info claimed[MODEL_CLAIMED];
	u32 before = model->claimed_count, next = from, count, i;

	if (most > MODEL_CLAIMED - before)
		most = MODEL_CLAIMED - before;
	heap_steps = 0;
	count = heap_claim_batch(&model->heap, &from, claimed, most);
	verify_steps(model, most * (2 * heap_bound(&model->heap) + 1));
	expect_claims(model, &next, most);
	MUST(from == next && before + count == model->claimed_count);
	for (i = 0; i < count; i++)
		verify_info(&claimed[i], &model->claimed[before + i]);
	model_settle(model);
	model_verify(model);
	return from;
}

/* A block leaves quarantine. Its header is not verified. */
bool call_claim_quarantined(struct model *model)
{
	struct tally *tally = &model->tally;
	struct heap_block_info block;
	bool claimed;

	if (model->claimed_count == MODEL_CLAIMED)
		return false;
	claimed = heap_claim_quarantined(&model->heap, &block);
	MUST(claimed == !!tally->quarantine_count);
	if (claimed) {
		MUST(block.at < model->granules && model->starts[block.at].word);
		MUST(model->starts[block.at].state == HEAP_QUARANTINED);
		MUST(block.granules == model->starts[block.at].node->size);
		tally->quarantine_count--;
		tally->quarantined -= block.granules;
		claim_block(model, &block);
	}
	model_settle(model);
	model_verify(model);
	return claimed;
}

/* At the end of a reset with no live blocks, no bytes are in use. */
void call_set_reset(struct model *model, bool resetting)
{
	if (resetting)
		heap_begin_reset(&model->heap);
	else
		heap_end_reset(&model->heap);
	if (!resetting && !model->live_count) {
		model->tally.asked = 0;
		model->tally.lost = 0;
	}
	model->resetting = resetting;
	model_verify(model);
}

/* The watermark, and the peak. */
void call_set_watermark(struct model *model, u32 granules)
{
	heap_set_watermark(&model->heap, granules);
	model->tally.watermark = granules;
	model->tally.above = model->tally.used > granules;
	model_verify(model);
}

void call_reset_peak(struct model *model)
{
	heap_reset_peak(&model->heap);
	model->tally.peak = model->tally.used;
	model_verify(model);
}

/* Walk from a granule; and judge a pointer to it. */
void call_walk(struct model *model, u32 from, u32 most)
{
	struct heap_block_info walked[MOST_WALKED], block;
	const void *ptr = model_payload(model, from);
	struct node *node = model->oracle;
	u32 at, count, i;

	MUST(heap_judge(&model->heap, ptr, &block) == model_judge(model, ptr, &at));
	count = heap_walk(&model->heap, from, walked, most);
	MUST(!model->heap.quick_count);
	model_settle(model);
	while (node && node->at < from)
		node = node->next;
	for (i = 0; i < count; i++, node = node->next) {
		struct heap_block_info right = model_info(model, node);

		verify_info(&walked[i], &right);
	}
	MUST(count == most || (count < most && !node));
	model_verify(model);
}

/* Check the next chunk; the check may have begun long before. */
void call_check_chunk(struct model *model, struct heap_audit *audit)
{
	u32 chunk = audit->chunk;
	enum heap_verdict verdict = heap_check(&model->heap, audit, 1);
	u64 offset;

	MUST(audit->chunk == chunk + 1);
	model_settle(model);
	MUST(verdict == model_check(model, chunk, &offset) && verdict == audit->found);
	MUST(!verdict || audit->offset == offset);
	model_verify(model);
}

void call_flush(struct model *model)
{
	heap_flush(&model->heap);
	MUST(!model->heap.quick_count);
	model_settle(model);
	model_verify(model);
}

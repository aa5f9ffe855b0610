// SPDX-License-Identifier: GPL-2.0-only
/*
 * calls - each call of the core, beside what it must do to the model
 *
 * Those that allocate, resize and free do as the API does around the core: in a heap that poisons,
 * what becomes free is filled, and what was free is looked at.
 */
#include <string.h>

#include "heap_core.h"
#include "calls.h"

#define VIEWS	16

/* A call of the core takes no more steps than it may. */
static void verify_steps(const struct model *model, unsigned int bound)
{
	MUST(heap_steps <= bound);
	heap_steps = 0;
}

static void verify_view(const struct heap_block_info *view, const struct heap_block_info *right)
{
	MUST(view->at == right->at && view->granules == right->granules);
	MUST(view->state == right->state && view->sealed == right->sealed);
	MUST(view->asked == right->asked && view->owner == right->owner);
}

static bool poisons(const struct model *model)
{
	return model->heap.flags & HEAP_POISON;
}

/*
 * What must be said of a pointer, and is told, while nothing has changed yet. @block is set to what
 * is there; if nothing is, the pointer is refused, and the place of @block is HEAP_NONE.
 */
static enum heap_verdict expect_verdict(struct model *model, const void *ptr,
					struct heap_block_info *block)
{
	enum heap_verdict verdict = model_judge(model, ptr, &block->at);
	const struct node *node;

	if (block->at == HEAP_NONE) {
		model->tally.refused++;
		if (verdict != HEAP_FOREIGN)
			model_find(model, verdict);
		return verdict;
	}
	node = model_node(model, block->at);
	*block = model_view(model, node);
	if (verdict || model_overrun(model, node) == heap_offset(node->at + node->size))
		return verdict;
	model_find(model, HEAP_OVERRUN);
	return HEAP_OVERRUN;
}

/* To allocate. Then the client fills his bytes. */
static struct node *oracle_gives(struct model *model, size_t size)
{
	u32 granules = model_granules(model, size);

	return granules ? oracle_alloc(model->oracle, granules) : NULL;
}

static void count_in(struct model *model, struct node *node, u32 size, u8 owner)
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

/* The first byte of what must be filled that is not, from @from to @end. */
static void look_for_writes(struct model *model, size_t from, size_t end)
{
	const u8 *wrong = heap_first_unfilled(model->region + from, end - from);
	size_t right = model_first_wrong(model, from, end);

	MUST(wrong == (right == end ? NULL : model->region + right));
	if (!wrong)
		return;
	MUST(model->damaged);
	heap_record(&model->heap, HEAP_USE_AFTER_FREE, right);
	model_find(model, HEAP_USE_AFTER_FREE);
}

/* The core fills what is behind the bytes asked for, and maybe some of them; then the client. */
static void fill(struct model *model, const struct node *node, u32 size)
{
	size_t from = heap_bytes(node->at + 1), slack = from + size;
	size_t end = heap_offset(node->at + node->size);

	if (poisons(model))
		look_for_writes(model, from, end);
	else
		memset(model->image + slack, MODEL_PATTERN, end - slack);
	model_fill(model, from, model->tally.allocs * 7, size);
}

bool call_alloc(struct model *model, size_t size)
{
	u8 owner = model->tally.allocs * 37;
	struct node *node = oracle_gives(model, size);
	void *ptr;

	heap_steps = 0;
	ptr = heap_alloc(&model->heap, size, owner);
	verify_steps(model, heap_bound(&model->heap));
	MUST(ptr == (node ? model_payload(model, node->at) : NULL));
	if (!node) {
		model->tally.failures += !!size;
		model_settle(model);
	} else {
		count_in(model, node, size, owner);
		model_use(model, node->size);
		model_settle_written(model, node->at, node->at + 1);
		fill(model, node, size);
	}
	model_verify(model);
	return node;
}

/*
 * What the core wrote to memory that is free again, and was not poisoned, is of no weight; nor is
 * the header of a hole behind it, which it was merged with.
 */
static void forgive(struct model *model, u32 at, u32 end)
{
	size_t from = heap_offset(at) + sizeof(struct heap_block);

	if (at == end)
		return;
	if (!poisons(model))
		memcpy(model->image + from, model->region + from, heap_offset(end) + 8 - from);
	else if (end < model->granules && !model->starts[end].word)
		memset(model->image + heap_offset(end), MODEL_PATTERN, sizeof(struct heap_block));
}

/* First fit of more, of which both ends are given back; the peak knows of all of it. */
static void settle_aligned(struct model *model, struct node *large, size_t size, size_t align,
			   u8 owner)
{
	u32 old_at = large->at, old_end = large->at + large->size;
	u32 front = (-(uintptr_t)model_payload(model, old_at) & (align - 1)) / HEAP_GRANULE;
	struct node *node;

	model_use(model, large->size);
	node = oracle_trim(large, front, model_granules(model, size));
	model->tally.used -= old_end - old_at - node->size;
	count_in(model, node, size, owner);
	model_settle_written(model, old_at, old_end);
	forgive(model, old_at, node->at);
	forgive(model, node->at + node->size, old_end);
	fill(model, node, size);
}

/* For 0 bytes the API does not ask. */
bool call_alloc_aligned(struct model *model, size_t asked, size_t align)
{
	size_t size = asked ?: 1;
	size_t room = align > HEAP_GRANULE ? align - HEAP_GRANULE : 0;
	u8 owner = model->tally.allocs * 37;
	struct node *large = size + room < size ? NULL : oracle_gives(model, size + room);
	u32 old_at = large ? large->at : 0;
	void *ptr;

	heap_steps = 0;
	ptr = heap_alloc_aligned(&model->heap, size, align, owner);
	verify_steps(model, heap_resize_bound(&model->heap));
	MUST(!ptr == !large && !((uintptr_t)ptr & (align - 1)));
	if (!large) {
		model->tally.failures++;
		model_settle(model);
	} else {
		settle_aligned(model, large, size, align, owner);
		MUST(model->starts[old_at].word);
		MUST(ptr == model_payload(model, model->live[model->live_count - 1]));
	}
	model_verify(model);
	return large;
}

/* To resize: before a shrink the end is filled, after a growth what is new is looked at. */
static void fill_end_of(struct model *model, const void *ptr, size_t size)
{
	size_t from, bytes;
	u32 at, granules = model_granules(model, size);

	if (!poisons(model) || !granules || model_judge(model, ptr, &at) ||
	    granules >= model_node(model, at)->size)
		return;
	from = heap_offset(at + granules);
	bytes = heap_bytes(model_node(model, at)->size - granules);
	heap_fill(model->region + from, bytes);
	memset(model->image + from, MODEL_PATTERN, bytes);
}

/* The block has @size bytes now. The client fills those that are new. */
static void settle_resized(struct model *model, const struct heap_block_info *was, u32 size)
{
	const struct node *node = model_node(model, was->at);
	size_t from = heap_bytes(was->at + 1), slack = from + size;
	size_t old_end = heap_offset(was->at + was->granules);
	size_t end = heap_offset(node->at + node->size);

	model->starts[was->at].asked = size;
	model->tally.asked += size - was->asked;
	model->tally.used -= was->granules;
	model_use(model, node->size);
	model_settle(model);
	memset(model->image + slack, MODEL_PATTERN, end - slack);
	if (poisons(model) && end > old_end)
		look_for_writes(model, old_end, end);
	if (size > was->asked)
		model_fill(model, from + was->asked, model->operations, size - was->asked);
}

void call_resize(struct model *model, const void *ptr, size_t size)
{
	u32 granules = model_granules(model, size);
	struct heap_block_info block, right;
	enum heap_verdict verdict;
	bool done, fits;

	/* As heap_resize() does first: what merges is seen before its place is another's. */
	heap_flush(&model->heap);
	model_settle(model);
	fill_end_of(model, ptr, size);
	verdict = expect_verdict(model, ptr, &right);
	if (verdict == HEAP_CORRUPT_HEADER)
		model_meet(model, right.at);
	fits = (!verdict || verdict == HEAP_OVERRUN) && granules &&
	       oracle_resize(model_node(model, right.at), granules);
	heap_steps = 0;
	MUST(heap_resize(&model->heap, ptr, size, &block, &done) == verdict && done == fits);
	verify_steps(model, heap_resize_bound(&model->heap));
	if (right.at != HEAP_NONE)
		verify_view(&block, &right);
	if (done)
		settle_resized(model, &right, size);
	else
		model_settle(model);
	model_verify(model);
}

/* To free: in one step or two, where the pointer may be any. */
static void count_out(struct model *model, const struct heap_block_info *block)
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
	model_mark(model, block->at, HEAP_PENDING);
	model->tally.pending += block->granules;
	MUST(model->claimed_count < MODEL_CLAIMED);
	model->claimed[model->claimed_count++] = *block;
}

/* A damaged block is told of, and quarantined while there is room: what becomes of it? */
static enum heap_state quarantine(struct model *model, u32 at)
{
	struct tally *tally = &model->tally;
	u32 granules = model->starts[at].node->size;
	enum heap_state state = HEAP_PENDING;

	model_meet(model, at);
	if (tally->quarantine_count < HEAP_QUARANTINE &&
	    tally->quarantined + granules <= model->granules / 8) {
		state = HEAP_QUARANTINED;
		tally->quarantine_count++;
		tally->quarantined += granules;
	}
	model_mark(model, at, state);
	return state;
}

static void let_go(struct model *model, const struct heap_block_info *block, bool claim)
{
	if (claim)
		claim_block(model, block);
	else
		oracle_free(model->starts[block->at].node);
}

static void withdraw(struct model *model, struct heap_block_info *block, bool claim)
{
	model->tally.lost += !block->sealed;
	count_out(model, block);
	block->state = quarantine(model, block->at);
	if (block->state == HEAP_PENDING)
		let_go(model, block, claim);
}

/* What a free must say, and what follows; @block is set to what it was. */
static enum heap_verdict expect_free(struct model *model, const void *ptr, bool claim,
				     struct heap_block_info *block)
{
	enum heap_verdict verdict = expect_verdict(model, ptr, block);

	if (verdict == HEAP_CORRUPT_HEADER) {
		withdraw(model, block, claim);
	} else if (block->at != HEAP_NONE) {
		count_out(model, block);
		let_go(model, block, claim);
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
		verify_view(&block, &right);
		MUST(heap_is_retired(verdict, &block) ==
		     (verdict != HEAP_CORRUPT_HEADER || right.state == HEAP_PENDING));
	}
	model_settle(model);
	return verdict;
}

/* The second step: in a heap that poisons, the block is filled before. */
void call_release(struct model *model, u32 i)
{
	struct heap_block_info block = model->claimed[i];
	bool damaged = model_is_damaged(model, block.at);
	size_t bytes = heap_bytes(block.granules) - sizeof(struct heap_block);

	model->claimed[i] = model->claimed[--model->claimed_count];
	if (poisons(model)) {
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

/* As api.c frees. */
void call_free_as_api(struct model *model, const void *ptr)
{
	u32 claimed;

	if (!poisons(model)) {
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

/* To free later. Nothing is counted, whatever is said. One without a good header has but a slot. */
void call_defer(struct model *model, const void *ptr)
{
	struct heap_slot *slot = &model->waiting[model->waiting_count];
	bool full = model->waiting_count == HEAP_SLOTS;
	unsigned long caller = model->operations;
	enum heap_verdict verdict;
	bool waits;
	u32 at;

	verdict = model_judge_deferred(model, ptr, &at);
	waits = !verdict || (verdict == HEAP_CORRUPT_HEADER && !full);
	MUST(heap_defer(&model->heap, &model->deferred, ptr, caller) ==
	     (waits ? HEAP_OK : verdict));
	if (!verdict)
		model_defer(model, at);
	if (waits && full)
		model->overflow = true;
	if (waits && !full) {
		*slot = (struct heap_slot){ .at = at, .caller = caller };
		model->waiting_count++;
	}
	model_verify(model);
}

/* One of those that wait, whichever; none only if none waits in a slot. */
bool call_take_deferred(struct model *model, u32 *at)
{
	struct heap_slot slot;
	u32 i = 0;

	if (!heap_take_deferred(&model->deferred, &slot)) {
		MUST(!model->waiting_count);
		return false;
	}
	while (i < model->waiting_count && (model->waiting[i].at != slot.at ||
					    model->waiting[i].caller != slot.caller))
		i++;
	MUST(i < model->waiting_count);
	model->waiting[i] = model->waiting[--model->waiting_count];
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

	for (i = 0; i < model->waiting_count; i++) {
		if (model->waiting[i].at == at)
			return true;
	}
	return false;
}

/* A block met on a walk is left alone while it has a slot, or there is no room for a claim. */
bool call_recover(struct model *model, u32 at)
{
	bool waits = model_waits(model, at);
	bool later = waits && (has_slot(model, at) || !heap_can_claim(&model->heap));
	bool recovered = waits && !later && model_resume(model, at);

	model->overflow |= later;
	MUST(heap_recover(&model->heap, &model->deferred, at) == recovered);
	model_verify(model);
	return recovered;
}

/* To free everything. */
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
		block = model_view(model, node);
		if (block.state == HEAP_USED)
			expect_free(model, model_payload(model, node->at), true, &block);
	}
}

/* At most as many as there is room for. Returns where to go on, or HEAP_NONE. */
u32 call_claim_some(struct model *model, u32 from, u32 most)
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
		verify_view(&claimed[i], &model->claimed[before + i]);
	model_settle(model);
	model_verify(model);
	return from;
}

/* Some block leaves quarantine, as it is: of its mark nothing is told. */
bool call_pardon(struct model *model)
{
	struct tally *tally = &model->tally;
	struct heap_block_info block;
	bool pardoned;

	if (model->claimed_count == MODEL_CLAIMED)
		return false;
	pardoned = heap_claim_quarantined(&model->heap, &block);
	MUST(pardoned == !!tally->quarantine_count);
	if (pardoned) {
		MUST(block.at < model->granules && model->starts[block.at].word);
		MUST(model->starts[block.at].state == HEAP_QUARANTINED);
		MUST(block.granules == model->starts[block.at].node->size);
		tally->quarantine_count--;
		tally->quarantined -= block.granules;
		claim_block(model, &block);
	}
	model_settle(model);
	model_verify(model);
	return pardoned;
}

/* When nothing lives in a heap that is opened, nothing is asked for. */
void call_close(struct model *model, bool closed)
{
	if (closed)
		heap_begin_reset(&model->heap);
	else
		heap_end_reset(&model->heap);
	if (!closed && !model->live_count) {
		model->tally.asked = 0;
		model->tally.lost = 0;
	}
	model->closed = closed;
	model_verify(model);
}

/* To be told when much is used. */
void call_set_mark(struct model *model, u32 mark)
{
	heap_set_watermark(&model->heap, mark);
	model->tally.mark = mark;
	model->tally.above = model->tally.used > mark;
	model_verify(model);
}

void call_forget_peak(struct model *model)
{
	heap_reset_peak(&model->heap);
	model->tally.peak = model->tally.used;
	model_verify(model);
}

/*
 * To look: at blocks as they are, from some granule on; and what would be said of a pointer there.
 */
void call_views(struct model *model, u32 from, u32 most)
{
	struct heap_block_info views[VIEWS], block;
	const void *ptr = model_payload(model, from);
	struct node *node = model->oracle;
	u32 at, seen, i;

	MUST(heap_judge(&model->heap, ptr, &block) == model_judge(model, ptr, &at));
	seen = heap_walk(&model->heap, from, views, most);
	MUST(!model->heap.quick_count);
	model_settle(model);
	while (node && node->at < from)
		node = node->next;
	for (i = 0; i < seen; i++, node = node->next) {
		struct heap_block_info right = model_view(model, node);

		verify_view(&views[i], &right);
	}
	MUST(seen == most || (seen < most && !node));
	model_verify(model);
}

/* The next chunk, of a check that began some time ago. */
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

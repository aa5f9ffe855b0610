// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuzz - interpret bytes as operations on a heap, and compare each result with the model
 *
 * The first two bytes choose the region, the flags and the end of the run. Then operations follow:
 * the lower half of a byte chooses the operation, the upper half and more bytes are its arguments.
 * Any bytes are valid.
 */
#include <string.h>

#include <linux/minmax.h>

#include "heap_core.h"
#include "calls.h"
#include "fuzz.h"

struct input {
	const u8 *data;
	size_t size;
};

/* Behind the end all bytes are 0. */
static u32 next_byte(struct input *input)
{
	if (!input->size)
		return 0;
	input->size--;
	return *input->data++;
}

static u32 next_word(struct input *input)
{
	u32 low = next_byte(input);

	return low | next_byte(input) << 8;
}

/* Values below 128 count from the oldest block, others from the newest. */
static u32 some_live(const struct model *model, u32 byte)
{
	u32 i = byte < 128 ? byte : 255 - byte;

	i %= model->live_count;
	return model->live[byte < 128 ? i : model->live_count - 1 - i];
}

/* Operations. @arg is the upper half of the first byte. */
static void op_alloc(struct model *model, struct input *input, u32 arg)
{
	call_alloc(model, 1 + (arg << 8) + next_byte(input));
}

/* Several blocks of the same size. */
static void op_alloc_run(struct model *model, struct input *input, u32 arg)
{
	u32 size = 1 + next_byte(input);

	do {
		call_alloc(model, size);
	} while (arg--);
}

/* 0 bytes; more than the region has; sizes that would wrap. */
static void op_alloc_odd(struct model *model, struct input *input, u32 arg)
{
	u32 byte = next_byte(input);

	if (arg < 4)
		call_alloc(model, 0);
	else if (arg < 8)
		call_alloc(model, heap_bytes(model->granules) + 16 - byte % 64);
	else if (arg < 12)
		call_alloc(model, -(size_t)byte);
	else
		call_alloc(model, ((size_t)16 << sizeof(size_t) * 4) * byte + arg);
}

/* A free directly after the allocation. */
static void op_alloc_free(struct model *model, struct input *input, u32 arg)
{
	u32 last;

	if (!call_alloc(model, 1 + (arg << 4) + next_byte(input)))
		return;
	last = model->live[model->live_count - 1];
	call_free_as_module(model, model_payload(model, last));
}

static void op_free(struct model *model, struct input *input, u32 arg)
{
	u32 byte = next_byte(input);

	if (model->live_count)
		call_free_as_module(model, model_payload(model, some_live(model, byte)));
}

/* Several blocks that were allocated one after the other, with gaps. */
static void op_free_run(struct model *model, struct input *input, u32 arg)
{
	u32 byte = next_byte(input);

	do {
		if (model->live_count)
			call_free_as_module(model, model_payload(model, some_live(model, byte)));
		byte += byte < 128 ? 1 : -1;
	} while (arg--);
}

static void op_claim(struct model *model, struct input *input, u32 arg)
{
	u32 byte = next_byte(input);

	if (!model->live_count || model->claimed_count == MODEL_CLAIMED)
		return;
	call_free(model, model_payload(model, some_live(model, byte)), true);
	model_verify(model);
}

static void op_release(struct model *model, struct input *input, u32 arg)
{
	if (!model->claimed_count)
		return;
	call_release(model, arg % model->claimed_count);
	model_verify(model);
}

/* Any pointer in the region, or near it. */
static const void *any_pointer(const struct model *model, struct input *input, bool aligned)
{
	u32 offset = next_word(input) % (model->bytes + 64);

	if (aligned)
		offset &= ~(HEAP_GRANULE - 1U);
	return (const void *)((uintptr_t)model->region + offset - 32);
}

static void op_free_any(struct model *model, struct input *input, u32 arg)
{
	call_free_as_module(model, any_pointer(model, input, arg < 12));
}

static void op_walk(struct model *model, struct input *input, u32 arg)
{
	call_walk(model, next_word(input) % (model->granules + 1), arg);
}

static void op_check_batch(struct model *model, struct input *input, u32 arg)
{
	do {
		call_check_chunk(model, &model->audit);
		if (heap_audit_done(&model->heap, &model->audit))
			heap_audit_start(&model->audit);
	} while (arg--);
}

static void check_all(struct model *model)
{
	struct heap_audit audit;

	heap_audit_start(&audit);
	while (!heap_audit_done(&model->heap, &audit))
		call_check_chunk(model, &audit);
}

/* Damage: a client writes behind its block. */
static void op_overrun(struct model *model, struct input *input, u32 arg)
{
	u32 which = next_byte(input), byte = next_byte(input), at;
	size_t offset;

	if (!model->live_count)
		return;
	at = some_live(model, which);
	offset = heap_bytes(at + 1) + model->starts[at].asked + (arg >= 12 ? arg : 0);
	do {
		if (offset < model->bytes)
			model_damage(model, offset++, byte);
	} while (arg--);
	model_verify(model);
}

/* The block that contains a granule. */
static u32 some_start(const struct model *model, u32 word)
{
	u32 at = word % model->granules;

	while (!model->starts[at].word)
		at--;
	return at;
}

static void flip(struct model *model, struct input *input, u32 at, u32 byte)
{
	size_t offset = heap_offset(at) + byte;
	u32 change = next_byte(input);

	model_damage(model, offset, model->image[offset] ^ (change ? change : 1));
}

/* Copy a header over another. */
static void copy(struct model *model, u32 from, u32 to)
{
	u32 i;

	for (i = 0; i < sizeof(struct heap_block); i++)
		model_damage(model, heap_offset(to) + i, model->image[heap_offset(from) + i]);
}

/* Damage of a header. */
static void op_header(struct model *model, struct input *input, u32 arg)
{
	u32 at = some_start(model, next_word(input));

	if (arg < 8)
		flip(model, input, at, arg);
	else
		copy(model, some_start(model, next_word(input)), at);
	model_verify(model);
}

/* Damage anywhere. */
static void op_write(struct model *model, struct input *input, u32 arg)
{
	size_t offset = next_word(input) % model->bytes;
	u32 byte = next_byte(input);

	do {
		if (offset < model->bytes)
			model_damage(model, offset++, byte);
	} while (arg--);
	model_verify(model);
}

/* Free blocks with a damaged header: they are quarantined while there is room. */
static void op_quarantine(struct model *model, struct input *input, u32 arg)
{
	u32 byte = next_byte(input), at;

	do {
		if (!model->live_count)
			return;
		at = some_live(model, byte);
		model_damage(model, heap_offset(at) + arg % 8, byte + arg);
		call_free_as_module(model, model_payload(model, at));
	} while (arg--);
}

/* Alignments from 16 to MODEL_ALIGN; one size in eight is too large. */
static void op_alloc_aligned(struct model *model, struct input *input, u32 arg)
{
	size_t align = (size_t)HEAP_GRANULE << arg % 9;
	u32 word = next_word(input);

	if (arg >= 224)
		call_alloc_aligned(model, -(size_t)word, align);
	else
		call_alloc_aligned(model, 1 + (word >> word % 8), align);
}

/* A resize of a block, or of an invalid pointer. */
static void op_resize(struct model *model, struct input *input, u32 arg)
{
	u32 word = next_word(input);
	size_t size = word >> word % 8;

	if (arg % 16 == 15)
		size = -size;
	if (arg >= 240)
		call_resize(model, any_pointer(model, input, arg < 252), size);
	else if (model->live_count)
		call_resize(model, model_payload(model, some_live(model, arg)), size);
}

/* A resize by a few bytes. */
static void op_resize_by(struct model *model, struct input *input, u32 arg)
{
	u32 change = next_byte(input), at, asked;

	if (!model->live_count)
		return;
	at = some_live(model, arg);
	asked = model->starts[at].asked;
	call_resize(model, model_payload(model, at),
		    change < 128 ? asked + change : asked - min(asked, change - 127));
}

/* Frees without the lock: of a few blocks, or of an invalid pointer. */
static void op_defer(struct model *model, struct input *input, u32 arg)
{
	u32 which = next_byte(input), count = arg % 128;

	if (arg >= 240) {
		call_defer(model, any_pointer(model, input, arg < 252));
		return;
	}
	do {
		if (model->live_count)
			call_defer(model, model_payload(model, some_live(model, which)));
		which += which < 128 ? 1 : -1;
	} while (count-- > which % 4);
}

/* As the module: take a deferred block, and free it. */
static bool drain_one(struct model *model)
{
	u32 at;

	if (!call_take_deferred(model, &at))
		return false;
	if (call_resume(model, at))
		call_free_as_module(model, model_payload(model, at));
	return true;
}

/* As the module: free the deferred blocks without a slot. */
static void recover(struct model *model)
{
	struct heap_block_info block = {};

	WRITE_ONCE(model->deferred.overflow, 0);
	model->overflow = false;
	while (heap_walk(&model->heap, block.at + block.granules, &block, 1)) {
		model_settle(model);
		if (block.state == HEAP_DEFERRED && call_recover(model, block.at))
			call_free_as_module(model, model_payload(model, block.at));
	}
	model_settle(model);
	model_verify(model);
}

static void op_drain(struct model *model, struct input *input, u32 arg)
{
	if (arg < 192) {
		while (drain_one(model) && arg--)
			;
	} else {
		recover(model);
	}
}

/* The steps of a reset, in any order. */
static void op_reset(struct model *model, struct input *input, u32 arg)
{
	if (arg < 128)
		call_claim_batch(model, next_word(input) % (model->granules + 1), arg % 8);
	else if (arg < 192)
		call_claim_quarantined(model);
	else
		call_set_reset(model, arg < 224);
}

/* Peak, watermark, and the event of a waiter. */
static void op_watermark(struct model *model, struct input *input, u32 arg)
{
	if (arg < 64) {
		call_reset_peak(model);
	} else if (arg < 128) {
		model->tally.waited = arg % 2;
		model->heap.events &= ~HEAP_EVENT_WAITERS;
		model->heap.events |= arg % 2 ? HEAP_EVENT_WAITERS : 0;
	} else {
		call_set_watermark(model, arg < 240 ? next_word(input) % model->granules : U32_MAX);
	}
}

static void op_check(struct model *model, struct input *input, u32 arg)
{
	if (arg < 128)
		check_all(model);
	call_flush(model);
}

typedef void (*operation)(struct model *model, struct input *input, u32 arg);

/* Operations with a whole byte as @arg. */
static void op_other(struct model *model, struct input *input, u32 arg)
{
	static const operation others[16] = {
		op_check, op_check, op_reset, op_reset, op_alloc_aligned, op_alloc_aligned,
		op_resize, op_resize, op_resize, op_resize_by, op_resize_by, op_defer, op_defer,
		op_drain, op_drain, op_watermark,
	};

	others[arg](model, input, next_byte(input));
}

static const operation operations[16] = {
	op_alloc, op_alloc_run, op_alloc_odd, op_alloc_free,
	op_free, op_free_run, op_claim, op_release,
	op_free_any, op_walk, op_check_batch, op_other,
	op_overrun, op_header, op_write, op_quarantine,
};

/* An end: a frozen heap allocates, frees and writes nothing. */
static void verify_frozen(struct model *model)
{
	struct heap *heap = &model->heap;
	void *ptr = model_payload(model, 0);
	struct heap_block_info info;
	u32 from = 0;
	bool done;

	heap_freeze(heap, 0);
	heap_end_reset(heap);
	MUST(heap->verdicts[HEAP_CORRUPT_INDEX] == 1 && heap_is_frozen(heap));
	MUST(!heap_alloc(heap, 1, 0) && !heap_alloc_aligned(heap, 1, 64, 0));
	MUST(heap_free(heap, ptr, &info) == HEAP_CORRUPT_INDEX);
	MUST(heap_resize(heap, ptr, 1, &info, NULL, &done) == HEAP_CORRUPT_INDEX && !done);
	MUST(heap_defer(heap, &model->deferred, ptr, 0) == HEAP_CORRUPT_INDEX);
	MUST(!heap_walk(heap, 0, &info, 1) && !heap_claim_batch(heap, &from, &info, 1));
	MUST(from == HEAP_NONE && !heap_claim_quarantined(heap, &info));
	MUST(heap_check(heap, &model->audit, 1) == HEAP_CORRUPT_INDEX);
	if (model->claimed_count)
		heap_release(heap, &model->claimed[0]);
	MUST(heap->verdicts[HEAP_CORRUPT_INDEX] == 1);
	MUST(!memcmp(model->region, model->image, model->bytes));
}

/* An end: a claimed block gets its old header back. It is still claimed, and then quarantined. */
static void verify_restored_header(struct model *model)
{
	struct heap_block_info claimed = model->claimed[0], info;
	struct heap *heap = &model->heap;
	struct heap_audit audit;

	model_restore_header(model, claimed.at);
	MUST(heap_free(heap, model_payload(model, claimed.at), &info) == HEAP_DOUBLE_FREE);
	heap_release(heap, &claimed);
	MUST(heap->pending == model->tally.pending - claimed.granules);
	heap_audit_start(&audit);
	while (!heap_audit_done(heap, &audit))
		MUST(heap_check(heap, &audit, U32_MAX) != HEAP_CORRUPT_INDEX);
}

/* Free all blocks, one by one or by a reset. */
static void free_all(struct model *model, bool reset)
{
	u32 from = 0;

	while (!reset && model->live_count)
		call_free_as_module(model, model_payload(model, model->live[0]));
	call_set_reset(model, true);
	while (model->live_count) {
		recover(model);
		from = call_claim_batch(model, from, MODEL_CLAIMED);
		from = from == HEAP_NONE ? 0 : from;
		for (; model->claimed_count; model_verify(model))
			call_release(model, 0);
	}
	for (; reset && call_claim_quarantined(model); model_verify(model))
		call_release(model, 0);
	call_set_reset(model, false);
}

/* An end: free everything. Only quarantined blocks and holes are left. */
static void finish(struct model *model, bool reset)
{
	const struct node *node;

	for (; model->claimed_count; model_verify(model))
		call_release(model, 0);
	while (drain_one(model))
		;
	recover(model);
	free_all(model, reset);
	check_all(model);
	for (node = model->oracle; node; node = node->next)
		MUST(!node->used || model->starts[node->at].state == HEAP_QUARANTINED);
	MUST(!model->live_count && !model->tally.used && !model->tally.pending);
	MUST(!reset || (!model->oracle->used && !model->oracle->next));
}

/* Mostly small regions: in these, more operations interact. */
static void init(struct model *model, struct input *input)
{
	u32 choice = next_byte(input), byte = next_byte(input);
	u32 scale = choice / 4 % 8;

	model_init(model, 1 + (scale < 4 ? byte % 32 : byte << (scale - 4)), choice % 4);
}

/* Called by libFuzzer, by AFL++ and by main.c. */
int fuzz_one(const u8 *data, size_t size)
{
	static struct model model;
	struct input input = { data, size };
	u32 end = size ? data[0] / 32 : 0;

	init(&model, &input);
	while (input.size) {
		u32 byte = next_byte(&input);

		operations[byte % 16](&model, &input, byte / 16);
	}
	if (end >= 6)
		verify_frozen(&model);
	else if (end >= 3 && model.claimed_count)
		verify_restored_header(&model);
	else
		finish(&model, end % 2);
	model_destroy(&model);
	return 0;
}

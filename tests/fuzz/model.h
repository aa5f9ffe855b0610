/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * model - the state that a heap must have after each operation, byte for byte
 *
 * The oracle has the blocks; an image of the region has payloads, damage and headers; and the tally
 * has the counters. Headers are computed here independently, and written to the image when the
 * core must have written them. After each operation region and image must be equal.
 *
 * The model reads from the heap which blocks are on the quick list: the core may decide that, as
 * long as each of them is free in the oracle.
 */
#ifndef MODEL_H
#define MODEL_H

#include <stdio.h>
#include <stdlib.h>

#include "core/check.h"
#include "heap_core.h"
#include "core/deferred.h"
#include "core/findings.h"
#include "../oracle.h"

#define MODEL_GRANULES	2048		/* more than any region has */
#define MODEL_CLAIMED	4		/* most blocks between claim and release */
#define MODEL_ALIGN	4096		/* of the region: no result depends on its address */
#define MODEL_PATTERN	0xc5

/* A condition that must hold. A fuzzer detects the signal. */
#define MUST(condition) do {							\
	if (!(condition)) {							\
		printf("not ok - %s:%d: %s\n", __FILE__, __LINE__, #condition);	\
		fflush(stdout);							\
		abort();							\
	}									\
} while (0)

/**
 * struct start - where a block begins
 * @word: its header, as the core must have written it; 0: no block begins here
 * @found: number of the operation that found the header damaged
 * @node: the node, if it is used in the oracle
 * @asked: bytes that were requested
 * @state: enum heap_state
 * @owner: number of the call site
 */
struct start {
	u64 word;
	u32 found;
	struct node *node;
	u32 asked;
	u8 state;
	u8 owner;
};

/* The counters and the events that struct heap must have. */
struct tally {
	u32 used;
	u32 peak;
	u32 watermark;
	bool above;
	bool waited;
	u64 asked;
	u64 lost;
	u64 allocs;
	u64 frees;
	u64 failures;
	u64 refused;
	u32 pending;
	u32 quarantined;
	u32 quarantine_count;
	u64 verdicts[HEAP_VERDICTS];
};

/**
 * struct model - a heap, and the state that it must have
 * @heap: the heap
 * @granules: size of the region
 * @bytes: size of the region
 * @region: the region, in memory of its own, which the address sanitizer guards
 * @index: memory of the index, likewise
 * @image: the bytes that the region must have
 * @oracle: first node of the oracle
 * @starts: by granule
 * @tally: the counters
 * @operations: number of operations
 * @recorded: findings of this operation
 * @live: places of the live blocks, deferred ones included, in no order
 * @live_count: blocks in @live
 * @claimed: blocks between claim and release
 * @claimed_count: blocks in @claimed
 * @deferred: the deferred blocks
 * @slots: the slots that @deferred must have filled, in no order
 * @slot_count: slots in @slots
 * @overflow: a block found no free slot
 * @audit: progress of a check in batches
 * @resetting: allocations are refused
 * @damaged: a byte was damaged
 */
struct model {
	struct heap heap;
	u32 granules;
	size_t bytes;
	u8 *region;
	void *index;
	u8 *image;
	struct node *oracle;
	struct start starts[MODEL_GRANULES];
	struct tally tally;
	u32 operations;
	u64 recorded;
	u32 live[MODEL_GRANULES];
	u32 live_count;
	struct heap_block_info claimed[MODEL_CLAIMED];
	u32 claimed_count;
	struct heap_deferred deferred;
	struct heap_slot slots[HEAP_SLOTS];
	u32 slot_count;
	bool overflow;
	struct heap_audit audit;
	bool resetting;
	bool damaged;
};

extern unsigned int heap_steps;

void model_init(struct model *model, u32 granules, u32 flags);
void model_destroy(struct model *model);

void *model_payload(const struct model *model, u32 at);
u32 model_payload_bytes(const struct model *model, u32 granules);
u32 model_granules(const struct model *model, size_t size);
struct node *model_node(const struct model *model, u32 at);
bool model_is_quick(const struct model *model, u32 at);
bool model_is_damaged(const struct model *model, u32 at);
size_t model_first_wrong(const struct model *model, size_t from, size_t end);
size_t model_overrun(const struct model *model, const struct node *node);
struct heap_block_info model_info(const struct model *model, const struct node *node);
enum heap_verdict model_judge(const struct model *model, const void *ptr, u32 *at);
enum heap_verdict model_judge_deferred(const struct model *model, const void *ptr, u32 *at);
enum heap_verdict model_check(const struct model *model, u32 chunk, u64 *offset);

void model_fill(struct model *model, size_t offset, u8 byte, size_t bytes);
void model_damage(struct model *model, size_t offset, u8 byte);
void model_restore_header(struct model *model, u32 at);
void model_record(struct model *model, enum heap_verdict verdict);
void model_verify_header(struct model *model, u32 at);
void model_add_used(struct model *model, u32 granules);
void model_set_state(struct model *model, u32 at, enum heap_state state);
void model_defer(struct model *model, u32 at);
bool model_is_deferred(const struct model *model, u32 at);
bool model_resume(struct model *model, u32 at);
void model_settle(struct model *model);
void model_settle_written(struct model *model, u32 from, u32 end);
void model_verify(struct model *model);

#endif

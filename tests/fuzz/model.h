/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * model - what a heap must be, byte for byte, after everything that was done to it
 *
 * Beside the heap stand the oracle, which knows where the blocks are; an image of the region, with
 * what clients wrote and what was damaged; and the counters as they must be. The words of headers
 * are computed here anew, and written to the image when the core must have written them. So after
 * each operation region and image are the same, or something is wrong.
 *
 * From the heap itself it takes which blocks are kept: that is the core's own affair, as long as
 * each lies in what the oracle knows to be free.
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

#define MODEL_GRANULES	2048		/* less than this are in a region */
#define MODEL_CLAIMED	4		/* blocks at most between claim and release */
#define MODEL_ALIGN	4096		/* of the region: no verdict depends on its place */
#define MODEL_PATTERN	0xc5

/* A condition that must hold. A fuzzer knows a finding by the signal. */
#define MUST(condition) do {							\
	if (!(condition)) {							\
		printf("not ok - %s:%d: %s\n", __FILE__, __LINE__, #condition);	\
		fflush(stdout);							\
		abort();							\
	}									\
} while (0)

/**
 * struct start - where a block begins
 * @word: its header, as the core must have written it last; 0: no block begins here
 * @met: the number of the operation that met it damaged
 * @node: of a block that is used for the oracle
 * @asked: bytes that it was asked for
 * @state: enum heap_state
 * @owner: who asked for it
 */
struct start {
	u64 word;
	u32 met;
	struct node *node;
	u32 asked;
	u8 state;
	u8 owner;
};

/* The counters of struct heap, as they must be; and its flags in @found. */
struct tally {
	u32 used;
	u32 peak;
	u32 mark;
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
 * struct model - a heap, and what it must be
 * @heap: the heap
 * @granules: in it
 * @bytes: of the region
 * @region: in memory of its own, that the address sanitizer guards
 * @index: likewise
 * @image: what the region must be
 * @oracle: its first node
 * @starts: by granules
 * @tally: the counters
 * @operations: so far
 * @told: findings of this operation
 * @live: where the live blocks begin, those that wait to be freed among them, in no order
 * @live_count: how many
 * @claimed: blocks between claim and release
 * @claimed_count: how many
 * @deferred: blocks that wait to be freed
 * @waiting: what must be in its slots, in no order
 * @waiting_count: how much
 * @overflow: something found no slot
 * @audit: of a check in batches
 * @closed: nothing fits
 * @damaged: something was written where it must not be
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
	u64 told;
	u32 live[MODEL_GRANULES];
	u32 live_count;
	struct heap_block_info claimed[MODEL_CLAIMED];
	u32 claimed_count;
	struct heap_deferred deferred;
	struct heap_slot waiting[HEAP_SLOTS];
	u32 waiting_count;
	bool overflow;
	struct heap_audit audit;
	bool closed;
	bool damaged;
};

extern unsigned int heap_steps;

void model_init(struct model *model, u32 granules, u32 flags);
void model_destroy(struct model *model);

void *model_payload(const struct model *model, u32 at);
u32 model_payload_bytes(const struct model *model, u32 granules);
u32 model_granules(const struct model *model, size_t size);
struct node *model_node(const struct model *model, u32 at);
bool model_is_kept(const struct model *model, u32 at);
bool model_is_damaged(const struct model *model, u32 at);
size_t model_first_wrong(const struct model *model, size_t from, size_t end);
size_t model_overrun(const struct model *model, const struct node *node);
struct heap_block_info model_view(const struct model *model, const struct node *node);
enum heap_verdict model_judge(const struct model *model, const void *ptr, u32 *at);
enum heap_verdict model_judge_deferred(const struct model *model, const void *ptr, u32 *at);
enum heap_verdict model_check(const struct model *model, u32 chunk, u64 *offset);

void model_fill(struct model *model, size_t offset, u8 byte, size_t bytes);
void model_damage(struct model *model, size_t offset, u8 byte);
void model_write_back(struct model *model, u32 at);
void model_find(struct model *model, enum heap_verdict verdict);
void model_meet(struct model *model, u32 at);
void model_use(struct model *model, u32 granules);
void model_mark(struct model *model, u32 at, enum heap_state state);
void model_defer(struct model *model, u32 at);
bool model_waits(const struct model *model, u32 at);
bool model_resume(struct model *model, u32 at);
void model_settle(struct model *model);
void model_settle_written(struct model *model, u32 from, u32 end);
void model_verify(struct model *model);

#endif

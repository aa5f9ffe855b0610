// SPDX-License-Identifier: GPL-2.0-only
/*
 * pattern - fill memory that no caller owns, and find what was written there
 */
#include <linux/compiler.h>

#include "core/block.h"
#include "core/pattern.h"

void heap_fill(void *ptr, size_t bytes)
{
	u64 *word = ptr;

	for (; bytes; bytes -= sizeof(*word))
		WRITE_ONCE(*word++, HEAP_PATTERN64);	/* not memset(), which KASAN checks */
}

const void *heap_first_unfilled(const void *ptr, size_t bytes)
{
	const u64 *word = ptr;
	const u8 *byte;

	for (; bytes && *word == HEAP_PATTERN64; bytes -= sizeof(*word))
		word++;
	if (!bytes)
		return NULL;
	for (byte = (const u8 *)word; *byte == HEAP_PATTERN;)
		byte++;
	return byte;
}

bool heap_is_intact(const struct heap *heap, const struct heap_block_info *block)
{
	u32 slack = payload_bytes(heap, block->granules) - block->asked;

	return is_end_intact(heap, block->at + block->granules, slack);
}

/* At most 31 bytes: slack and redzone. */
u64 heap_first_overrun(const struct heap *heap, const struct heap_block_info *block)
{
	u64 offset = heap_offset(block->at) + sizeof(struct heap_block) + block->asked;
	u64 last = heap_offset(block->at + block->granules) - 1;

	while (offset < last && (u8)heap->region[offset] == HEAP_PATTERN)
		offset++;
	return offset;
}

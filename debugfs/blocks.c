// SPDX-License-Identifier: GPL-2.0-only
/*
 * blocks - every block of a heap, one line each, in address order
 *
 * The position in the file is a place in the heap: 0 for the column names, then granule + 1. A read
 * resumes by address, so a block that exists throughout the dump is printed exactly once, whatever
 * happens to other blocks.
 */
#include <linux/module.h>
#include <linux/seq_file.h>

#include "heaps/walk.h"
#include "debugfs.h"

struct blocks_reader {
	struct heapmod *heap;
	u32 seen, next;			/* blocks in the batch; the next to print */
	struct heap_block_info batch[HEAPS_BATCH];
};

/* The next block of the batch. An exhausted batch is read anew from *@pos. */
static struct heap_block_info *blocks_fetch(struct blocks_reader *reader, loff_t *pos)
{
	struct heap_block_info *block;

	if (reader->next == reader->seen) {
		reader->next = 0;
		reader->seen = heapmod_walk_batch(reader->heap, *pos - 1, reader->batch,
						  HEAPS_BATCH);
		if (!reader->seen)
			return NULL;
	}
	block = &reader->batch[reader->next];
	*pos = (loff_t)block->at + 1;
	return block;
}

/* The rest of the batch may be stale: the next fetch reads from its position. */
static void blocks_discard(struct blocks_reader *reader)
{
	reader->next = 0;
	reader->seen = 0;
}

static void *blocks_start(struct seq_file *file, loff_t *pos)
{
	struct blocks_reader *reader = file->private;

	if (!*pos)
		return SEQ_START_TOKEN;
	blocks_discard(reader);
	return blocks_fetch(reader, pos);
}

static void *blocks_next(struct seq_file *file, void *record, loff_t *pos)
{
	struct blocks_reader *reader = file->private;
	struct heap_block_info *block = record;

	if (record == SEQ_START_TOKEN) {
		*pos = 1;
		blocks_discard(reader);
	} else {
		*pos = (loff_t)block->at + block->granules + 1;
		reader->next++;
	}
	return blocks_fetch(reader, pos);
}

static void blocks_stop(struct seq_file *file, void *record)
{
}

static int blocks_show(struct seq_file *file, void *record)
{
	struct blocks_reader *reader = file->private;
	struct heap_block_info *block = record;

	if (record == SEQ_START_TOKEN) {
		seq_printf(file, "%12s %12s %-11s %12s %s\n", "offset", "size", "state", "asked",
			   "owner");
		return 0;
	}
	seq_printf(file, "%12llu %12llu %-11s ", heap_offset(block->at),
		   heap_bytes(block->granules), heap_state_names[block->state]);
	if (block->state != HEAP_USED) {
		seq_printf(file, "%12s -\n", "-");
	} else if (!block->sealed) {
		seq_printf(file, "%12s ?\n", "?");
	} else {
		seq_printf(file, "%12llu ", block->asked);
		print_owner(file, heap_owner_at(&reader->heap->owners, block->owner)->caller);
	}
	return 0;
}

static const struct seq_operations blocks_ops = {
	.start = blocks_start,
	.next = blocks_next,
	.stop = blocks_stop,
	.show = blocks_show,
};

static int blocks_open(struct inode *inode, struct file *file)
{
	struct blocks_reader *reader;

	reader = __seq_open_private(file, &blocks_ops, sizeof(*reader));
	if (!reader)
		return -ENOMEM;
	reader->heap = inode->i_private;
	return 0;
}

const struct file_operations heapmod_blocks_fops = {
	.owner = THIS_MODULE,
	.open = blocks_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = seq_release_private,
};

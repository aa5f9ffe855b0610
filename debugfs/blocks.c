// SPDX-License-Identifier: GPL-2.0-only
/*
 * blocks - every block of a heap, a line each, in the order of their addresses
 *
 * The position in the file is a place in the heap: 0 for the heading, then granule + 1. So a read
 * resumes by address, and a block that lives through the whole dump is printed exactly once,
 * whatever happens to the others meanwhile.
 */
#include <linux/module.h>
#include <linux/seq_file.h>

#include "heaps/walk.h"
#include "debugfs.h"

struct blocks_reader {
	struct heapmod *heap;
	u32 seen, next;			/* in the batch */
	struct heap_block_info batch[HEAPS_BATCH];
};

/* The next block of the batch, which is read anew when it is used up. */
static struct heap_block_info *blocks_fetch(struct blocks_reader *reader, loff_t *pos)
{
	struct heap_block_info *block;

	if (reader->next == reader->seen) {
		reader->next = 0;
		reader->seen = heapmod_walk_batch(reader->heap, *pos - 1, reader->batch, HEAPS_BATCH);
		if (!reader->seen)
			return NULL;
	}
	block = &reader->batch[reader->next];
	*pos = (loff_t)block->at + 1;
	return block;
}

/* What is left of the batch is old: read anew from the position. */
static void blocks_forget(struct blocks_reader *reader)
{
	reader->next = 0;
	reader->seen = 0;
}

static void *blocks_start(struct seq_file *file, loff_t *pos)
{
	struct blocks_reader *reader = file->private;

	if (!*pos)
		return SEQ_START_TOKEN;
	blocks_forget(reader);
	return blocks_fetch(reader, pos);
}

static void *blocks_next(struct seq_file *file, void *record, loff_t *pos)
{
	struct blocks_reader *reader = file->private;
	struct heap_block_info *block = record;

	if (record == SEQ_START_TOKEN) {
		*pos = 1;
		blocks_forget(reader);
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
	unsigned long caller;

	if (record == SEQ_START_TOKEN) {
		seq_puts(file, "offset size state asked owner\n");
		return 0;
	}
	seq_printf(file, "%llu %llu %s ", heap_offset(block->at), heap_bytes(block->granules),
		   heap_state_names[block->state]);
	if (block->state != HEAP_USED) {
		seq_puts(file, "- -\n");
		return 0;
	}
	if (!block->sealed) {
		seq_puts(file, "? ?\n");
		return 0;
	}
	caller = reader->heap->owners.table[block->owner].caller;
	if (caller)
		seq_printf(file, "%llu %pS\n", block->asked, (void *)caller);
	else
		seq_printf(file, "%llu other\n", block->asked);
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

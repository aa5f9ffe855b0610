// SPDX-License-Identifier: GPL-2.0-only
/*
 * map - a heap as a picture in text: one character a slice
 *
 *	           8 |####+=-.........
 *
 * From '.' for a slice without blocks to '#' for a slice full of them.
 */
#include <linux/math64.h>
#include <linux/seq_file.h>

#include "heaps/compat.h"
#include "heaps/walk.h"
#include "debugfs.h"

#define MAP_COLUMNS	64
#define MAP_ROWS	16
#define MAP_SLICES	(MAP_COLUMNS * MAP_ROWS)

static const char shades[] = ".-=+#";

/* A picture of @granules: @used granules in each slice of @slice granules. */
struct map_picture {
	u32 granules;
	u32 slice;
	u32 used[MAP_SLICES];
};

/* Adds a used block to the slices that it covers. */
static void paint(struct map_picture *picture, const struct heap_block_info *block)
{
	u64 at = block->at;
	u64 end = at + block->granules;
	u64 number, slice_end;

	while (at < end) {
		number = div_u64(at, picture->slice);
		slice_end = min(end, (number + 1) * picture->slice);
		picture->used[number] += slice_end - at;
		at = slice_end;
	}
}

static void paint_all(struct map_picture *picture, struct heapmod *heap)
{
	struct heap_block_info batch[8];
	u32 seen, i;
	u32 at = 0;

	while ((seen = heapmod_walk_batch(heap, at, batch, ARRAY_SIZE(batch)))) {
		for (i = 0; i < seen; i++) {
			if (batch[i].state != HEAP_HOLE)
				paint(picture, &batch[i]);
			at = batch[i].at + batch[i].granules;
		}
		cond_resched();
	}
}

/* A slice that blocks fill in part never looks empty or full. */
static char shade(u32 used, u32 slice)
{
	u32 full = sizeof(shades) - 2;

	if (!used || used >= slice)
		return shades[used ? full : 0];
	return shades[1 + (u32)div_u64((u64)used * (full - 1), slice)];
}

static void print_slice(struct seq_file *file, const struct map_picture *picture, u32 number)
{
	u64 start = (u64)number * picture->slice;
	u32 slice = min_t(u64, picture->slice, picture->granules - start);

	if (number % MAP_COLUMNS == 0)
		seq_printf(file, "%12llu |", heap_offset(start));
	seq_putc(file, shade(picture->used[number], slice));
	if (number % MAP_COLUMNS == MAP_COLUMNS - 1 || start + slice == picture->granules)
		seq_puts(file, "|\n");
}

int heapmod_map_show(struct seq_file *file, void *unused)
{
	struct heapmod *heap = file->private;
	struct map_picture *picture;
	u32 number;

	picture = kvzalloc(sizeof(*picture), GFP_KERNEL);
	if (!picture)
		return -ENOMEM;
	picture->granules = heap->core.index.granules;
	picture->slice = DIV_ROUND_UP_ULL(picture->granules, MAP_SLICES);
	paint_all(picture, heap);
	seq_printf(file, "a character is %llu bytes: . hole, - = + used in part, # full\n",
		   heap_bytes(picture->slice));
	for (number = 0; (u64)number * picture->slice < picture->granules; number++)
		print_slice(file, picture, number);
	kvfree(picture);
	return 0;
}

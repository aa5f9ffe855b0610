// SPDX-License-Identifier: GPL-2.0-only
/*
 * map - a heap as text, one character for each slice of the region
 *
 *	           8 |####+=-.........
 *
 * '.' is a slice without blocks, '#' is a slice full of them.
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

/* A region of @granules in slices of @slice granules; @used counts the granules in blocks. */
struct map_slices {
	u32 granules;
	u32 slice;
	u32 used[MAP_SLICES];
};

/* Add a used block to the slices that it covers. */
static void count_block(struct map_slices *map, const struct heap_block_info *block)
{
	u64 at = block->at;
	u64 end = at + block->granules;
	u64 number, slice_end;

	while (at < end) {
		number = div_u64(at, map->slice);
		slice_end = min(end, (number + 1) * map->slice);
		map->used[number] += slice_end - at;
		at = slice_end;
	}
}

static void count_blocks(struct map_slices *map, struct heapmod *heap)
{
	struct heap_block_info batch[8];
	u32 seen, i;
	u32 at = 0;

	while ((seen = heapmod_walk_batch(heap, at, batch, ARRAY_SIZE(batch)))) {
		for (i = 0; i < seen; i++) {
			if (batch[i].state != HEAP_HOLE)
				count_block(map, &batch[i]);
			at = batch[i].at + batch[i].granules;
		}
		cond_resched();
	}
}

/* A slice in partial use is never shown as empty or full. */
static char shade(u32 used, u32 slice)
{
	u32 full = sizeof(shades) - 2;

	if (!used || used >= slice)
		return shades[used ? full : 0];
	return shades[1 + (u32)div_u64((u64)used * (full - 1), slice)];
}

static void print_slice(struct seq_file *file, const struct map_slices *map, u32 number)
{
	u64 start = (u64)number * map->slice;
	u32 slice = min_t(u64, map->slice, map->granules - start);

	if (number % MAP_COLUMNS == 0)
		seq_printf(file, "%12llu |", heap_offset(start));
	seq_putc(file, shade(map->used[number], slice));
	if (number % MAP_COLUMNS == MAP_COLUMNS - 1 || start + slice == map->granules)
		seq_puts(file, "|\n");
}

int heapmod_map_show(struct seq_file *file, void *unused)
{
	struct heapmod *heap = file->private;
	struct map_slices *map;
	u32 number;

	map = kvzalloc(sizeof(*map), GFP_KERNEL);
	if (!map)
		return -ENOMEM;
	map->granules = heap->core.index.granules;
	map->slice = DIV_ROUND_UP_ULL(map->granules, MAP_SLICES);
	count_blocks(map, heap);
	seq_printf(file, "a character is %llu bytes: . hole, - = + used in part, # full\n",
		   heap_bytes(map->slice));
	for (number = 0; (u64)number * map->slice < map->granules; number++)
		print_slice(file, map, number);
	kvfree(map);
	return 0;
}

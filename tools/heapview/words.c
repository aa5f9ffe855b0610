// SPDX-License-Identifier: GPL-2.0-only
/*
 * words - numbers for output, and from input
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/minmax.h>

#include "palette.h"
#include "words.h"

static const char units[] = "BKMGT";

const char *human(char word[WORD], u64 bytes)
{
	double value = bytes;
	u32 unit = 0;

	while (value >= 1023.95 && units[unit + 1]) {
		value /= 1024;
		unit++;
	}
	snprintf(word, WORD, unit ? "%.1f%c" : "%.0f%c", value, units[unit]);
	return word;
}

const char *percent(char word[WORD], u64 part, u64 whole)
{
	snprintf(word, WORD, "%.1f%%", whole ? 100.0 * part / whole : 0);
	return word;
}

const char *plural(u32 count)
{
	return count == 1 ? "" : "s";
}

char *shorten(char *text, size_t room)
{
	size_t length = strlen(text), head = room / 2, tail;

	if (length <= room)
		return text;
	if (room < 2)
		head = room;
	tail = room - head < 2 ? 0 : room - head - 2;
	memcpy(text + head, "..", min(room - head, 2UL));
	memmove(text + room - tail, text + length - tail, tail);
	text[room] = '\0';
	return text;
}

bool parse_bytes(const char *text, u64 *bytes)
{
	const char *unit;
	u64 most;
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*bytes = strtoull(text, &end, 0);
	unit = strchr(units, *end ? *end & ~0x20 : 'B');
	if (errno || !unit || !*unit || (*end && end[1]))
		return false;
	most = UINT64_MAX >> 10 * (unit - units);
	if (*bytes > most)
		return false;
	*bytes <<= 10 * (unit - units);
	return true;
}

const struct kind kinds[KINDS] = {
	{ "asked", "asked_bytes", '#', COLOUR_USED },
	{ "slack", "slack_bytes", '+', COLOUR_SLACK },
	{ "header", "header_bytes", '=', COLOUR_HEADER },
	{ "redzone", "redzone_bytes", '%', COLOUR_FRAGMENTS },
	{ "pending", "pending_bytes", '~', COLOUR_PENDING },
	{ "cached", "cached_bytes", '$', COLOUR_CACHED },
	{ "quarantine", "quarantine_bytes", '!', COLOUR_QUARANTINED },
	{ "edge", "edge_bytes", '|', COLOUR_DIM },
	{ "hole", "hole_bytes", '.', COLOUR_HOLE },
};

/* The widest part gives the columns for the small ones. The edges may have none. */
void kinds_widths(const struct stats *stats, u32 width, u32 widths[KINDS])
{
	u64 region = stats_get(stats, "region_bytes");
	u32 sum = 0, largest = 0, i;

	for (i = 0; i < KINDS; i++) {
		u64 bytes = stats_get(stats, kinds[i].key);

		widths[i] = region ? (u32)((double)bytes * width / region + 0.5) : 0;
		if (!widths[i] && bytes && strcmp(kinds[i].name, "edge"))
			widths[i] = 1;
		sum += widths[i];
		if (widths[i] > widths[largest])
			largest = i;
	}
	if (sum > width)
		widths[largest] -= widths[largest] > sum - width ? sum - width : widths[largest];
	else
		widths[largest] += width - sum;
}

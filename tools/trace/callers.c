// SPDX-License-Identifier: GPL-2.0-only
/*
 * callers - the names of call sites, stored once and numbered
 *
 * A hash table with open addressing, at most half full.
 */
#define _GNU_SOURCE
#include <string.h>

#include "callers.h"
#include "die.h"

static const char **names;		/* by number; the first is not used */
static size_t names_room;
static u32 count = 1;

static u32 *slots;			/* a caller's number, or 0 */
static u32 slots_mask;

static u32 hash(const char *name)
{
	u32 sum = 2166136261U;		/* FNV-1a */

	while (*name)
		sum = (sum ^ (unsigned char)*name++) * 16777619U;
	return sum;
}

/* The slot of a name, or the empty slot for it. */
static u32 *slot_of(const char *name)
{
	u32 i = hash(name);

	while (slots[i & slots_mask] && strcmp(names[slots[i & slots_mask]], name))
		i++;
	return &slots[i & slots_mask];
}

static void enlarge(void)
{
	u32 i;

	free(slots);
	slots_mask = 2 * slots_mask + 1;
	slots = zeroed((size_t)slots_mask + 1, sizeof(*slots));
	for (i = 1; i < count; i++)
		*slot_of(names[i]) = i;
}

static u32 add(const char *name)
{
	names = grow(names, &names_room, count + 1, sizeof(*names));
	names[count] = strdup(name);
	if (!names[count])
		die("no memory for the name of a caller");
	return count++;
}

u32 caller_number(const char *name)
{
	u32 *slot;

	if (!*name || !strcmp(name, "?"))
		return NO_CALLER;
	if (2 * count > slots_mask)
		enlarge();
	slot = slot_of(name);
	if (!*slot)
		*slot = add(name);
	return *slot;
}

const char *caller_name(u32 number)
{
	return number ? names[number] : "?";
}

u32 callers_count(void)
{
	return count;
}

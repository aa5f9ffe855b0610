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
#include "printable.h"

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
	names[count] = name;
	return count++;
}

/* Most names are printable, and found as they are. */
static u32 number_of_new(const char *name)
{
	char *copy = strdup(name);
	u32 *slot;

	if (!copy)
		die("no memory for the name of a caller");
	make_printable(copy);
	slot = slot_of(copy);
	if (*slot)
		free(copy);
	else
		*slot = add(copy);
	return *slot;
}

u32 caller_number(const char *name)
{
	u32 number;

	if (!*name || !strcmp(name, "?"))
		return NO_CALLER;
	if (2 * count > slots_mask)
		enlarge();
	number = *slot_of(name);
	return number ? number : number_of_new(name);
}

const char *caller_name(u32 number)
{
	return number ? names[number] : "?";
}

u32 callers_count(void)
{
	return count;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * owners - call sites by name: what each one owns, its colour and its letter
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "owners.h"

/* FNV-1a: colours depend on it, so it is the same on every machine. */
static u32 hash_of(const char *name, size_t length)
{
	u32 hash = 2166136261U;

	while (length--)
		hash = (hash ^ (u8)*name++) * 16777619U;
	return hash ^ hash >> 15;
}

/* The slot of a name, or the empty slot for it. */
static u32 *place_of(const struct owners *owners, const char *name, size_t length)
{
	u32 i = hash_of(name, length);

	for (;; i++) {
		u32 *place = &owners->hash[i & (owners->hash_size - 1)];
		const char *there = *place ? owners->table[*place - 1].name : NULL;

		if (!there || (!strncmp(there, name, length) && !there[length]))
			return place;
	}
}

static void grow(struct owners *owners)
{
	u32 i;

	owners->hash_size = owners->hash_size ? 2 * owners->hash_size : 64;
	free(owners->hash);
	owners->hash = must(calloc(owners->hash_size, sizeof(*owners->hash)));
	owners->table = must(realloc(owners->table, owners->hash_size * sizeof(*owners->table)));
	owners->order = must(realloc(owners->order, owners->hash_size * sizeof(*owners->order)));
	for (i = 0; i < owners->count; i++)
		*place_of(owners, owners->table[i].name, strlen(owners->table[i].name)) = i + 1;
}

u32 owners_number(struct owners *owners, const char *name, size_t length)
{
	u32 *place;

	if (2 * owners->count >= owners->hash_size)
		grow(owners);
	place = place_of(owners, name, length);
	if (!*place) {
		owners->table[owners->count] = (struct owner){
			.name = must(strndup(name, length)),
		};
		owners->order[owners->count] = owners->count;
		*place = ++owners->count;
	}
	return *place - 1;
}

void owners_empty(struct owners *owners)
{
	u32 i;

	for (i = 0; i < owners->count; i++) {
		owners->table[i].granules = 0;
		owners->table[i].asked = 0;
		owners->table[i].blocks = 0;
	}
}

/* The least used colour; the search starts at a colour that the name determines. */
static u8 choose_colour(struct owners *owners, const struct owner *owner)
{
	u32 first = hash_of(owner->name, strlen(owner->name)) % OWNER_COLOURS;
	u32 best = first, i;

	for (i = 1; i < OWNER_COLOURS; i++) {
		if (owners->taken[(first + i) % OWNER_COLOURS] < owners->taken[best])
			best = (first + i) % OWNER_COLOURS;
	}
	owners->taken[best]++;
	return best;
}

static int by_size(const void *left, const void *right, void *table)
{
	const struct owner *a = (struct owner *)table + *(const u32 *)left;
	const struct owner *b = (struct owner *)table + *(const u32 *)right;

	if (a->granules != b->granules)
		return a->granules < b->granules ? 1 : -1;
	return strcmp(a->name, b->name);
}

static void set_looks(struct owners *owners, struct owner *owner)
{
	owner->seen = true;
	owner->colour = choose_colour(owners, owner);
	if (owners->letters < LETTERS)
		owner->letter = 'A' + owners->letters++;
}

void owners_settle(struct owners *owners)
{
	u32 live, i;

	if (!owners->count)
		return;
	qsort_r(owners->order, owners->count, sizeof(*owners->order), by_size, owners->table);
	live = owners_live(owners);
	for (i = 0; i < live; i++) {
		struct owner *owner = &owners->table[owners->order[i]];

		if (!owner->seen)
			set_looks(owners, owner);
	}
}

u32 owners_live(const struct owners *owners)
{
	u32 live = 0;

	while (live < owners->count && owners->table[owners->order[live]].blocks)
		live++;
	return live;
}

void owners_free(struct owners *owners)
{
	u32 i;

	for (i = 0; i < owners->count; i++)
		free(owners->table[i].name);
	free(owners->table);
	free(owners->order);
	free(owners->hash);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * symbols - the names of call sites in the kernel
 *
 * As the kernel prints them: NAME+OFFSET/SIZE [MODULE], from /proc/kallsyms. Of several symbols at
 * one address the first counts. A symbol ends where the next one begins, and the last function of a
 * module at the end of its page: there the memory for the code of the module ends.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../trace/callers.h"
#include "../trace/die.h"
#include "symbols.h"

#define PAGE		4096
#define SIZE_MOST	(16 << 20)	/* what is farther from a symbol is in none */

struct symbol {
	u64 address;
	const char *name;
	const char *module;		/* or NULL */
	bool is_code;
};

static struct symbol *symbols;
static size_t count, room;
static char *text;			/* of /proc/kallsyms */

static char *read_text(void)
{
	FILE *file = fopen("/proc/kallsyms", "r");
	size_t filled = 0, space = 0, got;
	char *read = NULL;

	if (!file)
		die("/proc/kallsyms: %s", strerror(errno));
	do {
		read = grow(read, &space, filled + 65536, 1);
		got = fread(read + filled, 1, space - filled - 1, file);
		filled += got;
	} while (got);
	read[filled] = '\0';
	fclose(file);
	return read;
}

/* `ffffffffc0000057 t record_exec\t[flight_recorder]` */
static void add(char *line)
{
	char *name, *module = strchr(line, '\t'), *end;
	u64 address = strtoull(line, &end, 16);

	if (*end != ' ' || !end[1] || end[2] != ' ')
		return;
	name = end + 3;
	if (module)
		*module++ = '\0';
	symbols = grow(symbols, &room, count + 1, sizeof(*symbols));
	symbols[count++] = (struct symbol){ address, name, module, strchr("tTwW", end[1]) };
}

/* By address, then as in the file. */
static int compare(const void *a, const void *b)
{
	const struct symbol *left = a, *right = b;

	if (left->address != right->address)
		return left->address < right->address ? -1 : 1;
	return left->name < right->name ? -1 : 1;
}

static void load(void)
{
	char *line, *rest;

	free(text);
	text = read_text();
	count = 0;
	rest = text;
	while ((line = strsep(&rest, "\n")))
		add(line);
	qsort(symbols, count, sizeof(*symbols), compare);
}

/* The number of symbols up to @address. */
static size_t symbols_to(u64 address)
{
	size_t low = 0, high = count, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (symbols[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static const struct symbol *find(u64 address)
{
	size_t i = symbols_to(address);

	if (!i)
		return NULL;
	for (i--; i && symbols[i - 1].address == symbols[i].address; i--)
		continue;
	return address - symbols[i].address < SIZE_MOST ? &symbols[i] : NULL;
}

/* The first symbol behind @address, or one at the end of all addresses. */
static const struct symbol *next_to(u64 address)
{
	static const struct symbol none = { .address = UINT64_MAX };
	size_t i = symbols_to(address);

	return i < count ? &symbols[i] : &none;
}

/* Is this the last function of a module? */
static bool is_last(const struct symbol *symbol, u64 address)
{
	const struct symbol *next = next_to(address);

	return symbol->module &&
	       (!next->is_code || !next->module || strcmp(next->module, symbol->module));
}

static u64 end_of(const struct symbol *symbol, u64 address)
{
	u64 end = next_to(address)->address, page = address / PAGE * PAGE + PAGE;

	return is_last(symbol, address) && page < end ? page : end;
}

static u32 name(const struct symbol *symbol, u64 address)
{
	char caller[512];
	int length;

	if (!symbol) {
		snprintf(caller, sizeof(caller), "0x%" PRIx64, address);
		return caller_number(caller);
	}
	length = snprintf(caller, sizeof(caller), "%s+0x%" PRIx64 "/0x%" PRIx64, symbol->name,
			  address - symbol->address, end_of(symbol, address) - symbol->address);
	if (symbol->module && length < (int)sizeof(caller))
		snprintf(caller + length, sizeof(caller) - length, " %s", symbol->module);
	return caller_number(caller);
}

/* A module may have been loaded since: read the symbols again where they may lack some. */
static u32 look_up(u64 address)
{
	const struct symbol *symbol = find(address);

	if (!symbol || is_last(symbol, address)) {
		load();
		symbol = find(address);
	}
	return name(symbol, address);
}

/* The call sites that were looked up: a hash table with open addressing, at most half full. */
static struct site {
	u64 address;
	u32 caller;
} *sites;
static size_t sites_mask, sites_count;

static struct site *site_of(u64 address)
{
	size_t i = address * 0x9e3779b97f4a7c15ULL >> 32;

	while (sites[i & sites_mask].address && sites[i & sites_mask].address != address)
		i++;
	return &sites[i & sites_mask];
}

static void enlarge(void)
{
	struct site *old = sites, *site;
	size_t old_count = sites ? sites_mask + 1 : 0;

	sites_mask = 2 * sites_mask + 1;
	sites = zeroed(sites_mask + 1, sizeof(*sites));
	for (site = old; site < old + old_count; site++) {
		if (site->address)
			*site_of(site->address) = *site;
	}
	free(old);
}

u32 symbols_caller(u64 address)
{
	struct site *site;

	if (!address)
		return NO_CALLER;
	if (2 * sites_count >= sites_mask)
		enlarge();
	site = site_of(address);
	if (site->address)
		return site->caller;
	*site = (struct site){ address, look_up(address) };
	sites_count++;
	return site->caller;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * options - parsers of arguments that the commands share
 */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "../trace/die.h"
#include "options.h"

u64 number_option(const char *option, const char *text, u64 least, u64 most)
{
	unsigned long long number;
	unsigned int shift = 0;
	char *end;

	errno = 0;
	number = strtoull(text, &end, 10);
	shift = *end == 'K' ? 10 : *end == 'M' ? 20 : *end == 'G' ? 30 : 0;
	end += !!shift;
	if (errno || *text < '0' || *text > '9' || *end || number > most >> shift ||
	    number << shift < least)
		die("%s: expected a number from %llu to %llu, not %s", option,
		    (unsigned long long)least, (unsigned long long)most, text);
	return number << shift;
}

void bad_option(int option, char **argv)
{
	const char *word = argv[optind - 1], letter[] = { '-', optopt, '\0' };

	die("%s %s; %s", strncmp(word, "--", 2) ? letter : word,
	    option == ':' ? "lacks its argument" : "is not an option", TRY);
}

const char *only_argument(int argc, char **argv, const char *what)
{
	if (argc - optind != 1)
		die("expected one %s; %s", what, TRY);
	return argv[optind];
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * options - what the commands share in reading their arguments
 */
#include <errno.h>
#include <unistd.h>

#include "die.h"
#include "options.h"

/* A number of @least to @most, with K, M or G behind it for bytes. */
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
		die("%s: want a number of %llu to %llu, not %s", option,
		    (unsigned long long)least, (unsigned long long)most, text);
	return number << shift;
}

/* What follows the options, of which there must be one. */
const char *only_argument(int argc, char **argv, const char *what)
{
	if (argc - optind != 1)
		die("want one %s; %s", what, TRY);
	return argv[optind];
}

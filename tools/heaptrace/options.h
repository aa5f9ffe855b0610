/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * options - parsers of arguments that the commands share
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <linux/types.h>

#define TRY	"try heaptrace --help"

/* A number from @least to @most; it may end with K, M or G. */
u64 number_option(const char *option, const char *text, u64 least, u64 most);

/* What getopt() returned is ? or :, after a colon in front of its letters. Die. */
void bad_option(int option, char **argv) __attribute__((noreturn));

/* The argument behind the options; there must be exactly one. */
const char *only_argument(int argc, char **argv, const char *what);

int record_main(int argc, char **argv);
int import_main(int argc, char **argv);
int replay_main(int argc, char **argv);
int leaks_main(int argc, char **argv);
int size_main(int argc, char **argv);

#endif

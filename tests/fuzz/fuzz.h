/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fuzz - the entry point of the fuzzers; the Makefile renames it as they require
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <linux/types.h>

int fuzz_one(const u8 *data, size_t size);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fuzz - what fuzzers call; the Makefile gives it the name that they know it by
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <linux/types.h>

int fuzz_one(const u8 *data, size_t size);

#endif

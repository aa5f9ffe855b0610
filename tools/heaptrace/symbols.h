/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * symbols - the names of call sites in the kernel
 */
#ifndef SYMBOLS_H
#define SYMBOLS_H

#include <linux/types.h>

/* The number (callers.h) of the call site at this address. */
u32 symbols_caller(u64 address);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * callers - the names of call sites, stored once and numbered
 */
#ifndef CALLERS_H
#define CALLERS_H

#include <linux/types.h>

#define NO_CALLER	0		/* its name is "?" */

u32 caller_number(const char *name);
const char *caller_name(u32 number);
u32 callers_count(void);		/* all numbers are below this */

#endif

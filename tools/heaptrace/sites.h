/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sites - the call sites of the live blocks at an event of a trace
 */
#ifndef SITES_H
#define SITES_H

#include "../trace/trace.h"

void print_sites(const struct trace *trace, u32 event);

#endif

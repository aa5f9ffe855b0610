/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sites - whose the live blocks are at some event of a trace
 */
#ifndef SITES_H
#define SITES_H

#include "trace.h"

void print_sites(const struct trace *trace, u32 event);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * heap_find - findings: verdicts are counted, and their facts copied
 *
 * All of it takes a time that is bounded, and happens where something is wrong, only.
 */
#ifndef HEAP_FIND_H
#define HEAP_FIND_H

#include "heap_core.h"

struct heap_view heap_look_sized(const struct heap *heap, u32 at, u32 granules);
struct heap_view heap_look(const struct heap *heap, u32 at);
struct heap_finding heap_facts(const struct heap *heap, enum heap_verdict verdict, u64 offset);
u64 heap_first_wrong(const struct heap *heap, const struct heap_view *block);

bool heap_is_withheld(const struct heap *heap, u32 at);

void heap_fill(void *ptr, size_t bytes);
const void *heap_first_unfilled(const void *ptr, size_t bytes);

void heap_find(struct heap *heap, enum heap_verdict verdict, u64 offset);
bool heap_take_finding(struct heap *heap, struct heap_finding *finding);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * calls - each call of the core, with the effect that it must have on the model
 */
#ifndef CALLS_H
#define CALLS_H

#include "model.h"

bool call_alloc(struct model *model, size_t size);
bool call_alloc_aligned(struct model *model, size_t size, size_t align);
void call_resize(struct model *model, const void *ptr, size_t size);

enum heap_verdict call_free(struct model *model, const void *ptr, bool claim);
void call_release(struct model *model, u32 i);
void call_free_as_module(struct model *model, const void *ptr);

void call_defer(struct model *model, const void *ptr);
bool call_take_deferred(struct model *model, u32 *at);
bool call_recover(struct model *model, u32 at);
bool call_resume(struct model *model, u32 at);

u32 call_claim_batch(struct model *model, u32 from, u32 most);
bool call_claim_quarantined(struct model *model);
void call_set_reset(struct model *model, bool resetting);

void call_set_watermark(struct model *model, u32 granules);
void call_reset_peak(struct model *model);

void call_walk(struct model *model, u32 from, u32 most);
void call_check_chunk(struct model *model, struct heap_audit *audit);
void call_flush(struct model *model);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * calls - each call of the core, beside what it must do to the model
 */
#ifndef CALLS_H
#define CALLS_H

#include "model.h"

bool call_alloc(struct model *model, size_t size);
bool call_alloc_aligned(struct model *model, size_t size, size_t align);
void call_resize(struct model *model, const void *ptr, size_t size);

enum heap_verdict call_free(struct model *model, const void *ptr, bool claim);
void call_release(struct model *model, u32 i);
void call_free_as_api(struct model *model, const void *ptr);

void call_defer(struct model *model, const void *ptr);
bool call_take_deferred(struct model *model, u32 *at);
bool call_recover(struct model *model, u32 at);
bool call_resume(struct model *model, u32 at);

u32 call_claim_some(struct model *model, u32 from, u32 most);
bool call_pardon(struct model *model);
void call_close(struct model *model, bool closed);

void call_set_mark(struct model *model, u32 mark);
void call_forget_peak(struct model *model);

void call_views(struct model *model, u32 from, u32 most);
void call_check_chunk(struct model *model, struct heap_audit *audit);
void call_flush(struct model *model);

#endif

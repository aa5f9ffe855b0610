/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * follow_up - what a call leaves to be done when the lock is dropped
 */
#ifndef HEAPMOD_FOLLOW_UP_H
#define HEAPMOD_FOLLOW_UP_H

struct irq_work;
struct work_struct;

int heapmod_follow_up_init(void);
void heapmod_follow_up_exit(void);

/* The function of heap->follow_up. */
void heapmod_follow_up(struct irq_work *work);

/* The function of heap->serve. */
void heapmod_follow_up_waits(struct work_struct *work);

/* The function of heap->slow_work. */
void heapmod_follow_up_slowly(struct work_struct *work);

#endif

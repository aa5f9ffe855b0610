/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * report - print findings to the log and to debugfs
 */
#ifndef HEAP_REPORT_H
#define HEAP_REPORT_H

#include "heaps/heaps.h"

struct seq_file;

extern bool heapmod_show_bytes;		/* a parameter of the module */

void heapmod_report_init(struct heapmod *heap);

/* May a report, or the failure of an allocation, be printed now? Context: any. */
bool heapmod_may_report(struct heapmod *heap);
bool heapmod_may_report_failure(struct heapmod *heap);

/* Print how many messages were suppressed since the last one. */
void heapmod_report_suppressed(struct heapmod *heap);

/* Record a finding that was made without the lock. In an NMI it may be dropped. */
void heapmod_record(struct heapmod *heap, enum heap_verdict verdict, const void *ptr,
		    unsigned long caller);

/* Print the oldest queued finding. Return: whether there are more. */
bool heapmod_report_one(struct heapmod *heap);

/* Print the findings that are queued. May sleep. */
void heapmod_report_findings(struct heapmod *heap);

void heapmod_report(struct heapmod *heap, const struct heap_finding *finding);
void heapmod_report_address(const void *ptr);
void heapmod_print_finding(struct seq_file *file, struct heapmod *heap,
			   const struct heap_finding *finding);

#endif

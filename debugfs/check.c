// SPDX-License-Identifier: GPL-2.0-only
/*
 * check - reading it checks the whole heap, and tells what is wrong as the log does
 */
#include <linux/sched.h>
#include <linux/seq_file.h>

#include "heaps/query.h"
#include "heaps/report.h"
#include "debugfs.h"

#define CHECK_TOLD	16		/* findings that are printed; the rest is counted */

int heapmod_check_show(struct seq_file *file, void *unused)
{
	struct heapmod *heap = file->private;
	struct heap_finding finding;
	enum heap_verdict verdict;
	struct heap_audit audit;
	unsigned int found = 0;

	seq_puts(file, "version 1\n");
	heap_audit_start(&audit);
	do {
		verdict = heapmod_check_batch(heap, &audit, &finding);
		if (verdict && found++ < CHECK_TOLD)
			heapmod_print_finding(file, heap, &finding);
		cond_resched();
	} while (verdict != HEAP_CORRUPT_INDEX && !heap_audit_done(&heap->core, &audit));
	seq_printf(file, "findings %u\n", found);
	return 0;
}

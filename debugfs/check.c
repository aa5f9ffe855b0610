// SPDX-License-Identifier: GPL-2.0-only
/*
 * check - a read checks the whole heap and prints the findings as the log does
 */
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/seq_file.h>

#include "heaps/query.h"
#include "heaps/report.h"
#include "debugfs.h"

#define CHECK_PRINTED	16		/* findings that are printed; later ones are counted */
#define FINDING_TEXT	2048		/* more than a finding has */

static int check_show(struct seq_file *file, void *unused)
{
	struct heapmod *heap = file->private;
	struct heap_finding finding;
	enum heap_verdict verdict;
	struct heap_audit audit;
	unsigned int found = 0;

	seq_puts(file, "version 2\n");
	heap_audit_start(&audit);
	do {
		verdict = heapmod_check_batch(heap, &audit, &finding, _THIS_IP_);
		if (verdict && found++ < CHECK_PRINTED)
			heapmod_print_finding(file, heap, &finding);
		cond_resched();
	} while (verdict != HEAP_CORRUPT_INDEX && !heap_audit_done(&heap->core, &audit));
	seq_printf(file, "findings %u\n", found);
	return 0;
}

/*
 * A buffer that overflows is filled again, by another check. But the first one may have frozen the
 * heap.
 */
static int check_open(struct inode *inode, struct file *file)
{
	return single_open_size(file, check_show, inode->i_private,
				(CHECK_PRINTED + 1) * FINDING_TEXT);
}

const struct file_operations heapmod_check_fops = {
	.owner = THIS_MODULE,
	.open = check_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = single_release,
};

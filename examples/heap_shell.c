// SPDX-License-Identifier: GPL-2.0-only
/*
 * heap_shell - a heap that is used by hand: allocate, free, and make mistakes
 *
 * Each write to /sys/kernel/debug/heap_shell/ctl is a command:
 *
 *	alloc NAME SIZE		allocate a block, filled with the first letter of its name
 *	resize NAME SIZE	copy it to a new block of another size
 *	free NAME		free it
 *	smash NAME BYTES	write this many bytes behind it, a mistake
 *	double NAME		free it twice, a mistake
 *
 * A read lists the names, each with offset and size. A refused command fails with an error, and the
 * log has the reason. The heap is in /sys/kernel/debug/heapmod/heap_shell.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/ctype.h>
#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#include "heapmod.h"

#define SHELL_NAMES	64
#define NAME_BYTES	16		/* with the final zero */
#define LINE_BYTES	64		/* likewise; all valid commands are shorter */
#define SIZE_LIMIT	1048576		/* of the heap, and of all numbers */
#define HEADER_BYTES	8
#define SMASHED		'!'

static unsigned int size = 65536;
module_param(size, uint, 0444);
MODULE_PARM_DESC(size, "size of the heap in bytes, at most 1048576 (default 65536)");

static unsigned int flags;
module_param(flags, uint, 0444);
MODULE_PARM_DESC(flags, "flags of the heap: 1 is HEAPMOD_POISON, 2 is HEAPMOD_REDZONE (default 0)");

struct name {
	char text[NAME_BYTES];		/* empty: the entry is free */
	u8 *ptr;
	u32 bytes;
};

static struct name names[SHELL_NAMES];
static DEFINE_MUTEX(names_lock);
static struct heapmod *heap;
static u8 *region;			/* allocated here, to keep a smash inside it */
static struct dentry *dir;

static __printf(2, 3) int refuse(int error, const char *fmt, ...)
{
	struct va_format why = { .fmt = fmt };
	va_list args;

	va_start(args, fmt);
	why.va = &args;
	pr_warn("refused: %pV\n", &why);
	va_end(args);
	return error;
}

/* An empty text finds a free entry. */
static struct name *find_name(const char *text)
{
	unsigned int i;

	for (i = 0; i < SHELL_NAMES; i++) {
		if (!strcmp(names[i].text, text))
			return &names[i];
	}
	return NULL;
}

/* The block is accounted to the command that calls this. */
static noinline u8 *new_block(const char *text, u32 bytes)
{
	u8 *ptr = heapmod_alloc_caller(heap, bytes, GFP_KERNEL | __GFP_NOWARN, _RET_IP_);

	if (ptr)
		memset(ptr, *text, bytes);
	else
		refuse(-ENOMEM, "no hole for %u bytes", bytes);
	return ptr;
}

/* Only a smash changes the contents of a block. */
/* Reports name this function, whatever the compiler would inline. */
static noinline void free_block(const struct name *name)
{
	if (memchr_inv(name->ptr, *name->text, name->bytes))
		pr_warn("%s does not hold what was written to it\n", name->text);
	heapmod_free(heap, name->ptr);
}

static int do_alloc(struct name *unused, const char *text, u32 bytes)
{
	struct name *name = find_name("");

	if (!name)
		return refuse(-ENOSPC, "%u names are in use", SHELL_NAMES);
	name->ptr = new_block(text, bytes);
	if (!name->ptr)
		return -ENOMEM;
	strscpy(name->text, text, sizeof(name->text));
	name->bytes = bytes;
	return 0;
}

static int do_free(struct name *name, const char *text, u32 unused)
{
	free_block(name);
	*name = (struct name){};
	return 0;
}

static int do_resize(struct name *name, const char *text, u32 bytes)
{
	u8 *ptr = new_block(text, bytes);

	if (!ptr)
		return -ENOMEM;
	memcpy(ptr, name->ptr, min(bytes, name->bytes));
	free_block(name);
	name->ptr = ptr;
	name->bytes = bytes;
	return 0;
}

/* This file is built without KASAN, so that heapmod finds the overrun. */
static int do_smash(struct name *name, const char *text, u32 bytes)
{
	u8 *end = name->ptr + name->bytes;
	u32 room = region + size - end;
	u32 i;

	if (bytes > room)
		return refuse(-ERANGE, "the heap ends %u bytes behind %s", room, text);
	for (i = 0; i < bytes; i++)
		WRITE_ONCE(end[i], SMASHED);
	return 0;
}

static int do_double(struct name *name, const char *text, u32 unused)
{
	u8 *ptr = name->ptr;

	do_free(name, text, 0);
	heapmod_free(heap, ptr);
	return 0;
}

/* A command has the block of the name, unless it is new, and a number, if it takes one. */
static const struct command {
	const char *verb;
	const char *number;
	bool is_new;
	int (*run)(struct name *name, const char *text, u32 number);
} commands[] = {
	{ "alloc", "SIZE", true, do_alloc },
	{ "resize", "SIZE", false, do_resize },
	{ "free", NULL, false, do_free },
	{ "smash", "BYTES", false, do_smash },
	{ "double", NULL, false, do_double },
};

static const struct command *find_command(const char *verb)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		if (!strcmp(commands[i].verb, verb))
			return &commands[i];
	}
	return NULL;
}

static int expect(const struct command *command)
{
	return refuse(-EINVAL, "expected: %s NAME%s%s", command->verb, command->number ? " " : "",
		      command->number ?: "");
}

/* Split a line into words. Return: their number, or @most + 1 if there are more than @most. */
static unsigned int split_words(char *line, char *words[], unsigned int most)
{
	unsigned int count = 0;
	char *word;

	while ((word = strsep(&line, " \t"))) {
		if (!*word)
			continue;
		if (count == most)
			return most + 1;
		words[count++] = word;
	}
	return count;
}

static bool is_name(const char *text)
{
	size_t length = 0;

	while (isascii(text[length]) && isalnum(text[length]))
		length++;
	return length && !text[length] && length < NAME_BYTES;
}

/* Digits only: kstrtouint() accepts a sign. */
static bool is_number(const char *text, u32 *number)
{
	return isdigit(*text) && !kstrtouint(text, 10, number) &&
	       *number && *number <= SIZE_LIMIT;
}

static int run(const struct command *command, const char *text, u32 number)
{
	struct name *name = find_name(text);

	if (command->is_new && name)
		return refuse(-EEXIST, "there is a block named %s", text);
	if (!command->is_new && !name)
		return refuse(-ENOENT, "there is no block named %s", text);
	return command->run(name, text, number);
}

static int parse(char *line)
{
	const struct command *command;
	unsigned int count;
	char *words[3];
	u32 number = 0;

	count = split_words(line, words, ARRAY_SIZE(words));
	command = count ? find_command(words[0]) : NULL;
	if (!command)
		return refuse(-EINVAL, "expected: alloc, resize, free, smash or double");
	if (count != (command->number ? 3 : 2))
		return expect(command);
	if (!is_name(words[1]))
		return refuse(-EINVAL, "expected: a name of 1 to %u letters and digits",
			      NAME_BYTES - 1);
	if (command->number && !is_number(words[2], &number))
		return refuse(-EINVAL, "expected: %s, a number from 1 to %u", command->number,
			      SIZE_LIMIT);
	return run(command, words[1], number);
}

static ssize_t ctl_write(struct file *file, const char __user *buffer, size_t count, loff_t *pos)
{
	char line[LINE_BYTES];
	int error;

	if (count >= sizeof(line))
		return refuse(-EINVAL, "expected: a command of less than %u bytes", LINE_BYTES);
	if (copy_from_user(line, buffer, count))
		return -EFAULT;
	line[count] = '\0';
	if (strlen(line) != count)
		return refuse(-EINVAL, "expected: text, without bytes that are zero");
	if (count && line[count - 1] == '\n')
		line[count - 1] = '\0';

	mutex_lock(&names_lock);
	error = parse(line);
	mutex_unlock(&names_lock);
	return error ?: count;
}

/* The offset is that of the header, as in the file blocks. */
static int ctl_show(struct seq_file *file, void *unused)
{
	const struct name *name;

	seq_puts(file, "name offset size\n");
	mutex_lock(&names_lock);
	for (name = names; name < names + SHELL_NAMES; name++) {
		if (*name->text)
			seq_printf(file, "%s %zu %u\n", name->text,
				   (size_t)(name->ptr - region) - HEADER_BYTES, name->bytes);
	}
	mutex_unlock(&names_lock);
	return 0;
}

static int ctl_open(struct inode *inode, struct file *file)
{
	return single_open(file, ctl_show, NULL);
}

static const struct file_operations ctl_fops = {
	.owner = THIS_MODULE,
	.open = ctl_open,
	.read = seq_read,
	.write = ctl_write,
	.llseek = seq_lseek,
	.release = single_release,
};

static int __init shell_init(void)
{
	if (!size || size > SIZE_LIMIT)
		return refuse(-EINVAL, "expected: size=, from 1 to %u", SIZE_LIMIT);
	region = vmalloc(size);
	if (!region)
		return -ENOMEM;
	heap = heapmod_create_in("heap_shell", region, size, flags);
	if (IS_ERR(heap)) {
		vfree(region);
		return PTR_ERR(heap);
	}
	dir = debugfs_create_dir("heap_shell", NULL);
	debugfs_create_file("ctl", 0600, dir, NULL, &ctl_fops);
	return 0;
}

static void __exit shell_exit(void)
{
	struct name *name;

	debugfs_remove(dir);
	for (name = names; name < names + SHELL_NAMES; name++) {
		if (*name->text)
			do_free(name, name->text, 0);
	}
	heapmod_destroy(heap);
	vfree(region);
}

module_init(shell_init);
module_exit(shell_exit);

MODULE_INFO(import_ns, "HEAPMOD");
MODULE_DESCRIPTION("A heapmod heap with a shell");
MODULE_LICENSE("GPL");

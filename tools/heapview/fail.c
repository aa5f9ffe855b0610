// SPDX-License-Identifier: GPL-2.0-only
/*
 * fail - error messages
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "fail.h"

void (*fail_leave)(void);

void set_problem(struct problem *problem, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(problem->text, sizeof(problem->text), format, arguments);
	va_end(arguments);
	problem->vanished = false;
}

void *must(void *memory)
{
	if (memory)
		return memory;
	if (fail_leave)
		fail_leave();
	fputs("heapview: out of memory\n", stderr);
	exit(1);
}

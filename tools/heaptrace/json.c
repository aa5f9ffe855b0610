// SPDX-License-Identifier: GPL-2.0-only
/*
 * json - a string in JSON
 */
#include <stdio.h>

#include "json.h"

/* A byte above 0x7f is passed on: the names of callers are UTF-8. */
static void put_byte(unsigned char byte)
{
	if (byte == '"' || byte == '\\')
		printf("\\%c", byte);
	else if (byte < ' ')
		printf("\\u%04x", byte);
	else
		putchar(byte);
}

void json_string(const char *text)
{
	putchar('"');
	while (*text)
		put_byte(*text++);
	putchar('"');
}

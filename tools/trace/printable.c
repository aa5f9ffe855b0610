// SPDX-License-Identifier: GPL-2.0-only
/*
 * printable - names that a terminal, XML and JSON can have
 *
 * A name may be of any bytes if it comes from a file. The control characters from 0x80 to 0x9f
 * drive a terminal as Esc does. XML has neither U+FFFE nor U+FFFF.
 */
#include <stddef.h>

#include <linux/types.h>

#include "printable.h"

static bool is_printable(u32 code, size_t length)
{
	static const u32 least[] = { 0, ' ', 0xa0, 0x800, 0x10000 };

	return code >= least[length] && code != 0x7f && !(code >= 0xd800 && code <= 0xdfff) &&
	       code != 0xfffe && code != 0xffff && code <= 0x10ffff;
}

/* The bytes of the character that @text begins with; 0 if it cannot be printed. */
static size_t character(const char *text)
{
	unsigned char first = *text;
	size_t length = first < 0x80 ? 1 : first < 0xc0 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 :
			first < 0xf8 ? 4 : 0;
	u32 code = length > 1 ? first & (0x7f >> length) : first;
	size_t i;

	for (i = 1; i < length; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (text[i] & 0x3f);
	}
	return length && is_printable(code, length) ? length : 0;
}

void make_printable(char *text)
{
	size_t length;

	for (; *text; text += length ?: 1) {
		length = character(text);
		if (!length)
			*text = '?';
	}
}

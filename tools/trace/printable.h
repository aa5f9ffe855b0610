/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * printable - names that a terminal, XML and JSON can have
 */
#ifndef PRINTABLE_H
#define PRINTABLE_H

/* Replace each byte of @text that is a control character, or not valid UTF-8, by `?`. */
void make_printable(char *text);

#endif

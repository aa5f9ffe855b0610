/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * size - the size of a terminal that the kernel does not know, as on a serial line
 */
#ifndef HEAPVIEW_SIZE_H
#define HEAPVIEW_SIZE_H

/* Ask the terminal for its size unless it is known, and set it as resize(1) does. */
void size_ask(void);

#endif

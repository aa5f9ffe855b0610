/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * array - the number of elements of an array
 */
#ifndef HEAPVIEW_ARRAY_H
#define HEAPVIEW_ARRAY_H

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

#endif

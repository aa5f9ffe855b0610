/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * array - how many there are in an array
 */
#ifndef HEAPVIEW_ARRAY_H
#define HEAPVIEW_ARRAY_H

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

#endif

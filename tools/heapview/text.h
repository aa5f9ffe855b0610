/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * text - the output of --once
 */
#ifndef HEAPVIEW_TEXT_H
#define HEAPVIEW_TEXT_H

#include <stdio.h>

#include "source.h"

/* @colours: 0, 8 or 256 */
void text_print(const struct source *source, FILE *file, int colours);

#endif

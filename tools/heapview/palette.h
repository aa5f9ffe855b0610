/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * palette - the colours, for terminals with 256 or 8 colours and for pictures
 */
#ifndef HEAPVIEW_PALETTE_H
#define HEAPVIEW_PALETTE_H

#include "owners.h"

struct colour {
	const char *hex;		/* for pictures */
	short rich;			/* of 256 */
	short plain;			/* of 8, in the numbers of curses and SGR */
	bool bold;			/* combined with @plain */
};

/* The colours of the owners come first. */
enum palette {
	COLOUR_HOLE = OWNER_COLOURS,
	COLOUR_PENDING,
	COLOUR_CACHED,
	COLOUR_QUARANTINED,
	COLOUR_UNKNOWN,
	COLOUR_OTHERS,
	COLOUR_FRAGMENTS,		/* free, but not in the largest hole */
	COLOUR_USED,
	COLOUR_SLACK,
	COLOUR_HEADER,
	COLOUR_DIM,
	COLOURS
};

extern const struct colour palette[COLOURS];

#endif

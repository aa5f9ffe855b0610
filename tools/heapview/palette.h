/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * palette - the colours, on terminals with 256 and with 8 of them, and in pictures
 */
#ifndef HEAPVIEW_PALETTE_H
#define HEAPVIEW_PALETTE_H

#include "owners.h"

struct colour {
	const char *hex;		/* for pictures */
	short rich;			/* of 256 */
	short plain;			/* of 8, as curses and SGR number them */
	bool bold;			/* with it */
};

/* The owners' colours come first. */
enum palette {
	COLOUR_HOLE = OWNER_COLOURS,
	COLOUR_PENDING,
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

// SPDX-License-Identifier: GPL-2.0-only
/*
 * palette - the colours, for terminals with 256 or 8 colours and for pictures
 *
 * Quarantined memory is red, pending memory is yellow, and cached memory is orange: no owner has
 * these colours.
 */
#include "palette.h"

enum { BLACK, RED, GREEN, YELLOW, BLUE, MAGENTA, CYAN, WHITE };

const struct colour palette[COLOURS] = {
	{ "#4e9bf5", 75, BLUE, true },
	{ "#5fd38d", 78, GREEN, false },
	{ "#b58cf2", 141, MAGENTA, false },
	{ "#2ec4b6", 43, CYAN, false },
	{ "#f28cc8", 212, MAGENTA, true },
	{ "#a6e05c", 149, GREEN, true },
	{ "#8fd3ff", 117, CYAN, true },
	{ "#c9ad82", 180, WHITE, false },
	{ "#6a6cf0", 63, BLUE, false },
	{ "#d65fd6", 170, MAGENTA, false },
	{ "#2f9e6e", 35, GREEN, false },
	{ "#9fb3c8", 110, WHITE, true },
	[COLOUR_HOLE] = { "#232833", 237, BLACK, true },
	[COLOUR_PENDING] = { "#ffd21f", 220, YELLOW, true },
	[COLOUR_CACHED] = { "#ff8c2e", 208, YELLOW, false },
	[COLOUR_QUARANTINED] = { "#ff3b3b", 196, RED, true },
	[COLOUR_UNKNOWN] = { "#555c6b", 102, WHITE, false },
	[COLOUR_OTHERS] = { "#454c5c", 240, BLACK, true },
	[COLOUR_FRAGMENTS] = { "#3d6a80", 66, CYAN, false },
	[COLOUR_USED] = { "#5fd38d", 78, GREEN, false },
	[COLOUR_SLACK] = { "#c9ad82", 180, WHITE, false },
	[COLOUR_HEADER] = { "#4e9bf5", 75, BLUE, true },
	[COLOUR_DIM] = { "#8b93a5", 245, WHITE, false },
};

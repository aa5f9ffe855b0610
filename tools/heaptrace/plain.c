// SPDX-License-Identifier: GPL-2.0-only
/*
 * plain - heaptrace without libtracefs, which cannot record
 */
#define _GNU_SOURCE
#include <errno.h>

#include "../trace/die.h"
#include "options.h"

int record_main(int argc, char **argv)
{
	die("this program is built without libtracefs: it cannot record");
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * size - the size of a terminal that the kernel does not know, as on a serial line
 *
 * The cursor goes to a corner that is too far away, and the terminal is asked where the cursor is.
 * Without an answer the size remains unknown: 80x24 for ncurses.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <linux/types.h>

#include "size.h"

#define TIMEOUT		500		/* milliseconds for each character of the answer */

static const char question[] = "\0337\033[999;999H\033[6n\0338";

static bool is_known(void)
{
	struct winsize size;

	return (getenv("LINES") && getenv("COLUMNS")) || ioctl(STDIN_FILENO, TIOCGWINSZ, &size) ||
	       (size.ws_row && size.ws_col);
}

/* Keys that were pressed before may stand in front of the answer. */
static bool read_answer(struct winsize *size)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
	char answer[32] = "";
	u32 length = 0;
	char *start;

	while (length < sizeof(answer) - 1 && poll(&input, 1, TIMEOUT) == 1 &&
	       read(STDIN_FILENO, &answer[length], 1) == 1 && answer[length] != 'R')
		length++;
	start = strstr(answer, "\033[");
	return start && sscanf(start, "\033[%hu;%huR", &size->ws_row, &size->ws_col) == 2 &&
	       size->ws_row && size->ws_col;
}

void size_ask(void)
{
	struct termios before, raw;
	struct winsize size = {};

	if (is_known() || tcgetattr(STDIN_FILENO, &before))
		return;
	raw = before;
	raw.c_lflag &= ~(ICANON | ECHO);
	tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	if (write(STDOUT_FILENO, question, sizeof(question) - 1) == sizeof(question) - 1 &&
	    read_answer(&size))
		ioctl(STDIN_FILENO, TIOCSWINSZ, &size);
	tcsetattr(STDIN_FILENO, TCSANOW, &before);
}

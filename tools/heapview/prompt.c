// SPDX-License-Identifier: GPL-2.0-only
/*
 * prompt - a line of input at the bottom of the screen
 */
#include <stdio.h>
#include <string.h>

#include "panes.h"
#include "prompt.h"
#include "terminal.h"

/* Return false when the key ends the input. */
static bool edit(char *answer, size_t room, int key)
{
	size_t length = strlen(answer);

	if (key == KEY_BACKSPACE || key == 127 || key == '\b')
		answer[length ? length - 1 : 0] = '\0';
	else if (key >= ' ' && key < 127 && length + 1 < room)
		answer[length] = key;
	return key != '\r' && key != '\n' && key != KEY_ENTER && key != ESCAPE;
}

bool prompt_read(struct view *view, const char *question, char *answer, size_t room)
{
	char line[128];
	int key;

	memset(answer, 0, room);
	timeout(-1);
	do {
		snprintf(line, sizeof(line), "%s%s_", question, answer);
		panes_draw(view, line);
		key = getch();
	} while (key != ERR && edit(answer, room, key));
	return key != ESCAPE && key != ERR;
}

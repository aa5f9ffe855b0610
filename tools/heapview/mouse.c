// SPDX-License-Identifier: GPL-2.0-only
/*
 * mouse - the actions of the mouse on the screen of a heap
 *
 * A click selects what it hits. The wheel does what keys do: in the grid they move the cursor by a
 * row, in a list they select the next or the previous line.
 */
#include "keys.h"
#include "mouse.h"
#include "terminal.h"

static bool is_inside(const struct place *place, const struct mouse *mouse)
{
	return mouse->y >= place->y && mouse->y < place->y + place->rows &&
	       mouse->x >= place->x && mouse->x < place->x + place->columns;
}

static void click_grid(struct view *view, u32 cell)
{
	if (cell < view->count)
		view_jump(view, view->cells[cell].at);
}

/* Another click on the selected owner opens its page. */
static void click_owner(struct view *view, u32 line)
{
	const struct owners *owners = &view->source->model.owners;

	if (line >= owners_live(owners))
		return;
	if (view->wanted == owners->order[line])
		key_pressed(view, KEY_ENTER);
	else
		view->wanted = owners->order[line];
}

static void click_block(struct view *view, u32 line)
{
	const struct model *model = &view->source->model;

	if (line < model->count)
		view_jump(view, model->blocks[line].at);
}

static void click_hole(struct view *view, u32 line)
{
	const struct model *model = &view->source->model;

	if (line >= model->holes_count)
		return;
	view->hole = line + 1;
	view_jump(view, model->blocks[model->holes[line]].at);
}

static const struct {
	void (*click)(struct view *view, u32 line);
	int up, down;			/* the keys of the wheel */
} lists[PANES] = {
	[PANE_OWNERS] = { click_owner, 'k', 'j' },
	[PANE_BLOCKS] = { click_block, 'B', 'b' },
	[PANE_HOLES] = { click_hole, 'L', 'l' },
	[PANE_STATS] = { NULL, 0, '4' },
};

/* On the page of an owner, the wheel shows the page of the next one. */
static void use_list(struct view *view, const struct mouse *mouse)
{
	int pane = view->page ? PANE_OWNERS : view->pane;
	int row = mouse->y - view->layout.list.y;

	if (mouse->wheel)
		key_pressed(view, mouse->wheel < 0 ? lists[pane].up : lists[pane].down);
	else if (row > 0 && !view->page && lists[pane].click)
		lists[pane].click(view, view->first + row - 1);
}

static void use_grid(struct view *view, const struct mouse *mouse)
{
	const struct place *grid = &view->layout.grid;

	if (mouse->wheel)
		key_pressed(view, mouse->wheel < 0 ? KEY_UP : KEY_DOWN);
	else
		click_grid(view, (mouse->y - grid->y) * view->columns + mouse->x - grid->x);
}

void mouse_used(struct view *view)
{
	struct mouse mouse;

	if (!terminal_mouse(&mouse) || view->help)
		return;
	*view->message.text = '\0';
	if (is_inside(&view->layout.grid, &mouse))
		use_grid(view, &mouse);
	else if (is_inside(&view->layout.list, &mouse))
		use_list(view, &mouse);
}

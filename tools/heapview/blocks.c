// SPDX-License-Identifier: GPL-2.0-only
/*
 * blocks - parser of the debugfs file `blocks`
 *
 * A file may have a million lines, so nothing is copied. Neighbours often have the same owner, so a
 * name is compared with the previous one before it is looked up.
 */
#include <string.h>

#include "../table.h"
#include "blocks.h"

enum { OFFSET, SIZE, STATE, ASKED, OWNER, FIELDS };

static const char * const names[FIELDS] = { "offset", "size", "state", "asked", "owner" };

/**
 * struct reader - the parser
 * @model: receives the blocks
 * @text: text that is not parsed yet
 * @end: end of the text
 * @table: the columns
 * @line: number of the current line
 * @at: end of the previous block
 * @owner: name of the previous owner
 * @owner_length: length of the name
 * @owner_number: its number
 * @name: name of the file, for errors
 * @problem: receives the error
 */
struct reader {
	struct model *model;
	const char *text, *end;
	struct table table;
	u32 line;
	u32 at;
	const char *owner;
	size_t owner_length;
	u32 owner_number;
	const char *name;
	struct problem *problem;
};

static bool bad(struct reader *reader, const char *what)
{
	return fail(reader->problem, "%s: line %u: %s", reader->name, reader->line, what);
}

static bool parse_state(const char *field, u8 *state)
{
	for (*state = 0; *state < STATE_UNKNOWN; (*state)++) {
		if (table_is(field, state_name(*state)))
			return true;
	}
	return false;
}

/* `-` for a block that is not used, `?` for an unreadable header. */
static bool parse_asked(const char *field, struct block *block)
{
	block->asked = ASKED_UNKNOWN;
	if (block->state != HEAP_USED)
		return table_is(field, "-");
	if (table_is(field, "?"))
		return true;
	return table_number(field, &block->asked) && block->asked <= heap_bytes(block->granules);
}

/* The owner is the rest of the line. */
static void parse_owner(struct reader *reader, const char *name, const char *stop,
			struct block *block)
{
	size_t length = stop - name;

	block->owner = OWNER_NONE;
	if (block->state != HEAP_USED)
		return;
	if (!reader->owner || length != reader->owner_length ||
	    memcmp(name, reader->owner, length)) {
		reader->owner = name;
		reader->owner_length = length;
		reader->owner_number = owners_number(&reader->model->owners, name, length);
	}
	block->owner = reader->owner_number;
}

/* Return false when the bytes are not whole granules. */
static bool in_granules(u64 bytes, u32 *granules)
{
	*granules = bytes / HEAP_GRANULE;
	return bytes % HEAP_GRANULE == 0 && bytes / HEAP_GRANULE <= U32_MAX;
}

/* A block lies between the end of the previous one and the end of the region. */
static bool parse_place(struct reader *reader, const char **fields, struct block *block)
{
	u64 offset, size;

	if (!table_number(fields[OFFSET], &offset) || !table_number(fields[SIZE], &size) ||
	    offset < HEAP_EDGE || !in_granules(offset - HEAP_EDGE, &block->at) ||
	    !in_granules(size, &block->granules) || !size)
		return bad(reader, "the offset or the size is invalid");
	if (block->at < reader->at)
		return bad(reader, "the block overlaps the previous one");
	if ((u64)block->at + block->granules > reader->model->granules)
		return bad(reader, "the block ends beyond the region");
	return true;
}

static bool parse_line(struct reader *reader, struct block *block)
{
	const char *stop = memchr(reader->text, '\n', reader->end - reader->text);
	const char *fields[FIELDS];

	reader->line++;
	if (!stop)
		return bad(reader, "the line has no end: the file is truncated");
	if (!table_split(&reader->table, reader->text, fields))
		return bad(reader, "a column is missing");
	if (!parse_place(reader, fields, block))
		return false;
	if (!parse_state(fields[STATE], &block->state))
		return bad(reader, "the state is not used, hole, pending, quarantined or cached");
	if (!parse_asked(fields[ASKED], block))
		return bad(reader, "the asked bytes are invalid");
	parse_owner(reader, fields[OWNER], stop, block);
	reader->text = stop + 1;
	return true;
}

/* No line covers the granules between the previous block and @at. */
static bool pass_gap(struct reader *reader, u32 at, bool gaps, u32 *missing)
{
	u32 granules = at - reader->at;

	if (!granules)
		return true;
	if (!gaps)
		return fail(reader->problem,
			    "%s: line %u: no block covers the %llu bytes from %llu on: the file is "
			    "truncated, or the heap changed during the copy (--gaps shows it anyway)",
			    reader->name, reader->line,
			    (unsigned long long)heap_bytes(granules),
			    (unsigned long long)heap_offset(reader->at));
	model_fill_gap(reader->model, reader->at, at);
	*missing += granules;
	return true;
}

static bool parse_heading(struct reader *reader)
{
	const char *stop = memchr(reader->text, '\n', reader->end - reader->text);

	if (!stop || !table_open(&reader->table, reader->text, names, FIELDS))
		return fail(reader->problem,
			    "%s does not begin with `offset size state asked owner`: "
			    "is it a heap's blocks?", reader->name);
	reader->text = stop + 1;
	return true;
}

bool blocks_parse(struct model *model, const char *text, size_t length, bool gaps, u32 *missing,
		  const char *name, struct problem *problem)
{
	struct reader reader = { .model = model, .text = text, .end = text + length, .line = 1,
				 .name = name, .problem = problem };
	struct block block;

	*missing = 0;
	if (!parse_heading(&reader))
		return false;
	while (reader.text < reader.end) {
		if (!parse_line(&reader, &block) || !pass_gap(&reader, block.at, gaps, missing))
			return false;
		model_add(model, &block);
		reader.at = block_end(&block);
	}
	reader.line++;
	return pass_gap(&reader, model->granules, gaps, missing);
}

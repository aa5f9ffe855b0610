// SPDX-License-Identifier: GPL-2.0-only
/*
 * blocks - the text of debugfs' file `blocks`, read into a model
 *
 * There may be a million lines, so each is looked at once and nothing is copied. Owners come in
 * runs mostly: a name is compared with the last one before it is looked up.
 */
#include <string.h>

#include "blocks.h"

#define HEADING "offset size state asked owner\n"

/* What is left of the text, and what the last line told. */
struct reader {
	struct model *model;
	const char *text, *end;
	u32 line;
	u32 at;				/* where the next block should begin */
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

/* A number and the character behind it. */
static bool take_number(struct reader *reader, u64 *number, char behind)
{
	const char *text = reader->text;
	u64 value = 0;

	while (*text >= '0' && *text <= '9' && text - reader->text < 19)
		value = 10 * value + (*text++ - '0');
	if (text == reader->text || *text != behind)
		return false;
	*number = value;
	reader->text = text + 1;
	return true;
}

static bool take_word(struct reader *reader, const char *word)
{
	size_t length = strlen(word);

	if (strncmp(reader->text, word, length) || reader->text[length] != ' ')
		return false;
	reader->text += length + 1;
	return true;
}

static bool take_state(struct reader *reader, u8 *state)
{
	for (*state = 0; *state < STATE_UNKNOWN; (*state)++) {
		if (take_word(reader, state_names[*state]))
			return true;
	}
	return false;
}

/* `-` for what has none, `?` for a header that does not tell. */
static bool take_asked(struct reader *reader, struct block *block)
{
	if (block->state != HEAP_USED || take_word(reader, "?")) {
		block->asked = ASKED_UNKNOWN;
		return block->state == HEAP_USED || take_word(reader, "-");
	}
	return take_number(reader, &block->asked, ' ') &&
	       block->asked <= heap_bytes(block->granules);
}

/* The rest of the line. */
static void take_owner(struct reader *reader, struct block *block, const char *stop)
{
	size_t length = stop - reader->text;

	block->owner = OWNER_NONE;
	if (block->state != HEAP_USED)
		return;
	if (!reader->owner || length != reader->owner_length ||
	    memcmp(reader->text, reader->owner, length)) {
		reader->owner = reader->text;
		reader->owner_length = length;
		reader->owner_number = owners_number(&reader->model->owners, reader->text, length);
	}
	block->owner = reader->owner_number;
}

/* Bytes as granules: false when they are none. */
static bool in_granules(u64 bytes, u32 *granules)
{
	*granules = bytes / HEAP_GRANULE;
	return bytes % HEAP_GRANULE == 0 && bytes / HEAP_GRANULE <= U32_MAX;
}

/* The place of a block: between the one before and the end. */
static bool take_place(struct reader *reader, struct block *block)
{
	u64 offset, size;

	if (!take_number(reader, &offset, ' ') || !take_number(reader, &size, ' ') ||
	    offset < HEAP_EDGE || !in_granules(offset - HEAP_EDGE, &block->at) ||
	    !in_granules(size, &block->granules) || !size)
		return bad(reader, "it does not begin with an offset and a size");
	if (block->at < reader->at)
		return bad(reader, "the block overlaps the one before it");
	if ((u64)block->at + block->granules > reader->model->granules)
		return bad(reader, "the block ends beyond the region that stats tells of");
	return true;
}

static bool take_line(struct reader *reader, struct block *block)
{
	const char *stop = memchr(reader->text, '\n', reader->end - reader->text);

	reader->line++;
	if (!stop)
		return bad(reader, "it is cut: the file is not whole");
	if (!take_place(reader, block))
		return false;
	if (!take_state(reader, &block->state))
		return bad(reader, "it tells no state: used, hole, pending or quarantined");
	if (!take_asked(reader, block) || reader->text >= stop)
		return bad(reader, "it tells neither bytes that were asked for nor an owner");
	take_owner(reader, block, stop);
	reader->text = stop + 1;
	return true;
}

/* Nothing is said of what is in front of @at. */
static bool pass_gap(struct reader *reader, u32 at, bool gaps, u32 *missing)
{
	u32 granules = at - reader->at;

	if (!granules)
		return true;
	if (!gaps)
		return fail(reader->problem,
			    "%s: line %u: nothing is said of the %llu bytes from %llu on: the file is "
			    "not whole, or the heap changed while it was copied (--gaps shows it all "
			    "the same)", reader->name, reader->line,
			    (unsigned long long)heap_bytes(granules),
			    (unsigned long long)heap_offset(reader->at));
	model_fill_gap(reader->model, reader->at, at);
	*missing += granules;
	return true;
}

/*
 * @text ends with a character that is none of a line. Sets @missing to the granules that no line
 * tells of, which is an error without @gaps. @name is the file's, for errors.
 */
bool blocks_parse(struct model *model, const char *text, size_t length, bool gaps, u32 *missing,
		  const char *name, struct problem *problem)
{
	struct reader reader = { .model = model, .text = text, .end = text + length, .line = 1,
				 .name = name, .problem = problem };
	struct block block;

	*missing = 0;
	if (length < strlen(HEADING) || memcmp(text, HEADING, strlen(HEADING)))
		return fail(problem, "%s does not begin with `%.*s`: is it a heap's blocks?", name,
			    (int)strlen(HEADING) - 1, HEADING);
	reader.text += strlen(HEADING);
	while (reader.text < reader.end) {
		if (!take_line(&reader, &block) || !pass_gap(&reader, block.at, gaps, missing))
			return false;
		model_add(model, &block);
		reader.at = block_end(&block);
	}
	reader.line++;
	return pass_gap(&reader, model->granules, gaps, missing);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * unpack - read files that are compressed by xz or zstd, or plain
 */
#define _GNU_SOURCE
#include <errno.h>
#include <lzma.h>
#include <stdbool.h>
#include <string.h>
#include <zstd.h>

#include "die.h"
#include "packed.h"

#define PIECE	65536

/**
 * struct unpack - a file that is read
 * @name: its name, for errors
 * @file: the file
 * @codec: how it is compressed
 * @xz: the state of liblzma
 * @zst: the state of libzstd
 * @piece: bytes of the file
 * @from: the first byte of @piece that is not used
 * @to: the end of the bytes in @piece
 * @last: the file has no more bytes
 * @whole: a frame of zstd, or a stream of xz, is at its end
 */
struct unpack {
	const char *name;
	FILE *file;
	const struct codec *codec;
	lzma_stream xz;
	ZSTD_DCtx *zst;
	char piece[PIECE];
	size_t from, to;
	bool last;
	bool whole;
};

/**
 * struct codec - a way to compress
 * @magic: the first bytes of such a file
 * @start: make a state
 * @step: make up to @room plain bytes of those in @piece. Return their number, which may be 0.
 * @end: release the state
 */
struct codec {
	const char *magic;
	void (*start)(struct unpack *unpack);
	size_t (*step)(struct unpack *unpack, char *bytes, size_t room);
	void (*end)(struct unpack *unpack);
};

static void must(const struct unpack *unpack, bool good, const char *otherwise)
{
	if (!good)
		die("%s: %s", unpack->name, otherwise);
}

static void xz_start(struct unpack *unpack)
{
	must(unpack, lzma_stream_decoder(&unpack->xz, UINT64_MAX, LZMA_CONCATENATED) == LZMA_OK,
	     "no memory for liblzma");
}

static size_t xz_step(struct unpack *unpack, char *bytes, size_t room)
{
	lzma_stream *xz = &unpack->xz;
	lzma_ret result;

	xz->next_in = (uint8_t *)unpack->piece + unpack->from;
	xz->avail_in = unpack->to - unpack->from;
	xz->next_out = (uint8_t *)bytes;
	xz->avail_out = room;
	result = lzma_code(xz, unpack->last ? LZMA_FINISH : LZMA_RUN);
	must(unpack, result == LZMA_OK || result == LZMA_STREAM_END || result == LZMA_BUF_ERROR,
	     "not a valid .xz file");
	unpack->from = unpack->to - xz->avail_in;
	unpack->whole = result == LZMA_STREAM_END;
	return room - xz->avail_out;
}

static void xz_end(struct unpack *unpack)
{
	lzma_end(&unpack->xz);
}

static void zst_start(struct unpack *unpack)
{
	unpack->zst = ZSTD_createDCtx();
	must(unpack, unpack->zst, "no memory for libzstd");
	ZSTD_DCtx_setParameter(unpack->zst, ZSTD_d_windowLogMax,
			       ZSTD_dParam_getBounds(ZSTD_d_windowLogMax).upperBound);
}

/* Behind the last frame, a call would begin another one. */
static size_t zst_step(struct unpack *unpack, char *bytes, size_t room)
{
	ZSTD_inBuffer in = { unpack->piece, unpack->to, unpack->from };
	ZSTD_outBuffer out = { bytes, room, 0 };
	size_t result;

	if (unpack->whole && in.pos == in.size)
		return 0;
	result = ZSTD_decompressStream(unpack->zst, &out, &in);
	if (ZSTD_isError(result))
		die("%s: not a valid .zst file: %s", unpack->name, ZSTD_getErrorName(result));
	unpack->from = in.pos;
	unpack->whole = !result;
	return out.pos;
}

static void zst_end(struct unpack *unpack)
{
	ZSTD_freeDCtx(unpack->zst);
}

static void plain_start(struct unpack *unpack)
{
	unpack->whole = true;
}

static size_t plain_step(struct unpack *unpack, char *bytes, size_t room)
{
	size_t left = unpack->to - unpack->from, count = left < room ? left : room;

	memcpy(bytes, unpack->piece + unpack->from, count);
	unpack->from += count;
	return count;
}

static void plain_end(struct unpack *unpack)
{
}

static const struct codec codecs[] = {
	{ "\3757zXZ", xz_start, xz_step, xz_end },
	{ "\x28\xb5\x2f\xfd", zst_start, zst_step, zst_end },
	{ "", plain_start, plain_step, plain_end },
};

/* Bytes that were not used stay in front. */
static void fill(struct unpack *unpack)
{
	unpack->to -= unpack->from;
	memmove(unpack->piece, unpack->piece + unpack->from, unpack->to);
	unpack->from = 0;
	unpack->to += fread(unpack->piece + unpack->to, 1, PIECE - unpack->to, unpack->file);
	if (ferror(unpack->file))
		die("%s: %s", unpack->name, strerror(errno));
	unpack->last = feof(unpack->file);
}

static const struct codec *codec_of(const struct unpack *unpack)
{
	const struct codec *codec = codecs;

	while (unpack->to < strlen(codec->magic) ||
	       memcmp(unpack->piece, codec->magic, strlen(codec->magic)))
		codec++;
	return codec;
}

/* A frame may be empty: the file is truncated if a step uses none of its last bytes. */
static ssize_t read_some(void *cookie, char *bytes, size_t room)
{
	struct unpack *unpack = cookie;
	size_t from = unpack->from, count;

	while (!(count = unpack->codec->step(unpack, bytes, room))) {
		if (unpack->last && unpack->from == unpack->to && unpack->whole)
			return 0;
		must(unpack, !unpack->last || unpack->from != from, "the file is truncated");
		fill(unpack);
		from = unpack->from;
	}
	return count;
}

static int close_file(void *cookie)
{
	struct unpack *unpack = cookie;

	unpack->codec->end(unpack);
	if (unpack->file != stdin)
		fclose(unpack->file);
	free(unpack);
	return 0;
}

/* The file that was opened last. The address sanitizer does not see that a stream refers to it. */
struct unpack *unpack_last;

FILE *packed_open(const char *path)
{
	bool is_stdin = !strcmp(path, "-");
	FILE *file = is_stdin ? stdin : fopen(path, "r");
	struct unpack *unpack;

	if (!file)
		return NULL;
	unpack = zeroed(1, sizeof(*unpack));
	unpack_last = unpack;
	unpack->name = is_stdin ? "stdin" : path;
	unpack->file = file;
	fill(unpack);
	unpack->codec = codec_of(unpack);
	unpack->codec->start(unpack);
	return fopencookie(unpack, "r", (cookie_io_functions_t){ .read = read_some,
								.close = close_file });
}

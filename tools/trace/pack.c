// SPDX-License-Identifier: GPL-2.0-only
/*
 * pack - write files that are compressed by xz or zstd, or plain
 */
#define _GNU_SOURCE
#include <lzma.h>
#include <stdbool.h>
#include <string.h>
#include <zstd.h>

#include "die.h"
#include "packed.h"

#define PIECE	65536

/**
 * struct pack - a compressed file that is written
 * @name: its name, for errors
 * @file: the file
 * @codec: how it is compressed
 * @xz: the state of liblzma
 * @zst: the state of libzstd
 * @piece: bytes of the file
 * @filled: their number
 */
struct pack {
	const char *name;
	FILE *file;
	const struct codec *codec;
	lzma_stream xz;
	ZSTD_CCtx *zst;
	char piece[PIECE];
	size_t filled;
};

/**
 * struct codec - a way to compress
 * @suffix: of the names of such files
 * @start: make a state
 * @step: compress some of the @count bytes into @piece. Return their number.
 * @finish: write the end into @piece. Return false if it needs more room.
 * @end: release the state
 */
struct codec {
	const char *suffix;
	void (*start)(struct pack *pack);
	size_t (*step)(struct pack *pack, const char *bytes, size_t count);
	bool (*finish)(struct pack *pack);
	void (*end)(struct pack *pack);
};

static void must(const struct pack *pack, bool good, const char *otherwise)
{
	if (!good)
		die("%s: %s", pack->name, otherwise);
}

static void xz_start(struct pack *pack)
{
	must(pack, lzma_easy_encoder(&pack->xz, LZMA_PRESET_DEFAULT, LZMA_CHECK_CRC64) == LZMA_OK,
	     "no memory for liblzma");
}

static lzma_ret xz_code(struct pack *pack, lzma_action action)
{
	lzma_stream *xz = &pack->xz;
	lzma_ret result;

	xz->next_out = (uint8_t *)pack->piece + pack->filled;
	xz->avail_out = PIECE - pack->filled;
	result = lzma_code(xz, action);
	must(pack, result == LZMA_OK || result == LZMA_STREAM_END, "liblzma cannot compress it");
	pack->filled = PIECE - xz->avail_out;
	return result;
}

static size_t xz_step(struct pack *pack, const char *bytes, size_t count)
{
	pack->xz.next_in = (const uint8_t *)bytes;
	pack->xz.avail_in = count;
	xz_code(pack, LZMA_RUN);
	return count - pack->xz.avail_in;
}

static bool xz_finish(struct pack *pack)
{
	return xz_code(pack, LZMA_FINISH) == LZMA_STREAM_END;
}

static void xz_end(struct pack *pack)
{
	lzma_end(&pack->xz);
}

static void zst_start(struct pack *pack)
{
	pack->zst = ZSTD_createCCtx();
	must(pack, pack->zst, "no memory for libzstd");
	ZSTD_CCtx_setParameter(pack->zst, ZSTD_c_checksumFlag, 1);
}

static size_t zst_code(struct pack *pack, ZSTD_inBuffer *in, ZSTD_EndDirective directive)
{
	ZSTD_outBuffer out = { pack->piece, PIECE, pack->filled };
	size_t left = ZSTD_compressStream2(pack->zst, &out, in, directive);

	must(pack, !ZSTD_isError(left), "libzstd cannot compress it");
	pack->filled = out.pos;
	return left;
}

static size_t zst_step(struct pack *pack, const char *bytes, size_t count)
{
	ZSTD_inBuffer in = { bytes, count, 0 };

	zst_code(pack, &in, ZSTD_e_continue);
	return in.pos;
}

static bool zst_finish(struct pack *pack)
{
	ZSTD_inBuffer none = {};

	return !zst_code(pack, &none, ZSTD_e_end);
}

static void zst_end(struct pack *pack)
{
	ZSTD_freeCCtx(pack->zst);
}

static const struct codec codecs[] = {
	{ ".xz", xz_start, xz_step, xz_finish, xz_end },
	{ ".zst", zst_start, zst_step, zst_finish, zst_end },
};

static bool flush(struct pack *pack)
{
	size_t count = pack->filled;

	pack->filled = 0;
	return fwrite(pack->piece, 1, count, pack->file) == count;
}

/* Fewer bytes than @count are an error. */
static ssize_t write_all(void *cookie, const char *bytes, size_t count)
{
	struct pack *pack = cookie;
	size_t done = 0;

	while (done < count) {
		done += pack->codec->step(pack, bytes + done, count - done);
		if (!flush(pack))
			return 0;
	}
	return count;
}

static int close_file(void *cookie)
{
	struct pack *pack = cookie;
	bool good, over;

	do {
		over = pack->codec->finish(pack);
		good = flush(pack);
	} while (good && !over);
	pack->codec->end(pack);
	good = !fclose(pack->file) && good;
	free(pack);
	return good ? 0 : EOF;
}

/* NULL for a plain file. */
static const struct codec *codec_of(const char *path)
{
	size_t length = strlen(path), suffix, i;

	for (i = 0; i < COUNT(codecs); i++) {
		suffix = strlen(codecs[i].suffix);
		if (length > suffix && !strcmp(path + length - suffix, codecs[i].suffix))
			return &codecs[i];
	}
	return NULL;
}

/* The file that was opened last. The address sanitizer does not see that a stream refers to it. */
struct pack *pack_last;

FILE *packed_write(int fd, const char *path)
{
	const struct codec *codec = codec_of(path);
	FILE *file = fdopen(fd, "w");
	struct pack *pack;

	if (!file || !codec)
		return file;
	pack = zeroed(1, sizeof(*pack));
	*pack = (struct pack){ .name = path, .file = file, .codec = codec };
	pack_last = pack;
	codec->start(pack);
	return fopencookie(pack, "w", (cookie_io_functions_t){ .write = write_all,
							      .close = close_file });
}

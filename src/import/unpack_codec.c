/* SPDX-License-Identifier: ISC
 *
 * The compressions that joblib, gzip.open and their like write, behind one
 * face. Which of them a build reads was decided by configure; the others are
 * known all the same, so that a message can name what is missing. What a
 * decoder keeps for itself is bounded: no header decides how much.
 */
#include "import/unpack_codec.h"

#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <zlib.h>
#ifdef HAVE_BZ2
#include <bzlib.h>
#endif
#ifdef HAVE_LZMA
#include <lzma.h>
#endif
#ifdef HAVE_LZ4
#include <lz4frame.h>
#endif

#include "base/attr.h"

struct codec_stream {
	const struct codec *codec;
	union {
		z_stream zlib;
#ifdef HAVE_BZ2
		bz_stream bz2;
#endif
#ifdef HAVE_LZMA
		lzma_stream lzma;
#endif
#ifdef HAVE_LZ4
		LZ4F_dctx *lz4;
#endif
	};
};

struct codec {
	const char *name, *library;
	struct str magic;
	bool (*open)(struct codec_stream *s);
	enum codec_status (*next)(struct codec_stream *s, struct codec_io *io);
	void (*close)(struct codec_stream *s);
};

/* Libraries count in unsigned int. */
static unsigned
part(size_t n)
{
	return n < UINT_MAX ? (unsigned)n : UINT_MAX;
}

static void
moved(struct codec_io *io, size_t took, size_t put)
{
	io->in += took;
	io->in_n -= took;
	io->out += put;
	io->out_n -= put;
}

/* --- zlib and gzip -------------------------------------------------------- */

static bool
zlib_open(struct codec_stream *s)
{
	/* 32 on top of the window size: a zlib or gzip header. */
	return inflateInit2(&s->zlib, 15 + 32) == Z_OK;
}

static enum codec_status
zlib_next(struct codec_stream *s, struct codec_io *io)
{
	unsigned in = part(io->in_n), out = part(io->out_n);
	z_stream *z = &s->zlib;
	int rc;

	z->next_in = (Bytef *)(uintptr_t)io->in;
	z->avail_in = in;
	z->next_out = (Bytef *)io->out;
	z->avail_out = out;
	rc = inflate(z, Z_NO_FLUSH);
	moved(io, in - z->avail_in, out - z->avail_out);
	return rc == Z_STREAM_END ? CODEC_END :
	    rc == Z_OK || rc == Z_BUF_ERROR ? CODEC_MORE :
	    rc == Z_MEM_ERROR ? CODEC_MEMORY : CODEC_DAMAGED;
}

static void
zlib_close(struct codec_stream *s)
{
	inflateEnd(&s->zlib);
}

/* --- bz2 ------------------------------------------------------------------ */

#ifdef HAVE_BZ2
static bool
bz2_open(struct codec_stream *s)
{
	return BZ2_bzDecompressInit(&s->bz2, 0, 0) == BZ_OK;
}

static enum codec_status
bz2_next(struct codec_stream *s, struct codec_io *io)
{
	unsigned in = part(io->in_n), out = part(io->out_n);
	bz_stream *z = &s->bz2;
	int rc;

	z->next_in = (char *)(uintptr_t)io->in;
	z->avail_in = in;
	z->next_out = io->out;
	z->avail_out = out;
	rc = BZ2_bzDecompress(z);
	moved(io, in - z->avail_in, out - z->avail_out);
	return rc == BZ_STREAM_END ? CODEC_END : rc == BZ_OK ? CODEC_MORE :
	    rc == BZ_MEM_ERROR ? CODEC_MEMORY : CODEC_DAMAGED;
}

static void
bz2_close(struct codec_stream *s)
{
	BZ2_bzDecompressEnd(&s->bz2);
}
#else
#define bz2_open NULL
#define bz2_next NULL
#define bz2_close NULL
#endif

/* --- xz and lzma ---------------------------------------------------------- */

#ifdef HAVE_LZMA
/* Their highest preset takes 65 MiB. */
#define LZMA_MEMORY ((uint64_t)256 << 20)

static bool
xz_open(struct codec_stream *s)
{
	s->lzma = (lzma_stream)LZMA_STREAM_INIT;
	return lzma_stream_decoder(&s->lzma, LZMA_MEMORY, 0) == LZMA_OK;
}

static bool
lzma_open(struct codec_stream *s)
{
	s->lzma = (lzma_stream)LZMA_STREAM_INIT;
	return lzma_alone_decoder(&s->lzma, LZMA_MEMORY) == LZMA_OK;
}

static enum codec_status
lzma_next(struct codec_stream *s, struct codec_io *io)
{
	lzma_stream *z = &s->lzma;
	lzma_ret rc;

	z->next_in = (const uint8_t *)io->in;
	z->avail_in = io->in_n;
	z->next_out = (uint8_t *)io->out;
	z->avail_out = io->out_n;
	rc = lzma_code(z, LZMA_RUN);
	moved(io, io->in_n - z->avail_in, io->out_n - z->avail_out);
	return rc == LZMA_STREAM_END ? CODEC_END :
	    rc == LZMA_OK || rc == LZMA_BUF_ERROR ? CODEC_MORE :
	    rc == LZMA_MEM_ERROR || rc == LZMA_MEMLIMIT_ERROR ? CODEC_MEMORY :
	    CODEC_DAMAGED;
}

static void
lzma_close(struct codec_stream *s)
{
	lzma_end(&s->lzma);
}
#else
#define xz_open NULL
#define lzma_open NULL
#define lzma_next NULL
#define lzma_close NULL
#endif

/* --- lz4 ------------------------------------------------------------------ */

#ifdef HAVE_LZ4
static bool
lz4_open(struct codec_stream *s)
{
	return !LZ4F_isError(LZ4F_createDecompressionContext(&s->lz4,
	    LZ4F_VERSION));
}

static enum codec_status
lz4_next(struct codec_stream *s, struct codec_io *io)
{
	size_t in = io->in_n, out = io->out_n;
	size_t rc = LZ4F_decompress(s->lz4, io->out, &out, io->in, &in, NULL);

	if (LZ4F_isError(rc))
		return CODEC_DAMAGED;
	moved(io, in, out);
	return rc == 0 ? CODEC_END : CODEC_MORE;
}

static void
lz4_close(struct codec_stream *s)
{
	LZ4F_freeDecompressionContext(s->lz4);
}
#else
#define lz4_open NULL
#define lz4_next NULL
#define lz4_close NULL
#endif

/* --- the table ------------------------------------------------------------ */

static const struct codec codecs[] = {
    {"gzip", "libz", {"\x1f\x8b", 2}, zlib_open, zlib_next, zlib_close},
    {"zlib", "libz", {"\x78", 1}, zlib_open, zlib_next, zlib_close},
    {"bz2", "libbz2", {"BZh", 3}, bz2_open, bz2_next, bz2_close},
    {"xz", "liblzma", {"\xfd" "7zXZ", 5}, xz_open, lzma_next, lzma_close},
    {"lzma", "liblzma", {"\x5d\x00\x00", 3}, lzma_open, lzma_next,
	lzma_close},
    {"lz4", "liblz4", {"\x04\x22\x4d\x18", 4}, lz4_open, lz4_next,
	lz4_close},
    {"zstd", "", {"\x28\xb5\x2f\xfd", 4}, NULL, NULL, NULL},
    {"joblib 0.8", "", {"ZF0x", 4}, NULL, NULL, NULL},
};

bool
codec_begins(const struct codec *c, struct str b)
{
	if (!str_has_prefix(b, c->magic))
		return false;
	/* zlib has one byte of magic, and two bytes that are a multiple. */
	return c->magic.n > 1 || (b.n >= 2 &&
	    (0x7800u | (unsigned char)b.p[1]) % 31 == 0);
}

const struct codec *
codec_find(struct str bytes)
{
	for (size_t i = 0; i < countof(codecs); i++)
		if (codec_begins(&codecs[i], bytes))
			return &codecs[i];
	return NULL;
}

const char *
codec_name(const struct codec *c)
{
	return c->name;
}

const char *
codec_lacks(const struct codec *c)
{
	return c->open == NULL ? c->library : NULL;
}

struct codec_stream *
codec_open(const struct codec *c)
{
	struct codec_stream *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->codec = c;
	if (!c->open(s)) {
		free(s);
		return NULL;
	}
	return s;
}

enum codec_status
codec_next(struct codec_stream *s, struct codec_io *io)
{
	return s->codec->next(s, io);
}

void
codec_close(struct codec_stream *s)
{
	s->codec->close(s);
	free(s);
}

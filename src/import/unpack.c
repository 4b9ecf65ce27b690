/* SPDX-License-Identifier: ISC
 *
 * Compressed files. What unpacks is held against a bound, so that a small
 * file cannot become a huge one; it ends where the compression says, with
 * its checksum right, and nothing follows but another such stream.
 */
#include "import/unpack.h"

#include <assert.h>

#include "import/unpack_codec.h"

/* The room grows by this, in place: nothing else is allocated meanwhile. */
enum { CHUNK_FIRST = 1 << 16, CHUNK_MOST = 1 << 24 };

struct unpacker {
	const struct codec *codec;
	struct codec_stream *stream;
	struct codec_io io;
	struct arena *mem;
	size_t cap;
};

static bool
grow(struct unpacker *u, struct err *err)
{
	size_t more = u->cap < CHUNK_FIRST ? CHUNK_FIRST :
	    u->cap < CHUNK_MOST ? u->cap : CHUNK_MOST;
	char *p;

	if (more > UNPACK_BYTES_MAX - u->cap)
		return err_set(err, ERR_LIMIT, ERR_NOWHERE,
		    "the compressed data unpacks to more than the %zu bytes "
		    "allowed", UNPACK_BYTES_MAX);
	p = arena_alloc(u->mem, more);
	if (p == NULL)
		return arena_err(u->mem, "the unpacked file", err);
	assert(u->io.out == NULL || p == u->io.out);
	u->io.out = p;
	u->io.out_n = more;
	u->cap += more;
	return true;
}

/* Until the last stream ends with the input. */
static bool
run(struct unpacker *u, struct str bytes, struct err *err)
{
	for (;;) {
		size_t in_n = u->io.in_n, out_n, at;
		enum codec_status status;

		if (u->io.out_n == 0 && !grow(u, err))
			return false;
		out_n = u->io.out_n;
		status = codec_next(u->stream, &u->io);
		if (status == CODEC_END && u->io.in_n == 0)
			return true;
		if (status == CODEC_MEMORY)
			return err_set(err, ERR_LIMIT, ERR_NOWHERE,
			    "unpacking %s takes more memory than allowed",
			    codec_name(u->codec));
		if (status == CODEC_MORE &&
		    (u->io.in_n < in_n || u->io.out_n < out_n))
			continue;
		if (status == CODEC_END && codec_begins(u->codec,
		    (struct str){u->io.in, u->io.in_n})) {
			codec_close(u->stream);
			u->stream = codec_open(u->codec);
			if (u->stream != NULL)
				continue;
			return err_set(err, ERR_SYSTEM, ERR_NOWHERE,
			    "cannot start unpacking %s",
			    codec_name(u->codec));
		}
		at = bytes.n - u->io.in_n;
		return err_set(err, ERR_INPUT, at,
		    "the %s compressed data is damaged or truncated at byte "
		    "%zu", codec_name(u->codec), at);
	}
}

bool
unpack(struct str bytes, struct arena *mem, struct str *ret,
    const char **packed, struct err *err)
{
	struct unpacker u = {.codec = codec_find(bytes), .mem = mem,
	    .io = {.in = bytes.p, .in_n = bytes.n}};
	const char *lacks;
	char *start;
	bool ok;

	*packed = NULL;
	*ret = bytes;
	if (u.codec == NULL)
		return true;
	lacks = codec_lacks(u.codec);
	if (lacks != NULL)
		return err_set(err, ERR_INPUT, 0,
		    "compressed with %s, which %s%s%s; save the model again "
		    "with joblib.dump(model, path, compress=('zlib', 3)) or "
		    "without compression", codec_name(u.codec),
		    *lacks != '\0' ? "this build does not read (it was "
		    "configured without " : "is not read", lacks,
		    *lacks != '\0' ? ")" : "");
	u.stream = codec_open(u.codec);
	if (u.stream == NULL)
		return err_set(err, ERR_SYSTEM, ERR_NOWHERE,
		    "cannot start unpacking %s", codec_name(u.codec));
	if (!grow(&u, err)) {
		codec_close(u.stream);
		return false;
	}
	start = u.io.out;
	ok = run(&u, bytes, err);
	if (u.stream != NULL)
		codec_close(u.stream);
	if (!ok)
		return false;
	*packed = codec_name(u.codec);
	*ret = (struct str){start, (size_t)(u.io.out - start)};
	return true;
}

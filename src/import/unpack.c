/* SPDX-License-Identifier: ISC
 *
 * Compressed files. What zlib inflates is held against a bound, so that a
 * small file cannot become a huge one; it ends where zlib says, with its
 * checksum right and nothing behind it.
 */
#include "import/unpack.h"

#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <zlib.h>

static bool
is_zlib(struct str b)
{
	/* Method 8 with a window of 32 KiB, and a header that checks. */
	return b.n >= 2 && b.p[0] == 0x78 &&
	    ((unsigned)(unsigned char)b.p[0] << 8 |
	    (unsigned char)b.p[1]) % 31 == 0;
}

/* What joblib can write and we do not read. */
static const struct {
	struct str magic;
	const char *name;
} unread[] = {
    {{"BZh", 3}, "bz2"},
    {{"\xfd" "7zXZ", 5}, "xz"},
    {{"\x5d\x00\x00", 3}, "lzma"},
    {{"\x04\x22\x4d\x18", 4}, "lz4"},
    {{"\x28\xb5\x2f\xfd", 4}, "zstd"},
    {{"ZF0x", 4}, "joblib 0.8"},
};

static bool
damaged(z_stream *z, struct err *err)
{
	size_t at = z->total_in;

	err_set(err, ERR_INPUT, at, "the compressed data is damaged or "
	    "truncated at byte %zu%s%s", at, z->msg != NULL ? ": " : "",
	    z->msg != NULL ? z->msg : "");
	inflateEnd(z);
	return false;
}

static bool
inflate_all(struct str bytes, struct arena *mem, struct str *ret,
    struct err *err)
{
	z_stream z = {.next_in = (Bytef *)(uintptr_t)bytes.p};
	size_t cap = 1 << 16, n = 0, left = bytes.n;
	char *out = arena_alloc(mem, cap);
	int rc = Z_OK;

	/* 32 on top of the window size: a zlib or gzip header. */
	if (inflateInit2(&z, 15 + 32) != Z_OK)
		return err_set(err, ERR_SYSTEM, ERR_NOWHERE,
		    "cannot start zlib");
	while (out != NULL && rc != Z_STREAM_END) {
		size_t room;

		if (n == UNPACK_BYTES_MAX) {
			inflateEnd(&z);
			return err_set(err, ERR_LIMIT, ERR_NOWHERE,
			    "the compressed data unpacks to more than the "
			    "%zu bytes allowed", UNPACK_BYTES_MAX);
		}
		if (n == cap) {
			char *more = arena_alloc(mem, cap * 2);

			if (more != NULL)
				memcpy(more, out, n);
			out = more;
			cap *= 2;
			continue;
		}
		if (z.avail_in == 0) {
			z.avail_in = left < UINT_MAX ? (uInt)left : UINT_MAX;
			left -= z.avail_in;
		}
		room = cap - n < UINT_MAX ? cap - n : UINT_MAX;
		z.avail_out = (uInt)room;
		z.next_out = (Bytef *)(out + n);
		rc = inflate(&z, Z_NO_FLUSH);
		n += room - z.avail_out;
		if (rc != Z_OK && rc != Z_STREAM_END)
			return damaged(&z, err);
	}
	if (out == NULL) {
		inflateEnd(&z);
		return arena_err(mem, "the unpacked file", err);
	}
	if (z.total_in != bytes.n)
		return damaged(&z, err);
	inflateEnd(&z);
	*ret = (struct str){out, n};
	return true;
}

bool
unpack(struct str bytes, struct arena *mem, struct str *ret, bool *packed,
    struct err *err)
{
	for (size_t i = 0; i < countof(unread); i++)
		if (str_has_prefix(bytes, unread[i].magic))
			return err_set(err, ERR_INPUT, 0,
			    "compressed with %s, which is not read; save the "
			    "model again with joblib.dump(model, path, "
			    "compress=('zlib', 3)) or without compression",
			    unread[i].name);
	*packed = is_zlib(bytes) || str_has_prefix(bytes, STR("\x1f\x8b"));
	if (*packed)
		return inflate_all(bytes, mem, ret, err);
	*ret = bytes;
	return true;
}

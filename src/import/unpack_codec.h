/* SPDX-License-Identifier: ISC */
#ifndef IMPORT_UNPACK_CODEC_H
#define IMPORT_UNPACK_CODEC_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

/* Inside of unpack: the compressions, each as a stream that takes from
 * `in` and puts into `out`. */
struct codec_io {
	const char *in;
	size_t in_n; /* left */
	char *out;
	size_t out_n; /* left */
};
enum codec_status {
	CODEC_MORE,    /* took and put what it could */
	CODEC_END,     /* the stream is whole, its checksum right */
	CODEC_DAMAGED,
	CODEC_MEMORY,  /* asks for more than we give, or there is none */
};

struct codec;
/* The compression that the bytes begin with, or NULL. */
const struct codec *codec_find(struct str bytes);
const char *codec_name(const struct codec *c);
/* The library that reads it, where this build has it not, else NULL; "" for
 * what no build reads. */
const char *codec_lacks(const struct codec *c);
/* Whether another stream of that compression begins here. */
bool codec_begins(const struct codec *c, struct str bytes);

/* A stream of a compression that is not lacking; NULL where there is no
 * memory. To be closed. */
struct codec_stream *codec_open(const struct codec *c);
enum codec_status codec_next(struct codec_stream *s, struct codec_io *io);
void codec_close(struct codec_stream *s);

#endif

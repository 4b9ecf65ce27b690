/* SPDX-License-Identifier: ISC */
#ifndef MODEL_MODEL_VIEW_H
#define MODEL_MODEL_VIEW_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/str.h"
#include "model/model.h"
#include "model/model_format.h"
#include "model/model_ranks.h"

/*
 * An opened image: a typed pointer to each section. For model/ and score/
 * only, which may follow every number in it without a check.
 */
struct model {
	struct file_map map; /* empty where the caller owns the bytes */
	const char *bytes;
	size_t n_bytes;
#define SECTION(name, type) const type *name; uint32_t n_##name;
	IMAGE_SECTIONS(SECTION)
#undef SECTION
	struct model_alias *alias_views; /* one an alias */
	struct model_pick *picks;        /* one a column */
	struct ranks **ranks; /* one a forest, NULL: none */
	struct arena derived; /* what they lie in */
	bool wide;            /* vector registers of 32 bytes are there */
	uint32_t keys_max;    /* lanes of the largest forest, lane 0 too */
	size_t ranks_bytes;   /* scratch of rows side by side, beside: */
	uint32_t columns_max; /* ... bytes of ranks a row */
	uint32_t block_rows;  /* rows that are scored side by side */
};

static inline struct str
model_text(const struct model *m, struct image_text t)
{
	return (struct str){m->text + t.at, t.n};
}

/* Prove every number of the image (model_check.c). */
MUST_USE bool model_check(const struct model *m, struct err *err);

#endif

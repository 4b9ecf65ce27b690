/* SPDX-License-Identifier: ISC */
#ifndef MODEL_MODEL_CHECK_H
#define MODEL_MODEL_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "model/model_format.h"
#include "model/model_view.h"

/* Shared by the files that prove an image (model_check*.c). */
struct check {
	const struct model *m;
	uint32_t end[SECTION_COUNT]; /* what was taken of each section */
	uint64_t text;               /* bytes of text looked at */
	struct err *err;
};

/* ERR_INPUT at `where` in the image; false. */
bool check_bad(struct check *c, const void *where, const char *what);
/* Records first to first + n of a section, the next ones behind those taken
 * before: nothing is shared, so no part of an image is checked or run twice,
 * and nothing is left out. */
MUST_USE bool check_take(struct check *c, const void *where,
    enum image_section_kind section, uint32_t first, uint64_t n);
/* n slot numbers in lists, each below `slots`. */
MUST_USE bool check_list(struct check *c, const void *where, uint32_t first,
    uint32_t n, uint32_t slots);
/* n params from `first`, each of which `fits`. */
MUST_USE bool check_params(struct check *c, const void *where,
    uint32_t first, uint64_t n, bool (*fits)(double));
bool check_is_finite(double v);
MUST_USE bool check_steps(struct check *c);
MUST_USE bool check_forest(struct check *c, const struct image_step *s);

#endif

/* SPDX-License-Identifier: ISC */
#ifndef IMPORT_SKLEARN_ENCODE_H
#define IMPORT_SKLEARN_ENCODE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "import/sklearn_step.h"

/* One column of an encoder. */
struct categories {
	uint32_t slot;      /* holds codes */
	uint32_t n;         /* categories */
	uint32_t *code;     /* of each category; unused at `missing` */
	uint32_t codes;     /* in the dictionary of the slot */
	int32_t missing;    /* index of None or NaN, or -1 */
	bool missing_is_nan;
	int32_t *group;     /* what infrequent grouping makes of index i */
	uint32_t n_groups;
	bool grouped;       /* there are infrequent categories */
	int32_t infrequent; /* their group, or -1 */
};

/* categories_ of each column, with their groups. */
MUST_USE bool sk_categories(const struct step *s, const struct flow *in,
    struct categories **ret, struct err *err);

#endif

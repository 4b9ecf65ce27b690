/* SPDX-License-Identifier: ISC */
#ifndef IMPORT_LIGHTGBM_TEXT_H
#define IMPORT_LIGHTGBM_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"

/* The value of a line of the section; p is NULL where there is none. The key
 * is what stands before '=', or a line's beginning up to a ':'. */
struct str lightgbm_get(struct str section, const char *key);
/* A whole number from 0 to most, `absent` where the line is missing; false
 * for another. */
MUST_USE bool lightgbm_whole(struct str section, const char *key,
    uint32_t absent, uint32_t most, uint32_t *ret);
/* Exactly n numbers of tree `number`, in mem. */
MUST_USE bool lightgbm_list(struct arena *mem, struct str tree,
    uint32_t number, const char *key, uint32_t n, const double **ret,
    struct err *err);
/* As many numbers as counts[i] says for each of the leaves: *n_terms. */
MUST_USE bool lightgbm_terms(struct arena *mem, struct str tree,
    uint32_t number, const char *key, const double *counts,
    uint32_t n_leaves, const double **ret, uint32_t *n_terms,
    struct err *err);

#endif

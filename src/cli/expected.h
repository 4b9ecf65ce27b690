/* SPDX-License-Identifier: ISC */
#ifndef CLI_EXPECTED_H
#define CLI_EXPECTED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "model/model.h"

/*
 * Recorded answers, row after row, in the forms that people have them in:
 *
 *   what `lightscore predict` writes and the service answers: CSV, JSON,
 *   NDJSON of prediction, probability, probabilities, score
 *   a CSV of one column a class, called as the class or probability_CLASS
 *   JSON {"predict": [...], "proba": [[...]], "classes": [...]},
 *   {"predictions": [...]}
 *   a JSON list of labels or numbers, or of lists of probabilities
 *
 * Of several targets the same, with a list or a name each: [["No", 1], ...],
 * prediction_NAME, probability_NAME_CLASS, {"NAME": {"CLASS": 0.8}}, lists of
 * lists; and, as libraries give them, "proba" by target and then by row, or
 * of targets with two classes the second's alone.
 */
struct expected {
	size_t n;
	uint32_t *classes; /* n * model_targets; EXPECTED_NONE where a row does
	                    * not say */
	double *numbers;   /* n * model_outputs; NaN where it does not */
	bool *refused;     /* the row has no answer (null) */
};
#define EXPECTED_NONE UINT32_MAX

/* Read a regular file. Lives in mem. Messages name the file and the row. */
MUST_USE bool expected_read(const char *path, const struct model *m,
    struct arena *mem, struct expected *ret, struct err *err);
/* The same from JSON. */
MUST_USE bool expected_parse(struct str json, const struct model *m,
    struct arena *mem, struct expected *ret, struct err *err);

#endif

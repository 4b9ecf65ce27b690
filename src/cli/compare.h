/* SPDX-License-Identifier: ISC */
#ifndef CLI_COMPARE_H
#define CLI_COMPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "cli/expected.h"
#include "model/model.h"

/* Our answers against recorded ones, row after row. */

/* What differs by less is the same answer: sums of floats differ by this much
 * between machines. Probabilities absolutely, numbers relatively above 1. */
#define COMPARE_TOLERANCE 1e-6

struct compare_place {
	double difference; /* absolute, as the tolerance is meant */
	uint64_t ulp;      /* doubles between the two */
	uint64_t row;      /* from 1; 0: nowhere */
	uint32_t output;
};
struct compare {
	const struct model *m;
	double tolerance;
	uint64_t ulp;      /* the bound instead, where by_ulp */
	bool by_ulp;
	uint64_t rows, mismatches, refused;
	struct compare_place worst, worst_ulp;
	uint64_t first_mismatch, first_refused; /* rows; 0: none */
};

void compare_init(struct compare *c, const struct model *m,
    double tolerance);
/* Row i, from 0, whose outputs are `out`; NULL where it was refused. */
void compare_row(struct compare *c, const struct expected *e, size_t i,
    const double *out);
/* Whether all of it is within the bound. */
bool compare_is_same(const struct compare *c);
/* The sentence for what is not; returns false. */
bool compare_refuse(const struct compare *c, struct err *err);
/* "probability_Yes", "prediction": a column of the recorded answers. */
void compare_column(const struct compare *c, uint32_t output, char *text,
    size_t n);

#endif

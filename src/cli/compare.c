/* SPDX-License-Identifier: ISC
 *
 * How far our answers are from recorded ones. A class counts as another one
 * only where the record itself is not at a tie.
 */
#include "cli/compare.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "score/score.h"

void
compare_init(struct compare *c, const struct model *m, double tolerance)
{
	*c = (struct compare){.m = m, .tolerance = tolerance};
}

/* Doubles in order, as integers in order; -0.0 and 0.0 are one. */
static uint64_t
order_of(double v)
{
	uint64_t bits;

	v += 0.0;
	memcpy(&bits, &v, sizeof(bits));
	return bits >> 63 ? ~bits : bits | (uint64_t)1 << 63;
}

static uint64_t
ulp_between(double a, double b)
{
	uint64_t x = order_of(a), y = order_of(b);

	if (a == b)
		return 0;
	return x > y ? x - y : y - x;
}

static uint32_t
probabilities(const struct model *m)
{
	return model_has_probabilities(m) ? model_classes(m) : 0;
}

/* Absolute for probabilities; of a number, relative above 1. */
static double
difference(const struct compare *c, uint32_t output, double got, double want)
{
	double scale = output < probabilities(c->m) ? 1 :
	    fmax(1, fabs(want));

	return got == want ? 0 : fabs(got - want) / scale;
}

static void
note(struct compare *c, size_t i, uint32_t output, double got, double want)
{
	struct compare_place at = {
	    .difference = difference(c, output, got, want),
	    .ulp = ulp_between(got, want), .row = i + 1, .output = output};

	if (isnan(want))
		return;
	if (c->worst.row == 0 || !(at.difference <= c->worst.difference))
		c->worst = at;
	if (c->worst_ulp.row == 0 || at.ulp > c->worst_ulp.ulp)
		c->worst_ulp = at;
}

/* The recorded probabilities of class a and b are as good as equal. */
static bool
is_tie(const struct compare *c, const double *want, uint32_t a, uint32_t b)
{
	if (!model_has_probabilities(c->m) || isnan(want[a]) ||
	    isnan(want[b]))
		return false;
	if (c->by_ulp)
		return ulp_between(want[a], want[b]) <= 4 * c->ulp;
	return fabs(want[a] - want[b]) <= 4 * c->tolerance;
}

/* The class that is recorded, or follows from what is. */
static uint32_t
recorded_class(const struct compare *c, const struct expected *e, size_t i,
    const double *want)
{
	if (e->classes[i] != EXPECTED_NONE)
		return e->classes[i];
	for (uint32_t k = 0; k < model_outputs(c->m); k++)
		if (isnan(want[k]))
			return EXPECTED_NONE;
	return score_class(c->m, want);
}

void
compare_row(struct compare *c, const struct expected *e, size_t i,
    const double *out)
{
	uint32_t n = model_outputs(c->m), class_, ours;
	const double *want = e->numbers + i * n;

	c->rows++;
	if (e->refused[i] != (out == NULL)) {
		c->refused++;
		if (c->first_refused == 0)
			c->first_refused = i + 1;
	}
	if (e->refused[i] || out == NULL)
		return;
	for (uint32_t k = 0; k < n; k++)
		note(c, i, k, out[k], want[k]);
	if (model_classes(c->m) == 0)
		return;
	class_ = recorded_class(c, e, i, want);
	ours = score_class(c->m, out);
	if (class_ == EXPECTED_NONE || class_ == ours ||
	    is_tie(c, want, class_, ours))
		return;
	c->mismatches++;
	if (c->first_mismatch == 0)
		c->first_mismatch = i + 1;
}

static bool
is_close(const struct compare *c)
{
	return c->by_ulp ? c->worst_ulp.ulp <= c->ulp :
	    c->worst.difference <= c->tolerance;
}

bool
compare_is_same(const struct compare *c)
{
	return c->mismatches == 0 && c->refused == 0 && is_close(c);
}

void
compare_column(const struct compare *c, uint32_t output, char *text,
    size_t n)
{
	struct model_class class_;

	if (output >= probabilities(c->m)) {
		if (model_classes(c->m) > 0)
			snprintf(text, n, "score");
		else if (model_outputs(c->m) == 1)
			snprintf(text, n, "prediction");
		else
			snprintf(text, n, "prediction_%u", output);
		return;
	}
	model_class_at(c->m, output, &class_);
	snprintf(text, n, "probability_%.*s",
	    (int)(class_.text.n < 80 ? class_.text.n : 80), class_.text.p);
}

bool
compare_refuse(const struct compare *c, struct err *err)
{
	char column[120];

	if (c->refused > 0)
		return err_set(err, ERR_MODEL, ERR_NOWHERE,
		    "row %ju: the model refuses what has a recorded answer, "
		    "or takes what has none", (uintmax_t)c->first_refused);
	if (c->mismatches > 0)
		return err_set(err, ERR_MODEL, ERR_NOWHERE,
		    "row %ju: the model predicts another class than was "
		    "recorded", (uintmax_t)c->first_mismatch);
	compare_column(c, c->worst.output, column, sizeof(column));
	return err_set(err, ERR_MODEL, ERR_NOWHERE,
	    "row %ju: %s differs from what was recorded by %.3g, more than "
	    "%.3g", (uintmax_t)c->worst.row, column, c->worst.difference,
	    c->tolerance);
}

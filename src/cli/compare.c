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
#include "cli/labels.h"
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

/* Absolute for probabilities; of a number, relative above 1. */
static double
difference(const struct compare *c, uint32_t output, double got, double want)
{
	uint32_t k;
	double scale = model_probability_at(c->m, output, &k) ? 1 :
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
is_tie(const struct compare *c, const struct model_target *t,
    const double *want, uint32_t a, uint32_t b)
{
	a += t->output - t->class_;
	b += t->output - t->class_;
	if (!model_has_probabilities(c->m) || isnan(want[a]) ||
	    isnan(want[b]))
		return false;
	if (c->by_ulp)
		return ulp_between(want[a], want[b]) <= 4 * c->ulp;
	return fabs(want[a] - want[b]) <= 4 * c->tolerance;
}

/* The class that is recorded, or follows from what is. */
static uint32_t
recorded_class(const struct compare *c, const struct model_target *t,
    uint32_t target, uint32_t said, const double *want)
{
	if (said != EXPECTED_NONE)
		return said;
	for (uint32_t k = 0; k < t->outputs; k++)
		if (isnan(want[t->output + k]))
			return EXPECTED_NONE;
	return score_class(c->m, target, want);
}

/* Whether the row gets the classes that it should. */
static bool
has_classes(const struct compare *c, const struct expected *e, size_t i,
    const double *want, const double *out)
{
	uint32_t n = model_targets(c->m), class_, ours;
	struct model_target t;

	for (uint32_t k = 0; k < n; k++) {
		model_target_at(c->m, k, &t);
		class_ = recorded_class(c, &t, k, e->classes[i * n + k],
		    want);
		ours = score_class(c->m, k, out);
		if (class_ != EXPECTED_NONE && class_ != ours &&
		    !is_tie(c, &t, want, class_, ours))
			return false;
	}
	return true;
}

void
compare_row(struct compare *c, const struct expected *e, size_t i,
    const double *out)
{
	uint32_t n = model_outputs(c->m);
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
	if (has_classes(c, e, i, want, out))
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
	char before[LABELS_COLUMN_MAX];
	struct model_class class_;
	struct model_target t;
	uint32_t k, target = 0;

	if (!model_probability_at(c->m, output, &k)) {
		if (model_classes(c->m) > 0)
			snprintf(text, n, "score");
		else if (model_outputs(c->m) == 1)
			snprintf(text, n, "prediction");
		else
			snprintf(text, n, "prediction_%u", output);
		return;
	}
	do
		model_target_at(c->m, target, &t);
	while (k >= t.class_ + t.classes && ++target);
	labels_probability(c->m, target, before);
	model_class_at(c->m, k, &class_);
	snprintf(text, n, "%s%.*s", before,
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

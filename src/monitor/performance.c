/* SPDX-License-Identifier: ISC
 *
 * The usual measures, as scikit-learn defines them, so that a figure here is
 * the figure of the notebook.
 */
#include "monitor/performance.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>

enum { BINS = 10 };

struct data {
	const double *probabilities;
	const uint32_t *labels, *predicted;
	size_t n;
	uint32_t k;
};

static double
probability(const struct data *d, size_t row, uint32_t class)
{
	return d->probabilities[row * d->k + class];
}

/* 0 / 0 is 0, as in scikit-learn: nothing was found. */
static double
ratio(double part, double whole)
{
	return whole > 0 ? part / whole : 0;
}

/* Precision, recall and F1 of one class; false where no row has to do with
 * the class. */
static bool
measure_class(const struct data *d, uint32_t class, double *precision,
    double *recall, double *f1)
{
	size_t hits = 0, said = 0, is = 0;

	for (size_t i = 0; i < d->n; i++) {
		said += d->predicted[i] == class;
		is += d->labels[i] == class;
		hits += d->predicted[i] == class && d->labels[i] == class;
	}
	*precision = ratio((double)hits, (double)said);
	*recall = ratio((double)hits, (double)is);
	*f1 = ratio(2 * (double)hits, (double)(said + is));
	return said + is > 0;
}

static void
measure_decisions(const struct data *d, struct performance *ret)
{
	double precision = 0, recall = 0, f1 = 0, p, r, f;
	size_t right = 0, classes = 0;

	for (size_t i = 0; i < d->n; i++)
		right += d->labels[i] == d->predicted[i];
	ret->accuracy = ratio((double)right, (double)d->n);
	if (d->k == 2) {
		measure_class(d, 1, &ret->precision, &ret->recall, &ret->f1);
		return;
	}
	for (uint32_t class = 0; class < d->k; class++) {
		if (!measure_class(d, class, &p, &r, &f))
			continue;
		precision += p;
		recall += r;
		f1 += f;
		classes++;
	}
	ret->precision = ratio(precision, (double)classes);
	ret->recall = ratio(recall, (double)classes);
	ret->f1 = ratio(f1, (double)classes);
}

struct scored {
	double score;
	bool positive;
};

static int
by_score(const void *a, const void *b)
{
	const struct scored *x = a, *y = b;

	return (x->score > y->score) - (x->score < y->score);
}

/* The share of pairs of a positive and a negative in the right order, a tie
 * counting half. */
static double
area(const struct data *d, uint32_t class, struct scored *rows)
{
	double pairs = 0, positives = 0, negatives = 0;

	for (size_t i = 0; i < d->n; i++)
		rows[i] = (struct scored){probability(d, i, class),
		    d->labels[i] == class};
	qsort(rows, d->n, sizeof(*rows), by_score);
	for (size_t i = 0, end; i < d->n; i = end) {
		double here[2] = {0, 0};

		for (end = i; end < d->n && rows[end].score == rows[i].score;
		    end++)
			here[rows[end].positive]++;
		pairs += here[1] * (negatives + here[0] / 2);
		negatives += here[0];
		positives += here[1];
	}
	return positives > 0 && negatives > 0 ?
	    pairs / (positives * negatives) : NAN;
}

static double
mean_area(const struct data *d, struct scored *rows)
{
	double sum = 0;

	if (d->k == 2)
		return area(d, 1, rows);
	for (uint32_t class = 0; class < d->k; class++)
		sum += area(d, class, rows);
	return sum / d->k;
}

static double
brier(const struct data *d)
{
	double sum = 0;

	for (size_t i = 0; i < d->n; i++) {
		for (uint32_t c = d->k == 2; c < d->k; c++) {
			double gap = probability(d, i, c) -
			    (d->labels[i] == c);

			sum += gap * gap;
		}
	}
	return sum / (double)d->n;
}

/* A probability of 0 for what happened costs as much as the smallest step
 * from 0, not everything. */
static double
log_loss(const struct data *d)
{
	double sum = 0;

	for (size_t i = 0; i < d->n; i++) {
		double p = probability(d, i, d->labels[i]);

		sum -= log(fmin(fmax(p, DBL_EPSILON), 1 - DBL_EPSILON));
	}
	return sum / (double)d->n;
}

static double
calibration_error(const struct data *d)
{
	double gap[BINS] = {0}, sum = 0;

	for (size_t i = 0; i < d->n; i++) {
		uint32_t class = d->k == 2 ? 1 : d->predicted[i];
		double p = probability(d, i, class);
		int bin = 0;

		while (bin < BINS - 1 && p > (bin + 1) / (double)BINS)
			bin++;
		gap[bin] += p - (d->labels[i] == class);
	}
	for (int bin = 0; bin < BINS; bin++)
		sum += fabs(gap[bin]);
	return sum / (double)d->n;
}

bool
performance_measure(const double *probabilities, const uint32_t *labels,
    const uint32_t *predicted, size_t n, uint32_t k, struct arena *mem,
    struct performance *ret, struct err *err)
{
	const struct data d = {probabilities, labels, predicted, n, k};
	struct scored *rows = ARENA_ARRAY(mem, n, struct scored);

	assert(n > 0 && k >= 2);
	if (rows == NULL)
		return arena_err(mem, "measuring", err);
	measure_decisions(&d, ret);
	if (probabilities == NULL) {
		ret->roc_auc = ret->brier = ret->log_loss = ret->ece = NAN;
		return true;
	}
	ret->roc_auc = mean_area(&d, rows);
	ret->brier = brier(&d);
	ret->log_loss = log_loss(&d);
	ret->ece = calibration_error(&d);
	return true;
}

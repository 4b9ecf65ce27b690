/* SPDX-License-Identifier: ISC
 *
 * The imputers and MissingIndicator: what is missing, what stands in its
 * place, and the columns that say where it was.
 */
#include "import/sklearn_step.h"

#include <math.h>

/* A slot where only NaN is missing: what the imputer looks for becomes NaN,
 * and a NaN that it does not look for refuses the row, as scikit-learn
 * refuses it. */
static bool
mark_missing(const struct step *s, const struct value *missing,
    uint32_t slot, uint32_t *ret, struct err *err)
{
	struct model_build *b = s->sk->build;
	double what = missing->number;
	uint32_t code;

	if (value_is_missing(missing)) {
		*ret = slot;
		return true;
	}
	if (missing->kind == VALUE_TEXT) {
		if (!model_build_code(b, slot, missing->text, &code, err))
			return step_context(s, err);
		what = code;
	} else if (!value_is_number(missing)) {
		return step_err(s, err, ERR_MODEL,
		    "missing_values is neither a number, a text nor missing");
	}
	return (model_build_require(b, slot, &slot, err) &&
	    model_build_missing_if(b, slot, what, ret, err)) ||
	    step_context(s, err);
}

static bool
impute(const struct step *s, const struct value *fill, uint32_t slot,
    uint32_t *ret, struct err *err)
{
	struct model_build *b = s->sk->build;
	double what = fill->number;
	uint32_t code;

	if (value_is_missing(fill)) {
		*ret = slot;
		return true;
	}
	if (fill->kind == VALUE_BOOL)
		model_build_booleans(b, slot);
	if (fill->kind == VALUE_TEXT) {
		if (!model_build_code(b, slot, fill->text, &code, err))
			return step_context(s, err);
		what = code;
	} else if (!value_is_number(fill)) {
		return step_err(s, err, ERR_MODEL,
		    "attribute statistics_ holds neither numbers nor texts");
	}
	return model_build_impute(b, slot, what, ret, err) ||
	    step_context(s, err);
}

/* The 0-or-1 columns that add_indicator appends: those of the columns that
 * training saw missing. */
static bool
add_known_indicators(const struct step *s, const uint32_t *missing,
    uint32_t n_in, struct flow *out, struct err *err)
{
	struct step indicator;
	struct array features;

	if (!step_open(s->sk, s, STR("indicator"),
		step_get(s, "indicator_"), &indicator, err) ||
	    !step_array(&indicator, "features_", &features, err))
		return false;
	for (size_t i = 0; i < features.count; i++) {
		double column;

		if (!array_number(&features, i, &column) || column < 0 ||
		    column >= (double)n_in || i >= n_in)
			return step_err(&indicator, err, ERR_MODEL,
			    "features_ names a column that is not there");
		out->slot[out->n++] = missing[(uint32_t)column];
	}
	return true;
}

/* The same of the slots as marked. */
static bool
add_indicators(const struct step *s, const uint32_t *marked, uint32_t n_in,
    struct flow *out, struct err *err)
{
	uint32_t *missing = ARENA_ARRAY(s->sk->mem, n_in > 0 ? n_in : 1,
	    uint32_t);

	if (missing == NULL)
		return step_full(s, err);
	for (uint32_t i = 0; i < n_in; i++)
		if (!model_build_indicator(s->sk->build, marked[i],
			&missing[i], err))
			return step_context(s, err);
	return add_known_indicators(s, missing, n_in, out, err);
}

bool
read_simple_imputer(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	static const char *const strategies[] = {"mean", "median",
	    "most_frequent", "constant"};
	struct value missing = {.kind = VALUE_NONE};
	bool keep_empty, indicator, drops;
	struct array statistics;
	struct flow marked;
	size_t strategy;
	uint32_t n = 0;

	if (!step_width(s, in, err) || !step_flow(s, in->n, &marked, err) ||
	    !step_array(s, "statistics_", &statistics, err) ||
	    !step_word(s, "strategy", strategies, countof(strategies), 0,
		&strategy, err) ||
	    !step_flag(s, "keep_empty_features", false, &keep_empty, err) ||
	    !step_flag(s, "add_indicator", false, &indicator, err) ||
	    !step_flow(s, indicator ? 2 * in->n : in->n, out, err))
		return false;
	if (statistics.count != in->n)
		return step_err(s, err, ERR_MODEL,
		    "has %zu statistics for %u columns", statistics.count,
		    in->n);
	if (step_get(s, "missing_values") != NULL)
		missing = value_of(step_get(s, "missing_values"),
		    s->sk->mem);
	/* Columns that had no value in training are dropped; a constant
	 * fills them all the same before 1.8. */
	drops = !keep_empty && (strategy != 3 || s->version == 0 ||
	    s->version >= 1008);
	for (uint32_t i = 0; i < in->n; i++) {
		struct value fill = array_value(&statistics, i, s->sk->mem);

		if (!mark_missing(s, &missing, in->slot[i], &marked.slot[i],
			err))
			return false;
		if (drops && fill.kind == VALUE_FLOAT && isnan(fill.number))
			continue;
		if (!impute(s, &fill, marked.slot[i], &out->slot[n++], err))
			return false;
	}
	out->n = n;
	out->sparse = in->sparse;
	return !indicator ||
	    add_indicators(s, marked.slot, in->n, out, err);
}

/* --- MissingIndicator ----------------------------------------------------- */

bool
read_missing_indicator(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	static const char *const words[] = {"missing-only", "all"};
	struct model_build *b = s->sk->build;
	struct value missing = {.kind = VALUE_NONE};
	struct array features;
	size_t which;
	bool strict, *known;

	if (!step_width(s, in, err) ||
	    !step_word(s, "features", words, countof(words), 0, &which,
		err) || !step_array(s, "features_", &features, err) ||
	    !step_flag(s, "error_on_new", true, &strict, err) ||
	    !step_flow(s, in->n, out, err))
		return false;
	if (step_get(s, "missing_values") != NULL)
		missing = value_of(step_get(s, "missing_values"),
		    s->sk->mem);
	known = ARENA_ARRAY(s->sk->mem, in->n > 0 ? in->n : 1, bool);
	if (known == NULL)
		return step_full(s, err);
	for (size_t i = 0; which == 0 && i < features.count; i++) {
		double column;

		if (!array_number(&features, i, &column) || column < 0 ||
		    column >= (double)in->n || i >= in->n)
			return step_err(s, err, ERR_MODEL,
			    "features_ names a column that is not there");
		known[(uint32_t)column] = true;
	}
	out->n = 0;
	for (uint32_t i = 0; i < in->n; i++) {
		uint32_t slot;

		if (!mark_missing(s, &missing, in->slot[i], &slot, err) ||
		    !model_build_indicator(b, slot, &slot, err))
			return step_context(s, err);
		if (which == 1 || known[i])
			out->slot[out->n++] = slot;
		else if (strict && !sk_refuse_if(s, slot, err))
			return false;
	}
	return true;
}

/* --- IterativeImputer ----------------------------------------------------- */

/* The limits that a filled value is clipped to. */
static bool
read_limits(const struct step *s, const char *name, uint32_t n, double **ret,
    struct err *err)
{
	struct array a;

	if (!step_array(s, name, &a, err))
		return false;
	*ret = a.count == n ? array_doubles(&a, s->sk->mem) : NULL;
	if (*ret != NULL)
		return true;
	return s->sk->mem->over ? step_full(s, err) :
	    step_err(s, err, ERR_MODEL,
		"attribute %s does not hold a number a column", name);
}

/* One round of one column: where it was missing, what a linear model makes
 * of the others as they stand. */
static bool
refill(const struct step *s, const struct node *triplet,
    const uint32_t *missing, const double *low, const double *high,
    struct flow *at, struct err *err)
{
	struct model_build *b = s->sk->build;
	struct array others;
	struct flow from, guess;
	struct step model;
	uint32_t where[3];
	double column;

	/* A named tuple. */
	if (triplet->kind == NODE_OBJECT)
		triplet = triplet->object.args;
	if (!value_number(node_item(triplet, 0), &column) || column < 0 ||
	    column >= (double)at->n)
		return step_err(s, err, ERR_MODEL,
		    "imputation_sequence_ names a column that is not there");
	if (!array_view(node_item(triplet, 1), &others, err)) {
		err_context(err, "attribute imputation_sequence_");
		return step_context(s, err);
	}
	if (others.count > at->n ||
	    !step_charge(s, 1 + others.count, err) ||
	    !step_flow(s, (uint32_t)others.count, &from, err))
		return others.count > at->n ? step_err(s, err, ERR_MODEL,
		    "imputation_sequence_ uses more columns than there are") :
		    false;
	for (uint32_t i = 0; i < from.n; i++) {
		double other;

		if (!array_number(&others, i, &other) || other < 0 ||
		    other >= (double)at->n)
			return step_err(s, err, ERR_MODEL,
			    "imputation_sequence_ names a column that is not "
			    "there");
		from.slot[i] = at->slot[(uint32_t)other];
	}
	if (!step_open(s->sk, s, STR("estimator"), node_item(triplet, 2),
		&model, err))
		return false;
	if (model.class->read != read_linear_regression)
		return step_err(&model, err, ERR_MODEL,
		    "is not supported inside of IterativeImputer; use its "
		    "default, BayesianRidge, or SimpleImputer");
	if (!model.class->read(&model, &from, &guess, err))
		return false;
	if (guess.n != 1)
		return step_err(&model, err, ERR_MODEL,
		    "predicts %u numbers at once", guess.n);
	where[0] = missing[(uint32_t)column];
	where[2] = at->slot[(uint32_t)column];
	return (model_build_mul_add(b, guess.slot[0], 1, 0,
	    low[(uint32_t)column], high[(uint32_t)column], &where[1], err) &&
	    model_build_calc(b, CALC_WHERE, false, where, NULL, 1,
		&at->slot[(uint32_t)column], err)) || step_context(s, err);
}

/* What is missing, where, and the first guess for it. */
static bool
first_fill(const struct step *s, const struct flow *in, uint32_t *missing,
    struct flow *at, struct err *err)
{
	struct value what = {.kind = VALUE_FLOAT, .number = NAN};
	struct step initial;
	struct flow marked;

	if (step_get(s, "missing_values") != NULL)
		what = value_of(step_get(s, "missing_values"), s->sk->mem);
	if (!step_flow(s, in->n, &marked, err))
		return false;
	for (uint32_t i = 0; i < in->n; i++)
		if (!mark_missing(s, &what, in->slot[i], &marked.slot[i],
			err) || !model_build_indicator(s->sk->build,
			marked.slot[i], &missing[i], err))
			return step_context(s, err);
	if (!step_open(s->sk, s, STR("initial"),
		step_get(s, "initial_imputer_"), &initial, err) ||
	    !initial.class->read(&initial, in, at, err))
		return false;
	if (initial.class->read != read_simple_imputer || at->n != in->n)
		return step_err(s, err, ERR_MODEL,
		    "had a column without any value in training, which is "
		    "not supported; drop it before");
	return true;
}

bool
read_iterative_imputer(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	const struct node *sequence = step_get(s, "imputation_sequence_");
	bool indicator, sample;
	double *low = NULL, *high = NULL;
	struct flow at;
	uint32_t *missing = ARENA_ARRAY(s->sk->mem, in->n > 0 ? in->n : 1,
	    uint32_t);

	if (missing == NULL)
		return step_full(s, err);
	if (!step_width(s, in, err) ||
	    !step_flag(s, "sample_posterior", false, &sample, err) ||
	    !step_flag(s, "add_indicator", false, &indicator, err) ||
	    !step_flow(s, 2 * in->n, out, err) ||
	    !first_fill(s, in, missing, &at, err))
		return false;
	if (sample || sequence == NULL || sequence->kind != NODE_LIST)
		return step_err(s, err, ERR_MODEL, sample ?
		    "draws what it fills in by chance "
		    "(sample_posterior=True), which is not supported" :
		    "no list imputation_sequence_: was the model fitted?");
	/* Of a single column there is nothing to learn from: no limits. */
	if (sequence->n > 0 &&
	    (!read_limits(s, "_min_value", in->n, &low, err) ||
		!read_limits(s, "_max_value", in->n, &high, err)))
		return false;
	for (uint32_t i = 0; i < sequence->n; i++)
		if (!refill(s, sequence->items[i], missing, low, high, &at,
			err))
			return false;
	for (uint32_t i = 0; i < in->n; i++)
		out->slot[i] = at.slot[i];
	out->n = in->n;
	/* The indicator reads what was missing: 0 and 1 already. */
	return !indicator || add_known_indicators(s, missing, in->n, out,
	    err);
}

/* SPDX-License-Identifier: ISC
 *
 * Selectors: which columns go on. A class that has stored its choice is taken
 * at its word; the others work it out of scores or p-values anew each time,
 * and so does this, with the same rule for ties.
 */
#include "import/sklearn_step.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "import/sklearn_importance.h"

/* The columns for which `keep` holds. With `strict` the others are still
 * held against NaN and infinity, as scikit-learn does before it drops them. */
static bool
select_columns(const struct step *s, const struct flow *in, const bool *keep,
    bool strict, struct flow *out, struct err *err)
{
	struct flow from = *in;
	uint32_t n = 0;

	if (!step_width(s, in, err) ||
	    (strict && !step_require(s, in, &from, err)) ||
	    !step_flow(s, in->n, out, err))
		return false;
	for (uint32_t i = 0; i < in->n; i++)
		if (keep[i])
			out->slot[n++] = from.slot[i];
	out->n = n;
	out->sparse = in->sparse;
	return true;
}

static bool
new_mask(const struct step *s, const struct flow *in, bool **ret,
    struct err *err)
{
	*ret = ARENA_ARRAY(s->sk->mem, in->n > 0 ? in->n : 1, bool);
	return (*ret != NULL || step_full(s, err)) &&
	    step_charge(s, in->n, err);
}

/* --- by scores ------------------------------------------------------------ */

static int
compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double *
sorted(const struct step *s, const double *v, uint32_t n, struct err *err)
{
	double *copy = ARENA_ARRAY(s->sk->mem, n > 0 ? n : 1, double);

	if (copy == NULL) {
		step_full_fault(s, err);
		return NULL;
	}
	for (uint32_t i = 0; i < n; i++)
		copy[i] = v[i];
	qsort(copy, n, sizeof(*copy), compare_doubles);
	return copy;
}

/* scores_, where a NaN is worse than any. */
static bool
scores(const struct step *s, uint32_t n, double **ret, struct err *err)
{
	if (!step_doubles_or_nan(s, "scores_", n, ret, err))
		return false;
	for (uint32_t i = 0; i < n; i++)
		if (isnan((*ret)[i]))
			(*ret)[i] = -DBL_MAX;
	return true;
}

bool
sk_select_best(const struct step *s, const double *v, uint32_t n, double k,
    bool *keep, struct err *err)
{
	double *order;
	uint32_t left, above = 0;

	if (k >= n || n == 0) {
		for (uint32_t i = 0; i < n; i++)
			keep[i] = true;
		return true;
	}
	if (!(k >= 1))
		return true;
	order = sorted(s, v, n, err);
	if (order == NULL)
		return false;
	for (uint32_t i = 0; i < n; i++)
		above += v[i] > order[n - (uint32_t)k];
	/* Of equals the last, as a stable sort has them. */
	left = (uint32_t)k - above;
	for (uint32_t i = n; i-- > 0;)
		keep[i] = v[i] > order[n - (uint32_t)k] ||
		    (v[i] == order[n - (uint32_t)k] && left > 0 && left-- > 0);
	return true;
}

/* numpy.percentile(v, percent), of v in order. */
static double
percentile(const double *v, uint32_t n, double percent)
{
	double at = (double)(n - 1) * (percent / 100), t;
	uint32_t low = (uint32_t)at;
	double a, b;

	if (low >= n - 1)
		return v[n - 1];
	t = at - low;
	a = v[low];
	b = v[low + 1];
	return t >= 0.5 ? b - (b - a) * (1 - t) : a + (b - a) * t;
}

static bool
best_percent(const struct step *s, const double *v, uint32_t n,
    double percent, bool *keep, struct err *err)
{
	double *order = sorted(s, v, n, err), threshold;
	double most = (double)n * percent / 100;
	int64_t ties;

	if (order == NULL)
		return false;
	if (!(percent >= 0 && percent <= 100))
		return step_err(s, err, ERR_MODEL, "%g is no percentile",
		    percent);
	threshold = n == 0 || percent == 0 ? INFINITY : percent == 100 ?
	    -INFINITY : percentile(order, n, 100 - percent);
	ties = (int64_t)most;
	for (uint32_t i = 0; i < n; i++) {
		keep[i] = v[i] > threshold || percent == 100;
		ties -= keep[i];
	}
	for (uint32_t i = 0; i < n && ties > 0; i++)
		if (v[i] == threshold) {
			keep[i] = true;
			ties--;
		}
	return true;
}

/* --- by p-values ---------------------------------------------------------- */

enum mode { MODE_PERCENTILE, MODE_BEST, MODE_FPR, MODE_FDR, MODE_FWE };

/* NaN compares false, and sorts last. */
static bool
by_p_value(const struct step *s, const double *p, uint32_t n,
    enum mode mode, double alpha, bool *keep, struct err *err)
{
	double *order, most = -INFINITY;
	uint32_t known = 0;

	for (uint32_t i = 0; i < n && mode != MODE_FDR; i++)
		keep[i] = p[i] < (mode == MODE_FPR ? alpha : alpha / n);
	if (mode != MODE_FDR)
		return true;
	order = ARENA_ARRAY(s->sk->mem, n > 0 ? n : 1, double);
	if (order == NULL)
		return step_full(s, err);
	for (uint32_t i = 0; i < n; i++)
		if (!isnan(p[i]))
			order[known++] = p[i];
	qsort(order, known, sizeof(*order), compare_doubles);
	for (uint32_t i = 0; i < known; i++)
		if (order[i] <= alpha / n * (i + 1))
			most = order[i];
	for (uint32_t i = 0; i < n; i++)
		keep[i] = p[i] <= most;
	return true;
}

static bool
select_by(const struct step *s, const struct flow *in, enum mode mode,
    double parameter, struct flow *out, struct err *err)
{
	double *v;
	bool *keep;

	if (!new_mask(s, in, &keep, err) || !(mode <= MODE_BEST ?
	    scores(s, in->n, &v, err) :
	    step_doubles_or_nan(s, "pvalues_", in->n, &v, err)))
		return false;
	return (mode == MODE_PERCENTILE ?
	    best_percent(s, v, in->n, parameter, keep, err) :
	    mode == MODE_BEST ?
	    sk_select_best(s, v, in->n, parameter, keep, err) :
	    by_p_value(s, v, in->n, mode, parameter, keep, err)) &&
	    select_columns(s, in, keep, true, out, err);
}

/* A parameter that is a number, or 'all'. */
static bool
parameter(const struct step *s, const char *name, double *ret,
    struct err *err)
{
	*ret = INFINITY;
	return node_is_text(step_get(s, name), "all") ||
	    step_number(s, name, ret, err);
}

static bool
read_mode(const struct step *s, const struct flow *in, enum mode mode,
    const char *name, struct flow *out, struct err *err)
{
	double v;

	return parameter(s, name, &v, err) &&
	    select_by(s, in, mode, v, out, err);
}

bool
read_select_k_best(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	return read_mode(s, in, MODE_BEST, "k", out, err);
}

bool
read_select_percentile(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	return read_mode(s, in, MODE_PERCENTILE, "percentile", out, err);
}

bool
read_select_fpr(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	return read_mode(s, in, MODE_FPR, "alpha", out, err);
}

bool
read_select_fdr(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	return read_mode(s, in, MODE_FDR, "alpha", out, err);
}

bool
read_select_fwe(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	return read_mode(s, in, MODE_FWE, "alpha", out, err);
}

bool
read_generic_select(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	static const char *const modes[] = {"percentile", "k_best", "fpr",
	    "fdr", "fwe"};
	size_t mode;

	return step_word(s, "mode", modes, countof(modes), 0, &mode, err) &&
	    read_mode(s, in, (enum mode)mode, "param", out, err);
}

/* --- the others ----------------------------------------------------------- */

bool
read_variance_threshold(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	double threshold, *v;
	bool *keep;

	if (!step_number(s, "threshold", &threshold, err) ||
	    !new_mask(s, in, &keep, err) ||
	    !step_doubles_or_nan(s, "variances_", in->n, &v, err))
		return false;
	for (uint32_t i = 0; i < in->n; i++)
		keep[i] = v[i] > threshold;
	return select_columns(s, in, keep, false, out, err);
}

/* Whether the selector lets missing values through to the columns that it
 * drops: where the estimator that it selects by takes them itself. */
static bool
is_strict(const struct step *s)
{
	static const struct {
		const char *module, *start;
		int since;
	} takers[] = {
	    {"sklearn.ensemble._hist", "", 0},
	    {"sklearn.tree.", "Decision", 1003},
	    {"sklearn.tree.", "Extra", 1006},
	    {"sklearn.ensemble._forest", "Random", 1004},
	    {"sklearn.ensemble._forest", "Extra", 1006},
	};
	struct str module, name;

	if (!node_class(step_get(s, "estimator"), &module, &name))
		return true;
	for (size_t i = 0; i < countof(takers); i++)
		if (str_has_prefix(module, str_of(takers[i].module)) &&
		    str_has_prefix(name, str_of(takers[i].start)) &&
		    (s->version == 0 || s->version >= takers[i].since))
			return false;
	return str_has_prefix(module, STR("sklearn."));
}

/* RFE, RFECV and SequentialFeatureSelector say what they chose. The first two
 * predict as well, with their estimator on these columns. */
bool
read_support(const struct step *s, const struct flow *in, struct flow *out,
    struct err *err)
{
	struct flow chosen;
	double *v;
	bool *keep;

	if (!new_mask(s, in, &keep, err) ||
	    !step_doubles_or_nan(s, "support_", in->n, &v, err))
		return false;
	for (uint32_t i = 0; i < in->n; i++)
		keep[i] = v[i] != 0;
	if (s->prepares || !step_has(s, "estimator_"))
		return select_columns(s, in, keep, is_strict(s), out, err);
	return select_columns(s, in, keep, is_strict(s), &chosen, err) &&
	    step_read(s, STR("estimator_"), step_get(s, "estimator_"),
		&chosen, out, err);
}

bool
read_select_from_model(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	double *v, threshold, most = INFINITY;
	const char *name = step_has(s, "max_features_") ? "max_features_" :
	    "max_features";
	bool *keep;

	if (!new_mask(s, in, &keep, err) ||
	    !sk_importances(s, in->n, &v, &threshold, err) ||
	    (step_has(s, name) && !step_number(s, name, &most, err)))
		return false;
	/* Of equals the first: they are sorted the other way round. */
	for (uint32_t i = 0; i < in->n / 2; i++) {
		double swap = v[i];

		v[i] = v[in->n - 1 - i];
		v[in->n - 1 - i] = swap;
	}
	if (!sk_select_best(s, v, in->n, most, keep, err))
		return false;
	for (uint32_t i = 0; i < in->n; i++)
		keep[i] = keep[i] && !(v[i] < threshold);
	for (uint32_t i = 0; i < in->n / 2; i++) {
		bool swap = keep[i];

		keep[i] = keep[in->n - 1 - i];
		keep[in->n - 1 - i] = swap;
	}
	return select_columns(s, in, keep, is_strict(s), out, err);
}

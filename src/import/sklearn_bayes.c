/* SPDX-License-Identifier: ISC
 *
 * The naive Bayes classifiers: a log likelihood for each class, which is a
 * weighted sum over the columns, their squared distances (GaussianNB) or
 * their signs (BernoulliNB), or a sum of what is said of each category
 * (CategoricalNB), and a softmax behind it.
 */
#include "import/sklearn_step.h"

#include <math.h>

/* classes_, at least two of them. */
static bool
read_classes(const struct step *s, struct array *ret, uint32_t *n,
    struct err *err)
{
	if (!sk_classes(s, 2, ret, err))
		return false;
	*n = (uint32_t)ret->count;
	return true;
}

/* An attribute of n numbers for each of n_classes. */
static bool
read_table(const struct step *s, const char *name, uint32_t n_classes,
    uint32_t n, double **ret, struct err *err)
{
	size_t count;

	if (__builtin_mul_overflow((size_t)n_classes, (size_t)n, &count))
		return step_err(s, err, ERR_LIMIT, "too many numbers");
	return step_doubles(s, name, count, ret, err);
}

/* --- GaussianNB ----------------------------------------------------------- */

/* The log likelihood of one class with these means and variances. */
static bool
gaussian(const struct step *s, const struct flow *in, const double *mean,
    const double *variance, double prior, uint32_t *ret, struct err *err)
{
	struct model_build *b = s->sk->build;
	double *coef = ARENA_ARRAY(s->sk->mem, in->n, double);
	double sum = 0, intercept;
	struct flow distance;
	uint32_t first;

	if (coef == NULL)
		return step_full(s, err);
	if (!step_flow(s, in->n, &distance, err))
		return false;
	for (uint32_t i = 0; i < in->n; i++) {
		if (!(variance[i] > 0))
			return step_err(s, err, ERR_MODEL,
			    "attribute var_ holds a number that is no "
			    "variance");
		sum += log(2 * M_PI * variance[i]);
		coef[i] = -0.5 / variance[i];
		if (!model_build_sub_div(b, in->slot[i], mean[i], 1,
			&distance.slot[i], err))
			return step_context(s, err);
	}
	intercept = log(prior) - 0.5 * sum;
	if (!model_build_link(b, LINK_SQUARE, distance.slot, in->n, &first,
		err))
		return step_context(s, err);
	for (uint32_t i = 0; i < in->n; i++)
		distance.slot[i] = first + i;
	return model_build_linear(b, distance.slot, in->n, 1, coef,
	    &intercept, ret, err) || step_context(s, err);
}

bool
read_gaussian_nb(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	double *mean, *variance, *prior;
	struct array classes;
	struct flow log;
	uint32_t n;

	if (!read_classes(s, &classes, &n, err) || !step_width(s, in, err) ||
	    !read_table(s, "theta_", n, in->n, &mean, err) ||
	    !read_table(s, "var_", n, in->n, &variance, err) ||
	    !step_doubles(s, "class_prior_", n, &prior, err) ||
	    !step_flow(s, n, &log, err))
		return false;
	s->sk->features = in->n;
	for (uint32_t k = 0; k < n; k++)
		if (!step_charge(s, in->n, err) ||
		    !gaussian(s, in, mean + (size_t)k * in->n,
			variance + (size_t)k * in->n, prior[k],
			&log.slot[k], err))
			return false;
	return sk_probabilities(s, LINK_SOFTMAX, log.slot, n, &classes, out,
	    err);
}

/* --- the discrete ones ---------------------------------------------------- */

static bool
weighted(const struct step *s, const struct flow *in,
    const struct array *classes, const double *coef, const double *intercept,
    struct flow *out, struct err *err)
{
	uint32_t n = (uint32_t)classes->count, first, *log;

	s->sk->features = in->n;
	if (!model_build_linear(s->sk->build, in->slot, in->n, n, coef,
		intercept, &first, err))
		return step_context(s, err);
	return sk_slots(s, first, n, &log, err) && sk_probabilities(s,
	    LINK_SOFTMAX, log, n, classes, out, err);
}

bool
read_multinomial_nb(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	double *coef, *prior;
	struct array classes;
	uint32_t n;

	return read_classes(s, &classes, &n, err) && step_width(s, in, err) &&
	    read_table(s, "feature_log_prob_", n, in->n, &coef, err) &&
	    step_doubles(s, "class_log_prior_", n, &prior, err) &&
	    weighted(s, in, &classes, coef, prior, out, err);
}

bool
read_complement_nb(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	double *coef, *none;
	struct array classes;
	uint32_t n;

	/* It looks at the prior only where there is one class. */
	if (!read_classes(s, &classes, &n, err) || !step_width(s, in, err) ||
	    !read_table(s, "feature_log_prob_", n, in->n, &coef, err))
		return false;
	none = ARENA_ARRAY(s->sk->mem, n, double);
	if (none == NULL)
		return step_full(s, err);
	return weighted(s, in, &classes, coef, none, out, err);
}

/* Each column as 1 where it is above the threshold, else 0: a tree of one
 * split for each. */
static bool
binarize(const struct step *s, const struct flow *in, double threshold,
    struct flow *out, struct err *err)
{
	static const int32_t left[] = {1, -1, -1}, right[] = {2, -1, -1};
	static const double value[] = {0, 0, 1};
	const double cut[] = {threshold, 0, 0};
	struct build_forest forest = {
	    .compare = TREE_F64_LE_F64,
	    .n_values = 1,
	    .n_outputs = in->n,
	    .n_trees = in->n,
	    .divide = 1,
	};
	struct build_tree *trees = ARENA_ARRAY(s->sk->mem, in->n,
	    struct build_tree);
	int32_t *feature = ARENA_ARRAY(s->sk->mem, (size_t)in->n * 3,
	    int32_t);
	uint32_t first;

	if (trees == NULL || feature == NULL || !step_flow(s, in->n, out, err))
		return step_full(s, err);
	for (uint32_t i = 0; i < in->n; i++) {
		feature[3 * i] = (int32_t)i;
		trees[i] = (struct build_tree){
		    .n_nodes = 3,
		    .left = left,
		    .right = right,
		    .feature = feature + 3 * (size_t)i,
		    .threshold = cut,
		    .value = value,
		    .first_output = i,
		};
	}
	forest.trees = trees;
	if (!model_build_forest(s->sk->build, in->slot, in->n, &forest,
		&first, err))
		return step_context(s, err);
	for (uint32_t i = 0; i < in->n; i++)
		out->slot[i] = first + i;
	return true;
}

bool
read_bernoulli_nb(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	double *coef, *prior, threshold;
	struct flow signs = *in;
	struct array classes;
	uint32_t n;

	if (!read_classes(s, &classes, &n, err) || !step_width(s, in, err) ||
	    !read_table(s, "feature_log_prob_", n, in->n, &coef, err) ||
	    !step_doubles(s, "class_log_prior_", n, &prior, err))
		return false;
	if (step_has(s, "binarize") &&
	    (!step_number(s, "binarize", &threshold, err) ||
		!binarize(s, in, threshold, &signs, err)))
		return false;
	for (uint32_t k = 0; k < n; k++) {
		double *row = coef + (size_t)k * in->n, sum = 0;

		for (uint32_t i = 0; i < in->n; i++) {
			double absent = log(1 - exp(row[i]));

			row[i] -= absent;
			sum += absent;
		}
		prior[k] += sum;
	}
	return weighted(s, &signs, &classes, coef, prior, out, err);
}

/* What each class says of a category of column i: tables over its codes. A
 * number that training did not count refuses the row. */
static bool
category(const struct step *s, const struct node *list, uint32_t slot,
    uint32_t n_classes, uint32_t *ret, struct err *err)
{
	struct model_build *b = s->sk->build;
	double *logs, *table, *values;
	uint32_t n, code;
	struct array a;

	if (!array_view(list, &a, err)) {
		err_context(err, "attribute feature_log_prob_");
		return step_context(s, err);
	}
	if (a.n_dims != 2 || a.dim[0] != n_classes || a.dim[1] == 0 ||
	    a.dim[1] > SKLEARN_COLUMNS_MAX)
		return step_err(s, err, ERR_MODEL,
		    "attribute feature_log_prob_ is of another form");
	n = (uint32_t)a.dim[1];
	values = ARENA_ARRAY(s->sk->mem, n, double);
	table = ARENA_ARRAY(s->sk->mem, TABLE_CODES + (size_t)n, double);
	logs = array_doubles(&a, s->sk->mem);
	if (values == NULL || table == NULL || (logs == NULL &&
	    s->sk->mem->over))
		return step_full(s, err);
	if (logs == NULL || !step_charge(s, a.count, err))
		return step_err(s, err, ERR_MODEL,
		    "attribute feature_log_prob_ holds too much, or no "
		    "numbers");
	for (uint32_t i = 0; i < n; i++)
		values[i] = i;
	table[TABLE_UNKNOWN] = table[TABLE_MISSING] = TABLE_REFUSE;
	if (!model_build_calc(b, CALC_TRUNC, false, &slot, NULL, 1, &slot,
		err) || !model_build_lookup(b, slot, values, n, &code, err))
		return step_context(s, err);
	for (uint32_t k = 0; k < n_classes; k++) {
		for (uint32_t i = 0; i < n; i++)
			table[TABLE_CODES + i] = logs[(size_t)k * n + i];
		if (!model_build_table(b, code, table, TABLE_CODES + n,
			&ret[k], err))
			return step_context(s, err);
	}
	return true;
}

bool
read_categorical_nb(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	const struct node *const *lists;
	uint32_t n, *said, *logs;
	struct array classes;
	double *prior;

	if (!read_classes(s, &classes, &n, err) || !step_width(s, in, err) ||
	    !step_list(s, "feature_log_prob_", in->n, &lists, err) ||
	    !step_doubles(s, "class_log_prior_", n, &prior, err))
		return false;
	if (in->n == 0 || in->n > SKLEARN_COLUMNS_MAX / n)
		return step_err(s, err, ERR_LIMIT, "has %u columns", in->n);
	said = ARENA_ARRAY(s->sk->mem, (size_t)in->n * n, uint32_t);
	logs = ARENA_ARRAY(s->sk->mem, (size_t)in->n * n, uint32_t);
	if (said == NULL || logs == NULL)
		return step_full(s, err);
	for (uint32_t i = 0; i < in->n; i++)
		if (!category(s, lists[i], in->slot[i], n,
			said + (size_t)i * n, err))
			return false;
	for (uint32_t k = 0; k < n; k++) {
		for (uint32_t i = 0; i < in->n; i++)
			logs[i] = said[(size_t)i * n + k];
		if (!model_build_fold(s->sk->build, FOLD_SUM, false, logs,
			in->n, 1, &said[k], err) ||
		    !model_build_calc(s->sk->build, CALC_ADD, false,
			&said[k], &prior[k], 1, &said[k], err))
			return step_context(s, err);
	}
	s->sk->features = in->n;
	return sk_probabilities(s, LINK_SOFTMAX, said, n, &classes, out,
	    err);
}

/* SPDX-License-Identifier: ISC
 *
 * Feature importances, which scikit-learn does not store but works out of
 * coefficients or trees whenever it is asked. Sums are added in numpy's
 * order, since a threshold may be one of the numbers compared with it.
 */
#include "import/sklearn_importance.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"

struct importance {
	const struct step *step;
	uint32_t n;
};

/* numpy's pairwise sum. */
static double
sum(const double *v, uint32_t n)
{
	double r[8], total = 0;
	uint32_t i, half;

	if (n < 8) {
		for (i = 0; i < n; i++)
			total += v[i];
		return total;
	}
	if (n > 128) {
		half = n / 2;
		half -= half % 8;
		return sum(v, half) + sum(v + half, n - half);
	}
	memcpy(r, v, sizeof(r));
	for (i = 8; i < n - n % 8; i += 8)
		for (uint32_t k = 0; k < 8; k++)
			r[k] += v[i + k];
	total = ((r[0] + r[1]) + (r[2] + r[3])) +
	    ((r[4] + r[5]) + (r[6] + r[7]));
	for (; i < n; i++)
		total += v[i];
	return total;
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double *
new_numbers(const struct importance *m, struct err *err)
{
	double *v = ARENA_ARRAY(m->step->sk->mem, m->n + 1, double);

	if (v == NULL)
		step_full_fault(m->step, err);
	return v;
}

/* --- coefficients --------------------------------------------------------- */

/* The norm over the classes, by columns. */
static bool
of_coefficients(const struct importance *m, const struct node *coef,
    double *ret, struct err *err)
{
	const struct step *s = m->step;
	double order = 1, *v;
	struct array a;
	size_t rows;

	if (!array_view(coef, &a, err)) {
		err_context(err, "coef_ of its estimator");
		return step_context(s, err);
	}
	rows = a.n_dims == 2 ? a.dim[0] : 1;
	if (a.n_dims == 0 || a.n_dims > 2 || a.dim[a.n_dims - 1] != m->n)
		return step_err(s, err, ERR_MODEL,
		    "the coefficients of its estimator do not fit %u columns",
		    m->n);
	if (step_has(s, "norm_order") &&
	    !step_number(s, "norm_order", &order, err))
		return false;
	if (order != 1 && order != 2 && order != INFINITY)
		return step_err(s, err, ERR_MODEL,
		    "norm_order=%g is not supported; known are 1, 2 and inf",
		    order);
	if (!step_charge(s, a.count, err))
		return false;
	v = array_doubles(&a, s->sk->mem);
	if (v == NULL)
		return s->sk->mem->over ? step_full(s, err) :
		    step_err(s, err, ERR_MODEL,
			"the coefficients of its estimator are no numbers");
	for (uint32_t i = 0; i < m->n; i++) {
		double total = 0;

		for (size_t k = 0; k < rows; k++) {
			double x = fabs(v[k * m->n + i]);

			total = order == INFINITY ? fmax(total, x) :
			    total + (order == 2 && a.n_dims == 2 ? x * x : x);
		}
		ret[i] = order == 2 && a.n_dims == 2 ? sqrt(total) : total;
	}
	return true;
}

/* --- trees ---------------------------------------------------------------- */

struct nodes {
	size_t count;
	struct array left, right, feature, impurity, weight;
};

static bool
bad_tree(const struct importance *m, struct err *err)
{
	return step_err(m->step, err, ERR_MODEL,
	    "a tree of its estimator is damaged");
}

static bool
open_nodes(const struct importance *m, const struct node *estimator,
    struct nodes *ret, struct err *err)
{
	struct array a;

	if (!array_view(node_get(node_get(estimator, "tree_"), "nodes"), &a,
		err) || !array_field(&a, "left_child", &ret->left, err) ||
	    !array_field(&a, "right_child", &ret->right, err) ||
	    !array_field(&a, "feature", &ret->feature, err) ||
	    !array_field(&a, "impurity", &ret->impurity, err) ||
	    !array_field(&a, "weighted_n_node_samples", &ret->weight, err)) {
		err_context(err, "a tree of its estimator");
		return step_context(m->step, err);
	}
	ret->count = a.count;
	return a.count > 0 ? step_charge(m->step, a.count, err) :
	    bad_tree(m, err);
}

/* Weight times impurity of a node; false where there is no such node. */
static bool
impurity_of(const struct nodes *t, double node, double *ret)
{
	double weight, impurity;

	if (!(node >= 0 && node < (double)t->count) ||
	    !array_number(&t->weight, (size_t)node, &weight) ||
	    !array_number(&t->impurity, (size_t)node, &impurity))
		return false;
	*ret = weight * impurity;
	return true;
}

static bool
of_tree(const struct importance *m, const struct node *estimator,
    bool normalise, double *ret, size_t *count, struct err *err)
{
	struct nodes t;
	double root, total;

	if (!open_nodes(m, estimator, &t, err))
		return false;
	for (size_t i = 0; i < t.count; i++) {
		double left, right, feature, at, l, r;

		if (!array_number(&t.left, i, &left) ||
		    !array_number(&t.right, i, &right) ||
		    !array_number(&t.feature, i, &feature))
			return bad_tree(m, err);
		if (left == -1)
			continue;
		if (!(feature >= 0 && feature < m->n) ||
		    !impurity_of(&t, (double)i, &at) ||
		    !impurity_of(&t, left, &l) || !impurity_of(&t, right, &r))
			return bad_tree(m, err);
		ret[(uint32_t)feature] += at - l - r;
	}
	if (!array_number(&t.weight, 0, &root))
		return bad_tree(m, err);
	for (uint32_t i = 0; i < m->n; i++)
		ret[i] /= root;
	total = sum(ret, m->n);
	for (uint32_t i = 0; normalise && total > 0 && i < m->n; i++)
		ret[i] /= total;
	*count = t.count;
	return true;
}

/* The mean over those trees that split, divided by its sum. Boosting's trees
 * count by what they gained, a forest's all alike. */
static bool
of_trees(const struct importance *m, const struct node *list, bool normalise,
    double *ret, struct err *err)
{
	double *one = new_numbers(m, err), total;
	struct array a = {0};
	uint32_t n = 0;

	if (one == NULL)
		return false;
	if (list->kind != NODE_LIST) {
		if (!array_view(list, &a, err))
			return step_context(m->step, err);
		list = a.list;
	}
	for (uint32_t k = 0; list != NULL && k < list->n; k++) {
		size_t count;

		memset(one, 0, m->n * sizeof(*one));
		if (!of_tree(m, list->items[k], normalise, one, &count, err))
			return false;
		if (count <= 1)
			continue;
		n++;
		for (uint32_t i = 0; i < m->n; i++)
			ret[i] += one[i];
	}
	for (uint32_t i = 0; n > 0 && i < m->n; i++)
		ret[i] /= n;
	total = sum(ret, m->n);
	for (uint32_t i = 0; n > 0 && i < m->n; i++)
		ret[i] /= total;
	return true;
}

/* --- what is asked for ---------------------------------------------------- */

static bool
importances(const struct importance *m, const struct node *estimator,
    double *ret, struct err *err)
{
	const struct node *getter = step_get(m->step, "importance_getter");
	const struct node *coef = node_get(estimator, "coef_");
	const struct node *trees = node_get(estimator, "estimators_");
	struct str module, name;
	size_t count;
	char what[160];

	if (getter != NULL && !node_is_text(getter, "auto") &&
	    !node_is_text(getter, "coef_") &&
	    !node_is_text(getter, "feature_importances_"))
		return step_err(m->step, err, ERR_MODEL,
		    "importance_getter=%s is not supported; known are 'auto', "
		    "'coef_' and 'feature_importances_'",
		    node_describe(getter, what, sizeof(what)));
	if (coef != NULL)
		return of_coefficients(m, coef, ret, err);
	if (node_get(estimator, "tree_") != NULL)
		return of_tree(m, estimator, true, ret, &count, err);
	if (trees != NULL && node_class(estimator, &module, &name) &&
	    str_has_prefix(module, STR("sklearn.ensemble._forest")))
		return of_trees(m, trees, true, ret, err);
	if (trees != NULL && node_class(estimator, &module, &name) &&
	    str_has_prefix(module, STR("sklearn.ensemble._gb")))
		return of_trees(m, trees, false, ret, err);
	return step_err(m->step, err, ERR_MODEL,
	    "selects by the importances of %s, which the file does not hold; "
	    "select by a linear model, a tree, a forest or gradient boosting",
	    node_describe(estimator, what, sizeof(what)));
}

static bool
is_one(const struct node *n)
{
	double v;

	return value_number(n, &v) && fabs(v - 1) <= 1e-8 + 1e-5;
}

/* Whether coefficients were driven to nought, as its class and parameters
 * say; versions differ in which they ask. */
static bool
is_sparse_model(const struct step *s, const struct node *estimator)
{
	struct str module, name;

	if (node_is_text(node_get(estimator, "penalty"), "l1"))
		return true;
	if (!node_class(estimator, &module, &name))
		return false;
	if (memmem(name.p, name.n, "Lasso", 5) != NULL)
		return true;
	if (memmem(name.p, name.n, "ElasticNet", 10) != NULL &&
	    (s->version == 0 || s->version >= 1002))
		return is_one(node_get(estimator, "l1_ratio_")) ||
		    is_one(node_get(estimator, "l1_ratio"));
	return str_eq(name, STR("LogisticRegression")) &&
	    (s->version == 0 || s->version >= 1008) &&
	    is_one(node_get(estimator, "l1_ratio"));
}

static bool
reference(const struct importance *m, const double *v, struct str name,
    double *ret, struct err *err)
{
	uint32_t n = m->n;
	double *order = new_numbers(m, err);

	if (order == NULL)
		return false;
	if (str_eq(name, STR("mean"))) {
		*ret = sum(v, n) / n;
		return true;
	}
	if (!str_eq(name, STR("median")))
		return step_err(m->step, err, ERR_MODEL,
		    "threshold '%.*s' is neither mean nor median",
		    STR_ARG(name));
	memcpy(order, v, n * sizeof(*order));
	qsort(order, n, sizeof(*order), compare);
	*ret = n % 2 == 1 ? order[n / 2] :
	    (order[n / 2 - 1] + order[n / 2]) / 2;
	return true;
}

static bool
read_threshold(const struct importance *m, const struct node *estimator,
    const double *v, double *ret, struct err *err)
{
	const struct step *s = m->step;
	const struct node *given = step_get(s, "threshold");
	struct str rest = STR("mean"), scale;
	double factor;

	if (given == NULL || given->kind == NODE_NONE) {
		if (is_sparse_model(s, estimator)) {
			*ret = 1e-5;
			return true;
		}
	} else if (given->kind == NODE_TEXT) {
		rest = given->text;
	} else {
		return step_number(s, "threshold", ret, err);
	}
	scale = str_cut(&rest, '*');
	if (rest.p == NULL)
		return reference(m, v, scale, ret, err);
	if (!number_parse(str_trim(scale), &factor))
		return step_err(s, err, ERR_MODEL,
		    "the threshold '%.*s' has no number before its *",
		    STR_ARG(given->text));
	if (!reference(m, v, str_trim(rest), ret, err))
		return false;
	*ret *= factor;
	return true;
}

bool
sk_importances(const struct step *s, uint32_t n, double **ret,
    double *threshold, struct err *err)
{
	const struct importance m = {.step = s, .n = n};
	const struct node *estimator = step_has(s, "estimator_") ?
	    step_get(s, "estimator_") : step_get(s, "estimator");
	double *v = new_numbers(&m, err);

	if (v == NULL || n == 0)
		return v == NULL ? false : step_err(s, err, ERR_MODEL,
		    "selects among no columns");
	if (!importances(&m, estimator, v, err) ||
	    !read_threshold(&m, estimator, v, threshold, err))
		return false;
	*ret = v;
	return true;
}

/* SPDX-License-Identifier: ISC
 *
 * AdaBoostClassifier and -Regressor. Trees that vote are a forest whose leaves
 * say how each of them does; other classifiers vote by what they predict.
 */
#include <float.h>
#include <math.h>

#include "import/sklearn_tree.h"

/* What a vote counts for the classes that it is not for: nothing before
 * 1.3.1. */
static double
against(const struct step *s, uint32_t n_classes)
{
	const struct node *version = step_get(s, "_sklearn_version");

	if ((s->version > 0 && s->version < 1003) || (version != NULL &&
		version->kind == NODE_TEXT &&
		str_has_prefix(version->text, STR("1.3.0"))))
		return 0;
	return -1.0 / (n_classes - 1);
}

/* How a leaf with these fractions of the classes votes, in place. SAMME: the
 * tree's weight for its class, shared by the others below nought. */
static void
vote(double *p, uint32_t n, double weight, double others)
{
	uint32_t best = 0;

	for (uint32_t k = 1; k < n; k++)
		if (p[k] > p[best])
			best = k;
	for (uint32_t k = 0; k < n; k++)
		p[k] = k == best ? weight : others;
}

/* SAMME.R: the logarithms of the fractions, around their mean. */
static void
vote_real(double *p, uint32_t n)
{
	double sum = 0;

	for (uint32_t k = 0; k < n; k++) {
		p[k] = log(p[k] < DBL_EPSILON ? DBL_EPSILON : p[k]);
		sum += p[k];
	}
	for (uint32_t k = 0; k < n; k++)
		p[k] = (n - 1) * (p[k] - 1.0 / n * sum);
}

static bool
is_tree(const struct node *n)
{
	const struct sk_class *class;
	struct str module, name;

	if (!node_class(n, &module, &name))
		return false;
	class = sk_class_find(module, name);
	return class != NULL && class->read == read_tree_classifier;
}

/* Attribute estimator_weights_, at least n of them. */
static bool
read_weights(const struct step *s, uint32_t n, double **ret, struct err *err)
{
	struct array weights;

	if (!step_array(s, "estimator_weights_", &weights, err))
		return false;
	*ret = ARENA_ARRAY(s->sk->mem, n, double);
	if (*ret == NULL)
		return step_full(s, err);
	for (uint32_t i = 0; i < n; i++)
		if (!array_number(&weights, i, &(*ret)[i]))
			return step_err(s, err, ERR_MODEL,
			    "attribute estimator_weights_ has fewer numbers "
			    "than there are estimators");
	return step_charge(s, n, err);
}

/* The votes of estimators that are no trees: `first` is that of class 0. */
static bool
read_any_votes(const struct step *s, const struct flow *in, bool real,
    const struct node *list, const double *weights, uint32_t n_classes,
    uint32_t *first, struct err *err)
{
	uint32_t n = list->n * n_classes;
	uint32_t *src, *votes;
	double *coef, *zero, divide = 0;
	bool ok = true;

	if (real)
		return step_err(s, err, ERR_MODEL,
		    "algorithm='SAMME.R' is read over decision trees only; "
		    "train with algorithm='SAMME'");
	if (list->n > SKLEARN_COLUMNS_MAX / n_classes)
		return step_err(s, err, ERR_LIMIT, "too many votes");
	src = ARENA_ARRAY(s->sk->mem, n, uint32_t);
	coef = ARENA_ARRAY(s->sk->mem, (size_t)n * n_classes, double);
	zero = ARENA_ARRAY(s->sk->mem, n_classes, double);
	if (src == NULL || coef == NULL || zero == NULL)
		return step_full(s, err);
	for (uint32_t i = 0; i < list->n; i++) {
		double least = against(s, n_classes) * weights[i];
		struct flow f;

		if (!step_read(s, STR("estimators_"), list->items[i], in, &f,
			err))
			return false;
		if ((f.kind != FLOW_PROBABILITIES && f.kind != FLOW_SCORES) ||
		    f.n != n_classes)
			return step_err(s, err, ERR_MODEL,
			    "an estimator does not tell the classes apart");
		if (!step_charge(s, (size_t)n_classes * n_classes, err) ||
		    !sk_predicted(s, &f, &votes, err))
			return false;
		/* It gives its weight to one class, `least` to the others:
		 * each class has what it does not get against it. */
		for (uint32_t k = 0; k < n_classes; k++) {
			src[i * n_classes + k] = votes[k];
			for (uint32_t j = 0; j < n_classes; j++)
				coef[(size_t)j * n + i * n_classes + k] =
				    j == k ? weights[i] : least;
		}
		divide += weights[i];
	}
	ok = model_build_linear(s->sk->build, src, n, n_classes, coef,
	    zero, &votes[0], err);
	for (uint32_t k = 0; ok && k < n_classes; k++)
		ok = model_build_sub_div(s->sk->build, votes[0] + k, 0,
		    divide, k == 0 ? first : &src[0], err);
	return ok || step_context(s, err);
}

/* All trees as one forest of votes, divided by the sum of the weights. */
static bool
read_votes(const struct step *s, const struct flow *in, bool real,
    uint32_t n_classes, uint32_t *first, struct err *err)
{
	const struct node *list = step_get(s, "estimators_");
	struct build_forest forest = {
	    .compare = TREE_F32_LE_F64,
	    .n_values = n_classes,
	    .n_outputs = n_classes,
	};
	struct build_tree *trees;
	double *weights;

	if (list == NULL || list->kind != NODE_LIST || list->n == 0)
		return step_err(s, err, ERR_MODEL,
		    "no list of estimators_: was the model fitted?");
	if (!step_width(s, in, err) ||
	    !read_weights(s, list->n, &weights, err))
		return false;
	if (!is_tree(list->items[0]))
		return read_any_votes(s, in, real, list, weights, n_classes,
		    first, err);
	trees = ARENA_ARRAY(s->sk->mem, list->n, struct build_tree);
	if (trees == NULL)
		return step_full(s, err);
	for (uint32_t i = 0; i < list->n; i++) {
		struct step tree;
		double *value;

		if (!step_open(s->sk, s, STR("estimators_"), list->items[i],
			&tree, err))
			return false;
		if (tree.class->read != read_tree_classifier)
			return step_err(&tree, err, ERR_MODEL,
			    "is no decision tree, as the first one is");
		if (!sk_tree_read(&tree, in->n, LEAF_CLASSES, n_classes, 1,
			&trees[i], err))
			return false;
		value = ARENA_ARRAY(s->sk->mem,
		    (size_t)trees[i].n_nodes * n_classes, double);
		if (value == NULL)
			return step_full(s, err);
		for (uint32_t j = 0; j < trees[i].n_nodes; j++) {
			double *p = value + (size_t)j * n_classes;

			for (uint32_t k = 0; k < n_classes; k++)
				p[k] = trees[i].value[(size_t)j * n_classes +
				    k];
			if (real)
				vote_real(p, n_classes);
			else
				vote(p, n_classes, weights[i],
				    against(s, n_classes) * weights[i]);
		}
		trees[i].value = value;
		trees[i].missing_left = NULL;
		forest.divide += weights[i];
	}
	forest.n_trees = list->n;
	forest.trees = trees;
	return sk_forest_build(s, in, &forest, first, err);
}

bool
read_adaboost_classifier(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	static const char *const words[] = {"SAMME", "SAMME.R", "deprecated"};
	const double difference[] = {-1, 1}, zero = 0;
	struct model_build *b = s->sk->build;
	struct array classes;
	uint32_t n, first, *votes, *scores;
	size_t algorithm;
	bool ok = true;

	if (!step_word(s, "algorithm", words, countof(words), 0, &algorithm,
		err) ||
	    !sk_classes(s, 2, &classes, err))
		return false;
	n = (uint32_t)classes.count;
	if (!read_votes(s, in, algorithm == 1, n, &first, err) ||
	    !sk_slots(s, first, n, &votes, err) ||
	    !sk_slots(s, first, n, &scores, err))
		return false;
	if (n == 2)
		ok = model_build_linear(b, votes, 2, 1, difference, &zero,
		    &votes[0], err);
	for (uint32_t k = 0; ok && k < n && n > 2; k++)
		ok = model_build_sub_div(b, votes[k], 0, n - 1, &scores[k],
		    err);
	if (!ok)
		return step_context(s, err);
	if (n == 2)
		return sk_probabilities(s, LINK_SIGMOID, votes, 1, &classes,
		    out, err) && sk_margins(s, votes, 1, out, err);
	return sk_probabilities(s, LINK_SOFTMAX, scores, n, &classes, out,
	    err) && sk_margins(s, votes, n, out, err);
}

/* The weighted median of what the estimators predict. */
bool
read_adaboost_regressor(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	const struct node *list = step_get(s, "estimators_");
	uint32_t *values;
	double *weights;

	if (list == NULL || list->kind != NODE_LIST || list->n == 0)
		return step_err(s, err, ERR_MODEL,
		    "no list of estimators_: was the model fitted?");
	if (!step_width(s, in, err) ||
	    !read_weights(s, list->n, &weights, err) ||
	    !step_flow(s, 1, out, err))
		return false;
	values = ARENA_ARRAY(s->sk->mem, list->n, uint32_t);
	if (values == NULL)
		return step_full(s, err);
	for (uint32_t i = 0; i < list->n; i++) {
		struct flow f;

		if (!step_read(s, STR("estimators_"), list->items[i], in, &f,
			err))
			return false;
		if (f.kind != FLOW_VALUE || f.n != 1)
			return step_err(s, err, ERR_MODEL,
			    "an estimator does not predict one number");
		values[i] = f.slot[0];
	}
	if (!model_build_median(s->sk->build, values, weights, list->n,
		out->slot, err))
		return step_context(s, err);
	out->kind = FLOW_VALUE;
	return true;
}

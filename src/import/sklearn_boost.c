/* SPDX-License-Identifier: ISC
 *
 * GradientBoostingClassifier and -Regressor: a first guess, plus each tree's
 * leaf times the learning rate in the order of training, then the link that
 * belongs to the loss.
 */
#include <float.h>
#include <math.h>

#include "import/sklearn_tree.h"

enum loss { LOSS_LOG, LOSS_EXPONENTIAL, LOSS_REGRESSION };

/* The probability that the first guess gives class k, from the estimator
 * `init_`, a DummyClassifier. */
static bool
dummy_probabilities(const struct step *s, const struct node *init,
    const struct array *classes, double **ret, struct err *err)
{
	struct step dummy;

	if (!step_open(s->sk, s, STR("init_"), init, &dummy, err))
		return false;
	if (dummy.class->read != read_dummy_classifier)
		return step_err(&dummy, err, ERR_MODEL,
		    "is not supported as the first guess; train with "
		    "init=None or init='zero'");
	return sk_dummy_probabilities(&dummy, classes, ret, err);
}

/* The raw score that stands for the first guess of a classifier. */
static bool
first_scores(const struct step *s, const struct node *init, enum loss loss,
    const struct array *classes, double *base, struct err *err)
{
	uint32_t n_classes = (uint32_t)classes->count;
	double *p, mean = 0;

	if (!dummy_probabilities(s, init, classes, &p, err))
		return false;
	for (uint32_t k = 0; k < n_classes; k++) {
		/* scikit-learn keeps away from 0 and 1 by single-precision
		 * epsilon, although it computes in double. */
		if (p[k] < (double)FLT_EPSILON)
			p[k] = (double)FLT_EPSILON;
		if (p[k] > 1 - (double)FLT_EPSILON)
			p[k] = 1 - (double)FLT_EPSILON;
	}
	if (n_classes == 2) {
		base[0] = log(p[1] / (1 - p[1]));
		if (loss == LOSS_EXPONENTIAL)
			base[0] *= 0.5;
		return true;
	}
	for (uint32_t k = 0; k < n_classes; k++)
		mean += log(p[k]) / n_classes;
	for (uint32_t k = 0; k < n_classes; k++)
		base[k] = log(p[k]) - mean;
	return true;
}

/* The first guess of a regressor, a DummyRegressor's constant. */
static bool
first_value(const struct step *s, const struct node *init, double *base,
    struct err *err)
{
	struct step dummy;
	double *constant;

	if (!step_open(s->sk, s, STR("init_"), init, &dummy, err))
		return false;
	if (dummy.class->read != read_dummy_regressor)
		return step_err(&dummy, err, ERR_MODEL,
		    "is not supported as the first guess; train with "
		    "init=None or init='zero'");
	if (!step_doubles(&dummy, "constant_", 1, &constant, err))
		return false;
	base[0] = constant[0];
	return true;
}

/* All stages as one forest: tree k of a stage adds to score k. */
static bool
read_stages(const struct step *s, const struct flow *in, uint32_t n_scores,
    const double *base, uint32_t *first, struct err *err)
{
	struct build_forest forest = {
	    .compare = TREE_F32_LE_F64,
	    .n_values = 1,
	    .n_outputs = n_scores,
	    .base = base,
	    .divide = 1,
	};
	struct array stages;
	struct build_tree *trees;
	double rate;

	if (!step_width(s, in, err) ||
	    !step_number(s, "learning_rate", &rate, err) ||
	    !step_array(s, "estimators_", &stages, err))
		return false;
	if (stages.list == NULL || stages.n_dims != 2 ||
	    stages.dim[1] != n_scores || stages.count == 0)
		return step_err(s, err, ERR_MODEL,
		    "attribute estimators_ does not hold %u trees a stage",
		    n_scores);
	trees = ARENA_ARRAY(s->sk->mem, stages.count, struct build_tree);
	if (trees == NULL)
		return step_full(s, err);
	for (size_t i = 0; i < stages.count; i++) {
		struct step tree;

		if (!step_open(s->sk, s, STR("estimators_"),
			array_node(&stages, i), &tree, err))
			return false;
		if (tree.class->read != read_tree_regressor)
			return step_err(&tree, err, ERR_MODEL,
			    "is no regression tree");
		if (!sk_tree_read(&tree, in->n, LEAF_NUMBER, 1, rate,
			&trees[i], err))
			return false;
		trees[i].missing_left = NULL;
		trees[i].first_output = (uint32_t)(i % n_scores);
	}
	forest.n_trees = (uint32_t)stages.count;
	forest.trees = trees;
	return sk_forest_build(s, in, &forest, first, err);
}

bool
read_boosting_classifier(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	static const char *const words[] = {"log_loss", "deviance",
	    "exponential"};
	const struct node *init = step_get(s, "init_");
	struct array classes;
	enum model_link link;
	enum loss loss;
	uint32_t n, n_scores, first, *scores;
	size_t word;
	double *base;

	if (!step_word(s, "loss", words, countof(words), 0, &word, err) ||
	    !sk_classes(s, 2, &classes, err))
		return false;
	loss = word == 2 ? LOSS_EXPONENTIAL : LOSS_LOG;
	n = (uint32_t)classes.count;
	n_scores = n == 2 ? 1 : n;
	if (loss == LOSS_EXPONENTIAL && n != 2)
		return step_err(s, err, ERR_MODEL,
		    "loss='exponential' with %u classes", n);
	base = ARENA_ARRAY(s->sk->mem, n, double);
	if (base == NULL)
		return step_full(s, err);
	if (!node_is_text(init, "zero") &&
	    !first_scores(s, init, loss, &classes, base, err))
		return false;
	link = n > 2 ? LINK_SOFTMAX : loss == LOSS_EXPONENTIAL ?
	    LINK_SIGMOID2 : LINK_SIGMOID;
	return read_stages(s, in, n_scores, base, &first, err) &&
	    sk_slots(s, first, n_scores, &scores, err) &&
	    sk_probabilities(s, link, scores, n_scores, &classes, out, err) &&
	    sk_margins(s, scores, n_scores, out, err);
}

bool
read_boosting_regressor(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	/* All of them predict the raw score itself. */
	static const char *const words[] = {"squared_error", "ls",
	    "absolute_error", "lad", "huber", "quantile"};
	const struct node *init = step_get(s, "init_");
	double base = 0;
	size_t word;

	if (!step_word(s, "loss", words, countof(words), 0, &word, err) ||
	    (!node_is_text(init, "zero") &&
		!first_value(s, init, &base, err)) ||
	    !step_flow(s, 1, out, err) ||
	    !read_stages(s, in, 1, &base, out->slot, err))
		return false;
	out->kind = FLOW_VALUE;
	return true;
}

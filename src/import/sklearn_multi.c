/* SPDX-License-Identifier: ISC
 *
 * Many classes or numbers out of estimators that each know of one or two:
 * OneVsRestClassifier and OneVsOneClassifier, MultiOutputRegressor and
 * RegressorChain.
 */
#include "import/sklearn_several.h"

#include <math.h>
#include <string.h>

bool
sk_read_all(const struct step *s, const struct flow *in, struct flow **ret,
    uint32_t *n, struct err *err)
{
	const struct node *list = step_get(s, "estimators_");
	struct flow *flows;

	if (list == NULL || list->n == 0 ||
	    (list->kind != NODE_LIST && list->kind != NODE_TUPLE))
		return step_err(s, err, ERR_MODEL,
		    "no list of estimators_: was the model fitted?");
	flows = ARENA_ARRAY(s->sk->mem, list->n, struct flow);
	if (flows == NULL)
		return step_full(s, err);
	for (uint32_t i = 0; i < list->n; i++)
		if (!step_read(s, STR("estimators_"), list->items[i], in,
			&flows[i], err))
			return false;
	*ret = flows;
	*n = list->n;
	return true;
}

bool
sk_confidence(const struct step *s, const struct flow *f, uint32_t *ret,
    struct err *err)
{
	if (f->n != 2 ||
	    (f->kind != FLOW_PROBABILITIES && f->kind != FLOW_SCORES) ||
	    (f->kind == FLOW_SCORES && f->n_margins != 1))
		return step_err(s, err, ERR_MODEL,
		    "an estimator does not tell two classes apart");
	*ret = f->n_margins == 1 ? f->margin[0] : f->slot[1];
	return true;
}

/* --- one against the rest ------------------------------------------------- */

/* Of equal scores the last one is predicted. */
static bool
last_greatest(const struct step *s, const uint32_t *scores, uint32_t n,
    uint32_t **ret, struct err *err)
{
	struct model_build *b = s->sk->build;
	double *numbers = ARENA_ARRAY(s->sk->mem, n, double);
	uint32_t *best = ARENA_ARRAY(s->sk->mem, n, uint32_t), first;

	if (numbers == NULL || best == NULL)
		return step_full(s, err);
	if (!model_build_fold(b, FOLD_ARGMAX_LAST, false, scores, n, 1,
		&first, err))
		return step_context(s, err);
	for (uint32_t k = 0; k < n; k++) {
		best[k] = first;
		numbers[k] = k;
	}
	if (!model_build_calc(b, CALC_EQUAL, false, best, numbers, n, &first,
		err))
		return step_context(s, err);
	return sk_slots(s, first, n, ret, err);
}

/* The probabilities of the classes, each divided by their sum. Before 1.7 a
 * sum of 0 made NaN of them, which refuses the row. */
static bool
normalise(const struct step *s, const struct flow *f, uint32_t n,
    const struct array *classes, struct flow *out, struct err *err)
{
	struct model_build *b = s->sk->build;
	uint32_t *src = ARENA_ARRAY(s->sk->mem, 2 * (size_t)n, uint32_t);
	uint32_t sum, first;

	if (src == NULL)
		return step_full(s, err);
	for (uint32_t i = 0; i < n; i++)
		src[i] = f[i].slot[1];
	if (s->version >= 1007 || s->version == 0)
		return sk_probabilities(s, LINK_NORMALISE, src, n, classes,
		    out, err);
	if (!step_flow(s, n, out, err))
		return false;
	if (!model_build_fold(b, FOLD_SUM, false, src, n, 1, &sum, err))
		return step_context(s, err);
	for (uint32_t i = 0; i < n; i++)
		src[n + i] = sum;
	if (!model_build_calc(b, CALC_DIV, false, src, NULL, n, &first, err))
		return step_context(s, err);
	for (uint32_t i = 0; i < n; i++)
		out->slot[i] = first + i;
	out->kind = FLOW_PROBABILITIES;
	out->classes = *classes;
	return true;
}

/* Each column of an indicator matrix by itself. The bound is that of the
 * first estimator, which a constant does not choose. */
static bool
read_columns(const struct step *s, const struct flow *in, struct flow *out,
    struct err *err)
{
	struct str module, name = STR("");
	struct flow *f;
	uint32_t n, score;
	bool margin;

	if (!sk_read_all(s, in, &f, &n, err) || !sk_targets(s, n, out, err))
		return false;
	margin = node_class(step_get(s, "estimators_")->items[0], &module,
	    &name) && !str_eq(name, STR("_ConstantPredictor")) &&
	    f[0].n_margins > 0;
	for (uint32_t k = 0; k < n; k++)
		if (!sk_confidence(s, &f[k], &score, err) ||
		    !sk_indicator_decision(s, &f[k], score, margin ? 0 : 0.5,
			&out->targets[k], err))
			return false;
	if (n == 1)
		*out = out->targets[0];
	return true;
}

bool
read_one_vs_rest(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	struct array classes;
	uint32_t *scores, n;
	bool all = true, columns;
	struct flow *f;

	if (!sk_is_indicator(s, "label_binarizer_", &columns, err))
		return false;
	if (columns)
		return read_columns(s, in, out, err);
	if (!sk_binarized_classes(s, "label_binarizer_", &classes, err) ||
	    !sk_read_all(s, in, &f, &n, err))
		return false;
	scores = ARENA_ARRAY(s->sk->mem, n, uint32_t);
	if (scores == NULL)
		return step_full(s, err);
	for (uint32_t i = 0; i < n; i++) {
		if (!sk_confidence(s, &f[i], &scores[i], err))
			return false;
		all = all && f[i].kind == FLOW_PROBABILITIES;
	}
	if (n == 1 && classes.count == 2) {
		*out = f[0];
		out->classes = classes;
		return true;
	}
	if (n != classes.count)
		return step_err(s, err, ERR_MODEL,
		    "has %u estimators for %zu classes", n, classes.count);
	if (!all)
		return sk_scores(s, scores, n, &classes, out, err) &&
		    last_greatest(s, scores, n, &out->slot, err);
	return normalise(s, f, n, &classes, out, err) &&
	    last_greatest(s, scores, n, &out->decision, err) &&
	    (f[0].n_margins == 0 || sk_margins(s, scores, n, out, err));
}

/* --- one against one ------------------------------------------------------ */

/* The pairs (i, j) vote for j, and where they are sure of it for i less. */
static bool
count_pairs(const struct step *s, const struct flow *f, uint32_t n_pairs,
    uint32_t n, uint32_t *votes, uint32_t *sums, struct err *err)
{
	struct model_build *b = s->sk->build;
	uint32_t *sure = ARENA_ARRAY(s->sk->mem, n_pairs, uint32_t);
	uint32_t *said = ARENA_ARRAY(s->sk->mem, 2 * (size_t)n_pairs,
	    uint32_t);
	double *voted = ARENA_ARRAY(s->sk->mem, 2 * (size_t)n_pairs * n,
	    double);
	double *coef = ARENA_ARRAY(s->sk->mem, (size_t)n_pairs * n, double);
	double *zero = ARENA_ARRAY(s->sk->mem, n, double);
	uint32_t k = 0, *two;

	if (sure == NULL || said == NULL || voted == NULL || coef == NULL ||
	    zero == NULL)
		return step_full(s, err);
	for (uint32_t i = 0; i < n; i++)
		for (uint32_t j = i + 1; j < n; j++, k++) {
			if (!sk_confidence(s, &f[k], &sure[k], err) ||
			    !sk_predicted(s, &f[k], &two, err))
				return false;
			said[2 * k] = two[0];
			said[2 * k + 1] = two[1];
			voted[(size_t)i * 2 * n_pairs + 2 * k] = 1;
			voted[(size_t)j * 2 * n_pairs + 2 * k + 1] = 1;
			coef[(size_t)i * n_pairs + k] = -1;
			coef[(size_t)j * n_pairs + k] = 1;
		}
	return (model_build_linear(b, said, 2 * n_pairs, n, voted, zero,
	    votes, err) &&
	    model_build_linear(b, sure, n_pairs, n, coef, zero, sums, err)) ||
	    step_context(s, err);
}

bool
read_one_vs_one(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	struct model_build *b = s->sk->build;
	uint32_t n, n_pairs, first, votes, sums, *src;
	double *one, *three;
	struct array classes;
	struct flow *f;

	if (step_has(s, "pairwise_indices_"))
		return step_err(s, err, ERR_MODEL,
		    "was trained on a precomputed kernel, which is not "
		    "supported");
	if (!sk_classes(s, 2, &classes, err) ||
	    !sk_read_all(s, in, &f, &n_pairs, err))
		return false;
	n = (uint32_t)classes.count;
	if (n_pairs != (uint64_t)n * (n - 1) / 2)
		return step_err(s, err, ERR_MODEL,
		    "has %u estimators for %u classes", n_pairs, n);
	src = ARENA_ARRAY(s->sk->mem, 2 * (size_t)n, uint32_t);
	one = ARENA_ARRAY(s->sk->mem, n, double);
	three = ARENA_ARRAY(s->sk->mem, n, double);
	if (src == NULL || one == NULL || three == NULL)
		return step_full(s, err);
	if (!step_charge(s, 3 * (size_t)n_pairs * n, err) ||
	    !count_pairs(s, f, n_pairs, n, &votes, &sums, err))
		return false;
	/* votes + sum / (3 * (|sum| + 1)) */
	for (uint32_t k = 0; k < n; k++) {
		src[k] = sums + k;
		one[k] = 1;
		three[k] = 3;
	}
	if (!model_build_calc(b, CALC_ABS, false, src, NULL, n, &first, err))
		return step_context(s, err);
	for (uint32_t k = 0; k < n; k++)
		src[k] = first + k;
	if (!model_build_calc(b, CALC_ADD, false, src, one, n, &first, err))
		return step_context(s, err);
	for (uint32_t k = 0; k < n; k++)
		src[k] = first + k;
	if (!model_build_calc(b, CALC_MUL, false, src, three, n, &first, err))
		return step_context(s, err);
	for (uint32_t k = 0; k < n; k++) {
		src[k] = sums + k;
		src[n + k] = first + k;
	}
	if (!model_build_calc(b, CALC_DIV, false, src, NULL, n, &first, err))
		return step_context(s, err);
	for (uint32_t k = 0; k < n; k++) {
		src[k] = votes + k;
		src[n + k] = first + k;
	}
	if (!model_build_calc(b, CALC_ADD, false, src, NULL, n, &first, err))
		return step_context(s, err);
	/* Of two classes the one estimator says which, since 1.1; before, the
	 * sign of the number did, which no probability brings below 0. */
	if (n == 2) {
		first++;
		if (!sk_predicted(s, &f[0], &src, err) ||
		    !sk_scores(s, &first, 1, &classes, out, err))
			return false;
		if (s->version == 0 || s->version >= 1001)
			out->slot = src;
		return true;
	}
	return sk_slots(s, first, n, &src, err) &&
	    sk_scores(s, src, n, &classes, out, err);
}

/* --- several numbers ------------------------------------------------------ */

static bool
check_number(const struct step *s, const struct flow *f, struct err *err)
{
	return (f->kind == FLOW_VALUE && f->n == 1) ||
	    step_err(s, err, ERR_MODEL,
		"an estimator does not predict one number");
}

bool
read_multi_output_regressor(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	struct flow *f;
	uint32_t n;

	if (!sk_read_all(s, in, &f, &n, err) || !step_flow(s, n, out, err))
		return false;
	for (uint32_t k = 0; k < n; k++) {
		if (!check_number(s, &f[k], err))
			return false;
		out->slot[k] = f[k].slot[0];
	}
	out->kind = FLOW_VALUE;
	return true;
}

bool
sk_read_chain(const struct step *s, const struct flow *in,
    sk_hand_on *hand_on, struct flow **ret, uint32_t *n, struct err *err)
{
	const struct node *list = step_get(s, "estimators_");
	const struct node *const *places = NULL;
	struct array order = {0};
	struct flow all, *flows;
	bool *seen;
	double at;

	if (list == NULL || list->kind != NODE_LIST || list->n == 0)
		return step_err(s, err, ERR_MODEL,
		    "no list of estimators_: was the model fitted?");
	/* A list where the caller gave one, else an array. */
	if (step_get(s, "order_") != NULL &&
	    step_get(s, "order_")->kind == NODE_LIST) {
		if (!step_list(s, "order_", list->n, &places, err))
			return false;
	} else if (!step_array(s, "order_", &order, err)) {
		return false;
	}
	if (list->n > SKLEARN_COLUMNS_MAX ||
	    !step_flow(s, in->n + list->n, &all, err))
		return step_err(s, err, ERR_LIMIT, "too many columns");
	flows = ARENA_ARRAY(s->sk->mem, list->n, struct flow);
	seen = ARENA_ARRAY(s->sk->mem, list->n, bool);
	if (flows == NULL || seen == NULL)
		return step_full(s, err);
	memcpy(all.slot, in->slot, in->n * sizeof(*all.slot));
	all.sparse = in->sparse;
	for (uint32_t i = 0; i < list->n; i++) {
		bool found = places != NULL ? value_number(places[i], &at) :
		    i < order.count && array_number(&order, i, &at);
		struct flow *f;

		all.n = in->n + i;
		if (!found || !(at >= 0 && at < list->n) ||
		    seen[(uint32_t)at])
			return step_err(s, err, ERR_MODEL,
			    "attribute order_ is no order of the estimators");
		f = &flows[(uint32_t)at];
		seen[(uint32_t)at] = true;
		if (!step_charge(s, all.n, err) ||
		    !step_read(s, STR("estimators_"), list->items[i], &all,
			f, err) ||
		    !hand_on(s, f, &all.slot[all.n], err))
			return false;
	}
	*ret = flows;
	*n = list->n;
	return true;
}

static bool
hand_number(const struct step *s, const struct flow *f, uint32_t *ret,
    struct err *err)
{
	if (!check_number(s, f, err))
		return false;
	*ret = f->slot[0];
	return true;
}

bool
read_regressor_chain(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	struct flow *f;
	uint32_t n;

	if (!sk_read_chain(s, in, hand_number, &f, &n, err) ||
	    !step_flow(s, n, out, err))
		return false;
	for (uint32_t k = 0; k < n; k++)
		out->slot[k] = f[k].slot[0];
	out->kind = FLOW_VALUE;
	return true;
}

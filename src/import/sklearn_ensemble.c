/* SPDX-License-Identifier: ISC
 *
 * Ensembles of any estimators that are read, whose answers are averaged or
 * counted: VotingClassifier and -Regressor, BaggingClassifier and -Regressor.
 */
#include "import/sklearn_step.h"

#include <math.h>

/* --- averages ------------------------------------------------------------- */

bool
sk_average(const struct step *s, const uint32_t *src, uint32_t n,
    const double *weights, uint32_t *dst, struct err *err)
{
	double *coef = ARENA_ARRAY(s->sk->mem, n, double);
	double sum = 0, zero = 0;

	if (coef == NULL)
		return step_full(s, err);
	for (uint32_t i = 0; i < n; i++) {
		coef[i] = weights != NULL ? weights[i] : 1;
		sum += coef[i];
	}
	if (!isfinite(sum) || sum == 0)
		return step_err(s, err, ERR_MODEL, "the weights sum to %g",
		    sum);
	return (model_build_linear(s->sk->build, src, n, 1, coef, &zero, dst,
	    err) &&
	    model_build_sub_div(s->sk->build, *dst, 0, sum, dst, err)) ||
	    step_context(s, err);
}

/* The members of an ensemble: their flows, and what each counts. */
struct members {
	struct flow *flow;
	double *weight; /* NULL: all the same */
	uint32_t n;
};

/* Slot k of every member, in `ret`. */
static bool
members_slots(const struct step *s, const struct members *m, uint32_t k,
    uint32_t **ret, struct err *err)
{
	*ret = ARENA_ARRAY(s->sk->mem, m->n, uint32_t);
	if (*ret == NULL)
		return step_full(s, err);
	for (uint32_t i = 0; i < m->n; i++)
		(*ret)[i] = m->flow[i].slot[k];
	return step_charge(s, m->n, err);
}

/* Slot by slot, the average of the members. */
static bool
members_average(const struct step *s, const struct members *m, uint32_t n_out,
    struct flow *out, struct err *err)
{
	uint32_t *slots;

	if (!step_flow(s, n_out, out, err))
		return false;
	for (uint32_t k = 0; k < n_out; k++)
		if (!members_slots(s, m, k, &slots, err) ||
		    !sk_average(s, slots, m->n, m->weight, &out->slot[k],
			err))
			return false;
	return true;
}

/* --- voting --------------------------------------------------------------- */

/* Attribute weights, a list or an array of n numbers. */
static bool
read_weights(const struct step *s, uint32_t n, double **ret, struct err *err)
{
	const struct node *list = step_get(s, "weights");

	if (list->kind != NODE_LIST && list->kind != NODE_TUPLE)
		return step_doubles(s, "weights", n, ret, err);
	if (list->n != n)
		return step_err(s, err, ERR_MODEL,
		    "has %u weights for %u estimators", list->n, n);
	*ret = ARENA_ARRAY(s->sk->mem, n, double);
	if (*ret == NULL)
		return step_full(s, err);
	for (uint32_t i = 0; i < n; i++)
		if (!value_number(list->items[i], &(*ret)[i]))
			return step_err(s, err, ERR_MODEL,
			    "attribute weights holds something else than "
			    "numbers");
	return true;
}

/* The fitted estimators, and the weights of those that were not dropped. */
static bool
read_voters(const struct step *s, const struct flow *in, enum flow_kind kind,
    bool hard, uint32_t n_out, struct members *ret, struct err *err)
{
	const struct node *all = step_get(s, "estimators");
	const struct node *fitted = step_get(s, "estimators_");
	uint32_t n = 0;

	if (all == NULL || all->kind != NODE_LIST || fitted == NULL ||
	    fitted->kind != NODE_LIST || fitted->n == 0)
		return step_err(s, err, ERR_MODEL,
		    "no list of estimators_: was the model fitted?");
	*ret = (struct members){.n = fitted->n};
	ret->flow = ARENA_ARRAY(s->sk->mem, fitted->n, struct flow);
	if (ret->flow == NULL)
		return step_full(s, err);
	if (!step_charge(s, all->n, err))
		return false;
	if (step_has(s, "weights") &&
	    !read_weights(s, all->n, &ret->weight, err))
		return false;
	for (uint32_t i = 0; i < all->n; i++) {
		const struct node *name = node_item(all->items[i], 0);
		struct flow *f = &ret->flow[n];

		if (node_is_text(node_item(all->items[i], 1), "drop"))
			continue;
		if (n == fitted->n || name == NULL || name->kind != NODE_TEXT)
			return step_err(s, err, ERR_MODEL,
			    "attribute estimators_ does not fit estimators");
		if (!step_read(s, name->text, fitted->items[n], in, f, err))
			return false;
		if ((f->kind != kind && (f->kind != FLOW_SCORES || !hard)) ||
		    f->n != n_out)
			return step_err(s, err, ERR_MODEL,
			    "estimator %.*s does not predict what is needed",
			    STR_ARG(name->text));
		if (ret->weight != NULL)
			ret->weight[n] = ret->weight[i];
		n++;
	}
	if (n != fitted->n)
		return step_err(s, err, ERR_MODEL,
		    "attribute estimators_ does not fit estimators");
	return true;
}

/* Each estimator gives its weight to one class. */
static bool
count_votes(const struct step *s, const struct members *m, uint32_t n_out,
    struct flow *out, struct err *err)
{
	double *coef = ARENA_ARRAY(s->sk->mem, m->n, double), zero = 0;
	struct members votes = {.n = m->n};
	uint32_t *slots;

	votes.flow = ARENA_ARRAY(s->sk->mem, m->n, struct flow);
	if (coef == NULL || votes.flow == NULL)
		return step_full(s, err);
	if (!step_flow(s, n_out, out, err))
		return false;
	for (uint32_t i = 0; i < m->n; i++) {
		coef[i] = m->weight != NULL ? m->weight[i] : 1;
		if (!sk_predicted(s, &m->flow[i], &votes.flow[i].slot, err))
			return false;
	}
	for (uint32_t k = 0; k < n_out; k++)
		if (!members_slots(s, &votes, k, &slots, err) ||
		    (!model_build_linear(s->sk->build, slots, m->n, 1, coef,
			 &zero, &out->slot[k], err) &&
			!step_context(s, err)))
			return false;
	out->kind = FLOW_SCORES;
	return true;
}

bool
read_voting_classifier(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	enum { HARD, SOFT };
	static const char *const words[] = {"hard", "soft"};
	struct members m;
	struct array classes;
	size_t voting;
	uint32_t n;

	if (!step_word(s, "voting", words, countof(words), HARD, &voting,
		err) ||
	    !sk_classes(s, 1, &classes, err))
		return false;
	n = (uint32_t)classes.count;
	if (!read_voters(s, in, FLOW_PROBABILITIES, voting == HARD, n, &m,
		err))
		return false;
	if (voting == HARD) {
		if (!count_votes(s, &m, n, out, err))
			return false;
	} else {
		if (!members_average(s, &m, n, out, err))
			return false;
		out->kind = FLOW_PROBABILITIES;
	}
	out->classes = classes;
	return true;
}

bool
read_voting_regressor(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	struct members m;

	if (!read_voters(s, in, FLOW_VALUE, false, 1, &m, err) ||
	    !members_average(s, &m, 1, out, err))
		return false;
	out->kind = FLOW_VALUE;
	return true;
}

/* --- bagging -------------------------------------------------------------- */

/* The columns that one member was trained on. */
static bool
member_columns(const struct step *s, const struct node *list,
    const struct flow *in, struct flow *ret, struct err *err)
{
	struct array columns;
	double at;

	if (!array_view(list, &columns, err)) {
		err_context(err, "attribute estimators_features_");
		return step_context(s, err);
	}
	if (columns.count > SKLEARN_COLUMNS_MAX ||
	    !step_charge(s, columns.count, err) ||
	    !step_flow(s, (uint32_t)columns.count, ret, err))
		return step_err(s, err, ERR_LIMIT, "too many columns");
	ret->sparse = in->sparse;
	for (uint32_t i = 0; i < ret->n; i++) {
		if (!array_number(&columns, i, &at) || !(at >= 0) ||
		    at >= (double)in->n)
			return step_err(s, err, ERR_MODEL,
			    "estimators_features_ names a column that is not "
			    "there");
		ret->slot[i] = in->slot[(uint32_t)at];
	}
	return true;
}

/* A member may have met fewer classes, each a number among all of them: the
 * others have probability 0 there. */
static bool
spread_classes(const struct step *s, uint32_t n_classes, struct flow *f,
    struct err *err)
{
	struct flow wide;
	uint32_t zero;
	double k;

	if (f->n == n_classes)
		return true;
	if (!step_charge(s, n_classes, err) ||
	    !step_flow(s, n_classes, &wide, err))
		return false;
	if (!model_build_constant(s->sk->build, 0, &zero, err))
		return step_context(s, err);
	for (uint32_t i = 0; i < n_classes; i++)
		wide.slot[i] = zero;
	for (uint32_t i = 0; i < f->n; i++) {
		if (!array_number(&f->classes, i, &k) || !(k >= 0) ||
		    k >= n_classes)
			return step_err(s, err, ERR_MODEL,
			    "an estimator knows a class that the others do "
			    "not");
		wide.slot[(uint32_t)k] = f->slot[i];
	}
	wide.kind = f->kind;
	*f = wide;
	return true;
}

static bool
read_bag(const struct step *s, const struct flow *in, enum flow_kind kind,
    uint32_t n_out, struct members *ret, struct err *err)
{
	const struct node *list = step_get(s, "estimators_");
	const struct node *const *columns;

	if (list == NULL || list->kind != NODE_LIST || list->n == 0)
		return step_err(s, err, ERR_MODEL,
		    "no list of estimators_: was the model fitted?");
	if (!step_width(s, in, err) || !step_list(s, "estimators_features_",
		list->n, &columns, err))
		return false;
	*ret = (struct members){.n = list->n};
	ret->flow = ARENA_ARRAY(s->sk->mem, list->n, struct flow);
	if (ret->flow == NULL)
		return step_full(s, err);
	for (uint32_t i = 0; i < list->n; i++) {
		struct flow *f = &ret->flow[i], part;

		if (!member_columns(s, columns[i], in, &part, err) ||
		    !step_read(s, STR("estimators_"), list->items[i], &part,
			f, err))
			return false;
		/* Without probabilities it votes. */
		if (kind == FLOW_PROBABILITIES && f->kind == FLOW_SCORES) {
			if (!sk_predicted(s, f, &f->slot, err))
				return false;
			f->kind = kind;
		}
		if (f->kind != kind || (kind == FLOW_VALUE &&
		    f->n != ret->flow[0].n))
			return step_err(s, err, ERR_MODEL,
			    "an estimator predicts %s", f->kind == FLOW_TARGETS ?
			    "several labels, which is not supported; put "
			    "MultiOutputClassifier around a bag of one label" :
			    "something else than the others");
		if (kind == FLOW_PROBABILITIES &&
		    !spread_classes(s, n_out, f, err))
			return false;
	}
	return true;
}

/* A bag whose members have margins has their average as its own. */
static bool
bag_margins(const struct step *s, const struct members *m, struct flow *out,
    struct err *err)
{
	uint32_t n = m->flow[0].n_margins;
	uint32_t *slots = ARENA_ARRAY(s->sk->mem, m->n, uint32_t);

	for (uint32_t i = 0; i < m->n; i++)
		if (m->flow[i].n_margins == 0 || m->flow[i].n_margins != n)
			return true;
	if (slots == NULL || !sk_margins(s, m->flow[0].margin, n, out, err))
		return step_full(s, err);
	for (uint32_t k = 0; k < n; k++) {
		for (uint32_t i = 0; i < m->n; i++)
			slots[i] = m->flow[i].margin[k];
		if (!step_charge(s, m->n, err) ||
		    !sk_average(s, slots, m->n, NULL, &out->margin[k], err))
			return false;
	}
	return true;
}

bool
read_bagging_classifier(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	struct members m;
	struct array classes;

	if (!sk_classes(s, 1, &classes, err))
		return false;
	if (!read_bag(s, in, FLOW_PROBABILITIES, (uint32_t)classes.count, &m,
		err) ||
	    !members_average(s, &m, (uint32_t)classes.count, out, err) ||
	    !bag_margins(s, &m, out, err))
		return false;
	out->kind = FLOW_PROBABILITIES;
	out->classes = classes;
	return true;
}

bool
read_bagging_regressor(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	struct members m;

	if (!read_bag(s, in, FLOW_VALUE, 0, &m, err) ||
	    !members_average(s, &m, m.flow[0].n, out, err))
		return false;
	out->kind = FLOW_VALUE;
	return true;
}

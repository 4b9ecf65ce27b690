/* SPDX-License-Identifier: ISC
 *
 * The scikit-learn classes of XGBoost, LightGBM and CatBoost, and Boosters, in
 * a pickle: the library's own model lies in them as bytes or text, and the
 * class around it says what the labels are, what is missing, and how many
 * iterations count.
 */
#include "import/sklearn_booster.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "import/catboost.h"
#include "import/lightgbm.h"
#include "import/sklearn_several.h"
#include "import/xgboost.h"

static bool
in_module(const struct node *object, const char *module)
{
	struct str name, class;

	return node_class(object, &name, &class) &&
	    str_has_prefix(name, str_of(module));
}

bool
sk_is_booster(const struct node *object)
{
	return in_module(object, "xgboost.") ||
	    in_module(object, "lightgbm.") ||
	    in_module(object, "catboost.");
}

/* The Booster in a wrapper, or the object itself. */
static const struct node *
booster_of(const struct node *object)
{
	const struct node *inner = node_get(object, "_Booster");

	return inner != NULL ? inner : object;
}

static bool
charge(struct sk *sk, size_t n, struct err *err)
{
	if (n > SKLEARN_MODEL_BYTES_MAX - sk->model_bytes)
		return err_set(err, ERR_LIMIT, ERR_NOWHERE,
		    "the boosters inside have more than the %zu bytes "
		    "allowed", SKLEARN_MODEL_BYTES_MAX);
	sk->model_bytes += n;
	return true;
}

static bool
parse_lightgbm(struct sk *sk, const struct node *booster,
    const struct node *text, struct ensemble *ret, struct err *err)
{
	double best = 0;

	/* What predict uses where it is not told otherwise. */
	if (value_number(node_get(booster, "best_iteration"), &best) &&
	    !(best >= -1 && best <= INT32_MAX))
		return err_set(err, ERR_MODEL, ERR_NOWHERE,
		    "attribute best_iteration is no number of iterations");
	return charge(sk, text->text.n, err) &&
	    lightgbm_parse(sk->im, text->text,
		best > 0 ? (uint32_t)best : 0, ret, err);
}

bool
sk_booster_parse(struct sk *sk, const struct node *object,
    struct ensemble *ret, struct err *err)
{
	const struct node *booster = booster_of(object);
	const struct node *handle = node_get(booster, "handle");
	char what[120];

	if (handle == NULL)
		handle = node_get(booster, "_handle");
	if (handle == NULL)
		handle = node_get(booster, "__model");
	if (handle != NULL && handle->kind == NODE_TEXT &&
	    in_module(booster, "lightgbm."))
		return parse_lightgbm(sk, booster, handle, ret, err);
	if (handle != NULL && handle->kind == NODE_BYTES &&
	    in_module(booster, "xgboost."))
		return charge(sk, handle->text.n, err) &&
		    xgboost_parse(sk->im, handle->text, booster != object,
			ret, err);
	if (handle != NULL && handle->kind == NODE_BYTES &&
	    in_module(booster, "catboost."))
		return charge(sk, handle->text.n, err) &&
		    catboost_parse(sk->im, handle->text, ret, err);
	return err_set(err, ERR_MODEL, ERR_NOWHERE,
	    "expected the model of a Booster in it, got %s: was it fitted?",
	    node_describe(handle, what, sizeof(what)));
}

/* --- columns -------------------------------------------------------------- */

/* Numbers that are this one are missing, compared as float or as they are. */
static bool
missing_value(const struct step *s, const struct ensemble *e, bool floats,
    double missing, uint32_t *slot, struct err *err)
{
	struct model_build *b = s->sk->build;

	for (uint32_t i = 0; i < e->n_features; i++) {
		if (e->columns != NULL && e->columns[i].n > 0 &&
		    !e->columns[i].coded)
			continue;
		if ((floats && !model_build_calc(b, CALC_FLOAT, false,
			&slot[i], NULL, 1, &slot[i], err)) ||
		    !model_build_missing_if(b, slot[i], floats ?
			(double)(float)missing : missing, &slot[i], err))
			return step_context(s, err);
	}
	return true;
}

/* The columns as the library sees them. */
static bool
booster_columns(const struct step *s, const struct flow *in,
    const struct ensemble *e, struct flow *ret, struct err *err)
{
	bool xgboost = in_module(s->object, "xgboost.");
	double missing = NAN;

	if (e->n_features != in->n)
		return step_err(s, err, ERR_MODEL,
		    "was fitted on %u columns but gets %u", e->n_features,
		    in->n);
	if (!step_flow(s, in->n, ret, err))
		return false;
	for (uint32_t i = 0; i < in->n; i++)
		ret->slot[i] = in->slot[i];
	if (!xgboost)
		return true;
	if (step_has(s, "missing") &&
	    !step_number(s, "missing", &missing, err))
		return false;
	if (isinf(missing))
		return step_err(s, err, ERR_MODEL,
		    "missing=%g is not supported; replace infinite values "
		    "by NaN before training", missing);
	/* What a sparse matrix does not hold is missing to XGBoost. */
	return (!in->sparse ||
	    missing_value(s, e, false, 0, ret->slot, err)) &&
	    (isnan(missing) ||
	    missing_value(s, e, true, missing, ret->slot, err));
}

/* --- what comes out ------------------------------------------------------- */

/* The slots that come out of the model of s. */
static bool
run_booster(const struct step *s, const struct flow *in, struct ensemble *e,
    struct flow *out, struct err *err)
{
	struct sk *sk = s->sk;
	struct flow columns;
	uint32_t *raw;

	if (step_has(s, "objective") &&
	    step_get(s, "objective")->kind != NODE_TEXT)
		return step_err(s, err, ERR_MODEL,
		    "was trained with a function of the user's own as "
		    "objective; nothing in a file is ever run: train with "
		    "one of the library's objectives, or serve the model "
		    "that it saves, which answers with the sums alone");
	if (!sk_booster_parse(sk, s->object, e, err))
		return step_context(s, err);
	if (!booster_columns(s, in, e, &columns, err))
		return false;
	*out = (struct flow){0};
	raw = ARENA_ARRAY(sk->mem, e->forest.n_outputs, uint32_t);
	if (raw == NULL)
		return step_full(s, err);
	if (!ensemble_steps(sk->im, e, columns.slot, &out->slot, &out->n, raw,
		err))
		return step_context(s, err);
	/* LightGBM has decision_function since 4.7, and this since then. Of a
	 * random forest it gives the sums before they are divided. */
	for (uint32_t k = 0; k < e->forest.n_outputs &&
	     e->forest.divide != 1; k++)
		if (!model_build_mul_add(sk->build, raw[k], e->forest.divide,
			0, -INFINITY, INFINITY, &raw[k], err))
			return step_context(s, err);
	if (step_has(s, "_fitted_with_feature_names") &&
	    !sk_margins(s, raw, e->forest.n_outputs, out, err))
		return false;
	sk->features = in->n;
	if (s->up == NULL) {
		char text[80];
		int n = snprintf(text, sizeof(text), "%s %.*s", e->library,
		    (int)(e->version.n < 40 ? e->version.n : 40),
		    e->version.p);

		sk->library = arena_str(sk->mem, str_trim((struct str){text,
		    (size_t)n}));
		if (sk->library.p == NULL)
			return step_full(s, err);
	}
	return true;
}

/* Labels that the library's own model has, as an array of objects. */
static bool
own_labels(const struct step *s, const struct model_class *labels, uint32_t n,
    struct array *ret, struct err *err)
{
	struct arena *mem = s->sk->mem;
	struct node *list = ARENA_NEW(mem, struct node);

	if (list == NULL)
		return step_full(s, err);
	list->kind = NODE_LIST;
	for (uint32_t k = 0; k < n; k++) {
		struct node *label = ARENA_NEW(mem, struct node);

		if (label == NULL || !node_append(mem, list, label))
			return step_full(s, err);
		switch (labels[k].kind) {
		case CLASS_TEXT:
			label->kind = NODE_TEXT;
			label->text = labels[k].text;
			break;
		case CLASS_INTEGER:
		case CLASS_BOOL:
			label->kind = labels[k].kind == CLASS_BOOL ?
			    NODE_BOOL : NODE_INT;
			label->integer = (int64_t)labels[k].number;
			break;
		case CLASS_FLOAT:
			label->kind = NODE_FLOAT;
			label->real = labels[k].number;
			break;
		}
	}
	*ret = (struct array){.dtype = {.type = ARRAY_OBJECT,
	    .has_object = true}, .n_dims = 1, .dim = {n}, .count = n,
	    .list = list};
	return true;
}

/* The labels in the order of the probabilities: of the library's model, a
 * label encoder, an attribute, or none. */
static bool
read_labels(const struct step *s, const struct model_class *labels,
    uint32_t n, struct array *ret, struct err *err)
{
	static const char *const names[] = {"classes_", "_classes"};
	const struct node *list = node_get(step_get(s, "_le"), "classes_");

	if (labels != NULL)
		return own_labels(s, labels, n, ret, err);
	for (size_t i = 0; i < countof(names) && list == NULL; i++)
		if (step_has(s, names[i]))
			list = step_get(s, names[i]);
	if (list == NULL)
		return sk_count_classes(s, n, ret, err);
	if (!array_view(list, ret, err)) {
		err_context(err, "the labels");
		return step_context(s, err);
	}
	return ret->count == n || step_err(s, err, ERR_MODEL,
	    "has %zu labels for %u classes", ret->count, n);
}

/* Labels 0 and 1 of each target. */
static bool
boosted_targets(const struct step *s, const struct ensemble *e,
    struct flow *out, struct err *err)
{
	uint32_t *slots = out->slot;

	if (!sk_targets(s, e->targets, out, err))
		return false;
	for (uint32_t t = 0; t < e->targets; t++)
		out->targets[t] = (struct flow){.kind = FLOW_PROBABILITIES,
		    .slot = slots + 2 * (size_t)t, .n = 2,
		    .classes = sk_indicator_classes()};
	return true;
}

bool
read_boosted_classifier(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	struct ensemble e;

	if (!run_booster(s, in, &e, out, err))
		return false;
	if (e.targets > 1 && e.classifies)
		return boosted_targets(s, &e, out, err);
	/* XGBoost's reg:logistic and LightGBM's cross_entropy are of two
	 * classes to the wrappers, as their answers are probabilities. */
	if (!e.classifies && out->n == 2)
		e.classifies = true;
	if (!e.classifies || out->n < 2)
		return step_err(s, err, ERR_MODEL,
		    "gives no probabilities with objective '%.*s'; train "
		    "with one that does, such as %s", STR_ARG(e.objective),
		    in_module(s->object, "xgboost.") ? "'binary:logistic'" :
		    in_module(s->object, "lightgbm.") ? "'binary'" :
		    "'Logloss'");
	out->kind = FLOW_PROBABILITIES;
	return read_labels(s, e.labels, out->n, &out->classes, err);
}

bool
read_boosted_regressor(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	struct ensemble e;

	if (!run_booster(s, in, &e, out, err))
		return false;
	out->kind = FLOW_VALUE;
	if (e.targets > 1 && e.classifies) {
		out->n /= 2;
		for (uint32_t k = 0; k < out->n; k++)
			out->slot[k] = out->slot[2 * (size_t)k + 1];
	}
	if (e.forest.n_outputs == 1) {
		out->slot += out->n - 1;
		out->n = 1;
	}
	return true;
}

bool
read_booster(const struct step *s, const struct flow *in, struct flow *out,
    struct err *err)
{
	struct ensemble e;

	if (!run_booster(s, in, &e, out, err))
		return false;
	if (e.note.n > 0 && !model_build_warn(s->sk->build, e.note, err))
		return step_context(s, err);
	if (e.targets > 1 && e.classifies)
		return boosted_targets(s, &e, out, err);
	out->kind = e.classifies ? FLOW_PROBABILITIES : FLOW_VALUE;
	if (e.classifies)
		return sk_count_classes(s, out->n, &out->classes, err);
	if (e.forest.n_outputs == 1) {
		out->slot += out->n - 1;
		out->n = 1;
	}
	return true;
}

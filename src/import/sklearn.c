/* SPDX-License-Identifier: ISC
 *
 * A scikit-learn model, from the file's bytes to the builder: read the
 * pickle, name the input columns, let the steps flow, and say what comes out
 * of the last.
 */
#include "import/sklearn.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "import/pickle.h"
#include "import/sklearn_booster.h"
#include "import/sklearn_step.h"

bool
sklearn_probe(struct str b)
{
	static const struct str starts[] = {
	    {"ccopy_reg\n", 10},    /* protocols 0 and 1 */
	    {"ccopyreg\n", 9},
	    {"csklearn.", 9},
	};

	if (b.n >= 2 && (unsigned char)b.p[0] == 0x80 &&
	    (unsigned char)b.p[1] <= 5)
		return true;
	for (size_t i = 0; i < countof(starts); i++)
		if (str_has_prefix(b, starts[i]))
			return true;
	return false;
}

/* The first estimator that one hands its own columns to. */
static const struct node *
inner_estimator(const struct node *n)
{
	static const char *const names[] = {"estimators_",
	    "calibrated_classifiers_", "estimator_", "regressor_",
	    "estimator", "base_estimator"};
	const struct node *next;

	for (size_t i = 0; i < countof(names); i++) {
		next = node_get(n, names[i]);
		if (next != NULL && (next->kind == NODE_LIST ||
			next->kind == NODE_TUPLE))
			next = node_item(next, 0);
		if (next != NULL && node_attributes(next) != NULL)
			return next;
	}
	return NULL;
}

/* The estimator that one which does not tell its columns leaves them to. */
static const struct node *
asked_estimator(const struct node *n)
{
	return node_get(n, "n_features_in_") != NULL ? NULL :
	    inner_estimator(n);
}

/* A FunctionTransformer did not note its columns before 1.1; the step behind
 * it has as many. */
static bool
counts(const struct node *n)
{
	struct str module, name;

	return !node_class(n, &module, &name) ||
	    !str_eq(name, STR("FunctionTransformer")) ||
	    node_get(n, "n_features_in_") != NULL;
}

/* The estimator that sees the columns as the client sends them: through
 * Pipelines, FeatureUnions and votes to their first step. *step is what the
 * last of these calls it. */
static const struct node *
first_estimator(const struct node *n, struct str *step)
{
	struct str module, name;

	for (int depth = 0; depth < SKLEARN_DEPTH_MAX; depth++) {
		const struct node *list, *name_of_next, *next = NULL;

		n = step_inner(n);
		if (!node_class(n, &module, &name))
			return n;
		next = asked_estimator(n);
		if (next != NULL) {
			n = next;
			continue;
		}
		if (str_eq(name, STR("Pipeline")))
			list = node_get(n, "steps");
		else if (str_eq(name, STR("FeatureUnion")))
			list = node_get(n, "transformer_list");
		else
			return n;
		for (uint32_t i = 0; list != NULL && next == NULL &&
		     i < list->n; i++) {
			next = node_item(list->items[i], 1);
			name_of_next = node_item(list->items[i], 0);
			if (name_of_next != NULL &&
			    name_of_next->kind == NODE_TEXT)
				*step = name_of_next->text;
			if (step_is_passthrough(next) ||
			    node_is_text(next, "drop") || !counts(next))
				next = NULL;
		}
		if (next == NULL)
			return n;
		n = next;
	}
	return n;
}

/* The columns of a booster, as its own model file has them. */
static bool
booster_inputs(struct sk *sk, const struct ensemble *e, struct flow *ret,
    struct err *err)
{
	*ret = (struct flow){.n = e->n_features};
	ret->slot = ARENA_ARRAY(sk->mem, e->n_features, uint32_t);
	if (ret->slot == NULL)
		return arena_err(sk->mem, "the model", err);
	return ensemble_inputs(sk->im, e, ret->slot, err);
}

static bool
read_booster_inputs(struct sk *sk, const struct node *booster,
    struct flow *ret, struct err *err)
{
	struct ensemble e;

	return sk_booster_parse(sk, booster, &e, err) &&
	    booster_inputs(sk, &e, ret, err);
}

/* CatBoost's classes have no feature_names_in_ to hand to what is around
 * them: the names are in the model inside. *ret has no columns where there is
 * none, or without names. */
static bool
read_inner_names(struct sk *sk, const struct node *n, double n_columns,
    struct flow *ret, struct err *err)
{
	struct ensemble e;

	*ret = (struct flow){0};
	for (int depth = 0; n != NULL && !sk_is_booster(n); depth++) {
		if (depth == SKLEARN_DEPTH_MAX)
			return true;
		n = inner_estimator(step_inner(n));
	}
	if (n == NULL)
		return true;
	if (!sk_booster_parse(sk, n, &e, err))
		return false;
	return e.names == NULL || e.n_features != n_columns ||
	    booster_inputs(sk, &e, ret, err);
}

/* An estimator does not tell its columns where its class is none of ours,
 * which is said then, or where it was never fitted. */
static bool
refuse_inputs(struct sk *sk, const struct step *root, struct str name,
    const struct node *first, struct err *err)
{
	struct step ignored;

	return (first == root->object ||
	    step_open(sk, root, name, first, &ignored, err)) &&
	    err_set(err, ERR_MODEL, ERR_NOWHERE,
		"no step tells the number of input columns: was the model "
		"fitted before it was saved, with scikit-learn 1.0 or newer?");
}

/* The input columns: named by feature_names_in_, else x0, x1, ... */
static bool
read_inputs(struct sk *sk, const struct step *root, struct flow *ret,
    struct err *err)
{
	struct str step = STR("");
	const struct node *first = first_estimator(root->object, &step);
	const struct node *names = node_get(first, "feature_names_in_");
	struct array a = {0};
	double n;

	if (sk_is_booster(first))
		return read_booster_inputs(sk, first, ret, err);
	if (names != NULL) {
		if (!array_view(names, &a, err))
			return err_context(err, "attribute feature_names_in_");
		n = (double)a.count;
	} else if (!value_number(node_get(first, "n_features_in_"), &n)) {
		return refuse_inputs(sk, root, step, first, err);
	}
	if (names == NULL) {
		if (!read_inner_names(sk, first, n, ret, err))
			return false;
		if (ret->n > 0)
			return true;
	}
	if (!(n >= 1 && n <= 1e6))
		return err_set(err, ERR_LIMIT, ERR_NOWHERE,
		    "the model has %g input columns", n);
	*ret = (struct flow){.n = (uint32_t)n};
	ret->slot = ARENA_ARRAY(sk->mem, ret->n, uint32_t);
	if (ret->slot == NULL)
		return arena_err(sk->mem, "the model", err);
	for (uint32_t i = 0; i < ret->n; i++) {
		struct value v = {.kind = VALUE_TEXT};
		char name[16];

		if (names != NULL)
			v = array_value(&a, i, sk->mem);
		else
			v.text = (struct str){name, (size_t)snprintf(name,
			    sizeof(name), "x%u", i)};
		if (v.kind != VALUE_TEXT)
			return err_set(err, ERR_MODEL, ERR_NOWHERE,
			    "attribute feature_names_in_ holds a name that is "
			    "no text");
		if (!model_build_input(sk->build, v.text, &ret->slot[i], err))
			return false;
	}
	return true;
}

static bool
class_label(const struct value *v, struct arena *mem,
    struct model_class *ret)
{
	char text[NUMBER_MAX];
	size_t n;

	*ret = (struct model_class){.number = v->number};
	switch (v->kind) {
	case VALUE_TEXT:
		ret->kind = CLASS_TEXT;
		ret->text = v->text;
		return true;
	case VALUE_BOOL:
		ret->kind = CLASS_BOOL;
		ret->text = v->integer != 0 ? STR("true") : STR("false");
		return true;
	case VALUE_INT:
		ret->kind = CLASS_INTEGER;
		n = (size_t)snprintf(text, sizeof(text), "%lld",
		    (long long)v->integer);
		break;
	case VALUE_FLOAT:
		ret->kind = CLASS_FLOAT;
		n = number_format(v->number, text);
		break;
	default:
		return false;
	}
	ret->text = arena_str(mem, (struct str){text, n});
	return ret->text.p != NULL;
}

/* Class 1 is an inlier, -1 an outlier; the score of the first is told. */
static bool
write_outliers(struct sk *sk, const struct flow *out, struct err *err)
{
	static const struct model_class labels[] = {
	    {.kind = CLASS_INTEGER, .text = {"1", 1}, .number = 1},
	    {.kind = CLASS_INTEGER, .text = {"-1", 2}, .number = -1},
	};

	model_build_tell_score(sk->build);
	return import_class(sk->im, labels[0], err) &&
	    import_class(sk->im, labels[1], err) &&
	    model_build_decision(sk->build, out->slot, 2, err);
}

static bool
write_labels(struct sk *sk, const struct flow *out, struct err *err)
{
	for (uint32_t k = 0; k < out->n; k++) {
		struct value v = array_value(&out->classes, k, sk->mem);
		struct model_class label;

		if (!class_label(&v, sk->mem, &label))
			return err_set(err, ERR_MODEL, ERR_NOWHERE,
			    "attribute classes_ holds a label that is neither "
			    "text nor a number");
		if (!import_class(sk->im, label, err))
			return false;
	}
	if (out->kind == FLOW_SCORES)
		return model_build_decision(sk->build, out->slot, out->n,
		    err);
	return model_build_output(sk->build, MODEL_CLASSIFICATION, out->slot,
	    out->n, err);
}

static bool
write_targets(struct sk *sk, const struct flow *out, struct err *err)
{
	for (uint32_t i = 0; i < out->n_targets; i++) {
		const struct flow *t = &out->targets[i];

		if (!model_build_target(sk->build, err) ||
		    !write_labels(sk, t, err) || (t->decision != NULL &&
		    !model_build_decision(sk->build, t->decision, t->n, err)))
			return false;
	}
	return true;
}

/* What the last step makes is what the model answers. */
static bool
write_outputs(struct sk *sk, const struct flow *out, struct err *err)
{
	if (out->kind == FLOW_FEATURES)
		return err_set(err, ERR_MODEL, ERR_NOWHERE,
		    "the file holds preprocessing without an estimator behind "
		    "it; save the whole Pipeline that predicts");
	if (out->kind == FLOW_OUTLIERS)
		return write_outliers(sk, out, err);
	if (out->kind == FLOW_VALUE)
		return model_build_output(sk->build, MODEL_REGRESSION,
		    out->slot, out->n, err);
	if (out->kind == FLOW_TARGETS)
		return write_targets(sk, out, err);
	if (!write_labels(sk, out, err))
		return false;
	if (out->threshold > 0 && out->threshold < 1 &&
	    out->threshold != 0.5) {
		model_build_figure(sk->build, FIGURE_THRESHOLD,
		    out->threshold);
		return true;
	}
	return out->decision == NULL ||
	    model_build_decision(sk->build, out->decision, out->n, err);
}

/* The class that predicts: a pipeline's last step. */
static struct str
algorithm(const struct node *root)
{
	struct str module, name = STR("");

	for (int depth = 0; depth < SKLEARN_DEPTH_MAX; depth++) {
		const struct node *steps;

		root = step_inner(root);
		steps = node_get(root, "steps");
		if (!node_class(root, &module, &name) ||
		    !str_eq(name, STR("Pipeline")) || steps == NULL ||
		    steps->n == 0)
			break;
		root = node_item(steps->items[steps->n - 1], 1);
	}
	return name;
}

static bool
write_facts(struct sk *sk, const struct step *root, const char *format,
    struct err *err)
{
	struct model_build *b = sk->build;
	const struct node *version = step_get(root, "_sklearn_version");
	char text[80], warning[160];

	model_build_figure(b, FIGURE_TREES, sk->trees);
	model_build_figure(b, FIGURE_NODES, (double)sk->tree_nodes);
	model_build_figure(b, FIGURE_FEATURES, sk->features);
	if (sk->library.p != NULL)
		snprintf(text, sizeof(text), "%s", sk->library.p);
	else if (version != NULL && version->kind == NODE_TEXT)
		snprintf(text, sizeof(text), "scikit-learn %.40s",
		    arena_str(sk->mem, version->text).p);
	else
		snprintf(text, sizeof(text), "scikit-learn");
	if (!model_build_fact(b, FACT_FRAMEWORK_VERSION, str_of(text), err) ||
	    !model_build_fact(b, FACT_ALGORITHM, algorithm(root->object),
		err) ||
	    !model_build_fact(b, FACT_PIPELINE,
		sk_describe(root->object, sk->mem), err) ||
	    !import_format(sk->im, format, err))
		return false;
	if (sk->library.p != NULL ||
	    (root->version >= 1000 && root->version <= 1009))
		return true;
	snprintf(warning, sizeof(warning),
	    "made with %s%s; only 1.0 to 1.9 are known", text,
	    root->version == 0 ? " of an unknown version" : "");
	return model_build_warn(b, str_of(warning), err);
}

bool
sklearn_build(struct import *im, const struct node *root, const char *format,
    struct err *err)
{
	struct sk sk = {.im = im, .mem = im->mem, .build = im->build};
	struct flow in, out;
	struct step step;

	return step_open(&sk, NULL, STR(""), root, &step, err) &&
	    read_inputs(&sk, &step, &in, err) &&
	    step.class->read(&step, &in, &out, err) &&
	    write_outputs(&sk, &out, err) &&
	    write_facts(&sk, &step, format, err);
}

bool
sklearn_read(struct import *im, struct err *err)
{
	const struct node *root;
	size_t end;

	if (!pickle_read(im->bytes, im->mem, &root, &end, err))
		return false;
	/* Python's loader stops at STOP and so do we, but we say so. */
	if (end < im->bytes.n) {
		char text[80];

		snprintf(text, sizeof(text),
		    "%zu bytes behind the end of the pickle were not read",
		    im->bytes.n - end);
		if (!model_build_warn(im->build, str_of(text), err))
			return false;
	}
	return sklearn_build(im, root, "scikit-learn pickle", err);
}

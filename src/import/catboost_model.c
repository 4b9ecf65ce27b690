/* SPDX-License-Identifier: ISC
 *
 * CatBoost's models: a split is true where a number, as float, is above a
 * border, or where the hash of a category is the one it asks for. Leaves are
 * doubles, added tree by tree, then scaled and moved by a bias.
 */
#include "import/catboost_model.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"

/* What becomes of the sums, as predict_proba of the classifier and predict of
 * the regressor have it. */
static const struct ensemble_objective objectives[] = {
    {"Logloss", true, END_LINK, LINK_SIGMOID},
    {"CrossEntropy", true, END_LINK, LINK_SIGMOID},
    {"Focal", true, END_LINK, LINK_SIGMOID},
    {"MultiClass", true, END_LINK, LINK_SOFTMAX},
    {"MultiClassOneVsAll", true, END_SIGMOIDS, 0},
    {"RMSE", false, END_SUM, 0},
    {"MAE", false, END_SUM, 0},
    {"MAPE", false, END_SUM, 0},
    {"Quantile", false, END_SUM, 0},
    {"LogLinQuantile", false, END_SUM, 0},
    {"Lq", false, END_SUM, 0},
    {"Huber", false, END_SUM, 0},
    {"Expectile", false, END_SUM, 0},
    {"LogCosh", false, END_SUM, 0},
    {"MultiRMSE", false, END_SUM, 0},
    {"MultiRMSEWithMissingValues", false, END_SUM, 0},
    {"MultiQuantile", false, END_SUM, 0},
    {"Poisson", false, END_LINK, LINK_EXP},
    {"Tweedie", false, END_LINK, LINK_EXP},
    {"PairLogit", false, END_SUM, 0},
    {"PairLogitPairwise", false, END_SUM, 0},
    {"YetiRank", false, END_SUM, 0},
    {"YetiRankPairwise", false, END_SUM, 0},
    {"QueryRMSE", false, END_SUM, 0},
    {"QuerySoftMax", false, END_SUM, 0},
    {"QueryCrossEntropy", false, END_SUM, 0},
    {"StochasticRank", false, END_SUM, 0},
    {"StochasticFilter", false, END_SUM, 0},
    {"LambdaMart", false, END_SUM, 0},
};

struct cat
cat_begin(struct import *im, const char *format)
{
	return (struct cat){.im = im,
	    .e = {.library = "CatBoost", .format = format, .scale = 1,
		/* Only the category that is asked for goes right; there is no
		 * missing one. */
		.inside = 1, .outside = 0, .unknown = 0,
		.missing = TABLE_REFUSE,
		.forest = {.compare = TREE_F32_LE_F64, .takes_nan = true,
		.divide = 1}}};
}

bool
cat_bad(struct err *err, const char *what)
{
	return err_set(err, ERR_INPUT, ERR_NOWHERE, "is a CatBoost model %s",
	    what);
}

bool
cat_full(const struct cat *c, struct err *err)
{
	return arena_err(c->im->mem, "the model", err);
}

/* --- columns -------------------------------------------------------------- */

bool
cat_features(struct cat *c, uint32_t columns, uint32_t floats,
    uint32_t categories, struct err *err)
{
	struct arena *mem = c->im->mem;

	c->e.n_features = columns;
	c->n_floats = floats;
	c->n_categories = categories;
	c->floats = ARENA_ARRAY(mem, floats, struct cat_float);
	c->categories = ARENA_ARRAY(mem, categories, struct cat_category);
	c->names = ARENA_ARRAY(mem, columns, struct str);
	c->columns = ARENA_ARRAY(mem, columns, struct ensemble_column);
	return (c->floats != NULL && c->categories != NULL &&
	    c->names != NULL && c->columns != NULL) || cat_full(c, err);
}

bool
cat_column(struct cat *c, double at, struct str name, uint32_t *ret,
    struct err *err)
{
	if (!(at >= 0 && at < c->e.n_features) || at != floor(at) ||
	    c->names[(uint32_t)at].p != NULL)
		return cat_bad(err, "whose columns are not numbered from 0");
	*ret = (uint32_t)at;
	c->named |= name.n > 0;
	if (name.n == 0) {
		char *text = arena_alloc(c->im->mem, 16);

		if (text == NULL)
			return cat_full(c, err);
		name = (struct str){text, (size_t)snprintf(text, 16, "f%u",
		    *ret)};
	}
	c->names[*ret] = name;
	return true;
}

/* --- trees ---------------------------------------------------------------- */

bool
cat_split(struct cat *c, const struct cat_split *split,
    const struct ensemble_nodes *nodes, uint32_t node, struct err *err)
{
	const struct cat_category *category;
	double words[UINT16_MAX / 32 + 1] = {0};
	uint32_t set, place = split->place;

	if (!split->category) {
		const struct cat_float *f = &c->floats[split->feature];

		nodes->feature[node] = (int32_t)f->column;
		nodes->threshold[node] = (double)split->border;
		nodes->missing_left[node] = !f->missing_right;
		return true;
	}
	category = &c->categories[split->feature];
	c->columns[category->column] = (struct ensemble_column){
	    .n = category->n, .hashes = category->hashes};
	words[place / 32] = (uint32_t)1 << place % 32;
	if (!ensemble_set_add(c->im, &c->sets, category->column, words,
		place / 32 + 1, &set, err))
		return false;
	nodes->feature[node] = (int32_t)(2 * c->e.n_features + set);
	nodes->threshold[node] = 0.5;
	return true;
}

bool
cat_tree(struct cat *c, uint32_t n, struct ensemble_nodes *nodes,
    double **leaves, struct build_tree *ret, struct err *err)
{
	if (!ensemble_tree(c->im, n, nodes, ret, err))
		return false;
	*leaves = ARENA_ARRAY(c->im->mem, (size_t)n * c->e.forest.n_outputs,
	    double);
	ret->value = *leaves;
	return *leaves != NULL || cat_full(c, err);
}

bool
cat_oblivious(struct cat *c, const struct cat_split *splits, uint32_t depth,
    const double *leaves, struct build_tree *ret, struct err *err)
{
	uint32_t inner = ((uint32_t)1 << depth) - 1, n = 2 * inner + 1;
	uint32_t n_values = c->e.forest.n_outputs;
	struct ensemble_nodes nodes;
	double *value;

	if (!cat_tree(c, n, &nodes, &value, ret, err))
		return false;
	for (uint32_t i = 0, level = 0; i < inner; i++) {
		/* Levels begin at 0, 1, 3, 7, ...; the root has the last
		 * split, so that leaves come in the order of their numbers. */
		if (i + 1 == (uint32_t)2 << level)
			level++;
		nodes.left[i] = (int32_t)(2 * i + 1);
		nodes.right[i] = (int32_t)(2 * i + 2);
		if (!cat_split(c, &splits[depth - 1 - level], &nodes, i, err))
			return false;
	}
	for (uint32_t i = inner; i < n; i++)
		nodes.left[i] = nodes.right[i] = -1;
	memcpy(value + (size_t)inner * n_values, leaves,
	    (size_t)(inner + 1) * n_values * sizeof(*value));
	return true;
}

/* --- about the model ------------------------------------------------------ */

static bool
check_classes(const struct cat *c, struct err *err)
{
	bool many = ensemble_sums_classes(&c->e);

	if (c->e.forest.n_outputs > 1 ? c->e.end == END_LINK && !many : many)
		return cat_bad(err, "whose classes do not fit its "
		    "loss_function");
	return true;
}

/* `type` is class_label_type: Integer, Float, Boolean or String. */
static bool
label_of(const struct doc *d, struct str type, struct arena *mem,
    struct model_class *ret)
{
	char text[NUMBER_MAX];
	size_t n;

	*ret = (struct model_class){.kind = CLASS_TEXT, .text = d->text};
	if (d->kind == DOC_TEXT)
		return true;
	if (d->kind != DOC_NUMBER || !isfinite(d->number))
		return false;
	ret->number = d->number;
	if (str_eq(type, STR("Boolean"))) {
		ret->kind = CLASS_BOOL;
		ret->text = d->number != 0 ? STR("true") : STR("false");
		return true;
	}
	ret->kind = CLASS_FLOAT;
	n = number_format(d->number, text);
	if (!str_eq(type, STR("Float")) &&
	    fabs(d->number) <= (double)((int64_t)1 << 53) &&
	    d->number == trunc(d->number)) {
		ret->kind = CLASS_INTEGER;
		n = (size_t)snprintf(text, sizeof(text), "%lld",
		    (long long)d->number);
	}
	ret->text = arena_str(mem, (struct str){text, n});
	return ret->text.p != NULL;
}

/* Labels in the order of the outputs, as the classes' parameters have them. */
static bool
read_labels(struct cat *c, const struct doc *classes, struct err *err)
{
	const struct doc *names = doc_get(classes, "class_names"), *d;
	const struct doc *order = doc_get(classes, "class_to_label");
	struct str type = doc_text(doc_get(classes, "class_label_type"));
	uint32_t n = c->e.forest.n_outputs > 1 ? c->e.forest.n_outputs : 2;
	struct model_class *labels = ARENA_ARRAY(c->im->mem, n,
	    struct model_class);

	if (labels == NULL)
		return cat_full(c, err);
	if (names == NULL || names->n == 0)
		return true; /* 0, 1, ... */
	if (names->n != n)
		return cat_bad(err, "whose labels are not as many as its "
		    "classes");
	for (uint32_t k = 0; order != NULL && k < order->n; k++)
		if (order->kind != DOC_NUMBERS || order->n != n ||
		    order->numbers[k] != k)
			return err_set(err, ERR_MODEL, ERR_NOWHERE,
			    "is a CatBoost model whose classes are in "
			    "another order, which is not supported; "
			    "train with class_names in ascending order");
	d = names->child;
	for (uint32_t k = 0; k < n; k++) {
		bool number = names->kind == DOC_NUMBERS;
		struct doc item = {.kind = DOC_NUMBER};

		if (number)
			item.number = names->numbers[k];
		else
			item = *d;
		if (!label_of(&item, type, c->im->mem, &labels[k]))
			return err_set(err, ERR_MODEL, ERR_NOWHERE,
			    "is a CatBoost model with labels that are neither "
			    "text nor numbers");
		d = number ? NULL : d->next;
	}
	c->e.labels = labels;
	return true;
}

/* "Git info: ... tags/v1.2.10 ...": what stands behind the v. */
static struct str
release(struct str text)
{
	const char *tag = text.n > 0 ? memmem(text.p, text.n, "tags/v", 6) :
	    NULL;
	struct str rest;

	if (tag == NULL)
		return (struct str){NULL, 0};
	rest = (struct str){tag + 6, text.n - (size_t)(tag + 6 - text.p)};
	return str_cut(&rest, '\n');
}

/* Set by set_probability_threshold: it decides between two classes. */
static bool
check_threshold(struct str threshold, struct err *err)
{
	double value;

	if (threshold.n == 0 ||
	    (number_parse(threshold, &value) && value == 0.5))
		return true;
	return err_set(err, ERR_MODEL, ERR_NOWHERE,
	    "is a CatBoost model whose classes part at a probability of "
	    "%.*s instead of 0.5, which is not supported; save it after "
	    "set_probability_threshold(binclass=0.5)",
	    (int)(threshold.n < 32 ? threshold.n : 32), threshold.p);
}

bool
cat_end(struct cat *c, const struct cat_info *info, double scale,
    const double *bias, struct ensemble *ret, struct err *err)
{
	bool moved = false;

	if (!ensemble_objective(&c->e, objectives, countof(objectives),
		"loss_function", doc_text(doc_find(info->params,
		    "loss_function.type")), err) || !check_classes(c, err) ||
	    (c->e.classifies &&
		(!read_labels(c, info->classes, err) ||
		    !check_threshold(info->threshold, err))))
		return false;
	if (!isfinite(scale))
		return cat_bad(err, "whose scale is not finite");
	for (uint32_t k = 0; k < c->e.forest.n_outputs; k++) {
		if (!isfinite(bias[k]))
			return cat_bad(err, "whose bias is not finite");
		moved |= bias[k] != 0;
	}
	for (uint32_t i = 0; i < c->e.n_features; i++) {
		uint32_t ignored;

		if (c->names[i].p == NULL &&
		    !cat_column(c, i, STR(""), &ignored, err))
			return false;
	}
	c->e.scale = scale;
	c->e.bias = moved ? bias : NULL;
	c->e.version = release(info->version);
	c->e.names = c->named ? c->names : NULL; /* f0, f1, ... too */
	c->e.forest.n_values = c->e.forest.n_outputs;
	for (uint32_t i = 0; i < c->n_categories; i++) {
		struct ensemble_column *column =
		    &c->columns[c->categories[i].column];

		column->unread = column->n == 0;
	}
	if (c->n_categories > 0)
		c->e.columns = c->columns;
	c->e.sets = c->sets.first;
	c->e.n_sets = c->sets.n;
	*ret = c->e;
	return true;
}

/* SPDX-License-Identifier: ISC
 *
 * CatBoost's export to JSON. Splits say their border or hash themselves, and
 * trees that are not symmetric are nested objects.
 */
#include <math.h>
#include <string.h>

#include "import/catboost.h"
#include "import/catboost_model.h"

/* The number under a key; NaN where there is none. */
static double
number(const struct doc *d, const char *key)
{
	double v = NAN;

	return doc_number(doc_get(d, key), &v) ? v : NAN;
}

static uint32_t
length(const struct doc *list)
{
	return list != NULL && list->kind == DOC_LIST && list->n < 1 << 20 ?
	    (uint32_t)list->n : 0;
}

/* The greatest number of a column in a list of features. */
static double
last_column(const struct doc *list, double most)
{
	if (length(list) == 0)
		return most;
	for (const struct doc *d = list->child; d != NULL; d = d->next)
		most = fmax(most, number(d, "flat_feature_index"));
	return most;
}

static bool
read_hashes(struct cat *c, const struct doc *list, struct cat_category *f,
    struct err *err)
{
	if (list == NULL || list->n == 0)
		return true;
	if (list->kind != DOC_NUMBERS || list->n > UINT16_MAX)
		return cat_bad(err, "whose categories are no hashes");
	f->hashes = ARENA_ARRAY(c->im->mem, list->n, uint32_t);
	if (f->hashes == NULL)
		return cat_full(c, err);
	f->n = (uint32_t)list->n;
	for (uint32_t i = 0; i < f->n; i++) {
		if (!(fabs(list->numbers[i]) <= 0x1p31))
			return cat_bad(err, "whose categories are no hashes");
		f->hashes[i] = (uint32_t)(int64_t)list->numbers[i];
	}
	return true;
}

static bool
read_features(struct cat *c, const struct doc *info, struct err *err)
{
	const struct doc *floats = doc_get(info, "float_features");
	const struct doc *cats = doc_get(info, "categorical_features");
	double last = last_column(cats, last_column(floats, -1));
	const struct doc *d;

	if (length(doc_get(info, "text_features")) > 0 ||
	    length(doc_get(info, "embedding_features")) > 0)
		return err_set(err, ERR_MODEL, ERR_NOWHERE,
		    "is a CatBoost model of texts or embeddings, which are "
		    "not supported; train on numbers and categories");
	if (!(last >= 0 && last < 1 << 20))
		return cat_bad(err, "without columns");
	if (!cat_features(c, (uint32_t)last + 1, length(floats),
		length(cats), err))
		return false;
	d = floats != NULL ? floats->child : NULL;
	for (uint32_t i = 0; i < c->n_floats; i++, d = d->next) {
		if (number(d, "feature_index") != i || !cat_column(c,
			number(d, "flat_feature_index"),
			doc_text(doc_get(d, "feature_id")),
			&c->floats[i].column, err))
			return cat_bad(err, "whose columns are not numbered "
			    "from 0");
		c->floats[i].missing_right = number(d, "has_nans") == 1 &&
		    str_eq(doc_text(doc_get(d, "nan_value_treatment")),
			STR("AsTrue"));
	}
	d = cats != NULL ? cats->child : NULL;
	for (uint32_t i = 0; i < c->n_categories; i++, d = d->next) {
		if (number(d, "feature_index") != i || !cat_column(c,
			number(d, "flat_feature_index"),
			doc_text(doc_get(d, "feature_id")),
			&c->categories[i].column, err))
			return cat_bad(err, "whose columns are not numbered "
			    "from 0");
		if (!read_hashes(c, doc_get(d, "values"), &c->categories[i],
			err))
			return false;
	}
	return true;
}

/* --- trees ---------------------------------------------------------------- */

static bool
read_split(const struct cat *c, const struct doc *d, uint32_t tree,
    struct cat_split *ret, struct err *err)
{
	struct str type = doc_text(doc_get(d, "split_type"));
	bool category = str_eq(type, STR("OneHotFeature"));
	double feature = number(d, category ? "cat_feature_index" :
	    "float_feature_index");
	double value = number(d, category ? "value" : "border");
	const struct cat_category *f;

	if (!category && !str_eq(type, STR("FloatFeature")))
		return err_set(err, ERR_MODEL, ERR_NOWHERE,
		    "tree %u splits on %.*s: statistics of categories are "
		    "not supported; train with one_hot_max_size as large as "
		    "the columns need, or encode them before training", tree,
		    (int)(type.n < 40 ? type.n : 40),
		    type.p != NULL ? type.p : "");
	*ret = (struct cat_split){.category = category};
	if (!(feature >= 0 && feature < (category ? c->n_categories :
		c->n_floats)) || feature != floor(feature) || isnan(value))
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "tree %u splits on a feature that is not there", tree);
	ret->feature = (uint32_t)feature;
	if (!category) {
		ret->border = (float)value;
		return true;
	}
	f = &c->categories[ret->feature];
	while (ret->place < f->n && (fabs(value) > 0x1p31 ||
	    f->hashes[ret->place] != (uint32_t)(int64_t)value))
		ret->place++;
	return ret->place < f->n || err_set(err, ERR_INPUT, ERR_NOWHERE,
	    "tree %u asks for a category that is not there", tree);
}

static bool
read_oblivious(struct cat *c, const struct doc *d, uint32_t tree,
    struct build_tree *ret, struct err *err)
{
	const struct doc *splits = doc_get(d, "splits"), *s;
	const struct doc *leaves = doc_get(d, "leaf_values");
	struct cat_split list[32];
	uint32_t depth = length(splits);

	if (depth > 24 || leaves == NULL || leaves->kind != DOC_NUMBERS ||
	    leaves->n != ((size_t)1 << depth) * c->e.forest.n_outputs)
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "tree %u has not a value for each leaf", tree);
	s = splits != NULL ? splits->child : NULL;
	for (uint32_t i = 0; i < depth; i++, s = s->next)
		if (!read_split(c, s, tree, &list[i], err))
			return false;
	return cat_oblivious(c, list, depth, leaves->numbers, ret, err);
}

static uint32_t
count_nodes(const struct doc *d)
{
	const struct doc *left = doc_get(d, "left");

	return left == NULL ? 1 :
	    1 + count_nodes(left) + count_nodes(doc_get(d, "right"));
}

/* The node d and what hangs on it, from place *at on. Documents are only so
 * deep. */
static bool
read_node(struct cat *c, const struct doc *d, uint32_t tree,
    const struct ensemble_nodes *nodes, double *leaves, uint32_t *at,
    struct err *err)
{
	const struct doc *left = doc_get(d, "left");
	const struct doc *value = doc_get(d, "value");
	uint32_t n = c->e.forest.n_outputs, here = (*at)++;
	struct cat_split split;

	if (left == NULL) {
		nodes->left[here] = nodes->right[here] = -1;
		leaves += (size_t)here * n;
		if (value != NULL && value->kind == DOC_NUMBERS &&
		    value->n == n) {
			memcpy(leaves, value->numbers, n * sizeof(*leaves));
			return true;
		}
		return (n == 1 && doc_number(value, leaves)) ||
		    err_set(err, ERR_INPUT, ERR_NOWHERE,
			"tree %u has not a value for each leaf", tree);
	}
	if (!read_split(c, doc_get(d, "split"), tree, &split, err) ||
	    !cat_split(c, &split, nodes, here, err))
		return false;
	nodes->left[here] = (int32_t)*at;
	if (!read_node(c, left, tree, nodes, leaves, at, err))
		return false;
	nodes->right[here] = (int32_t)*at;
	return read_node(c, doc_get(d, "right"), tree, nodes, leaves, at,
	    err);
}

static bool
read_trees(struct cat *c, const struct doc *root, struct err *err)
{
	const struct doc *list = doc_get(root, "oblivious_trees"), *d;
	bool oblivious = list != NULL;
	struct build_forest *f = &c->e.forest;
	struct build_tree *trees;

	if (!oblivious)
		list = doc_get(root, "trees");
	if (length(list) == 0)
		return cat_bad(err, "without trees");
	f->n_trees = length(list);
	trees = ARENA_ARRAY(c->im->mem, f->n_trees, struct build_tree);
	if (trees == NULL)
		return cat_full(c, err);
	d = list->child;
	for (uint32_t i = 0; i < f->n_trees; i++, d = d->next) {
		struct ensemble_nodes nodes;
		uint32_t at = 0;
		double *leaves;

		if (oblivious) {
			if (!read_oblivious(c, d, i, &trees[i], err))
				return false;
			continue;
		}
		if (!cat_tree(c, count_nodes(d), &nodes, &leaves, &trees[i],
			err) ||
		    !read_node(c, d, i, &nodes, leaves, &at, err))
			return false;
	}
	f->trees = trees;
	return true;
}

/* [scale, [bias, ...]], or in older files [scale, bias]. */
static bool
read_bias(struct cat *c, const struct doc *root, double *scale,
    const double **bias, struct err *err)
{
	const struct doc *list = doc_get(root, "scale_and_bias"), *d;
	double *one;

	*scale = 1;
	if (list != NULL && list->kind == DOC_LIST && list->n == 2) {
		d = list->child->next;
		if (!doc_number(list->child, scale) ||
		    d->kind != DOC_NUMBERS || d->n == 0)
			return cat_bad(err, "whose scale_and_bias cannot be "
			    "read");
		c->e.forest.n_outputs = (uint32_t)(d->n < UINT16_MAX ? d->n :
		    UINT16_MAX);
		*bias = d->numbers;
		return true;
	}
	one = ARENA_ARRAY(c->im->mem, 1, double);
	if (one == NULL)
		return cat_full(c, err);
	if (list != NULL && list->kind == DOC_NUMBERS && list->n == 2) {
		*scale = list->numbers[0];
		*one = list->numbers[1];
	}
	c->e.forest.n_outputs = 1;
	*bias = one;
	return true;
}

bool
catboost_probe_json(struct str b)
{
	size_t n = b.n < 256 ? b.n : 256;

	return n > 2 && b.p[0] == '{' &&
	    (memmem(b.p, n, "\"features_info\"", 15) != NULL ||
	    memmem(b.p, n, "\"ctr_data\"", 10) != NULL);
}

bool
catboost_read_json(struct import *im, struct err *err)
{
	struct cat c = cat_begin(im, "CatBoost JSON");
	const struct doc *model;
	struct cat_info info;
	struct ensemble e;
	struct doc *root;
	const double *bias = NULL;
	double scale;

	if (!doc_read_json(im->bytes, im->mem, &root, err))
		return false;
	model = doc_get(root, "model_info");
	info = (struct cat_info){
	    .params = doc_get(model, "params"),
	    .classes = doc_get(model, "class_params"),
	    .version = doc_text(doc_get(model, "catboost_version_info")),
	    .threshold = doc_text(doc_get(model,
		"binclass_probability_threshold")),
	};
	return read_features(&c, doc_get(root, "features_info"), err) &&
	    read_bias(&c, root, &scale, &bias, err) &&
	    read_trees(&c, root, err) &&
	    cat_end(&c, &info, scale, bias, &e, err) &&
	    ensemble_build(im, &e, err);
}

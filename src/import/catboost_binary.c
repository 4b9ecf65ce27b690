/* SPDX-License-Identifier: ISC
 *
 * CatBoost's own format, cbm: "CBM1", the length of a FlatBuffer, and the
 * FlatBuffer. Splits are numbers among all borders and hashes of the model,
 * feature by feature: floats first.
 */
#include <math.h>
#include <string.h>

#include "import/catboost.h"
#include "import/catboost_model.h"
#include "import/flat.h"

/* Fields, as the schema numbers them. */
enum core_field { CORE_TREES = 1, CORE_INFO = 2, CORE_PARTS = 3 };
enum trees_field {
	TREES_OUTPUTS = 0,
	TREES_SPLITS = 1,
	TREES_SIZES = 2,
	TREES_CATEGORIES = 4,
	TREES_FLOATS = 5,
	TREES_ONEHOTS = 6,
	TREES_STATISTICS = 7,
	TREES_LEAVES = 8,
	TREES_STEPS = 10,
	TREES_LEAF_NUMBERS = 11,
	TREES_TEXTS = 12,
	TREES_ESTIMATED = 13,
	TREES_SCALE = 14,
	TREES_BIAS = 15,
	TREES_BIASES = 16,
	TREES_EMBEDDINGS = 18,
};
enum float_field {
	FLOAT_HAS_NANS = 0,
	FLOAT_INDEX = 1,
	FLOAT_COLUMN = 2,
	FLOAT_BORDERS = 3,
	FLOAT_NAME = 4,
	FLOAT_NAN = 5,
};
enum { NAN_RIGHT = 2 };
enum category_field { CATEGORY_INDEX = 0, CATEGORY_COLUMN = 1,
	CATEGORY_NAME = 2 };
enum onehot_field { ONEHOT_INDEX = 0, ONEHOT_VALUES = 1 };
enum info_field { INFO_KEY = 0, INFO_VALUE = 1 };

/* What is known of one file. */
struct binary {
	struct cat *c;
	struct flat trees;
	struct cat_split *splits; /* all that there are */
	uint32_t n_splits;
	struct flat_list tree_splits, leaves, steps, leaf_numbers;
};

static bool
damaged(struct err *err)
{
	return cat_bad(err, "that is damaged or truncated");
}

static bool
items(const struct binary *b, enum trees_field field, size_t bytes,
    struct flat_list *ret, struct err *err)
{
	return flat_list(&b->trees, field, bytes, ret) || damaged(err);
}

/* What a model may have that is not read. */
static bool
check_parts(const struct binary *b, struct err *err)
{
	static const struct {
		enum trees_field field;
		const char *sentence;
	} parts[] = {
	    {TREES_STATISTICS, "statistics of categories, which are not "
		"supported; train with one_hot_max_size as large as the "
		"columns need, or encode them before training"},
	    {TREES_TEXTS, "texts, which are not supported; train on numbers "
		"and categories"},
	    {TREES_EMBEDDINGS, "embeddings, which are not supported; train "
		"on numbers and categories"},
	    {TREES_ESTIMATED, "estimated features, which are not supported; "
		"train on numbers and categories"},
	};
	struct flat_list l;

	for (size_t i = 0; i < countof(parts); i++) {
		if (!items(b, parts[i].field, 4, &l, err))
			return false;
		if (l.n > 0)
			return err_set(err, ERR_MODEL, ERR_NOWHERE,
			    "is a CatBoost model with %s",
			    parts[i].sentence);
	}
	return true;
}

/* --- features ------------------------------------------------------------- */

/* The greatest column among the items of a list, or `most`. */
static bool
last_column(const struct flat_list *l, uint32_t field, int64_t most,
    int64_t *ret, struct err *err)
{
	struct flat t;
	int64_t at;

	for (uint32_t i = 0; i < l->n; i++) {
		if (!flat_item(l, i, &t) ||
		    !flat_int(&t, field, 4, -1, &at))
			return damaged(err);
		if (at > most)
			most = at;
	}
	*ret = most;
	return true;
}

/* One more split; there are no more than the file has room for. */
static bool
add_split(struct binary *b, struct cat_split split, struct err *err)
{
	if (b->n_splits >= b->trees.bytes.n / 4)
		return damaged(err);
	b->splits[b->n_splits++] = split;
	return true;
}

static bool
read_float(struct binary *b, uint32_t i, const struct flat *t,
    struct err *err)
{
	struct cat_float *f = &b->c->floats[i];
	struct flat_list borders;
	int64_t nans, index, column, treatment;
	struct str name;

	if (!flat_int(t, FLOAT_HAS_NANS, 1, 0, &nans) ||
	    !flat_int(t, FLOAT_INDEX, 4, -1, &index) ||
	    !flat_int(t, FLOAT_COLUMN, 4, -1, &column) ||
	    !flat_list(t, FLOAT_BORDERS, 4, &borders) ||
	    !flat_text(t, FLOAT_NAME, &name) ||
	    !flat_int(t, FLOAT_NAN, 1, 0, &treatment))
		return damaged(err);
	if (index != i)
		return damaged(err);
	f->missing_right = nans != 0 && treatment == NAN_RIGHT;
	for (uint32_t k = 0; k < borders.n; k++)
		if (!add_split(b, (struct cat_split){.feature = i,
			.border = flat_float32(&borders, k)}, err))
			return false;
	return cat_column(b->c, (double)column, name, &f->column, err);
}

static bool
read_category(struct binary *b, uint32_t i, const struct flat *t,
    struct err *err)
{
	int64_t index, column;
	struct str name;

	if (!flat_int(t, CATEGORY_INDEX, 4, -1, &index) ||
	    !flat_int(t, CATEGORY_COLUMN, 4, -1, &column) ||
	    !flat_text(t, CATEGORY_NAME, &name) || index != i)
		return damaged(err);
	return cat_column(b->c, (double)column, name,
	    &b->c->categories[i].column, err);
}

static bool
read_onehot(struct binary *b, const struct flat *t, struct err *err)
{
	struct cat_category *f;
	struct flat_list values;
	int64_t index;

	if (!flat_int(t, ONEHOT_INDEX, 4, -1, &index) ||
	    !flat_list(t, ONEHOT_VALUES, 4, &values) || index < 0 ||
	    index >= b->c->n_categories || values.n > UINT16_MAX ||
	    b->c->categories[index].n > 0)
		return damaged(err);
	f = &b->c->categories[index];
	f->n = values.n;
	f->hashes = ARENA_ARRAY(b->c->im->mem, values.n, uint32_t);
	if (f->hashes == NULL)
		return cat_full(b->c, err);
	for (uint32_t k = 0; k < values.n; k++) {
		f->hashes[k] = (uint32_t)flat_int32(&values, k);
		if (!add_split(b, (struct cat_split){.category = true,
			.feature = (uint32_t)index, .place = k}, err))
			return false;
	}
	return true;
}

static bool
read_features(struct binary *b, struct err *err)
{
	struct flat_list floats, categories, onehots;
	int64_t last;
	struct flat t;

	if (!items(b, TREES_FLOATS, 4, &floats, err) ||
	    !items(b, TREES_CATEGORIES, 4, &categories, err) ||
	    !items(b, TREES_ONEHOTS, 4, &onehots, err) ||
	    !last_column(&floats, FLOAT_COLUMN, -1, &last, err) ||
	    !last_column(&categories, CATEGORY_COLUMN, last, &last, err))
		return false;
	if (last < 0 || last >= 1 << 20)
		return cat_bad(err, "without columns");
	b->splits = ARENA_ARRAY(b->c->im->mem, b->trees.bytes.n / 4,
	    struct cat_split);
	if (b->splits == NULL)
		return cat_full(b->c, err);
	if (!cat_features(b->c, (uint32_t)last + 1, floats.n, categories.n,
		err))
		return false;
	for (uint32_t i = 0; i < floats.n; i++)
		if (!(flat_item(&floats, i, &t) || damaged(err)) ||
		    !read_float(b, i, &t, err))
			return false;
	for (uint32_t i = 0; i < categories.n; i++)
		if (!(flat_item(&categories, i, &t) || damaged(err)) ||
		    !read_category(b, i, &t, err))
			return false;
	for (uint32_t i = 0; i < onehots.n; i++)
		if (!(flat_item(&onehots, i, &t) || damaged(err)) ||
		    !read_onehot(b, &t, err))
			return false;
	return true;
}

/* --- trees ---------------------------------------------------------------- */

/* The split at place i of all trees'. */
static bool
split_at(const struct binary *b, uint32_t i, struct cat_split *ret,
    struct err *err)
{
	int32_t k;

	if (i >= b->tree_splits.n)
		return damaged(err);
	k = flat_int32(&b->tree_splits, i);
	if (k < 0 || (uint32_t)k >= b->n_splits)
		return cat_bad(err, "with a split that is not there");
	*ret = b->splits[k];
	return true;
}

/* n numbers of the leaves, from number `first` on. */
static bool
leaf_values(const struct binary *b, uint64_t first, uint64_t n, double *ret,
    struct err *err)
{
	if (first > b->leaves.n || n > b->leaves.n - first)
		return cat_bad(err, "with a leaf that is not there");
	for (uint64_t i = 0; i < n; i++)
		ret[i] = flat_float64(&b->leaves, (uint32_t)(first + i));
	return true;
}

static bool
read_oblivious(const struct binary *b, uint32_t start, uint32_t depth,
    uint64_t *leaf, struct build_tree *ret, struct err *err)
{
	struct cat_split splits[32];
	uint64_t n;
	double *values;

	if (depth > 24)
		return cat_bad(err, "with a tree that is too deep");
	n = ((uint64_t)1 << depth) * b->c->e.forest.n_outputs;
	if (n > b->leaves.n)
		return cat_bad(err, "with a leaf that is not there");
	values = ARENA_ARRAY(b->c->im->mem, n, double);
	if (values == NULL)
		return cat_full(b->c, err);
	for (uint32_t i = 0; i < depth; i++)
		if (!split_at(b, start + i, &splits[i], err))
			return false;
	if (!leaf_values(b, *leaf, n, values, err))
		return false;
	*leaf += n;
	return cat_oblivious(b->c, splits, depth, values, ret, err);
}

/* A tree of so many steps from place `start` on. Step i leads on to the left
 * and to the right; 0 is its own leaf. A step may have two of these. */
static bool
read_steps(const struct binary *b, uint32_t start, uint32_t n,
    struct build_tree *ret, struct err *err)
{
	uint32_t n_outputs = b->c->e.forest.n_outputs, leaf = n, diff[2];
	struct ensemble_nodes nodes;
	struct cat_split split;
	double *values;

	if (n == 0 || n > INT32_MAX / 4 || start > b->steps.n ||
	    n > b->steps.n - start || start > b->leaf_numbers.n ||
	    n > b->leaf_numbers.n - start)
		return damaged(err);
	if (!cat_tree(b->c, 3 * n, &nodes, &values, ret, err))
		return false;
	for (uint32_t i = 0; i < n; i++) {
		uint64_t first = (uint32_t)flat_int32(&b->leaf_numbers,
		    start + i);
		int32_t *child[] = {&nodes.left[i], &nodes.right[i]};

		diff[0] = flat_uint16(&b->steps, 2 * (start + i));
		diff[1] = flat_uint16(&b->steps, 2 * (start + i) + 1);
		if (diff[0] == 0 && diff[1] == 0) {
			nodes.left[i] = nodes.right[i] = -1;
			if (!leaf_values(b, first, n_outputs, values +
				(size_t)i * n_outputs, err))
				return false;
			continue;
		}
		if (!split_at(b, start + i, &split, err) ||
		    !cat_split(b->c, &split, &nodes, i, err))
			return false;
		for (int k = 0; k < 2; k++) {
			if (diff[k] >= n - i)
				return cat_bad(err, "with a step that leads "
				    "out of its tree");
			*child[k] = (int32_t)(diff[k] == 0 ? leaf : i +
			    diff[k]);
			if (diff[k] > 0)
				continue;
			nodes.left[leaf] = nodes.right[leaf] = -1;
			if (!leaf_values(b, first, n_outputs, values +
				(size_t)leaf * n_outputs, err))
				return false;
			leaf++;
		}
	}
	ret->n_nodes = leaf;
	return true;
}

static bool
read_trees(struct binary *b, struct err *err)
{
	struct build_forest *f = &b->c->e.forest;
	struct build_tree *trees;
	struct flat_list sizes;
	uint64_t leaf = 0, start = 0;

	if (!items(b, TREES_SPLITS, 4, &b->tree_splits, err) ||
	    !items(b, TREES_SIZES, 4, &sizes, err) ||
	    !items(b, TREES_LEAVES, 8, &b->leaves, err) ||
	    !items(b, TREES_STEPS, 4, &b->steps, err) ||
	    !items(b, TREES_LEAF_NUMBERS, 4, &b->leaf_numbers, err))
		return false;
	if (sizes.n == 0)
		return cat_bad(err, "without trees");
	trees = ARENA_ARRAY(b->c->im->mem, sizes.n, struct build_tree);
	if (trees == NULL)
		return cat_full(b->c, err);
	for (uint32_t i = 0; i < sizes.n; i++) {
		int32_t size = flat_int32(&sizes, i);

		if (size < 0 || start > b->tree_splits.n)
			return damaged(err);
		if (!(b->steps.n > 0 ? read_steps(b, (uint32_t)start,
			(uint32_t)size, &trees[i], err) :
		    read_oblivious(b, (uint32_t)start, (uint32_t)size, &leaf,
			&trees[i], err)))
			return false;
		start += (uint32_t)size;
	}
	f->trees = trees;
	f->n_trees = sizes.n;
	return true;
}

/* --- about the model ------------------------------------------------------ */

static bool
read_bias(struct binary *b, double *scale, double **ret, struct err *err)
{
	uint32_t n = b->c->e.forest.n_outputs;
	struct flat_list list;
	double one;

	if (!flat_double(&b->trees, TREES_SCALE, 1, scale) ||
	    !flat_double(&b->trees, TREES_BIAS, 0, &one) ||
	    !flat_list(&b->trees, TREES_BIASES, 8, &list))
		return damaged(err);
	*ret = ARENA_ARRAY(b->c->im->mem, n, double);
	if (*ret == NULL)
		return cat_full(b->c, err);
	if (list.n != 0 && list.n != n)
		return cat_bad(err, "that has not one bias a class");
	for (uint32_t k = 0; k < n; k++)
		(*ret)[k] = list.n > 0 ? flat_float64(&list, k) : one;
	return true;
}

/* The text under a key of the model's information; empty where none is. */
static bool
info_text(const struct flat *core, const char *key, struct str *ret)
{
	struct flat_list l;
	struct flat t;
	struct str name, value;

	*ret = (struct str){"", 0};
	if (!flat_list(core, CORE_INFO, 4, &l))
		return false;
	for (uint32_t i = 0; i < l.n; i++) {
		if (!flat_item(&l, i, &t) || !flat_text(&t, INFO_KEY, &name) ||
		    !flat_text(&t, INFO_VALUE, &value))
			return false;
		if (str_eq(name, str_of(key)))
			*ret = value;
	}
	return true;
}

/* The same as a document; NULL where there is none. */
static bool
info_doc(const struct cat *c, const struct flat *core, const char *key,
    struct doc **ret, struct err *err)
{
	struct str text;

	*ret = NULL;
	if (!info_text(core, key, &text))
		return damaged(err);
	if (text.n == 0)
		return true;
	return doc_read_json(text, c->im->mem, ret, err) ||
	    err_context(err, "%s", key);
}

bool
catboost_probe_binary(struct str b)
{
	return str_has_prefix(b, STR("CBM1"));
}

bool
catboost_parse(struct import *im, struct str bytes, struct ensemble *ret,
    struct err *err)
{
	struct cat c = cat_begin(im, "CatBoost cbm");
	struct binary b = {.c = &c};
	struct doc *params, *classes;
	struct cat_info info;
	struct flat core;
	int64_t outputs;
	double scale, *bias = NULL;
	uint32_t size;
	bool there;

	if (bytes.n < 8 || !catboost_probe_binary(bytes))
		return damaged(err);
	memcpy(&size, bytes.p + 4, sizeof(size));
	if (size > bytes.n - 8 ||
	    !flat_root((struct str){bytes.p + 8, size}, &core) ||
	    !flat_table(&core, CORE_TREES, &b.trees, &there) || !there ||
	    !flat_int(&b.trees, TREES_OUTPUTS, 4, 0, &outputs))
		return damaged(err);
	if (outputs < 1 || outputs > UINT16_MAX)
		return cat_bad(err, "without an output");
	c.e.forest.n_outputs = (uint32_t)outputs;
	if (!check_parts(&b, err) || !read_features(&b, err) ||
	    !read_trees(&b, err) || !read_bias(&b, &scale, &bias, err) ||
	    !info_doc(&c, &core, "params", &params, err) ||
	    !info_doc(&c, &core, "class_params", &classes, err))
		return false;
	info = (struct cat_info){.params = params, .classes = classes};
	if (!info_text(&core, "catboost_version_info", &info.version) ||
	    !info_text(&core, "binclass_probability_threshold",
		&info.threshold))
		return damaged(err);
	return cat_end(&c, &info, scale, bias, ret, err);
}

bool
catboost_read_binary(struct import *im, struct err *err)
{
	struct ensemble e;

	return catboost_parse(im, im->bytes, &e, err) &&
	    ensemble_build(im, &e, err);
}

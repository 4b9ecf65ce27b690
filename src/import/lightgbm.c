/* SPDX-License-Identifier: ISC
 *
 * LightGBM's model text: lines "key=value", first about the model, then
 * about each tree. A list has to be as long as the tree says, so nothing is
 * taken in proportion to anything but the text.
 */
#include "import/lightgbm.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "import/ensemble.h"
#include "import/lightgbm_category.h"

static const struct ensemble_objective objectives[] = {
    {"binary", true, END_LINK, LINK_SIGMOID},
    {"multiclass", true, END_LINK, LINK_SOFTMAX},
    {"softmax", true, END_LINK, LINK_SOFTMAX},
    {"multiclassova", true, END_SIGMOIDS, 0},
    {"multiclass_ova", true, END_SIGMOIDS, 0},
    {"ova", true, END_SIGMOIDS, 0},
    {"ovr", true, END_SIGMOIDS, 0},
    {"cross_entropy_lambda", false, END_SOFTPLUS, 0},
    {"xentlambda", false, END_SOFTPLUS, 0},
    {"cross_entropy", false, END_LINK, LINK_SIGMOID},
    {"xentropy", false, END_LINK, LINK_SIGMOID},
    {"poisson", false, END_LINK, LINK_EXP},
    {"gamma", false, END_LINK, LINK_EXP},
    {"tweedie", false, END_LINK, LINK_EXP},
    {"regression", false, END_SUM, 0},
    {"regression_l1", false, END_SUM, 0},
    {"huber", false, END_SUM, 0},
    {"fair", false, END_SUM, 0},
    {"quantile", false, END_SUM, 0},
    {"mape", false, END_SUM, 0},
    {"lambdarank", false, END_SUM, 0},
    {"rank_xendcg", false, END_SUM, 0},
    {"custom", false, END_SUM, 0},
};

/* Bits of a decision_type. */
enum {
	DECISION_CATEGORY = 1 << 0,
	DECISION_LEFT = 1 << 1, /* missing goes left */
	DECISION_KIND = 3 << 2,
};
/* What counts as missing at a split: else a NaN is 0. */
enum { KIND_NONE = 0, KIND_ZERO = 1 << 2, KIND_NAN = 2 << 2 };

struct lgb {
	struct import *im;
	struct str head;
	bool *zero_missing; /* one a feature */
	bool any_zero;
	struct ensemble_column *columns;
	struct ensemble_sets sets;
	struct build_leaf *leaves; /* of all trees, where one is linear */
	uint32_t n_leaves;
	struct ensemble e;
};

/* The sets of categories of one tree: set k is words[starts[k]] up to
 * words[starts[k + 1]]. */
struct tree_sets {
	uint32_t n;
	const double *starts, *words;
};

static bool
full(const struct lgb *l, struct err *err)
{
	return arena_err(l->im->mem, "the model", err);
}

static bool
bad(struct err *err, const char *what)
{
	return err_set(err, ERR_INPUT, ERR_NOWHERE,
	    "is a LightGBM model %s", what);
}

/* --- lines ---------------------------------------------------------------- */

/* The value of a line of the section; p is NULL where there is none. The key
 * is what stands before '=', or a line's beginning up to a ':'. */
static struct str
get(struct str section, const char *key)
{
	size_t n = strlen(key);

	while (section.n > 0) {
		struct str line = str_cut(&section, '\n');

		if (!str_has_prefix(line, (struct str){key, n}))
			continue;
		line = (struct str){line.p + n, line.n - n};
		if (n > 0 && key[n - 1] == ':')
			return str_trim(line);
		if (line.n == 0 || line.p[0] == '=' || line.p[0] == '\r')
			return str_trim((struct str){line.p + (line.n > 0),
			    line.n - (line.n > 0)});
	}
	return (struct str){NULL, 0};
}

/* A whole number from 0 to most; `absent` where the line is missing. */
static bool
get_whole(struct str section, const char *key, uint32_t absent,
    uint32_t most, uint32_t *ret)
{
	struct str text = get(section, key);
	uint64_t v = absent;

	if (text.p != NULL && !number_parse_u64(text, &v))
		return false;
	if (v > most)
		return false;
	*ret = (uint32_t)v;
	return true;
}

/* Exactly n numbers, of a tree. */
static bool
get_list(struct lgb *l, struct str tree, uint32_t number, const char *key,
    uint32_t n, const double **ret, struct err *err)
{
	struct str rest = get(tree, key);
	double *list = ARENA_ARRAY(l->im->mem, n, double);
	uint32_t k = 0;

	if (list == NULL)
		return full(l, err);
	while (rest.n > 0 && k < n) {
		if (!number_parse(str_cut(&rest, ' '), &list[k]))
			break;
		k++;
	}
	if (k != n || rest.n > 0)
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "tree %u: %s is no list of %u numbers", number, key, n);
	*ret = list;
	return true;
}

/* --- trees ---------------------------------------------------------------- */

/* The sets of a tree with `n` of them. */
static bool
read_sets(struct lgb *l, struct str text, uint32_t number,
    struct tree_sets *ret, struct err *err)
{
	uint32_t n;
	double words = 0;

	if (!get_whole(text, "num_cat", 0, INT32_MAX / 2, &n) || n > text.n)
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "tree %u has more categories than text", number);
	*ret = (struct tree_sets){.n = n};
	if (n == 0)
		return true;
	if (!get_list(l, text, number, "cat_boundaries", n + 1, &ret->starts,
		err))
		return false;
	for (uint32_t k = 0; k <= n; k++) {
		if (!(ret->starts[k] >= words && ret->starts[k] <= text.n) ||
		    ret->starts[k] != floor(ret->starts[k]))
			return err_set(err, ERR_INPUT, ERR_NOWHERE,
			    "tree %u: cat_boundaries do not ascend", number);
		words = ret->starts[k];
	}
	return get_list(l, text, number, "cat_threshold", (uint32_t)words,
	    &ret->words, err);
}

/* Split i of a tree: a feature that is 0 or 1 stands for the categories. */
static bool
split_on_set(struct lgb *l, const struct tree_sets *sets, uint32_t feature,
    double set, const struct ensemble_nodes *nodes, uint32_t i,
    uint32_t number, struct err *err)
{
	uint32_t k, start;

	if (!(set >= 0 && set < sets->n) || l->columns == NULL ||
	    l->columns[feature].n == 0)
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "node %u of tree %u splits on categories that are not "
		    "there", i, number);
	start = (uint32_t)sets->starts[(uint32_t)set];
	if (!ensemble_set_add(l->im, &l->sets, feature, sets->words + start,
		(uint32_t)sets->starts[(uint32_t)set + 1] - start, &k, err))
		return false;
	nodes->feature[i] = (int32_t)(2 * l->e.n_features + k);
	nodes->threshold[i] = 0.5;
	return true;
}

/* Split i of a tree. */
static bool
read_split(struct lgb *l, const struct tree_sets *sets, double feature,
    double decision, double threshold, const struct ensemble_nodes *nodes,
    uint32_t i, uint32_t number, struct err *err)
{
	uint32_t type = decision >= 0 && decision < 16 ?
	    (uint32_t)decision : UINT32_MAX;

	if (type == UINT32_MAX || (type & DECISION_KIND) == DECISION_KIND ||
	    !(feature >= 0 && feature < l->e.n_features))
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "node %u of tree %u has a decision type or a feature "
		    "that is not known", i, number);
	nodes->feature[i] = (int32_t)feature;
	if ((type & DECISION_CATEGORY) != 0)
		return split_on_set(l, sets, (uint32_t)feature, threshold,
		    nodes, i, number, err);
	if (l->columns != NULL && l->columns[nodes->feature[i]].n > 0)
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "node %u of tree %u compares categories", i, number);
	/* Infinity parts missing from all else; no row that is scored has
	 * an infinite value. */
	nodes->threshold[i] = threshold == INFINITY ? DBL_MAX : threshold;
	nodes->missing_left[i] = (type & DECISION_LEFT) != 0;
	if ((type & DECISION_KIND) == KIND_NONE)
		nodes->missing_left[i] = 0 <= threshold;
	if ((type & DECISION_KIND) == KIND_ZERO) {
		l->zero_missing[nodes->feature[i]] = l->any_zero = true;
		nodes->feature[i] += (int32_t)l->e.n_features;
	}
	return true;
}

/* A list of a tree, all of whose numbers are from 0 up to below `end`, and
 * of which there are as many as each leaf has. */
static bool
get_terms(struct lgb *l, struct str tree, uint32_t number, const char *key,
    const double *counts, uint32_t n_leaves, const double **ret,
    uint32_t *n_terms, struct err *err)
{
	struct str rest = get(tree, key);
	double *list, sum = 0;
	uint32_t k = 0;

	for (uint32_t i = 0; i < n_leaves; i++) {
		if (!(counts[i] >= 0 && counts[i] <= (double)tree.n) ||
		    counts[i] != floor(counts[i]))
			sum = INFINITY;
		sum += counts[i];
	}
	if (!(sum <= (double)tree.n))
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "tree %u has more coefficients than text", number);
	list = ARENA_ARRAY(l->im->mem, (size_t)sum, double);
	if (list == NULL)
		return full(l, err);
	while (rest.n > 0 && k < (uint32_t)sum) {
		struct str word = str_cut(&rest, ' ');

		/* A leaf's terms end with a space of their own. */
		if (word.n == 0)
			continue;
		if (!number_parse(word, &list[k]))
			break;
		k++;
	}
	if (k != (uint32_t)sum || str_trim(rest).n > 0)
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "tree %u: %s is no list of %.0f numbers", number, key,
		    sum);
	*ret = list;
	*n_terms = k;
	return true;
}

/* The functions in the n leaves of a linear tree. */
static bool
read_linear(struct lgb *l, struct str text, uint32_t number, uint32_t n,
    const double *value, struct build_leaf *leaves, struct err *err)
{
	const double *constant, *counts, *features, *coef;
	uint32_t terms, at = 0, *feature;

	if (!get_list(l, text, number, "leaf_const", n, &constant, err) ||
	    !get_list(l, text, number, "num_features", n, &counts, err) ||
	    !get_terms(l, text, number, "leaf_features", counts, n, &features,
		&terms, err) ||
	    !get_terms(l, text, number, "leaf_coeff", counts, n, &coef,
		&terms, err))
		return false;
	feature = ARENA_ARRAY(l->im->mem, terms, uint32_t);
	if (feature == NULL)
		return full(l, err);
	for (uint32_t i = 0; i < terms; i++) {
		if (!(features[i] >= 0 && features[i] < l->e.n_features) ||
		    (l->columns != NULL &&
			l->columns[(uint32_t)features[i]].n > 0))
			return err_set(err, ERR_INPUT, ERR_NOWHERE,
			    "tree %u: a leaf has a feature that is not there",
			    number);
		feature[i] = (uint32_t)features[i];
	}
	for (uint32_t i = 0; i < n; i++) {
		leaves[i] = (struct build_leaf){.n = (uint32_t)counts[i],
		    .feature = feature + at, .coef = coef + at,
		    .constant = constant[i], .otherwise = value[i]};
		at += leaves[i].n;
	}
	return true;
}

/* The n leaves of a tree whose values begin at `values`, which become the
 * numbers of the leaves. */
static bool
read_leaves(struct lgb *l, struct str text, uint32_t number, uint32_t n,
    bool linear, double *values, struct err *err)
{
	struct build_leaf *leaves = l->leaves + l->n_leaves;

	if (linear && !read_linear(l, text, number, n, values, leaves, err))
		return false;
	for (uint32_t i = 0; i < n; i++) {
		if (!linear)
			leaves[i] = (struct build_leaf){
			    .constant = values[i], .otherwise = values[i]};
		values[i] = l->n_leaves + i;
	}
	l->n_leaves += n;
	return true;
}

/* The place of a child: splits come first, then the leaves, which the file
 * writes as ~leaf. -1 for what is not there. */
static int32_t
child(double v, uint32_t n_leaves)
{
	if (v >= 0 && v < n_leaves - 1)
		return (int32_t)v;
	if (v < 0 && -v <= n_leaves)
		return (int32_t)(n_leaves - 2) - (int32_t)v;
	return -1;
}

static bool
read_tree(struct lgb *l, struct str text, uint32_t number,
    struct build_tree *ret, struct err *err)
{
	const double *feature, *threshold, *decision, *left, *right, *value;
	struct ensemble_nodes nodes;
	struct tree_sets sets;
	uint32_t n, splits, linear;

	if (!get_whole(text, "num_leaves", 0, INT32_MAX / 2, &n) || n == 0 ||
	    n > text.n)
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "tree %u has no leaves, or more than it has text",
		    number);
	if (!get_whole(text, "is_linear", 0, 1, &linear))
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "tree %u: is_linear is neither 0 nor 1", number);
	splits = n - 1;
	if (!get_list(l, text, number, "leaf_value", n, &value, err) ||
	    !get_list(l, text, number, "split_feature", splits, &feature,
		err) ||
	    !get_list(l, text, number, "threshold", splits, &threshold,
		err) ||
	    !get_list(l, text, number, "decision_type", splits, &decision,
		err) ||
	    !get_list(l, text, number, "left_child", splits, &left, err) ||
	    !get_list(l, text, number, "right_child", splits, &right, err) ||
	    !read_sets(l, text, number, &sets, err) ||
	    !ensemble_tree(l->im, splits + n, &nodes, ret, err))
		return false;
	for (uint32_t i = 0; i < splits; i++) {
		nodes.left[i] = child(left[i], n);
		nodes.right[i] = child(right[i], n);
		if (nodes.left[i] < 0 || nodes.right[i] < 0)
			return err_set(err, ERR_INPUT, ERR_NOWHERE,
			    "node %u of tree %u has a child that is not "
			    "there", i, number);
		if (!read_split(l, &sets, feature[i], decision[i],
			threshold[i], &nodes, i, number, err))
			return false;
	}
	for (uint32_t i = 0; i < n; i++) {
		nodes.left[splits + i] = nodes.right[splits + i] = -1;
		nodes.value[splits + i] = value[i];
	}
	return l->leaves == NULL || read_leaves(l, text, number, n,
	    linear != 0, nodes.value + splits, err);
}

/* What stands from the next "Tree=" up to the one after it, or to the end of
 * the trees. False where no tree is left. */
static bool
next_tree(struct str *rest, struct str *ret)
{
	const char *start = memmem(rest->p, rest->n, "\nTree=", 6), *end;
	size_t left;

	if (start == NULL)
		return false;
	start += 6;
	left = rest->n - (size_t)(start - rest->p);
	end = memmem(start, left, "\nTree=", 6);
	if (end == NULL)
		end = memmem(start, left, "\nend of trees", 13);
	*ret = (struct str){start, end != NULL ? (size_t)(end - start) : left};
	*rest = (struct str){start + ret->n, left - ret->n};
	return true;
}

static bool
read_trees(struct lgb *l, struct str rest, uint32_t iterations,
    struct err *err)
{
	struct build_forest *f = &l->e.forest;
	struct build_tree *list;
	struct str count = rest, text;
	uint32_t n = 0, used, linear, leaves;
	uint64_t n_leaves = 0;
	bool any_linear = false;

	while (next_tree(&count, &text)) {
		if (get_whole(text, "is_linear", 0, 1, &linear) && linear == 1)
			any_linear = true;
		if (get_whole(text, "num_leaves", 0, INT32_MAX / 2, &leaves))
			n_leaves += leaves;
		n++;
	}
	if (!str_has_prefix(count, STR("\nend of trees")))
		return bad(err, "that is truncated: its trees have no end");
	if (!lightgbm_columns(l->im, get(l->head, "feature_infos"),
		get(count, "pandas_categorical:"), l->e.n_features,
		&l->columns, err))
		return false;
	used = n;
	if (iterations > 0 && iterations < n / f->n_outputs)
		used = iterations * f->n_outputs;
	if (any_linear) {
		/* A tree with more leaves than text is refused. */
		if (n_leaves > rest.n)
			return bad(err, "with more leaves than text");
		l->leaves = ARENA_ARRAY(l->im->mem, n_leaves,
		    struct build_leaf);
		if (l->leaves == NULL)
			return full(l, err);
	}
	list = ARENA_ARRAY(l->im->mem, n, struct build_tree);
	l->zero_missing = ARENA_ARRAY(l->im->mem, l->e.n_features, bool);
	if (list == NULL || l->zero_missing == NULL)
		return full(l, err);
	for (uint32_t i = 0; i < used && next_tree(&rest, &text); i++) {
		if (!read_tree(l, text, i, &list[i], err))
			return false;
		list[i].first_output = any_linear ? i : i % f->n_outputs;
	}
	if (get(l->head, "average_output").p != NULL && used > 0)
		f->divide = (used + f->n_outputs - 1) / f->n_outputs;
	l->e.leaves = l->leaves;
	l->e.n_leaves = l->n_leaves;
	l->e.columns = l->columns;
	l->e.sets = l->sets.first;
	l->e.n_sets = l->sets.n;
	if (l->any_zero)
		l->e.zero_missing = l->zero_missing;
	f->trees = list;
	f->n_trees = used;
	return true;
}

/* --- about the model ------------------------------------------------------ */

/* "binary sigmoid:1": a name and what else there is to know. */
static bool
read_objective(struct lgb *l, struct err *err)
{
	struct str rest = get(l->head, "objective"), name, word;

	if (rest.p == NULL) /* of the user's own */
		rest = STR("custom");
	name = str_cut(&rest, ' ');
	if (!ensemble_objective(&l->e, objectives, countof(objectives),
		"objective", name, err))
		return false;
	if ((l->e.forest.n_outputs > 1) != ensemble_sums_classes(&l->e))
		return bad(err, "whose classes do not fit its objective");
	while (rest.n > 0) {
		word = str_cut(&rest, ' ');
		if (str_eq(word, STR("sqrt")))
			l->e.end = END_SIGN_SQUARE;
		if (str_has_prefix(word, STR("sigmoid:")) &&
		    (!number_parse((struct str){word.p + 8, word.n - 8},
			&l->e.scale) || !isfinite(l->e.scale)))
			return bad(err, "whose sigmoid is no number");
	}
	return true;
}

static bool
read_names(struct lgb *l, struct err *err)
{
	struct str rest = get(l->head, "feature_names");
	struct str *list;
	uint32_t n = 0;

	if (l->e.n_features > rest.n)
		return bad(err, "with fewer names than features");
	list = ARENA_ARRAY(l->im->mem, l->e.n_features, struct str);
	if (list == NULL)
		return full(l, err);
	while (rest.n > 0 && n < l->e.n_features)
		list[n++] = str_cut(&rest, ' ');
	if (n < l->e.n_features || rest.n > 0)
		return bad(err, "whose names are not as many as its "
		    "features");
	l->e.names = list;
	return true;
}

bool
lightgbm_probe(struct str b)
{
	return str_has_prefix(b, STR("tree\n")) ||
	    str_has_prefix(b, STR("tree\r\n"));
}

bool
lightgbm_parse(struct import *im, struct str text, uint32_t iterations,
    struct ensemble *ret, struct err *err)
{
	struct lgb l = {.im = im, .head = text,
	    .e = {.library = "LightGBM", .format = "LightGBM text",
		.scale = 1,
		/* Only what is in the set goes left. Missing has a number of
		 * its own, so that it is seen to be taken. */
		.inside = 0, .outside = 1, .unknown = 1, .missing = 2,
		.forest = {.compare = TREE_F64_LE_F64,
		.takes_nan = true, .n_values = 1, .divide = 1}}};
	const char *trees = memmem(text.p, text.n, "\nTree=", 6);
	uint32_t last, classes;

	if (trees == NULL)
		return bad(err, "without trees");
	l.head.n = (size_t)(trees - text.p);
	if (!get_whole(l.head, "max_feature_idx", UINT32_MAX, 1 << 19,
		&last) ||
	    !get_whole(l.head, "num_tree_per_iteration", 1, UINT16_MAX,
		&classes) || classes == 0)
		return bad(err, "whose first lines cannot be read");
	l.e.n_features = last + 1;
	l.e.forest.n_outputs = classes;
	if (!read_objective(&l, err) || !read_names(&l, err) ||
	    !read_trees(&l, (struct str){trees, text.n - l.head.n},
		iterations, err))
		return false;
	*ret = l.e;
	return true;
}

bool
lightgbm_read(struct import *im, struct err *err)
{
	struct ensemble e;

	return lightgbm_parse(im, im->bytes, 0, &e, err) &&
	    ensemble_build(im, &e, err);
}

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

/* What becomes of the sums. */
static const struct objective {
	const char *name;
	bool classifies;
	bool linked;
	enum model_link link;
} objectives[] = {
    {"binary", true, true, LINK_SIGMOID},
    {"multiclass", true, true, LINK_SOFTMAX},
    {"softmax", true, true, LINK_SOFTMAX},
    {"cross_entropy", false, true, LINK_SIGMOID},
    {"xentropy", false, true, LINK_SIGMOID},
    {"poisson", false, true, LINK_EXP},
    {"gamma", false, true, LINK_EXP},
    {"tweedie", false, true, LINK_EXP},
    {"regression", false, false, 0},
    {"regression_l1", false, false, 0},
    {"huber", false, false, 0},
    {"fair", false, false, 0},
    {"quantile", false, false, 0},
    {"mape", false, false, 0},
    {"lambdarank", false, false, 0},
    {"rank_xendcg", false, false, 0},
    {"custom", false, false, 0},
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
	if (!get_whole(text, "is_linear", 0, 1, &linear) || linear != 0)
		return err_set(err, ERR_MODEL, ERR_NOWHERE,
		    "tree %u has linear leaves, which are not supported; "
		    "train with linear_tree=false", number);
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
	return true;
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
read_trees(struct lgb *l, struct str rest, struct err *err)
{
	struct build_forest *f = &l->e.forest;
	struct build_tree *list;
	struct str count = rest, text;
	uint32_t n = 0;

	while (next_tree(&count, &text))
		n++;
	if (!str_has_prefix(count, STR("\nend of trees")))
		return bad(err, "that is truncated: its trees have no end");
	if (!lightgbm_columns(l->im, get(l->head, "feature_infos"),
		get(count, "pandas_categorical:"), l->e.n_features,
		&l->columns, err))
		return false;
	list = ARENA_ARRAY(l->im->mem, n, struct build_tree);
	l->zero_missing = ARENA_ARRAY(l->im->mem, l->e.n_features, bool);
	if (list == NULL || l->zero_missing == NULL)
		return full(l, err);
	for (uint32_t i = 0; next_tree(&rest, &text); i++) {
		if (!read_tree(l, text, i, &list[i], err))
			return false;
		list[i].first_output = i % f->n_outputs;
	}
	if (get(l->head, "average_output").p != NULL && n > 0)
		f->divide = (n + f->n_outputs - 1) / f->n_outputs;
	l->e.columns = l->columns;
	l->e.sets = l->sets.first;
	l->e.n_sets = l->sets.n;
	if (l->any_zero)
		l->e.zero_missing = l->zero_missing;
	f->trees = list;
	f->n_trees = n;
	return true;
}

/* --- about the model ------------------------------------------------------ */

/* "binary sigmoid:1": a name and what else there is to know. */
static bool
read_objective(struct lgb *l, struct err *err)
{
	struct str rest = get(l->head, "objective"), name, word;
	const struct objective *found = NULL;

	if (rest.p == NULL) /* of the user's own */
		rest = STR("custom");
	name = str_cut(&rest, ' ');
	for (size_t i = 0; i < countof(objectives); i++)
		if (str_eq(name, str_of(objectives[i].name)))
			found = &objectives[i];
	if (found == NULL)
		return err_set(err, ERR_MODEL, ERR_NOWHERE,
		    "is a LightGBM model with objective '%.*s', which is not "
		    "supported", (int)(name.n < 64 ? name.n : 64), name.p);
	while (rest.n > 0) {
		word = str_cut(&rest, ' ');
		if (str_eq(word, STR("sqrt")))
			return err_set(err, ERR_MODEL, ERR_NOWHERE,
			    "is a LightGBM model of square roots, which is "
			    "not supported; train with reg_sqrt=false");
		if (str_has_prefix(word, STR("sigmoid:")) &&
		    (!number_parse((struct str){word.p + 8, word.n - 8},
			&l->e.scale) || !isfinite(l->e.scale)))
			return bad(err, "whose sigmoid is no number");
	}
	l->e.objective = name;
	l->e.classifies = found->classifies;
	l->e.linked = found->linked;
	l->e.link = found->link;
	if ((l->e.forest.n_outputs > 1) !=
	    (found->linked && found->link == LINK_SOFTMAX))
		return bad(err, "whose classes do not fit its objective");
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
lightgbm_read(struct import *im, struct err *err)
{
	struct lgb l = {.im = im, .head = im->bytes,
	    .e = {.library = "LightGBM", .format = "LightGBM text",
		.scale = 1,
		/* Only what is in the set goes left. Missing has a number of
		 * its own, so that it is seen to be taken. */
		.inside = 0, .outside = 1, .unknown = 1, .missing = 2,
		.forest = {.compare = TREE_F64_LE_F64,
		.takes_nan = true, .n_values = 1, .divide = 1}}};
	const char *trees = memmem(im->bytes.p, im->bytes.n, "\nTree=", 6);
	uint32_t last, classes;

	if (trees == NULL)
		return bad(err, "without trees");
	l.head.n = (size_t)(trees - im->bytes.p);
	if (!get_whole(l.head, "max_feature_idx", UINT32_MAX, 1 << 19,
		&last) ||
	    !get_whole(l.head, "num_tree_per_iteration", 1, UINT16_MAX,
		&classes) || classes == 0)
		return bad(err, "whose first lines cannot be read");
	l.e.n_features = last + 1;
	l.e.forest.n_outputs = classes;
	return read_objective(&l, err) && read_names(&l, err) &&
	    read_trees(&l, (struct str){trees,
		im->bytes.n - l.head.n}, err) &&
	    ensemble_build(im, &l.e, err);
}

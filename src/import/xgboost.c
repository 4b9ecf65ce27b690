/* SPDX-License-Identifier: ISC
 *
 * XGBoost's own model files: trees with numeric splits, a start value, an
 * objective. Numbers are rounded to float where the library holds floats, so
 * that the answers are its own to the last bit.
 */
#include "import/xgboost.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "import/doc.h"
#include "import/ensemble.h"
#include "import/xgboost_category.h"

static const struct ensemble_objective objectives[] = {
    {"binary:logistic", true, END_LINK, LINK_SIGMOID_F32},
    {"binary:hinge", true, END_STEP, 0},
    {"multi:softprob", true, END_LINK, LINK_SOFTMAX_F32},
    {"multi:softmax", true, END_LINK, LINK_SOFTMAX_F32},
    {"reg:squarederror", false, END_SUM, 0},
    {"reg:linear", false, END_SUM, 0},
    {"reg:squaredlogerror", false, END_SUM, 0},
    {"reg:absoluteerror", false, END_SUM, 0},
    {"reg:pseudohubererror", false, END_SUM, 0},
    {"reg:quantileerror", false, END_SUM, 0},
    {"rank:pairwise", false, END_SUM, 0},
    {"rank:ndcg", false, END_SUM, 0},
    {"rank:map", false, END_SUM, 0},
    {"count:poisson", false, END_LINK, LINK_EXP_F32},
    {"reg:gamma", false, END_LINK, LINK_EXP_F32},
    {"reg:tweedie", false, END_LINK, LINK_EXP_F32},
    {"survival:cox", false, END_LINK, LINK_EXP_F32},
    {"survival:aft", false, END_LINK, LINK_EXP_F32},
    {"reg:expectileerror", false, END_SUM, 0},
    {"reg:logistic", false, END_LINK, LINK_SIGMOID_F32},
    {"binary:logitraw", false, END_SUM, 0},
};

/* What is known of one file. */
struct xgb {
	struct import *im;
	const struct doc *learner;
	const struct doc *model;   /* of gbtree */
	const double *weights;     /* of dart, one a tree, or NULL */
	bool in_place;             /* see leaf_value */
	bool raw_odds;             /* see base_margin */
	struct ensemble_column *columns;
	struct ensemble_sets sets;
	struct ensemble e;
};

static bool
bad(struct err *err, const char *what)
{
	return err_set(err, ERR_INPUT, ERR_NOWHERE,
	    "is an XGBoost model %s", what);
}

static bool
full(const struct xgb *x, struct err *err)
{
	return arena_err(x->im->mem, "the model", err);
}

/* A whole number from 0 to most; 0 where there is none. */
static bool
whole(const struct doc *d, uint32_t most, uint32_t *ret)
{
	double v = 0;

	if (d != NULL && !doc_number(d, &v))
		return false;
	if (!(v >= 0 && v <= most) || v != floor(v))
		return false;
	*ret = (uint32_t)v;
	return true;
}

/* The names of the columns, where training had any. */
static bool
read_names(struct xgb *x, struct err *err)
{
	const struct doc *names = doc_get(x->learner, "feature_names");
	const struct doc *types = doc_get(x->learner, "feature_types");
	struct str *list;
	bool categories = false;
	size_t n = 0;

	if (types != NULL && types->kind == DOC_LIST)
		for (const struct doc *t = types->child; t != NULL;
		    t = t->next)
			if (str_eq(doc_text(t), STR("c")) ||
			    str_has_prefix(doc_text(t), STR("c(")))
				categories = true;
	if (categories && x->columns == NULL)
		return err_set(err, ERR_MODEL, ERR_NOWHERE,
		    "is an XGBoost model with categorical columns, but not "
		    "with the categories, which XGBoost 3.1 writes; train "
		    "with it, or encode them before training");
	if (names == NULL || names->n == 0)
		return true;
	if (names->kind != DOC_LIST || names->n != x->e.n_features)
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "is an XGBoost model with %zu names for %u features",
		    names->n, x->e.n_features);
	list = ARENA_ARRAY(x->im->mem, names->n, struct str);
	if (list == NULL)
		return full(x, err);
	for (const struct doc *d = names->child; d != NULL; d = d->next)
		list[n++] = doc_text(d);
	x->e.names = list;
	return true;
}

/* base_score in the space of the sums, as the library brings it there: the
 * link's inverse, which many classes have none of. Before 1.3 logitraw had
 * that of its probabilities. */
static double
base_margin(const struct xgb *x, double base)
{
	const struct ensemble *e = &x->e;
	float b = (float)base;

	if ((e->end == END_LINK && e->link == LINK_SIGMOID_F32) ||
	    (x->raw_odds && str_eq(e->objective, STR("binary:logitraw"))))
		return (double)-logf(1.0f / b - 1.0f);
	if (e->end == END_LINK && e->link == LINK_EXP_F32)
		return (double)logf(b);
	return (double)b;
}

/* "5E-1", or since 3.1 "[5E-1]" or one number for each class. */
static bool
read_base(struct xgb *x, struct err *err)
{
	uint32_t n = x->e.forest.n_outputs, k = 0;
	double *base = ARENA_ARRAY(x->im->mem, n, double);
	struct str rest = doc_text(doc_find(x->learner,
	    "learner_model_param.base_score"));

	if (base == NULL)
		return full(x, err);
	if (rest.n >= 2 && rest.p[0] == '[' && rest.p[rest.n - 1] == ']')
		rest = (struct str){rest.p + 1, rest.n - 2};
	while (rest.p != NULL && k < n) {
		struct doc d = {.kind = DOC_TEXT,
		    .text = str_trim(str_cut(&rest, ','))};

		if (!doc_number(&d, &base[k]))
			return bad(err, "whose base_score is no number");
		base[k] = base_margin(x, base[k]);
		if (!isfinite(base[k]))
			return bad(err, "whose base_score is out of range");
		k++;
	}
	if (rest.p != NULL || k == 0 || (k != n && k != 1))
		return bad(err, "whose base_score has not one number a class");
	for (; k < n; k++)
		base[k] = base[0];
	x->e.forest.base = base;
	return true;
}

static bool
is_index(double v, uint32_t n)
{
	return v >= 0 && v < n && v == floor(v);
}

/* A list of a tree with one number a node. */
static bool
tree_list(const struct doc *tree, uint32_t number, const char *key, size_t n,
    const double **ret, struct err *err)
{
	const struct doc *d = doc_get(tree, key);

	if (d == NULL || d->kind != DOC_NUMBERS || d->n != n)
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "tree %u: %s is no list of %zu numbers", number, key, n);
	*ret = d->numbers;
	return true;
}

/* How many numbers its leaves have: one, or with multi_output_tree one an
 * output. All trees are alike. */
static bool
leaf_width(struct xgb *x, const struct doc *tree, uint32_t number,
    struct err *err)
{
	struct build_forest *f = &x->e.forest;
	uint32_t width;

	if (!whole(doc_find(tree, "tree_param.size_leaf_vector"), UINT16_MAX,
		&width))
		width = UINT32_MAX;
	if (width == 0)
		width = 1;
	if (number == 0)
		f->n_values = width;
	if (width != f->n_values || (width > 1 && width != f->n_outputs))
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "tree %u has leaves that are not of one number, nor of "
		    "one for each of %u outputs", number, f->n_outputs);
	return true;
}

/* Whether each split is of categories; *ret is NULL where none is. */
static bool
split_types(const struct doc *tree, uint32_t n, const double **ret,
    uint32_t number, struct err *err)
{
	*ret = NULL;
	return doc_get(tree, "split_type") == NULL ||
	    tree_list(tree, number, "split_type", n, ret, err);
}

/* Node i, which is k in the file: of numbers as it stands, or of the set
 * that the node has. */
static bool
split_kind(const struct xgb *x, bool categories, uint32_t set,
    const struct ensemble_nodes *nodes, uint32_t i, uint32_t k,
    uint32_t number, struct err *err)
{
	bool column = x->columns != NULL &&
	    x->columns[nodes->feature[i]].n > 0;

	if (categories != column || categories != (set > 0))
		return err_set(err, ERR_MODEL, ERR_NOWHERE,
		    "node %u of tree %u splits on a category that is not in "
		    "the file; encode the column before training", k,
		    number);
	if (categories) {
		nodes->feature[i] = (int32_t)(2 * x->e.n_features + set - 1);
		nodes->threshold[i] = 0.5;
	}
	return true;
}

/* What a leaf of dart adds. Up to 3.2 the scikit-learn classes add a tree to
 * its base first, and take that away again. */
static float
leaf_value(const struct xgb *x, uint32_t number, uint32_t group, float leaf)
{
	float base = (float)x->e.forest.base[group];

	if (x->weights == NULL)
		return leaf;
	if (x->in_place)
		leaf = (base + leaf) - base;
	return leaf * (float)x->weights[number];
}

/* Leaves of several numbers: since 3.1 a list of them, whose number stands
 * where an inner node has its right child, before that one a node. */
struct vectors {
	const double *numbers;
	size_t n;
	const double *index; /* NULL: the number of the node */
};

static bool
find_vectors(const struct xgb *x, const struct doc *tree, uint32_t number,
    const double *right, struct vectors *ret, struct err *err)
{
	const struct doc *list = doc_get(tree, "leaf_weights");

	*ret = (struct vectors){.index = list != NULL ? right : NULL};
	if (list == NULL)
		list = doc_get(tree, "base_weights");
	if (x->e.forest.n_values == 1)
		return true;
	if (list == NULL || list->kind != DOC_NUMBERS)
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "tree %u has no list of its leaves", number);
	ret->numbers = list->numbers;
	ret->n = list->n / x->e.forest.n_values;
	return true;
}

static bool
read_vector(const struct xgb *x, const struct vectors *v, uint32_t number,
    uint32_t k, double *value, struct err *err)
{
	uint32_t width = x->e.forest.n_values;
	double at = v->index != NULL ? v->index[k] : k;

	if (!(at >= 0 && at < (double)v->n) || at != floor(at))
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "node %u of tree %u is a leaf that is not there", k,
		    number);
	for (uint32_t j = 0; j < width; j++)
		value[j] = (double)leaf_value(x, number, j,
		    (float)v->numbers[(size_t)at * width + j]);
	return true;
}

/* Nodes in the order in which a walk from the root meets them level by
 * level: the library uses numbers of pruned nodes again, so a child may come
 * before its parent in the file. */
static bool
read_tree(struct xgb *x, const struct doc *tree, uint32_t number,
    uint32_t group, struct build_tree *ret, struct err *err)
{
	const struct doc *list = doc_get(tree, "left_children");
	const double *left, *right, *feature, *condition, *missing_left;
	const double *type;
	uint32_t *queue, *sets, n, tail = 1, width;
	struct ensemble_nodes nodes;
	struct vectors vectors;
	double *value;

	if (list == NULL || list->n == 0 || list->n > INT32_MAX)
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "tree %u has no nodes", number);
	n = (uint32_t)list->n;
	if (!leaf_width(x, tree, number, err) ||
	    !tree_list(tree, number, "left_children", n, &left, err) ||
	    !tree_list(tree, number, "right_children", n, &right, err) ||
	    !tree_list(tree, number, "split_indices", n, &feature, err) ||
	    !tree_list(tree, number, "split_conditions", n, &condition,
		err) ||
	    !tree_list(tree, number, "default_left", n, &missing_left, err) ||
	    !split_types(tree, n, &type, number, err) ||
	    !xgboost_sets(x->im, tree, number, x->columns, x->e.n_features, n,
		&x->sets, &sets, err) ||
	    !find_vectors(x, tree, number, right, &vectors, err) ||
	    !ensemble_tree(x->im, n, &nodes, ret, err))
		return false;
	width = x->e.forest.n_values;
	value = nodes.value;
	if (width > 1)
		ret->value = value = ARENA_ARRAY(x->im->mem,
		    (size_t)n * width, double);
	if (value == NULL)
		return full(x, err);
	queue = ARENA_ARRAY(x->im->mem, n, uint32_t);
	if (queue == NULL)
		return full(x, err);
	for (uint32_t i = 0; i < tail; i++) {
		uint32_t k = queue[i];

		nodes.left[i] = nodes.right[i] = -1;
		if (width == 1)
			value[i] = (double)leaf_value(x, number, group,
			    (float)condition[k]);
		else if (left[k] == -1 && !read_vector(x, &vectors, number, k,
			value + (size_t)i * width, err))
			return false;
		if (left[k] == -1)
			continue;
		if (n - tail < 2 || !is_index(left[k], n) ||
		    !is_index(right[k], n) ||
		    !is_index(feature[k], x->e.n_features))
			return err_set(err, ERR_INPUT, ERR_NOWHERE,
			    "node %u of tree %u has a child or a feature "
			    "that is not there, or the tree goes in a circle",
			    k, number);
		nodes.threshold[i] = (double)(float)condition[k];
		nodes.feature[i] = (int32_t)feature[k];
		nodes.missing_left[i] = missing_left[k] != 0;
		if (!split_kind(x, type != NULL && type[k] != 0, sets[k],
			&nodes, i, k, number, err))
			return false;
		nodes.left[i] = (int32_t)tail;
		queue[tail++] = (uint32_t)left[k];
		nodes.right[i] = (int32_t)tail;
		queue[tail++] = (uint32_t)right[k];
	}
	ret->n_nodes = tail;
	ret->first_output = width == 1 ? group : 0;
	return true;
}

/* Trees up to the best iteration, where early stopping left one: so do the
 * scikit-learn classes of the library. */
static bool
cut_trees(struct xgb *x, uint32_t *n_trees, struct err *err)
{
	const struct doc *best = doc_find(x->learner,
	    "attributes.best_iteration");
	const struct doc *starts = doc_get(x->model, "iteration_indptr");
	uint32_t iteration, parallel, limit;
	uint64_t end;
	char text[96];
	int n;

	if (best == NULL)
		return true;
	if (!whole(best, INT32_MAX, &iteration) ||
	    !whole(doc_find(x->model, "gbtree_model_param.num_parallel_tree"),
		1 << 20, &parallel) ||
	    !whole(doc_find(x->learner, "attributes.best_ntree_limit"),
		INT32_MAX, &limit))
		return bad(err, "whose best_iteration is no number");
	/* Before 1.6 only this tells how many trees an iteration has. */
	if (parallel == 0)
		parallel = limit / (iteration + 1);
	end = (uint64_t)(iteration + 1) * x->e.forest.n_outputs *
	    (parallel > 0 ? parallel : 1);
	if (starts != NULL && starts->kind == DOC_NUMBERS &&
	    iteration + 1 < starts->n &&
	    starts->numbers[iteration + 1] >= 0 &&
	    starts->numbers[iteration + 1] <= *n_trees)
		end = (uint64_t)starts->numbers[iteration + 1];
	if (end >= *n_trees)
		return true;
	n = snprintf(text, sizeof(text),
	    "stops at best_iteration %u: %u of %u trees are used",
	    iteration, (uint32_t)end, *n_trees);
	*n_trees = (uint32_t)end;
	x->e.note = arena_str(x->im->mem, (struct str){text, (size_t)n});
	return x->e.note.p != NULL || full(x, err);
}

static bool
read_trees(struct xgb *x, struct err *err)
{
	const struct doc *trees = doc_get(x->model, "trees");
	const struct doc *groups = doc_get(x->model, "tree_info");
	const struct doc *weights = doc_find(x->learner,
	    "gradient_booster.weight_drop");
	struct build_forest *f = &x->e.forest;
	const struct doc *tree;
	struct build_tree *list;
	uint32_t n;

	if (trees == NULL || (trees->kind != DOC_LIST && trees->n > 0) ||
	    trees->n > UINT32_MAX || groups == NULL ||
	    groups->kind != DOC_NUMBERS || groups->n != trees->n)
		return bad(err, "without a list of trees and their classes");
	n = (uint32_t)trees->n;
	/* Since 3.3 among the trees; an empty list is no dart. */
	if (weights == NULL)
		weights = doc_get(x->model, "weight_drop");
	if (weights != NULL && weights->n > 0) {
		if (weights->kind != DOC_NUMBERS || weights->n != n)
			return bad(err, "whose weight_drop has not one number "
			    "a tree");
		x->weights = weights->numbers;
	}
	list = ARENA_ARRAY(x->im->mem, n, struct build_tree);
	if (list == NULL)
		return full(x, err);
	if (!cut_trees(x, &n, err))
		return false;
	tree = trees->child;
	for (uint32_t i = 0; i < n; i++, tree = tree->next) {
		if (!is_index(groups->numbers[i], f->n_outputs))
			return err_set(err, ERR_INPUT, ERR_NOWHERE,
			    "tree %u is of a class that is not there", i);
		if (!read_tree(x, tree, i, (uint32_t)groups->numbers[i],
			&list[i], err))
			return false;
	}
	x->e.columns = x->columns;
	x->e.sets = x->sets.first;
	x->e.n_sets = x->sets.n;
	f->trees = list;
	f->n_trees = n;
	return true;
}

/* The library's version is a list of three numbers. */
static bool
version_text(struct import *im, const struct doc *root, struct str *ret)
{
	const struct doc *v = doc_get(root, "version");
	char text[48];
	int n;

	*ret = (struct str){NULL, 0};
	if (v == NULL || v->kind != DOC_NUMBERS || v->n != 3)
		return true;
	n = snprintf(text, sizeof(text), "%.6g.%.6g.%.6g", v->numbers[0],
	    v->numbers[1], v->numbers[2]);
	*ret = arena_str(im->mem, (struct str){text, (size_t)n});
	return ret->p != NULL;
}

static bool
is_before(const struct doc *root, double major, double minor)
{
	const struct doc *v = doc_get(root, "version");

	return v != NULL && v->kind == DOC_NUMBERS && v->n == 3 &&
	    (v->numbers[0] < major ||
	    (v->numbers[0] == major && v->numbers[1] < minor));
}

/* Weights feature by feature, one a class each, and then the intercepts. The
 * library starts every class at the first base. */
static bool
read_linear(struct xgb *x, struct err *err)
{
	const struct doc *weights = doc_get(x->model, "weights");
	uint32_t n = x->e.n_features, n_out = x->e.forest.n_outputs;
	double *coef = ARENA_ARRAY(x->im->mem, (size_t)n * n_out, double);
	double *start = ARENA_ARRAY(x->im->mem, n_out, double);

	if (coef == NULL || start == NULL)
		return full(x, err);
	if (weights == NULL || weights->kind != DOC_NUMBERS ||
	    weights->n != ((size_t)n + 1) * n_out)
		return bad(err, "whose weights are not one a feature");
	for (uint32_t k = 0; k < n_out; k++) {
		for (uint32_t i = 0; i < n; i++)
			coef[(size_t)k * n + i] =
			    weights->numbers[(size_t)i * n_out + k];
		start[k] = (double)((float)weights->numbers[(size_t)n *
		    n_out + k] + (float)x->e.forest.base[0]);
	}
	x->e.linear = coef;
	x->e.forest.base = start;
	return true;
}

/* Which booster it is, and where its model lies. */
static bool
find_booster(struct xgb *x, bool *linear, struct err *err)
{
	struct str name = doc_text(doc_find(x->learner,
	    "gradient_booster.name"));

	*linear = str_eq(name, STR("gblinear"));
	x->model = doc_find(x->learner, "gradient_booster.model");
	if (str_eq(name, STR("dart")) && x->model == NULL)
		x->model = doc_find(x->learner,
		    "gradient_booster.gbtree.model");
	else if (!*linear && !str_eq(name, STR("gbtree")) &&
	    !str_eq(name, STR("dart")))
		return err_set(err, ERR_MODEL, ERR_NOWHERE,
		    "is an XGBoost model with booster '%.*s', which is not "
		    "supported; train with booster='gbtree', 'dart' or "
		    "'gblinear'", (int)(name.n < 32 ? name.n : 32), name.p);
	return true;
}

static bool
read_root(struct import *im, const struct doc *root, const char *format,
    bool wrapped, struct ensemble *ret, struct err *err)
{
	struct xgb x = {.im = im, .learner = doc_get(root, "learner"),
	    .in_place = wrapped && is_before(root, 3, 3),
	    .raw_odds = is_before(root, 1, 3),
	    .e = {.library = "XGBoost", .format = format, .scale = 1,
		/* What is in the set goes right. */
		.inside = 1, .outside = 0, .unknown = NAN, .missing = NAN,
		.forest = {.compare = TREE_F32_LT_F32, .takes_nan = true,
		.n_values = 1, .divide = 1}}};
	const struct doc *param = doc_get(x.learner, "learner_model_param");
	uint32_t classes, targets;
	bool linear;

	if (!version_text(im, root, &x.e.version))
		return full(&x, err);
	if (!find_booster(&x, &linear, err))
		return false;
	if (!whole(doc_get(param, "num_feature"), 1 << 20, &x.e.n_features) ||
	    !whole(doc_get(param, "num_class"), UINT16_MAX, &classes) ||
	    !whole(doc_get(param, "num_target"), UINT16_MAX, &targets))
		return bad(err, "whose learner_model_param cannot be read");
	x.e.forest.n_outputs = classes > 1 ? classes :
	    targets > 1 ? targets : 1;
	if (!ensemble_objective(&x.e, objectives, countof(objectives),
		"objective", doc_text(doc_find(x.learner, "objective.name")),
		err))
		return false;
	if (targets > 1 && (classes > 1 || x.e.end != END_SUM))
		return err_set(err, ERR_MODEL, ERR_NOWHERE,
		    "is an XGBoost model of %u targets with objective "
		    "'%.*s', which is not supported; train one model for "
		    "each", targets, STR_ARG(x.e.objective));
	if ((classes > 1) != ensemble_sums_classes(&x.e))
		return bad(err, "whose classes do not fit its objective");
	if (!xgboost_columns(im, doc_get(x.model, "cats"), x.e.n_features,
		&x.columns, err) ||
	    !read_names(&x, err) || !read_base(&x, err) ||
	    !(linear ? read_linear(&x, err) : read_trees(&x, err)))
		return false;
	*ret = x.e;
	return true;
}

bool
xgboost_parse(struct import *im, struct str bytes, bool wrapped,
    struct ensemble *ret, struct err *err)
{
	const struct doc *inner;
	struct doc *root;
	bool text;

	if (str_has_prefix(bytes, STR("CONFIG-offset")) ||
	    str_has_prefix(bytes, STR("binf")))
		return err_set(err, ERR_MODEL, ERR_NOWHERE,
		    "is an XGBoost model in the old binary form, which is "
		    "not read; load it and dump it again with XGBoost 1.6 or "
		    "newer");
	text = bytes.n > 1 && bytes.p[0] == '{' &&
	    strchr("\" \n\r\t", bytes.p[1]) != NULL;
	if (!(text ? doc_read_json(bytes, im->mem, &root, err) :
	    doc_read_ubjson(bytes, im->mem, &root, err)))
		return false;
	/* As a Booster is pickled: with its settings beside it. */
	inner = doc_get(root, "Model");
	return read_root(im, inner != NULL ? inner : root,
	    text ? "XGBoost JSON" : "XGBoost UBJSON", wrapped, ret, err);
}

static bool
names_learner(struct str b)
{
	size_t n = b.n < 64 ? b.n : 64;

	return n > 2 && b.p[0] == '{' && memmem(b.p, n, "learner", 7) != NULL;
}

bool
xgboost_probe_json(struct str b)
{
	return names_learner(b) && (b.p[1] == '"' || b.p[1] == ' ' ||
	    b.p[1] == '\n' || b.p[1] == '\r' || b.p[1] == '\t');
}

/* An object whose first key has a length in front of it. */
bool
xgboost_probe_ubjson(struct str b)
{
	return names_learner(b) && memchr("iUIlL", b.p[1], 5) != NULL;
}

bool
xgboost_read(struct import *im, struct err *err)
{
	struct ensemble e;

	return xgboost_parse(im, im->bytes, false, &e, err) &&
	    ensemble_build(im, &e, err);
}

/* SPDX-License-Identifier: ISC
 *
 * Tree ensembles that predict a class. Where the standard leaves it open - two
 * classes and one score, base values, which class is predicted - it is done
 * as ONNX Runtime does.
 */
#include "import/onnx_tree.h"

#include <math.h>
#include <string.h>

struct classifier {
	struct onnx *g;
	struct tree_list t;
	int type;            /* of the sums */
	struct str post;
	bool uses[2];        /* two classes: which have weights */
	bool positive;       /* no weight is below 0 */
	const double *base;
	size_t n_base;
	struct onnx_elem *sums, *e; /* sums, and what comes out */
	struct onnx_class *label;
};

/* Class 1 where `score` is above `bound`. */
static bool
label_above(struct classifier *c, struct onnx_elem score, double bound,
    struct err *err)
{
	struct onnx_elem *scores = ARENA_ARRAY(c->g->im->mem, 2,
	    struct onnx_elem);

	if (scores == NULL)
		return onnx_full(c->g, err);
	scores[0] = elem_number(bound);
	scores[1] = score;
	c->label->scores = scores;
	return true;
}

/* One score: {1 - s, s}, or {-s, s} where scores may be negative. */
static bool
one_score(struct classifier *c, struct onnx_elem s, bool mirrored,
    struct err *err)
{
	const struct onnx_elem one = elem_number(1);
	bool logistic = str_eq(c->post, STR("LOGISTIC"));
	struct onnx *g = c->g;

	c->e[1] = s;
	if (mirrored)
		return onnx_calc(g, CALC_NEG, c->type, &s, NULL, NULL, 1,
		    &c->e[0], err) && (!logistic ||
		    onnx_post(g, c->post, c->e, 2, c->e, err));
	return (!logistic || onnx_post(g, c->post, &s, 1, &c->e[1], err)) &&
	    onnx_calc(g, CALC_SUB, c->type, &one, &c->e[1], NULL, 1,
		&c->e[0], err);
}

/* Whether a row has a weight for class 1 in any case: of one that has none,
 * the runtime makes the two scores of one. */
static bool
always_second(const struct classifier *c, bool *ret, struct err *err)
{
	const struct tree_list *t = &c->t;
	bool *never = ARENA_ARRAY(c->g->im->mem, (size_t)t->n_trees + 1,
	    bool);
	uint32_t tree = 0;

	*ret = false;
	if (never == NULL)
		return onnx_full(c->g, err);
	/* The nodes of a tree stand together. */
	for (uint32_t i = 0; i < t->n_nodes; i++) {
		bool has = false;

		if (tree + 1 < t->n_trees && t->roots[tree + 1] == i)
			tree++;
		if (t->nodes[i].mode != MODE_LEAF)
			continue;
		for (uint32_t w = 0; w < t->nodes[i].n; w++)
			has |= t->weights[t->nodes[i].first + w].target == 1;
		never[tree] |= !has;
	}
	for (uint32_t i = 0; i < t->n_trees; i++)
		*ret |= !never[i];
	return true;
}

static bool
two_classes(struct classifier *c, struct err *err)
{
	bool single = c->uses[0] != c->uses[1], two = c->uses[1];
	struct onnx_elem *s = c->sums;
	struct onnx *g = c->g;
	bool always;

	/* The runtime then leaves out one of the sums. */
	if (c->n_base == 2 && two)
		return onnx_cannot(err, "two base values are not supported "
		    "where class 1 has weights");
	if (c->n_base == 2 &&
	    !onnx_tree_add_base(g, c->type, s, 2, c->base, err))
		return false;
	if (c->n_base == 1 &&
	    !onnx_tree_add_base(g, c->type, s, 1, c->base, err))
		return false;
	if (two && c->uses[0] && !always_second(c, &always, err))
		return false;
	if (two && c->uses[0] && !always)
		return onnx_cannot(err, "some leaves have a weight for class "
		    "1, some have none, in every tree");
	if (!label_above(c, s[two ? 1 : 0], single && c->positive ? 0.5 : 0,
		err))
		return false;
	if (!two && c->n_base < 2)
		return one_score(c, s[0], single && !c->positive, err);
	return onnx_post(g, c->post, s, 2, c->e, err);
}

/* With more, the class of the best sum. */
static bool
more_classes(struct classifier *c, struct err *err)
{
	uint32_t n = c->t.n_targets;
	struct onnx_elem *scores = ARENA_ARRAY(c->g->im->mem, n,
	    struct onnx_elem);

	if (scores == NULL)
		return onnx_full(c->g, err);
	if (c->n_base != 0 && c->n_base != n)
		return onnx_wrong(err, "it has %zu base values for %u "
		    "classes", c->n_base, n);
	if (c->n_base == n &&
	    !onnx_tree_add_base(c->g, c->type, c->sums, n, c->base, err))
		return false;
	memcpy(scores, c->sums, n * sizeof(*scores));
	c->label->scores = scores;
	return onnx_post(c->g, c->post, c->sums, n, c->e, err);
}

static bool
read_classifier(struct classifier *c, const struct onnx_elem *labels,
    uint32_t n, struct err *err)
{
	static const char *const weights[] = {"class_treeids",
	    "class_nodeids", "class_ids", "class_weights",
	    "class_weights_as_tensor"};
	struct onnx *g = c->g;

	if (n < 2 || n > UINT16_MAX)
		return onnx_cannot(err, "it has %u classes", n);
	c->t.n_targets = n;
	c->label = ARENA_NEW(g->im->mem, struct onnx_class);
	c->sums = ARENA_ARRAY(g->im->mem, n, struct onnx_elem);
	if (c->label == NULL || c->sums == NULL)
		return onnx_full(g, err);
	*c->label = (struct onnx_class){.n = n, .fold = FOLD_ARGMAX,
	    .labels = labels, .floats = c->type == ONNX_FLOAT};
	if (!onnx_tree_read(g, weights, &c->t, err) ||
	    !onnx_tree_base(g, &c->base, &c->n_base, err))
		return false;
	c->positive = true;
	for (uint32_t i = 0; i < c->t.n_weights; i++) {
		c->positive &= c->t.weights[i].weight >= 0;
		if (n == 2)
			c->uses[c->t.weights[i].target] = true;
	}
	return true;
}

/*
 * A tree whose leaves have a class each, which some node reads as a number:
 * the converter's way to say which leaf a row came to, where there are several
 * labels. As sums of classes the tree would hold leaves times leaves numbers.
 */
static bool
names_leaves(const struct classifier *c, const struct onnx_elem *labels)
{
	const struct tree_list *t = &c->t;

	if (t->n_targets < 3 || t->n_trees != 1 || c->n_base != 0 ||
	    onnx_is_told(c->g, 0) || onnx_is_told(c->g, 1) ||
	    onnx_is_read(c->g, 1))
		return false;
	for (uint32_t i = 0; i < t->n_targets; i++)
		if (labels[i].kind != ELEM_NUMBER ||
		    fabs(labels[i].number) > 1 << 24)
			return false;
	for (uint32_t i = 0; i < t->n_nodes; i++)
		if (t->nodes[i].mode == MODE_LEAF && (t->nodes[i].n != 1 ||
		    !(t->weights[t->nodes[i].first].weight > 0)))
			return false;
	return true;
}

static bool
leaf_name(struct classifier *c, const struct onnx_elem *labels,
    const struct onnx_tensor *x, struct err *err)
{
	double *names = ARENA_ARRAY(c->g->im->mem, c->t.n_weights, double);
	struct onnx_tensor y;
	struct onnx_elem *e;
	int64_t one = 1;

	if (names == NULL)
		return onnx_full(c->g, err);
	for (uint32_t i = 0; i < c->t.n_weights; i++) {
		struct tree_weight *w = &c->t.weights[i];

		names[i] = w->weight = labels[w->target].number;
		w->target = 0;
	}
	c->t.n_targets = 1;
	if (!onnx_make(c->g, ONNX_INT64, 1, &one, 0, &y, &e, err) ||
	    !onnx_trees(c->g, &c->t, x, STR("SUM"), e, err))
		return false;
	e->set = onnx_set(c->g, names, c->t.n_weights);
	return onnx_output(c->g, 0, &y, err);
}

bool
onnx_op_tree_classifier(struct onnx *g, struct err *err)
{
	bool texts = onnx_attr(g, "classlabels_strings") != NULL;
	struct classifier c = {.g = g,
	    .post = onnx_attr_text(g, "post_transform", "NONE")};
	const struct onnx_elem *labels;
	const struct onnx_tensor *x;
	struct onnx_tensor y, z;
	struct onnx_elem *label;
	int64_t one = 1;
	uint32_t n;

	if (!onnx_input(g, 0, &x, err) ||
	    !onnx_attr_elems(g, texts ? "classlabels_strings" :
		"classlabels_int64s", &labels, &n, err))
		return false;
	c.type = onnx_float_of(x->type);
	if (!read_classifier(&c, labels, n, err))
		return false;
	if (names_leaves(&c, labels))
		return leaf_name(&c, labels, x, err);
	if (!onnx_make_row(g, ONNX_FLOAT, n, &z, &c.e, err) ||
	    !onnx_make(g, texts ? ONNX_STRING : ONNX_INT64, 1, &one, 0, &y,
		&label, err) ||
	    !onnx_trees(g, &c.t, x, STR("SUM"), c.sums, err) ||
	    !(n == 2 ? two_classes(&c, err) : more_classes(&c, err)))
		return false;
	label[0] = (struct onnx_elem){.kind = ELEM_CLASS, .class_ = c.label};
	z.scores = str_eq(c.post, STR("NONE")) && !c.positive;
	return onnx_output(g, 0, &y, err) && onnx_output(g, 1, &z, err);
}

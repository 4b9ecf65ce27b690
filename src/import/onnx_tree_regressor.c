/* SPDX-License-Identifier: ISC
 *
 * Tree ensembles that give numbers: sums of their leaves, base values, and
 * what is made of them, as ONNX Runtime does it.
 */
#include "import/onnx_tree.h"

bool
onnx_tree_add_base(struct onnx *g, int type, struct onnx_elem *e, uint32_t n,
    const double *base, struct err *err)
{
	struct onnx_elem *list = ARENA_ARRAY(g->im->mem, n, struct onnx_elem);

	if (list == NULL)
		return onnx_full(g, err);
	for (uint32_t i = 0; i < n; i++)
		list[i] = elem_number(base[i]);
	return onnx_calc(g, CALC_ADD, type, e, list, NULL, n, e, err);
}

static bool
read_targets(const struct onnx *g, uint32_t *ret, struct err *err)
{
	int64_t n = onnx_attr_int(g, "n_targets", 1);

	if (n < 1 || n > UINT16_MAX)
		return onnx_wrong(err, "it has %lld targets", (long long)n);
	*ret = (uint32_t)n;
	return true;
}

/* The runtime transforms several targets, but not one alone. */
static bool
finish_regression(struct onnx *g, struct str post, struct onnx_elem *e,
    uint32_t n, struct err *err)
{
	if (str_eq(post, STR("PROBIT")))
		return onnx_cannot(err, "post_transform PROBIT is not "
		    "supported");
	return n == 1 || onnx_post(g, post, e, n, e, err);
}

bool
onnx_op_tree_regressor(struct onnx *g, struct err *err)
{
	static const char *const weights[] = {"target_treeids",
	    "target_nodeids", "target_ids", "target_weights",
	    "target_weights_as_tensor"};
	struct str post = onnx_attr_text(g, "post_transform", "NONE");
	const struct onnx_tensor *x;
	struct tree_list t = {0};
	struct onnx_tensor y;
	struct onnx_elem *e;
	const double *base;
	size_t n_base;

	if (!onnx_input(g, 0, &x, err) ||
	    !read_targets(g, &t.n_targets, err) ||
	    !onnx_tree_read(g, weights, &t, err) ||
	    !onnx_tree_base(g, &base, &n_base, err) ||
	    !onnx_make_row(g, ONNX_FLOAT, t.n_targets, &y, &e, err) ||
	    !onnx_trees(g, &t, x, onnx_attr_text(g, "aggregate_function",
		"SUM"), e, err))
		return false;
	if (n_base == t.n_targets && !onnx_tree_add_base(g,
		onnx_float_of(x->type), e, t.n_targets, base, err))
		return false;
	return finish_regression(g, post, e, t.n_targets, err) &&
	    onnx_output(g, 0, &y, err);
}

bool
onnx_op_tree_ensemble(struct onnx *g, struct err *err)
{
	static const char *const aggregates[] = {"AVERAGE", "SUM", "MIN",
	    "MAX"};
	/* The standard has 1 and 2 the other way round. */
	static const char *const posts[] = {"NONE", "LOGISTIC", "SOFTMAX",
	    "SOFTMAX_ZERO", "PROBIT"};
	int64_t aggregate = onnx_attr_int(g, "aggregate_function", 1);
	int64_t post = onnx_attr_int(g, "post_transform", 0);
	const struct onnx_tensor *x;
	struct tree_list t = {0};
	struct onnx_tensor y;
	struct onnx_elem *e;

	if (aggregate < 0 || aggregate >= (int64_t)countof(aggregates) ||
	    post < 0 || post >= (int64_t)countof(posts))
		return onnx_cannot(err, "aggregate_function %lld, "
		    "post_transform %lld", (long long)aggregate,
		    (long long)post);
	return onnx_input(g, 0, &x, err) &&
	    read_targets(g, &t.n_targets, err) &&
	    onnx_tree_read_ensemble(g, &t, err) &&
	    onnx_make_row(g, onnx_float_of(x->type), t.n_targets, &y, &e,
		err) &&
	    onnx_trees(g, &t, x, str_of(aggregates[aggregate]), e, err) &&
	    finish_regression(g, str_of(posts[post]), e, t.n_targets, err) &&
	    onnx_output(g, 0, &y, err);
}

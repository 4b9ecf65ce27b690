/* SPDX-License-Identifier: ISC
 *
 * Linear models as operators, and what names their classes. Where the standard
 * leaves it open - two classes and one score, which class is predicted - it
 * is done as ONNX Runtime does.
 */
#include "import/onnx_graph.h"

#include <string.h>

/* Weighted sums of x, one for each intercept. */
static bool
linear(struct onnx *g, const struct onnx_tensor *x, size_t n_out,
    struct onnx_elem **ret, struct err *err)
{
	const double *coef, *intercept;
	size_t n_coef, n_intercept;
	double *none;
	uint32_t n;

	if (!onnx_row(x, &n, err) ||
	    !onnx_attr_list(g, "coefficients", &coef, &n_coef, err) ||
	    !onnx_attr_list(g, "intercepts", &intercept, &n_intercept, err))
		return false;
	if (n_out == 0 || n_coef != n_out * n ||
	    (n_intercept != 0 && n_intercept != n_out))
		return onnx_wrong(err, "%zu coefficients and %zu intercepts "
		    "for %u columns", n_coef, n_intercept, n);
	none = ARENA_ARRAY(g->im->mem, n_out, double);
	*ret = ARENA_ARRAY(g->im->mem, n_out, struct onnx_elem);
	if (none == NULL || *ret == NULL)
		return onnx_full(g, err);
	return onnx_linear(g, ONNX_FLOAT, x->elems, n, coef,
	    n_intercept > 0 ? intercept : none, n_out, *ret, err);
}

bool
onnx_op_linear_regressor(struct onnx *g, struct err *err)
{
	int64_t dims[] = {1, onnx_attr_int(g, "targets", 1)};
	const struct onnx_tensor *x;
	struct onnx_tensor y;
	struct onnx_elem *e, *sums;

	if (dims[1] < 1 || dims[1] > UINT16_MAX)
		return onnx_wrong(err, "it has %lld targets",
		    (long long)dims[1]);
	return onnx_input(g, 0, &x, err) &&
	    linear(g, x, (size_t)dims[1], &sums, err) &&
	    onnx_make(g, ONNX_FLOAT, 2, dims, 0, &y, &e, err) &&
	    onnx_post(g, onnx_attr_text(g, "post_transform", "NONE"), sums,
		(size_t)dims[1], e, err) && onnx_output(g, 0, &y, err);
}

/* One score of two classes as two: {1 - s, s} after the transform. */
static bool
second_class(struct onnx *g, struct str transform, struct onnx_elem *e,
    struct err *err)
{
	const struct onnx_elem one = elem_number(1);

	e[1] = e[0];
	return (!str_eq(transform, STR("LOGISTIC")) ||
		onnx_post(g, transform, &e[1], 1, &e[1], err)) &&
	    onnx_calc(g, CALC_SUB, ONNX_FLOAT, &one, &e[1], NULL, 1, &e[0],
	    err);
}

bool
onnx_op_linear_classifier(struct onnx *g, struct err *err)
{
	struct str transform = onnx_attr_text(g, "post_transform", "NONE");
	bool texts = onnx_attr(g, "classlabels_strings") != NULL;
	struct onnx_class *c = ARENA_NEW(g->im->mem, struct onnx_class);
	struct onnx_elem *sums, *e, *label, *scores;
	const struct onnx_elem *labels;
	const struct onnx_tensor *x;
	struct onnx_tensor y, z;
	int64_t dims[2] = {1, 0};
	const double *list;
	uint32_t n;
	size_t k;

	if (!onnx_input(g, 0, &x, err) ||
	    !onnx_attr_elems(g, texts ? "classlabels_strings" :
		"classlabels_ints", &labels, &n, err) ||
	    !onnx_attr_list(g, "intercepts", &list, &k, err) ||
	    !linear(g, x, k, &sums, err))
		return false;
	dims[1] = n;
	scores = ARENA_ARRAY(g->im->mem, (size_t)n, struct onnx_elem);
	if (c == NULL || scores == NULL)
		return onnx_full(g, err);
	if (n < 2 || (k != n && (k != 1 || n != 2)))
		return onnx_cannot(err, "%zu scores for %u classes", k, n);
	/* The label is that of the best score before the transform; of one
	 * score, what is above 0. */
	memcpy(scores, sums, k * sizeof(*scores));
	if (k == 1) {
		scores[1] = sums[0];
		scores[0] = elem_number(0);
	}
	*c = (struct onnx_class){.n = n, .fold = FOLD_ARGMAX,
	    .labels = labels, .scores = scores, .floats = true};
	if (!onnx_make(g, texts ? ONNX_STRING : ONNX_INT64, 1, dims, 0, &y,
		&label, err) ||
	    !onnx_make(g, ONNX_FLOAT, 2, dims, 0, &z, &e, err))
		return false;
	label[0] = (struct onnx_elem){.kind = ELEM_CLASS, .class_ = c};
	z.scores = str_eq(transform, STR("NONE"));
	if (k == 1) {
		e[0] = sums[0];
		if (!second_class(g, transform, e, err))
			return false;
	} else if (!onnx_post(g, transform, sums, k, e, err)) {
		return false;
	}
	return onnx_output(g, 0, &y, err) && onnx_output(g, 1, &z, err);
}

/* Its labels name the columns of what it is given, which passes through. */
bool
onnx_op_zip_map(struct onnx *g, struct err *err)
{
	const struct onnx_tensor *x;

	return onnx_attr_elems(g, onnx_attr(g, "classlabels_strings") !=
	    NULL ? "classlabels_strings" : "classlabels_int64s", &g->zip,
	    &g->n_zip, err) && onnx_input(g, 0, &x, err) &&
	    onnx_output(g, 0, x, err);
}

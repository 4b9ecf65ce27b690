/* SPDX-License-Identifier: ISC
 *
 * Support vector machines, in float as ONNX Runtime works them out: kernels
 * of a row and each vector, their weighted sum for each pair of classes, a
 * vote of the pairs, and probabilities coupled from those of the pairs.
 */
#include "import/onnx_graph.h"

#include <string.h>

enum {
	VECTORS_MAX = 1 << 18,
	CLASSES_MAX = 1000,
};

static bool
kind_of(struct str name, enum model_kernel *ret, struct err *err)
{
	static const char *const names[] = {
	    [KERNEL_LINEAR] = "LINEAR", [KERNEL_POLY] = "POLY",
	    [KERNEL_RBF] = "RBF", [KERNEL_SIGMOID] = "SIGMOID"};

	for (uint32_t i = 0; i < countof(names); i++)
		if (str_eq(name, str_of(names[i]))) {
			*ret = (enum model_kernel)i;
			return true;
		}
	return onnx_cannot(err, "the kernel %.*s is not known",
	    STR_ARG(name));
}

static struct onnx_elem *
new_elems(struct onnx *g, size_t n)
{
	return ARENA_ARRAY(g->im->mem, n, struct onnx_elem);
}

/* The kernel of the row and each of n vectors. */
static bool
kernels(struct onnx *g, size_t n, struct onnx_elem **ret, struct err *err)
{
	struct build_kernel k = {.floats = true, .n_vectors = (uint32_t)n};
	const struct onnx_tensor *x;
	const double *params;
	uint32_t columns, *slots, dst;
	struct onnx_elem *row;
	size_t n_params, numbers;

	if (n == 0 || n > VECTORS_MAX)
		return onnx_cannot(err, "it has %zu support vectors; import "
		    "the model that it was converted from", n);
	if (!onnx_input(g, 0, &x, err) || !onnx_row(x, &columns, err) ||
	    !kind_of(onnx_attr_text(g, "kernel_type", "LINEAR"), &k.kind,
		err) ||
	    !onnx_attr_list(g, "kernel_params", &params, &n_params, err) ||
	    !onnx_attr_list(g, "support_vectors", &k.vectors, &numbers, err))
		return false;
	if (numbers != n * columns || (n_params != 0 && n_params != 3))
		return onnx_wrong(err, "%zu numbers in %zu support vectors "
		    "for %u columns, with %zu kernel_params", numbers, n,
		    columns, n_params);
	if (n_params == 3) {
		k.gamma = params[0];
		k.coef0 = params[1];
		k.degree = params[2];
	}
	row = new_elems(g, columns);
	*ret = new_elems(g, n);
	if (row == NULL || *ret == NULL)
		return onnx_full(g, err);
	memcpy(row, x->elems, columns * sizeof(*row));
	if (!onnx_numbers(g, ONNX_FLOAT, row, columns, err) ||
	    !onnx_slots(g, row, columns, &slots, err) ||
	    !model_build_kernel(g->im->build, slots, columns, &k, &dst, err))
		return false;
	for (size_t i = 0; i < n; i++)
		(*ret)[i] = elem_slot(dst++, true);
	return true;
}

/* --- regression, one class ------------------------------------------------ */

bool
onnx_op_svm_regressor(struct onnx *g, struct err *err)
{
	int64_t n = onnx_attr_int(g, "n_supports", 0), dims[] = {1, 1};
	const struct onnx_elem one = elem_number(1), less = elem_number(-1);
	const double *coef, *rho;
	struct onnx_elem *k, *e, above;
	struct onnx_tensor y;
	size_t n_coef, n_rho;

	if (!kernels(g, n < 0 ? 0 : (size_t)n, &k, err) ||
	    !onnx_attr_list(g, "coefficients", &coef, &n_coef, err) ||
	    !onnx_attr_list(g, "rho", &rho, &n_rho, err))
		return false;
	if (n_coef != (size_t)n || n_rho != 1)
		return onnx_wrong(err, "%zu coefficients and %zu rho of %lld "
		    "vectors", n_coef, n_rho, (long long)n);
	/* The runtime's own order differs from batch to batch, and with it
	 * the fifth digit: the sum is as exact as it can be. */
	if (!onnx_make(g, ONNX_FLOAT, 2, dims, 0, &y, &e, err) ||
	    !onnx_linear(g, ONNX_DOUBLE, k, n_coef, coef, rho, 1, e, err) ||
	    !onnx_numbers(g, ONNX_FLOAT, e, 1, err))
		return false;
	if (onnx_attr_int(g, "one_class", 0) != 0 &&
	    (!onnx_calc_with(g, CALC_GREATER, ONNX_FLOAT, e, 0, 1, &above,
		err) ||
	    !onnx_calc(g, CALC_WHERE, ONNX_FLOAT, &above, &one, &less, 1, e,
		err)))
		return false;
	return onnx_output(g, 0, &y, err);
}

/* --- classification ------------------------------------------------------- */

struct machine {
	struct onnx *g;
	uint32_t n_classes, n_pairs;
	const int64_t *sizes;         /* vectors of each class */
	size_t n_vectors;
	struct onnx_elem *kernels;
	const double *coef, *rho;     /* classes - 1 rows of all vectors */
	struct onnx_elem *sums;       /* of pairs: above 0, the first wins */
};

/* Products are floats, their sum is none. */
static bool
pair_sum(struct machine *m, const struct onnx_elem *first, size_t n_first,
    const double *first_coef, const struct onnx_elem *second,
    size_t n_second, const double *second_coef, struct onnx_elem *ret,
    struct err *err)
{
	size_t n = n_first + n_second;
	struct onnx_elem *k = new_elems(m->g, n), *coef = new_elems(m->g, n);

	if (k == NULL || coef == NULL)
		return onnx_full(m->g, err);
	if (n == 0) {
		*ret = elem_number(0);
		return true;
	}
	memcpy(k, first, n_first * sizeof(*k));
	memcpy(k + n_first, second, n_second * sizeof(*k));
	for (size_t i = 0; i < n; i++)
		coef[i] = elem_number(i < n_first ? first_coef[i] :
		    second_coef[i - n_first]);
	return onnx_calc(m->g, CALC_MUL, ONNX_FLOAT, k, coef, NULL, n, k,
	    err) &&
	    onnx_fold(m->g, FOLD_SUM, ONNX_DOUBLE, k, n, 1, ret, err);
}

static bool
sum_pairs(struct machine *m, struct err *err)
{
	size_t at_i = 0, at_j, pair = 0;

	m->sums = new_elems(m->g, m->n_pairs);
	if (m->sums == NULL)
		return onnx_full(m->g, err);
	for (uint32_t i = 0; i < m->n_classes; at_i += (size_t)m->sizes[i++]) {
		at_j = at_i + (size_t)m->sizes[i];
		for (uint32_t j = i + 1; j < m->n_classes;
		    at_j += (size_t)m->sizes[j++], pair++)
			if (!pair_sum(m, m->kernels + at_i,
				(size_t)m->sizes[i],
				m->coef + (j - 1) * m->n_vectors + at_i,
				m->kernels + at_j, (size_t)m->sizes[j],
				m->coef + i * m->n_vectors + at_j,
				&m->sums[pair], err) ||
			    !onnx_calc_with(m->g, CALC_ADD, ONNX_DOUBLE,
				&m->sums[pair], m->rho[pair], 1,
				&m->sums[pair], err))
				return false;
	}
	return true;
}

/* How many pairs each class wins; of two classes whether the first does. */
static bool
vote(struct machine *m, struct onnx_elem *votes, struct err *err)
{
	uint32_t n = m->n_classes, pair = 0;
	struct onnx_elem *first = new_elems(m->g, m->n_pairs);
	struct onnx_elem *second = new_elems(m->g, m->n_pairs);
	struct onnx_elem *won = new_elems(m->g, (size_t)n * (n - 1));

	if (first == NULL || second == NULL || won == NULL)
		return onnx_full(m->g, err);
	if (!onnx_calc_with(m->g, CALC_GREATER, ONNX_DOUBLE, m->sums, 0,
		m->n_pairs, first, err))
		return false;
	if (n == 2) {
		votes[0] = first[0];
		votes[1] = elem_number(0.5);
		return true;
	}
	if (!onnx_calc(m->g, CALC_NOT, ONNX_DOUBLE, first, NULL, NULL,
		m->n_pairs, second, err))
		return false;
	for (uint32_t i = 0; i < n; i++)
		for (uint32_t j = i + 1; j < n; j++, pair++) {
			won[i * (n - 1) + j - 1] = first[pair];
			won[j * (n - 1) + i] = second[pair];
		}
	return onnx_fold(m->g, FOLD_SUM, ONNX_DOUBLE, won, n - 1, n, votes,
	    err);
}

/* Those of pairs, kept off 0 and 1, and what they come to. */
static bool
probabilities(struct machine *m, const double *a, const double *b,
    struct onnx_elem *ret, struct err *err)
{
	size_t n = m->n_pairs;
	struct onnx_elem *p = new_elems(m->g, n), *by = new_elems(m->g, n);
	struct onnx_elem *add = new_elems(m->g, n), *one = new_elems(m->g, n);
	uint32_t *slots, dst;

	if (p == NULL || by == NULL || add == NULL || one == NULL)
		return onnx_full(m->g, err);
	for (size_t i = 0; i < n; i++) {
		by[i] = elem_number(a[i]);
		add[i] = elem_number(b[i]);
		one[i] = elem_number(1);
	}
	if (!onnx_calc(m->g, CALC_MUL, ONNX_FLOAT, m->sums, by, NULL, n, p,
		err) ||
	    !onnx_calc(m->g, CALC_ADD, ONNX_FLOAT, p, add, NULL, n, p, err) ||
	    !onnx_calc(m->g, CALC_SIGMOID, ONNX_FLOAT, p, NULL, NULL, n, p,
		err) ||
	    !onnx_calc(m->g, CALC_SUB, ONNX_FLOAT, one, p, NULL, n, p, err) ||
	    !onnx_calc_with(m->g, CALC_MAX, ONNX_FLOAT, p, (double)1e-7f, n, p,
			    err) ||
	    !onnx_calc_with(m->g, CALC_MIN, ONNX_FLOAT, p, (double)(1 - 1e-7f),
			    n, p, err) ||
	    !onnx_slots(m->g, p, n, &slots, err) ||
	    !model_build_couple(m->g->im->build, slots, m->n_classes, &dst,
				err))
		return false;
	for (uint32_t i = 0; i < m->n_classes; i++)
		ret[i] = elem_slot(dst++, false);
	return onnx_numbers(m->g, ONNX_FLOAT, ret, m->n_classes, err);
}

static bool
read_machine(struct machine *m, struct err *err)
{
	struct onnx *g = m->g;
	size_t n_sizes, n_coef, n_rho;

	onnx_attr_ints(g, "vectors_per_class", &m->sizes, &n_sizes);
	if (m->n_classes < 2 || m->n_classes > CLASSES_MAX ||
	    n_sizes != m->n_classes)
		return onnx_cannot(err, "it has vectors of %zu classes for "
		    "%u labels; import the model that it was converted from",
		    n_sizes, m->n_classes);
	for (size_t i = 0; i < n_sizes; i++) {
		if (m->sizes[i] < 0 || m->sizes[i] > VECTORS_MAX)
			return onnx_wrong(err, "a class has %lld vectors",
			    (long long)m->sizes[i]);
		m->n_vectors += (size_t)m->sizes[i];
	}
	m->n_pairs = m->n_classes * (m->n_classes - 1) / 2;
	if (!onnx_attr_list(g, "coefficients", &m->coef, &n_coef, err) ||
	    !onnx_attr_list(g, "rho", &m->rho, &n_rho, err))
		return false;
	if (n_coef != (m->n_classes - 1) * m->n_vectors ||
	    n_rho != m->n_pairs)
		return onnx_wrong(err, "%zu coefficients and %zu rho of %zu "
		    "vectors and %u classes", n_coef, n_rho, m->n_vectors,
		    m->n_classes);
	return kernels(g, m->n_vectors, &m->kernels, err) &&
	    sum_pairs(m, err);
}

/* What stands beside the label: probabilities, or the pairs' sums; the one of
 * two classes as its opposite and itself. */
static bool
tell_scores(struct machine *m, struct err *err)
{
	struct str post = onnx_attr_text(m->g, "post_transform", "NONE");
	int64_t dims[] = {1, m->n_classes};
	const double *a, *b;
	struct onnx_tensor z;
	struct onnx_elem *e;
	size_t n_a, n_b;

	if (!onnx_attr_list(m->g, "prob_a", &a, &n_a, err) ||
	    !onnx_attr_list(m->g, "prob_b", &b, &n_b, err))
		return false;
	if (n_a != n_b || (n_a != 0 && n_a != m->n_pairs))
		return onnx_wrong(err, "%zu prob_a and %zu prob_b of %u "
		    "pairs", n_a, n_b, m->n_pairs);
	if (!str_eq(post, STR("NONE")))
		return onnx_cannot(err, "post_transform %.*s is not "
		    "supported; import the model that it was converted from",
		    STR_ARG(post));
	if (n_a == 0 && m->n_classes > 2)
		dims[1] = m->n_pairs;
	if (!onnx_make(m->g, ONNX_FLOAT, 2, dims, 0, &z, &e, err))
		return false;
	z.scores = n_a == 0;
	if (n_a > 0) {
		if (!probabilities(m, a, b, e, err))
			return false;
	} else if (m->n_classes > 2) {
		memcpy(e, m->sums, m->n_pairs * sizeof(*e));
		if (!onnx_numbers(m->g, ONNX_FLOAT, e, m->n_pairs, err))
			return false;
	} else {
		e[1] = m->sums[0];
		if (!onnx_numbers(m->g, ONNX_FLOAT, &e[1], 1, err) ||
		    !onnx_calc(m->g, CALC_NEG, ONNX_FLOAT, &e[1], NULL, NULL, 1,
			&e[0], err))
			return false;
	}
	return onnx_output(m->g, 1, &z, err);
}

bool
onnx_op_svm_classifier(struct onnx *g, struct err *err)
{
	bool texts = onnx_attr(g, "classlabels_strings") != NULL;
	struct onnx_class *c = ARENA_NEW(g->im->mem, struct onnx_class);
	struct machine m = {.g = g};
	const struct onnx_elem *labels;
	struct onnx_elem *label, *votes;
	struct onnx_tensor y;
	int64_t one = 1;

	if (!onnx_attr_elems(g, texts ? "classlabels_strings" :
		"classlabels_ints", &labels, &m.n_classes, err) ||
	    !read_machine(&m, err))
		return false;
	votes = new_elems(g, m.n_classes);
	if (c == NULL || votes == NULL)
		return onnx_full(g, err);
	*c = (struct onnx_class){.n = m.n_classes, .fold = FOLD_ARGMAX,
	    .labels = labels, .scores = votes};
	if (!vote(&m, votes, err) ||
	    !onnx_make(g, texts ? ONNX_STRING : ONNX_INT64, 1, &one, 0, &y,
		&label, err))
		return false;
	label[0] = (struct onnx_elem){.kind = ELEM_CLASS, .class_ = c};
	return onnx_output(g, 0, &y, err) && tell_scores(&m, err);
}

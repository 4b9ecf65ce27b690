/* SPDX-License-Identifier: ISC
 *
 * Support vector machines as libsvm has them: SVC, NuSVC, SVR, NuSVR and
 * OneClassSVM. The kernels of a row and each vector are weighted for each
 * pair of classes; the pairs vote, and are coupled to probabilities where
 * training fitted some.
 */
#include "import/sklearn_step.h"

#include <math.h>
#include <string.h>

enum { CLASSES_MAX = 1000 };

struct machine {
	const struct step *s;
	uint32_t n;               /* vectors */
	uint32_t kernels;         /* the first of their slots */
	uint32_t n_classes, n_pairs;
	uint32_t sums;            /* of the pairs: above 0, the first wins */
};

static bool
read_kernels(struct machine *m, const struct flow *in, struct err *err)
{
	static const char *const words[] = {
	    [KERNEL_LINEAR] = "linear", [KERNEL_POLY] = "poly",
	    [KERNEL_RBF] = "rbf", [KERNEL_SIGMOID] = "sigmoid"};
	const struct step *s = m->s;
	struct build_kernel k = {0};
	struct array vectors;
	double *list;
	size_t kind;
	bool sparse;

	if (!step_word(s, "kernel", words, countof(words), countof(words),
		&kind, err) ||
	    !step_flag(s, "_sparse", false, &sparse, err))
		return false;
	if (sparse)
		return step_err(s, err, ERR_MODEL, "was trained on a sparse "
		    "matrix, which is not supported; train with "
		    "sparse_threshold=0 in the ColumnTransformer, or "
		    "sparse_output=False in the encoder");
	if (!step_number(s, "_gamma", &k.gamma, err) ||
	    !step_number(s, "coef0", &k.coef0, err) ||
	    !step_number(s, "degree", &k.degree, err) ||
	    !step_width(s, in, err) ||
	    !step_array(s, "support_vectors_", &vectors, err))
		return false;
	if (vectors.n_dims != 2 || vectors.dim[0] == 0 ||
	    vectors.dim[0] > SKLEARN_COLUMNS_MAX || vectors.dim[1] != in->n)
		return step_err(s, err, ERR_MODEL, "has support vectors of "
		    "another width");
	m->n = k.n_vectors = (uint32_t)vectors.dim[0];
	if (!step_doubles(s, "support_vectors_", (size_t)m->n * in->n, &list,
		err))
		return false;
	k.kind = (enum model_kernel)kind;
	k.vectors = list;
	return model_build_kernel(s->sk->build, in->slot, in->n, &k,
	    &m->kernels, err) || step_context(s, err);
}

/* The one sum of a machine without classes. */
static bool
single_sum(struct machine *m, uint32_t *ret, struct err *err)
{
	const struct step *s = m->s;
	uint32_t *kernels;
	double *coef, *intercept;

	return step_doubles(s, "_dual_coef_", m->n, &coef, err) &&
	    step_doubles(s, "_intercept_", 1, &intercept, err) &&
	    sk_slots(s, m->kernels, m->n, &kernels, err) &&
	    (model_build_linear(s->sk->build, kernels, m->n, 1, coef,
		intercept, ret, err) || step_context(s, err));
}

bool
read_svm_regressor(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	struct machine m = {.s = s};

	if (!read_kernels(&m, in, err) || !step_flow(s, 1, out, err))
		return false;
	out->kind = FLOW_VALUE;
	return single_sum(&m, &out->slot[0], err);
}

bool
read_one_class_svm(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	struct machine m = {.s = s};

	if (!read_kernels(&m, in, err) || !step_flow(s, 2, out, err) ||
	    !single_sum(&m, &out->slot[0], err))
		return false;
	out->kind = FLOW_OUTLIERS;
	return model_build_mul_add(s->sk->build, out->slot[0], -1, 0,
	    -INFINITY, INFINITY, &out->slot[1], err) || step_context(s, err);
}

/* --- classes -------------------------------------------------------------- */

/* The coefficients of each pair: of the vectors of class i the row j - 1 of
 * the matrix, of those of class j row i; none of the others. */
static double *
spread(const struct machine *m, const double *coef, const double *sizes)
{
	double *ret = arena_array(m->s->sk->mem, m->n,
	    m->n_pairs * sizeof(*ret)), *to = ret;
	uint32_t at_i = 0;

	for (uint32_t i = 0; ret != NULL && i < m->n_classes; i++) {
		uint32_t n_i = (uint32_t)sizes[i], at_j = at_i + n_i;

		for (uint32_t j = i + 1; j < m->n_classes; j++, to += m->n) {
			uint32_t n_j = (uint32_t)sizes[j];

			memcpy(to + at_i, coef + (size_t)(j - 1) * m->n +
			    at_i, n_i * sizeof(*to));
			memcpy(to + at_j, coef + (size_t)i * m->n + at_j,
			    n_j * sizeof(*to));
			at_j += n_j;
		}
		at_i += n_i;
	}
	return ret;
}

static bool
sum_pairs(struct machine *m, struct err *err)
{
	const struct step *s = m->s;
	double *coef, *intercept, *sizes, total = 0;
	uint32_t *kernels;

	if (!step_charge(s, (size_t)m->n * m->n_pairs, err) ||
	    !step_doubles(s, "_dual_coef_", (size_t)(m->n_classes - 1) * m->n,
		&coef, err) ||
	    !step_doubles(s, "_intercept_", m->n_pairs, &intercept, err) ||
	    !step_doubles(s, "_n_support", m->n_classes, &sizes, err) ||
	    !sk_slots(s, m->kernels, m->n, &kernels, err))
		return false;
	for (uint32_t i = 0; i < m->n_classes; i++) {
		if (!(sizes[i] >= 0) || sizes[i] != trunc(sizes[i]))
			total = NAN;
		total += sizes[i];
	}
	if (total != m->n)
		return step_err(s, err, ERR_MODEL,
		    "has %u support vectors but counts %g", m->n, total);
	coef = spread(m, coef, sizes);
	if (coef == NULL)
		return step_full(s, err);
	return model_build_linear(s->sk->build, kernels, m->n, m->n_pairs,
	    coef, intercept, &m->sums, err) || step_context(s, err);
}

/* ret[i] is the sum over pairs of what they say for class i: from 0 or 1, or
 * any number, for the first of the pair; `against` is its other side, 1 less
 * it or its opposite. */
static bool
per_class(struct machine *m, uint32_t pairs, bool one_less, uint32_t *ret,
    struct err *err)
{
	const struct step *s = m->s;
	uint32_t n = m->n_classes, pair = 0, *src;
	double *coef = arena_array(s->sk->mem, n,
	    m->n_pairs * sizeof(*coef));
	double *add = ARENA_ARRAY(s->sk->mem, n, double);

	if (coef == NULL || add == NULL)
		return step_full(s, err);
	if (!sk_slots(s, pairs, m->n_pairs, &src, err))
		return false;
	for (uint32_t i = 0; i < n; i++)
		for (uint32_t j = i + 1; j < n; j++, pair++) {
			coef[(size_t)i * m->n_pairs + pair] = 1;
			coef[(size_t)j * m->n_pairs + pair] = -1;
			add[j] += one_less;
		}
	return model_build_linear(s->sk->build, src, m->n_pairs, n, coef, add,
	    ret, err) || step_context(s, err);
}

/* dst = calc(src, last) of n slots from `src` on. */
static bool
calc(struct machine *m, enum model_calc what, uint32_t src, double last,
    uint32_t n, uint32_t *dst, struct err *err)
{
	double *list = ARENA_ARRAY(m->s->sk->mem, n, double);
	uint32_t *slots;

	if (list == NULL)
		return step_full(m->s, err);
	for (uint32_t i = 0; i < n; i++)
		list[i] = last;
	return sk_slots(m->s, src, n, &slots, err) &&
	    (model_build_calc(m->s->sk->build, what, false, slots,
		model_calc_operands(what) > 1 ? list : NULL, n, dst, err) ||
	    step_context(m->s, err));
}

/* dst = calc(a, b) of n slots from a and b on. */
static bool
calc_two(struct machine *m, enum model_calc what, uint32_t a, uint32_t b,
    uint32_t n, uint32_t *dst, struct err *err)
{
	uint32_t *slots = ARENA_ARRAY(m->s->sk->mem, 2 * (size_t)n, uint32_t);

	if (slots == NULL)
		return step_full(m->s, err);
	for (uint32_t i = 0; i < n; i++) {
		slots[i] = a + i;
		slots[n + i] = b + i;
	}
	return model_build_calc(m->s->sk->build, what, false, slots, NULL, n,
	    dst, err) || step_context(m->s, err);
}

/* A vote for each pair that a class wins, and less than half a vote for how
 * clearly: what decision_function gives with decision_function_shape 'ovr'. */
static bool
one_versus_rest(struct machine *m, uint32_t *ret, struct err *err)
{
	uint32_t n = m->n_classes, first, votes, sure, scale;

	return calc(m, CALC_GREATER_EQUAL, m->sums, 0, m->n_pairs, &first,
	    err) && per_class(m, first, true, &votes, err) &&
	    per_class(m, m->sums, false, &sure, err) &&
	    calc(m, CALC_ABS, sure, 0, n, &scale, err) &&
	    calc(m, CALC_ADD, scale, 1, n, &scale, err) &&
	    calc(m, CALC_MUL, scale, 3, n, &scale, err) &&
	    calc_two(m, CALC_DIV, sure, scale, n, &sure, err) &&
	    calc_two(m, CALC_ADD, votes, sure, n, ret, err);
}

/* What decides: one score a class. */
static bool
decide(struct machine *m, uint32_t *slots, struct err *err)
{
	uint32_t first, votes;

	if (!calc(m, CALC_GREATER, m->sums, 0, m->n_pairs, &first, err))
		return false;
	if (m->n_classes == 2) {
		slots[0] = first;
		return model_build_constant(m->s->sk->build, 0.5, &slots[1],
		    err) || step_context(m->s, err);
	}
	if (!per_class(m, first, true, &votes, err))
		return false;
	for (uint32_t i = 0; i < m->n_classes; i++)
		slots[i] = votes + i;
	return true;
}

/* decision_function, which may break the ties of the votes. */
static bool
tell_margins(struct machine *m, uint32_t *decision, struct flow *out,
    struct err *err)
{
	static const char *const shapes[] = {"ovr", "ovo"};
	uint32_t n = m->n_pairs, margin = m->sums, *slots;
	const struct step *s = m->s;
	size_t shape;
	bool ties;

	if (!step_word(s, "decision_function_shape", shapes, countof(shapes),
		0, &shape, err) ||
	    !step_flag(s, "break_ties", false, &ties, err))
		return false;
	if (n == 1) {
		if (!calc(m, CALC_NEG, m->sums, 0, 1, &margin, err))
			return false;
	} else if (shape == 0) {
		n = m->n_classes;
		if (!one_versus_rest(m, &margin, err))
			return false;
		for (uint32_t i = 0; ties && i < n; i++)
			decision[i] = margin + i;
	}
	return sk_slots(s, margin, n, &slots, err) &&
	    sk_margins(s, slots, n, out, err);
}

/* Of each pair, kept off 0 and 1, and what they come to. */
static bool
probabilities(struct machine *m, const double *a, const double *b,
    uint32_t *ret, struct err *err)
{
	struct model_build *build = m->s->sk->build;
	uint32_t *pairs, p;

	if (!sk_slots(m->s, m->sums, m->n_pairs, &pairs, err))
		return false;
	for (uint32_t i = 0; i < m->n_pairs; i++)
		if (!model_build_mul_add(build, pairs[i], -a[i], -b[i],
			-INFINITY, INFINITY, &p, err) ||
		    !model_build_calc(build, CALC_SIGMOID, false, &p, NULL, 1,
			&p, err) ||
		    !model_build_mul_add(build, p, 1, 0, 1e-7, 1 - 1e-7,
			&pairs[i], err))
			return step_context(m->s, err);
	if (!model_build_couple(build, pairs, m->n_classes, &p, err))
		return step_context(m->s, err);
	for (uint32_t i = 0; i < m->n_classes; i++)
		ret[i] = p + i;
	return true;
}

bool
read_svm_classifier(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	struct machine m = {.s = s};
	struct array classes, fitted;
	uint32_t *decision;
	double *a, *b;

	if (!sk_classes(s, 2, &classes, err))
		return false;
	if (classes.count > CLASSES_MAX)
		return step_err(s, err, ERR_MODEL, "has %zu classes, %d are "
		    "the most", classes.count, CLASSES_MAX);
	m.n_classes = (uint32_t)classes.count;
	m.n_pairs = m.n_classes * (m.n_classes - 1) / 2;
	decision = ARENA_ARRAY(s->sk->mem, m.n_classes, uint32_t);
	if (decision == NULL)
		return step_full(s, err);
	if (!read_kernels(&m, in, err) || !sum_pairs(&m, err) ||
	    !decide(&m, decision, err) ||
	    !step_flow(s, m.n_classes, out, err) ||
	    !tell_margins(&m, decision, out, err) ||
	    !step_array(s, "_probA", &fitted, err))
		return false;
	out->classes = classes;
	out->kind = FLOW_SCORES;
	if (fitted.count == 0) {
		memcpy(out->slot, decision, m.n_classes * sizeof(*decision));
		return true;
	}
	out->kind = FLOW_PROBABILITIES;
	out->decision = decision;
	return step_doubles(s, "_probA", m.n_pairs, &a, err) &&
	    step_doubles(s, "_probB", m.n_pairs, &b, err) &&
	    probabilities(&m, a, b, out->slot, err);
}

/* SPDX-License-Identifier: ISC
 *
 * Operators that compute element by element, and matrix products.
 */
#include "import/onnx_graph.h"

#include <math.h>
#include <string.h>

static enum model_calc
calc_of(const char *name)
{
	static const struct {
		const char *name;
		enum model_calc calc;
	} calcs[] = {
	    {"Abs", CALC_ABS}, {"Add", CALC_ADD}, {"And", CALC_AND},
	    {"Ceil", CALC_CEIL}, {"Cos", CALC_COS}, {"Div", CALC_DIV},
	    {"Equal", CALC_EQUAL}, {"Erf", CALC_ERF}, {"Exp", CALC_EXP},
	    {"Floor", CALC_FLOOR}, {"Greater", CALC_GREATER},
	    {"GreaterOrEqual", CALC_GREATER_EQUAL}, {"IsInf", CALC_IS_INF},
	    {"IsNaN", CALC_IS_NAN}, {"Less", CALC_LESS},
	    {"LessOrEqual", CALC_LESS_EQUAL}, {"Log", CALC_LOG},
	    {"Max", CALC_MAX}, {"Mean", CALC_ADD}, {"Min", CALC_MIN},
	    {"Mod", CALC_MOD}, {"Mul", CALC_MUL}, {"Neg", CALC_NEG},
	    {"Not", CALC_NOT}, {"Or", CALC_OR}, {"Pow", CALC_POW},
	    {"Round", CALC_ROUND}, {"Sigmoid", CALC_SIGMOID},
	    {"Sign", CALC_SIGN}, {"Sin", CALC_SIN},
	    {"Softplus", CALC_SOFTPLUS}, {"Sqrt", CALC_SQRT},
	    {"Sub", CALC_SUB}, {"Sum", CALC_ADD}, {"Tanh", CALC_TANH},
	    {"Xor", CALC_XOR},
	};

	for (size_t i = 0; i < countof(calcs); i++)
		if (strcmp(calcs[i].name, name) == 0)
			return calcs[i].calc;
	return CALC_COUNT;
}

/* --- one operand ---------------------------------------------------------- */

bool
onnx_op_unary(struct onnx *g, struct err *err)
{
	enum model_calc calc = calc_of(g->node->op_type);
	const struct onnx_tensor *x;
	struct onnx_tensor y;
	struct onnx_elem *e;

	return onnx_input(g, 0, &x, err) &&
	    onnx_make_like(g, x, model_calc_is_truth(calc) ? ONNX_BOOL :
		x->type, &y, &e, err) &&
	    onnx_calc(g, calc, x->type, x->elems, NULL, NULL, x->n, e,
		err) && onnx_output(g, 0, &y, err);
}

bool
onnx_op_reciprocal(struct onnx *g, struct err *err)
{
	const struct onnx_tensor *x;
	struct onnx_tensor y;
	struct onnx_elem *e;

	return onnx_input(g, 0, &x, err) &&
	    onnx_copy(g, x, &y, &e, err) &&
	    onnx_calc_with(g, CALC_DIV_INTO, x->type, x->elems, 1, x->n, e,
		err) && onnx_output(g, 0, &y, err);
}

/* x where it is at least 0, else alpha times x. */
bool
onnx_op_relu(struct onnx *g, struct err *err)
{
	bool leaky = strcmp(g->node->op_type, "LeakyRelu") == 0;
	double alpha = leaky ? onnx_attr_float(g, "alpha", (double)0.01f) : 0;
	const struct onnx_tensor *x;
	struct onnx_tensor y;
	struct onnx_elem *e, *low;

	if (!onnx_input(g, 0, &x, err) || !onnx_copy(g, x, &y, &e, err))
		return false;
	if (!leaky)
		return onnx_calc_with(g, CALC_MAX, x->type, x->elems, 0,
		    x->n, e, err) && onnx_output(g, 0, &y, err);
	low = ARENA_ARRAY(g->im->mem, x->n, struct onnx_elem);
	if (low == NULL)
		return onnx_full(g, err);
	return onnx_calc_with(g, CALC_MUL, x->type, x->elems, alpha, x->n,
	    low, err) &&
	    onnx_calc_with(g, CALC_GREATER_EQUAL, x->type, x->elems, 0,
		x->n, e, err) &&
	    onnx_calc(g, CALC_WHERE, x->type, e, x->elems, low, x->n, e,
		err) && onnx_output(g, 0, &y, err);
}

bool
onnx_op_elu(struct onnx *g, struct err *err)
{
	double alpha = onnx_attr_float(g, "alpha", 1);
	const struct onnx_tensor *x;
	struct onnx_tensor y;
	struct onnx_elem *e, *low;

	if (!onnx_input(g, 0, &x, err) || !onnx_copy(g, x, &y, &e, err))
		return false;
	low = ARENA_ARRAY(g->im->mem, x->n, struct onnx_elem);
	if (low == NULL)
		return onnx_full(g, err);
	return onnx_calc(g, CALC_EXPM1, x->type, x->elems, NULL, NULL, x->n,
	    low, err) &&
	    onnx_calc_with(g, CALC_MUL, x->type, low, alpha, x->n, low,
		err) &&
	    onnx_calc_with(g, CALC_GREATER_EQUAL, x->type, x->elems, 0,
		x->n, e, err) &&
	    onnx_calc(g, CALC_WHERE, x->type, e, x->elems, low, x->n, e,
		err) && onnx_output(g, 0, &y, err);
}

/* A bound: an attribute before opset 11, then an input. */
static bool
bound(struct onnx *g, const char *name, size_t input, double *ret,
    struct err *err)
{
	const struct onnx_tensor *x = onnx_optional(g, input);

	*ret = onnx_attr_float(g, name, *ret);
	if (x == NULL)
		return true;
	if (x->n != 1 || !elem_is_constant(&x->elems[0]))
		return onnx_cannot(err, "its %s depends on the row", name);
	*ret = x->elems[0].number;
	return true;
}

bool
onnx_op_clip(struct onnx *g, struct err *err)
{
	double low = -INFINITY, high = INFINITY;
	const struct onnx_tensor *x;
	struct onnx_tensor y;
	struct onnx_elem *e;

	if (!onnx_input(g, 0, &x, err) || !bound(g, "min", 1, &low, err) ||
	    !bound(g, "max", 2, &high, err) || !onnx_copy(g, x, &y, &e, err))
		return false;
	if (low > -INFINITY && !onnx_calc_with(g, CALC_MAX, x->type, e, low,
		x->n, e, err))
		return false;
	if (high < INFINITY && !onnx_calc_with(g, CALC_MIN, x->type, e, high,
		x->n, e, err))
		return false;
	return onnx_output(g, 0, &y, err);
}

/* --- more operands -------------------------------------------------------- */

/* Whether a text, or the label of a class, is a constant text. */
static bool
equal_texts(struct onnx *g, const struct onnx_elem *a,
    const struct onnx_elem *b, size_t n, struct onnx_elem *ret,
    struct err *err)
{
	const struct onnx_elem one = elem_number(1);

	for (size_t i = 0; i < n; i++) {
		const struct onnx_elem *key = &b[i], *x = &a[i];

		if (key->kind != ELEM_STRING) {
			key = &a[i];
			x = &b[i];
		}
		if (key->kind != ELEM_STRING)
			return onnx_cannot(err, "two texts that depend on "
			    "the row are compared");
		if (!onnx_lookup(g, x, key, &one, 1, elem_number(0), &ret[i],
			err))
			return false;
	}
	return true;
}

static bool
int_divide(struct onnx *g, int type, size_t n, struct onnx_elem *e,
    struct err *err)
{
	return onnx_calc(g, CALC_TRUNC, type, e, NULL, NULL, n, e, err);
}

bool
onnx_op_binary(struct onnx *g, struct err *err)
{
	enum model_calc calc = calc_of(g->node->op_type);
	const struct onnx_tensor *x[2];
	const struct onnx_elem *in[2];
	struct onnx_tensor y;
	struct onnx_elem *e;
	int type;

	if (!onnx_input(g, 0, &x[0], err) || !onnx_input(g, 1, &x[1], err))
		return false;
	type = x[0]->type;
	if (calc == CALC_MOD && onnx_attr_int(g, "fmod", 0) != 0)
		calc = CALC_FMOD;
	if (x[1]->type != type && calc != CALC_POW)
		return onnx_wrong(err, "its inputs are of two types");
	if (!onnx_broadcast(g, x, 2,
		model_calc_is_truth(calc) ? ONNX_BOOL : type, &y, &e, in,
		err))
		return false;
	if (calc == CALC_EQUAL && type == ONNX_STRING) {
		if (!equal_texts(g, in[0], in[1], y.n, e, err))
			return false;
	} else if (!onnx_calc(g, calc, type, in[0], in[1], NULL, y.n, e,
	    err) || (calc == CALC_DIV && !onnx_is_float(type) &&
	    !int_divide(g, type, y.n, e, err))) {
		return false;
	}
	y.scores = (x[0]->scores || x[1]->scores) && (calc == CALC_ADD ||
	    calc == CALC_SUB || calc == CALC_MUL);
	return onnx_output(g, 0, &y, err);
}

bool
onnx_op_variadic(struct onnx *g, struct err *err)
{
	size_t n = g->node->n_input;
	const struct onnx_tensor **x = ARENA_ARRAY(g->im->mem, n,
	    const struct onnx_tensor *);
	const struct onnx_elem **in = ARENA_ARRAY(g->im->mem, n,
	    const struct onnx_elem *);
	struct onnx_tensor y;
	struct onnx_elem *e;

	if (x == NULL || in == NULL)
		return onnx_full(g, err);
	if (n == 0)
		return onnx_wrong(err, "it has no input");
	for (size_t i = 0; i < n; i++)
		if (!onnx_input(g, i, &x[i], err))
			return false;
	if (!onnx_broadcast(g, x, n, x[0]->type, &y, &e, in, err))
		return false;
	memcpy(e, in[0], y.n * sizeof(*e));
	for (size_t i = 1; i < n; i++)
		if (!onnx_calc(g, calc_of(g->node->op_type), y.type, e,
			in[i], NULL, y.n, e, err))
			return false;
	if (strcmp(g->node->op_type, "Mean") == 0 && !onnx_calc_with(g,
		CALC_DIV, y.type, e, (double)n, y.n, e, err))
		return false;
	return onnx_output(g, 0, &y, err);
}

bool
onnx_op_where(struct onnx *g, struct err *err)
{
	const struct onnx_tensor *x[3];
	const struct onnx_elem *in[3];
	struct onnx_tensor y;
	struct onnx_elem *e;

	for (size_t i = 0; i < 3; i++)
		if (!onnx_input(g, i, &x[i], err))
			return false;
	if (!onnx_broadcast(g, x, 3, x[1]->type, &y, &e, in, err))
		return false;
	if (y.type == ONNX_STRING)
		return onnx_cannot(err, "it chooses between texts");
	return onnx_calc(g, CALC_WHERE, y.type, in[0], in[1], in[2], y.n, e,
	    err) && onnx_output(g, 0, &y, err);
}

/* --- types ---------------------------------------------------------------- */

/* A label stays one through casts that its numbers survive. */
static bool
stays(const struct onnx_elem *e, int to)
{
	if (e->kind == ELEM_ROWS)
		return !onnx_is_float(to);
	if (e->kind != ELEM_CLASS)
		return false;
	for (uint32_t i = 0; i < e->class_->n; i++) {
		const struct onnx_elem *label = &e->class_->labels[i];

		if (label->kind != ELEM_NUMBER ||
		    label->number != trunc(label->number) ||
		    (double)(float)label->number != label->number)
			return false;
	}
	return true;
}

static bool
all_stay(const struct onnx_tensor *x, int to)
{
	for (size_t i = 0; i < x->n; i++)
		if (x->elems[i].kind != ELEM_NUMBER &&
		    !stays(&x->elems[i], to))
			return false;
	return x->n > 0 && x->elems[0].kind != ELEM_NUMBER;
}

/* Numbers to truths: is it not 0. */
static bool
to_truth(struct onnx *g, const struct onnx_tensor *x, struct onnx_elem *e,
    struct err *err)
{
	return onnx_calc_with(g, CALC_EQUAL, x->type, x->elems, 0, x->n, e,
	    err) && onnx_calc(g, CALC_NOT, ONNX_BOOL, e, NULL, NULL, x->n, e,
	    err);
}

bool
onnx_op_cast(struct onnx *g, struct err *err)
{
	const struct onnx_tensor *x, *like = onnx_optional(g, 1);
	int to = like != NULL ? like->type :
	    (int)onnx_attr_int(g, "to", 0);
	struct onnx_tensor y;
	struct onnx_elem *e;

	if (!onnx_input(g, 0, &x, err) || !onnx_copy(g, x, &y, &e, err))
		return false;
	y.type = to;
	y.scores = x->scores;
	if (x->type == to || (onnx_is_number(to) && to != ONNX_BOOL &&
	    all_stay(x, to)))
		return onnx_output(g, 0, &y, err);
	if (!onnx_is_number(x->type) || !onnx_is_number(to))
		return onnx_cannot(err, "it casts type %d to %d, which is not "
		    "supported", x->type, to);
	if (to == ONNX_BOOL)
		return to_truth(g, x, e, err) && onnx_output(g, 0, &y, err);
	/* What is a float only by name so far becomes one before it is taken
	 * for something else. */
	if (!onnx_numbers(g, x->type, e, x->n, err))
		return false;
	if (onnx_is_float(x->type) && !onnx_is_float(to) &&
	    !onnx_calc(g, CALC_TRUNC, x->type, e, NULL, NULL, x->n, e, err))
		return false;
	if (to == ONNX_FLOAT)
		for (size_t i = 0; i < x->n; i++)
			if (elem_is_constant(&e[i]))
				e[i].number = (double)(float)e[i].number;
	return onnx_output(g, 0, &y, err);
}

/* --- matrices ------------------------------------------------------------- */

/* y plus beta times what depends on the row as well. */
static bool
add_row(struct onnx *g, double beta, const struct onnx_tensor *c,
    struct onnx_tensor *y, struct err *err)
{
	const struct onnx_tensor *both[] = {y, c};
	const struct onnx_elem *in[2];
	struct onnx_tensor sum;
	struct onnx_elem *e;

	if (!onnx_broadcast(g, both, 2, y->type, &sum, &e, in, err))
		return false;
	if (sum.n != y->n)
		return onnx_wrong(err, "it adds %zu numbers to %zu", sum.n,
		    y->n);
	if (!onnx_calc_with(g, CALC_MUL, y->type, in[1], beta, sum.n, e,
		err) ||
	    !onnx_calc(g, CALC_ADD, y->type, in[0], e, NULL, sum.n, e, err))
		return false;
	*y = sum;
	return true;
}

/* x times the constant w of n rows and m columns (or, turned, m and n), times
 * alpha, plus beta times c where there is one. */
static bool
product(struct onnx *g, const struct onnx_tensor *x,
    const struct onnx_tensor *w, bool turned, double alpha, double beta,
    const struct onnx_tensor *c, struct err *err)
{
	int64_t n = w->dims[turned ? 1 : 0], m = w->rank < 2 ? 1 :
	    w->dims[turned ? 0 : 1];
	int64_t dims[] = {1, m};
	struct onnx_tensor y;
	struct onnx_elem *e;
	double *coef, *intercept;
	bool row;

	if (x->rank != 2 || x->batch != 0 || w->batch >= 0 || w->rank < 1 ||
	    w->rank > 2 || !onnx_all_constant(w->elems, w->n))
		return onnx_cannot(err, "it is no product of rows and "
		    "constants");
	if (x->dims[1] != n)
		return onnx_wrong(err, "rows of %lld by %lld numbers",
		    (long long)x->dims[1], (long long)n);
	row = c != NULL && (c->batch >= 0 || (c->n != 1 &&
	    c->n != (size_t)m) || !onnx_all_constant(c->elems, c->n));
	coef = ARENA_ARRAY(g->im->mem, w->n, double);
	intercept = ARENA_ARRAY(g->im->mem, (size_t)m, double);
	if (coef == NULL || intercept == NULL)
		return onnx_full(g, err);
	for (int64_t k = 0; k < m; k++) {
		for (int64_t i = 0; i < n; i++)
			coef[k * n + i] = alpha * w->elems[turned ?
			    k * n + i : i * m + k].number;
		if (c != NULL && !row)
			intercept[k] = beta * c->elems[c->n == 1 ? 0 :
			    k].number;
	}
	if (!onnx_make(g, x->type, w->rank, dims, 0, &y, &e, err) ||
	    !onnx_linear(g, x->type, x->elems, (size_t)n, coef, intercept,
		(size_t)m, e, err) || (row && !add_row(g, beta, c, &y, err)))
		return false;
	y.scores = true;
	return onnx_output(g, 0, &y, err);
}

bool
onnx_op_matmul(struct onnx *g, struct err *err)
{
	const struct onnx_tensor *x, *w;

	return onnx_input(g, 0, &x, err) && onnx_input(g, 1, &w, err) &&
	    product(g, x, w, false, 1, 0, NULL, err);
}

bool
onnx_op_gemm(struct onnx *g, struct err *err)
{
	const struct onnx_tensor *x, *w;

	if (onnx_attr_int(g, "transA", 0) != 0)
		return onnx_cannot(err, "it takes rows for columns");
	return onnx_input(g, 0, &x, err) && onnx_input(g, 1, &w, err) &&
	    product(g, x, w, onnx_attr_int(g, "transB", 0) != 0,
		onnx_attr_float(g, "alpha", 1), onnx_attr_float(g, "beta", 1),
		onnx_optional(g, 2), err);
}

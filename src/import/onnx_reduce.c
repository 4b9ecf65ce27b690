/* SPDX-License-Identifier: ISC
 *
 * Operators that make one number of many along some axes, never that of the
 * rows.
 */
#include "import/onnx_graph.h"

#include <string.h>

/* x in groups of `n` that lie side by side, `width` of them: what lies along
 * the axes. */
struct groups {
	const struct onnx_tensor *x;
	struct onnx_tensor sorted;
	uint32_t axes;
	size_t n, width;
};

static bool
group(struct onnx *g, const struct onnx_tensor *x, uint32_t axes,
    struct groups *ret, struct err *err)
{
	int perm[ONNX_RANK_MAX], at = 0;

	*ret = (struct groups){.x = x, .axes = axes, .n = 1};
	if (x->batch >= 0 && (axes >> x->batch & 1) != 0)
		return onnx_cannot(err, "it works along the rows");
	for (int pass = 0; pass < 2; pass++)
		for (int i = 0; i < x->rank; i++)
			if ((axes >> i & 1) == (uint32_t)pass)
				perm[at++] = i;
	for (int i = 0; i < x->rank; i++)
		if ((axes >> i & 1) != 0)
			ret->n *= (size_t)x->dims[i];
	if (ret->n == 0)
		return onnx_cannot(err, "it reduces nothing");
	ret->width = x->n / ret->n;
	return onnx_transpose(g, x, perm, &ret->sorted, err);
}

/* The tensor of one number a group. */
static bool
grouped(struct onnx *g, const struct groups *p, int type, bool keep,
    struct onnx_tensor *ret, struct onnx_elem **elems, struct err *err)
{
	int64_t dims[ONNX_RANK_MAX];
	int rank = 0, batch = -1;

	for (int i = 0; i < p->x->rank; i++) {
		bool cut = (p->axes >> i & 1) != 0;

		if (cut && !keep)
			continue;
		batch = i == p->x->batch ? rank : batch;
		dims[rank++] = cut ? 1 : p->x->dims[i];
	}
	return onnx_make(g, type, rank, dims, batch, ret, elems, err);
}

/* The greatest number of each group, beside each of them. */
static bool
less_greatest(struct onnx *g, const struct groups *p, struct onnx_elem *e,
    struct onnx_elem *greatest, struct err *err)
{
	struct onnx_elem *each = ARENA_ARRAY(g->im->mem, p->x->n,
	    struct onnx_elem);

	if (each == NULL)
		return onnx_full(g, err);
	if (!onnx_fold(g, FOLD_GREATEST, p->x->type, e, p->n, p->width,
		greatest, err))
		return false;
	for (size_t i = 0; i < p->x->n; i++)
		each[i] = greatest[i / p->n];
	return onnx_calc(g, CALC_SUB, p->x->type, e, each, NULL, p->x->n, e,
	    err);
}

/* log(sum(exp(x))), without leaving what a float can hold. */
static bool
log_sum_exp(struct onnx *g, const struct groups *p, struct onnx_elem *e,
    struct onnx_elem *y, struct err *err)
{
	struct onnx_elem *greatest = ARENA_ARRAY(g->im->mem, p->width,
	    struct onnx_elem);
	int type = p->x->type;

	if (greatest == NULL)
		return onnx_full(g, err);
	return less_greatest(g, p, e, greatest, err) &&
	    onnx_calc(g, CALC_EXP, type, e, NULL, NULL, p->x->n, e, err) &&
	    onnx_fold(g, FOLD_SUM, type, e, p->n, p->width, y, err) &&
	    onnx_calc(g, CALC_LOG, type, y, NULL, NULL, p->width, y, err) &&
	    onnx_calc(g, CALC_ADD, type, y, greatest, NULL, p->width, y,
		err);
}

/*
 * A sum of floats as ONNX Runtime adds them up for a row alone: what lies
 * ahead of a multiple of four is left for the end, then two fours at a time.
 * In the sums of naive Bayes the order is seen in the sixth digit.
 */
struct packets {
	struct onnx *g;
	size_t n, start, packed, paired; /* numbers; of them in fours, eights */
};

static bool
add(struct onnx *g, const struct onnx_elem *a, const struct onnx_elem *b,
    size_t n, struct onnx_elem *ret, struct err *err)
{
	return onnx_calc(g, CALC_ADD, ONNX_FLOAT, a, b, NULL, n, ret, err);
}

static bool
packet_sum(const struct packets *p, const struct onnx_elem *e,
    struct onnx_elem *ret, struct err *err)
{
	const int type = ONNX_FLOAT;
	size_t n = p->n, rounds = p->paired / 8, rest = 1;
	struct onnx_elem *list = ARENA_ARRAY(p->g->im->mem, n + 9,
	    struct onnx_elem), lanes[8];

	if (list == NULL)
		return onnx_full(p->g, err);
	e += p->start;
	memcpy(lanes, e, 4 * sizeof(*e));
	if (rounds > 0) {
		for (size_t i = 0; i < 8; i++)
			for (size_t k = 0; k < rounds; k++)
				list[i * rounds + k] = e[k * 8 + i];
		if (!onnx_fold(p->g, FOLD_SUM, type, list, rounds, 8, lanes,
			err) || !add(p->g, lanes, lanes + 4, 4, lanes, err))
			return false;
	}
	if (rounds > 0 && p->packed > p->paired &&
	    !add(p->g, lanes, e + p->paired, 4, lanes, err))
		return false;
	if (!add(p->g, lanes, lanes + 2, 2, lanes, err) ||
	    !add(p->g, lanes, lanes + 1, 1, list, err))
		return false;
	e -= p->start;
	for (size_t i = 0; i < n; i++)
		if (i < p->start || i >= p->start + p->packed)
			list[rest++] = e[i];
	return onnx_fold(p->g, FOLD_SUM, type, list, rest, 1, ret, err);
}

/* Sums of numbers that lie side by side in the graph. */
static bool
sums(struct onnx *g, const struct groups *p, const struct onnx_elem *e,
    struct onnx_elem *y, struct err *err)
{
	int behind = p->x->rank;
	bool beside;

	while (behind > 0 && (p->axes >> (behind - 1) & 1) != 0)
		behind--;
	beside = (p->axes & ((1u << behind) - 1)) == 0;
	if (p->x->type != ONNX_FLOAT || !beside)
		return onnx_fold(g, FOLD_SUM, p->x->type, e, p->n, p->width,
		    y, err);
	for (size_t i = 0; i < p->width; i++) {
		struct packets k = {.g = g, .n = p->n,
		    .start = (4 - i * p->n % 4) % 4};
		const struct onnx_elem *at = e + i * p->n;

		if (k.start < k.n)
			k.packed = (k.n - k.start) / 4 * 4;
		k.paired = k.packed / 8 * 8;
		if (!(k.packed > 0 ? packet_sum(&k, at, &y[i], err) :
		    onnx_fold(g, FOLD_SUM, p->x->type, at, p->n, 1, &y[i],
			err)))
			return false;
	}
	return true;
}

static bool
reduce(struct onnx *g, const char *name, const struct groups *p,
    struct onnx_elem *e, struct onnx_elem *y, struct err *err)
{
	enum model_fold fold = strcmp(name, "Max") == 0 ? FOLD_GREATEST :
	    strcmp(name, "Min") == 0 ? FOLD_LEAST :
	    strcmp(name, "Prod") == 0 ? FOLD_PRODUCT : FOLD_SUM;
	bool squares = strcmp(name, "L2") == 0 ||
	    strcmp(name, "SumSquare") == 0;
	int type = p->x->type;
	size_t n = p->x->n;

	if (strcmp(name, "LogSumExp") == 0)
		return log_sum_exp(g, p, e, y, err);
	if (squares && !onnx_calc(g, CALC_MUL, type, e, e, NULL, n, e, err))
		return false;
	if (strcmp(name, "L1") == 0 && !onnx_calc(g, CALC_ABS, type, e, NULL,
		NULL, n, e, err))
		return false;
	if (!(fold == FOLD_SUM ? sums(g, p, e, y, err) :
	    onnx_fold(g, fold, type, e, p->n, p->width, y, err)))
		return false;
	if (strcmp(name, "Mean") == 0)
		return onnx_calc_with(g, CALC_DIV, type, y, (double)p->n,
		    p->width, y, err);
	if (strcmp(name, "L2") == 0)
		return onnx_calc(g, CALC_SQRT, type, y, NULL, NULL, p->width,
		    y, err);
	if (strcmp(name, "LogSum") == 0)
		return onnx_calc(g, CALC_LOG, type, y, NULL, NULL, p->width,
		    y, err);
	return true;
}

bool
onnx_op_reduce(struct onnx *g, struct err *err)
{
	const char *name = g->node->op_type + strlen("Reduce");
	const struct onnx_tensor *x;
	struct onnx_elem *e, *sorted;
	struct onnx_tensor y, copy;
	struct groups p;
	uint32_t axes;
	bool given;

	if (!onnx_input(g, 0, &x, err) ||
	    !onnx_axes(g, x->rank, &axes, &given, err))
		return false;
	if (!given && onnx_attr_int(g, "noop_with_empty_axes", 0) != 0)
		return onnx_output(g, 0, x, err);
	if (!given)
		axes = (1u << x->rank) - 1;
	return group(g, x, axes, &p, err) &&
	    grouped(g, &p, x->type, onnx_attr_int(g, "keepdims", 1) != 0, &y,
		&e, err) && onnx_copy(g, &p.sorted, &copy, &sorted, err) &&
	    reduce(g, name, &p, sorted, e, err) &&
	    onnx_output(g, 0, &y, err);
}

/* --- the best ------------------------------------------------------------- */

/* The index of the best of n scores, as a class of that number: it is worked
 * out only where a step asks for it. */
static bool
best_of(struct onnx *g, const struct onnx_elem *scores, size_t n, int type,
    enum model_fold fold, struct onnx_elem *ret, struct err *err)
{
	struct onnx_class *c = ARENA_NEW(g->im->mem, struct onnx_class);
	struct onnx_elem *labels = ARENA_ARRAY(g->im->mem, n,
	    struct onnx_elem);

	if (c == NULL || labels == NULL)
		return onnx_full(g, err);
	if (onnx_all_constant(scores, n))
		return onnx_fold(g, fold, type, scores, n, 1, ret, err);
	for (size_t i = 0; i < n; i++)
		labels[i] = elem_number((double)i);
	*c = (struct onnx_class){.n = (uint32_t)n, .fold = fold,
	    .labels = labels, .scores = scores,
	    .floats = type == ONNX_FLOAT};
	*ret = (struct onnx_elem){.kind = ELEM_CLASS, .class_ = c};
	return true;
}

bool
onnx_op_arg(struct onnx *g, struct err *err)
{
	bool last = onnx_attr_int(g, "select_last_index", 0) != 0;
	enum model_fold fold = strcmp(g->node->op_type, "ArgMax") == 0 ?
	    (last ? FOLD_ARGMAX_LAST : FOLD_ARGMAX) :
	    (last ? FOLD_ARGMIN_LAST : FOLD_ARGMIN);
	const struct onnx_tensor *x;
	struct onnx_tensor y;
	struct onnx_elem *e;
	struct groups p;
	int axis;

	if (!onnx_input(g, 0, &x, err) ||
	    !onnx_axis(x, onnx_attr_int(g, "axis", 0), &axis, err) ||
	    !group(g, x, 1u << axis, &p, err) ||
	    !grouped(g, &p, ONNX_INT64, onnx_attr_int(g, "keepdims", 1) != 0,
		&y, &e, err))
		return false;
	for (size_t i = 0; i < p.width; i++)
		if (!best_of(g, p.sorted.elems + i * p.n, p.n, x->type, fold,
			&e[i], err))
			return false;
	return onnx_output(g, 0, &y, err);
}

/* The k best of each group, along the last axis. */
static bool
sorted(struct onnx *g, const struct groups *p, int64_t k, bool largest,
    struct err *err)
{
	const struct onnx_tensor *x = p->x;
	int64_t dims[ONNX_RANK_MAX];
	struct onnx_elem *e, *at, *list;
	struct onnx_tensor best, index, copy;
	uint32_t *slots, dst;

	memcpy(dims, x->dims, sizeof(dims));
	dims[x->rank - 1] = k;
	if (k < 1 || k > (int64_t)p->n || p->axes != 1u << (x->rank - 1))
		return onnx_cannot(err, "the %lld best of %zu are not "
		    "supported; import the model that it was converted from",
		    (long long)k, p->n);
	if (!onnx_make(g, x->type, x->rank, dims, x->batch, &best, &e, err) ||
	    !onnx_make(g, ONNX_INT64, x->rank, dims, x->batch, &index, &at,
		err) ||
	    !onnx_copy(g, x, &copy, &list, err))
		return false;
	if (!(largest ? onnx_calc(g, CALC_NEG, x->type, list, NULL, NULL,
		x->n, list, err) : onnx_numbers(g, x->type, list, x->n,
		err)) || !onnx_slots(g, list, x->n, &slots, err))
		return false;
	for (size_t i = 0; i < p->width; i++) {
		if (!model_build_sort(g->im->build, slots + i * p->n,
			(uint32_t)p->n, &dst, err))
			return false;
		for (int64_t j = 0; j < k; j++) {
			*at++ = elem_slot(dst + (uint32_t)j, true);
			*e++ = elem_slot(dst + (uint32_t)p->n + (uint32_t)j,
			    x->type == ONNX_FLOAT);
		}
	}
	e -= best.n;
	return (!largest || onnx_calc(g, CALC_NEG, x->type, e, NULL, NULL,
	    best.n, e, err)) && onnx_output(g, 0, &best, err) &&
	    onnx_output(g, 1, &index, err);
}

/* The best alone needs no sorting. */
bool
onnx_op_topk(struct onnx *g, struct err *err)
{
	bool largest = onnx_attr_int(g, "largest", 1) != 0;
	const struct onnx_tensor *x, *k_in = onnx_optional(g, 1);
	int64_t k = onnx_attr_int(g, "k", 0), *list;
	struct onnx_tensor best, index;
	struct onnx_elem *e, *at;
	struct groups p;
	int axis;

	if (!onnx_input(g, 0, &x, err) ||
	    !onnx_axis(x, onnx_attr_int(g, "axis", -1), &axis, err))
		return false;
	if (k_in != NULL) {
		if (!onnx_ints(g, k_in, "k", &list, err))
			return false;
		k = k_in->n == 1 ? list[0] : 0;
	}
	if (!group(g, x, 1u << axis, &p, err))
		return false;
	if (k != 1)
		return sorted(g, &p, k, largest, err);
	if (!grouped(g, &p, x->type, true, &best, &e, err) ||
	    !grouped(g, &p, ONNX_INT64, true, &index, &at, err) ||
	    !onnx_fold(g, largest ? FOLD_GREATEST : FOLD_LEAST, x->type,
		p.sorted.elems, p.n, p.width, e, err))
		return false;
	for (size_t i = 0; i < p.width; i++)
		if (!best_of(g, p.sorted.elems + i * p.n, p.n, x->type,
			largest ? FOLD_ARGMAX : FOLD_ARGMIN, &at[i], err))
			return false;
	return onnx_output(g, 0, &best, err) &&
	    onnx_output(g, 1, &index, err);
}

/* --- along an axis, to as many numbers ------------------------------------ */

/* The numbers of p in the order that x has. */
static bool
restore(struct onnx *g, const struct groups *p, struct onnx_tensor *ret,
    struct err *err)
{
	int perm[ONNX_RANK_MAX], at = 0;

	for (int pass = 0; pass < 2; pass++)
		for (int i = 0; i < p->x->rank; i++)
			if ((p->axes >> i & 1) == (uint32_t)pass)
				perm[i] = at++;
	return onnx_transpose(g, &p->sorted, perm, ret, err);
}

static bool
log_softmax(struct onnx *g, const struct groups *p, struct onnx_elem *e,
    struct err *err)
{
	size_t n = p->x->n;
	struct onnx_elem *sum = ARENA_ARRAY(g->im->mem, 2 * n,
	    struct onnx_elem), *each = sum + n;

	if (sum == NULL)
		return onnx_full(g, err);
	memcpy(each, e, n * sizeof(*e));
	if (!log_sum_exp(g, p, each, sum, err))
		return false;
	for (size_t i = 0; i < n; i++)
		each[i] = sum[i / p->n];
	return onnx_calc(g, CALC_SUB, p->x->type, e, each, NULL, n, e, err);
}

bool
onnx_op_softmax(struct onnx *g, struct err *err)
{
	bool old = g->opset > 0 && g->opset < 13;
	const struct onnx_tensor *x;
	struct onnx_tensor y;
	struct onnx_elem *e;
	struct groups p;
	uint32_t axes;
	int axis;

	if (!onnx_input(g, 0, &x, err) ||
	    !onnx_axis(x, onnx_attr_int(g, "axis", old ? 1 : -1), &axis, err))
		return false;
	/* Before opset 13 it was over this axis and all behind it. */
	axes = old ? ((1u << x->rank) - 1) & ~((1u << axis) - 1) : 1u << axis;
	if (!group(g, x, axes, &p, err) ||
	    !onnx_copy(g, &p.sorted, &p.sorted, &e, err))
		return false;
	if (strcmp(g->node->op_type, "LogSoftmax") == 0) {
		if (!log_softmax(g, &p, e, err))
			return false;
	} else {
		for (size_t i = 0; i < p.width; i++)
			if (!onnx_softmax(g, x->type, e + i * p.n, p.n,
				e + i * p.n, err))
				return false;
	}
	return restore(g, &p, &y, err) && onnx_output(g, 0, &y, err);
}

bool
onnx_op_cumsum(struct onnx *g, struct err *err)
{
	const struct onnx_tensor *x, *axis_in;
	struct onnx_tensor y;
	struct onnx_elem *e;
	struct groups p;
	int64_t *list;
	int axis;

	if (!onnx_input(g, 0, &x, err) || !onnx_input(g, 1, &axis_in, err) ||
	    !onnx_ints(g, axis_in, "axis", &list, err))
		return false;
	if (axis_in->n != 1 || onnx_attr_int(g, "exclusive", 0) != 0 ||
	    onnx_attr_int(g, "reverse", 0) != 0)
		return onnx_cannot(err, "only plain sums are supported");
	if (!onnx_axis(x, list[0], &axis, err) ||
	    !group(g, x, 1u << axis, &p, err) ||
	    !onnx_copy(g, &p.sorted, &p.sorted, &e, err))
		return false;
	for (size_t i = 0; i < x->n; i++)
		if (i % p.n != 0 && !onnx_calc(g, CALC_ADD, x->type,
			&e[i - 1], &e[i], NULL, 1, &e[i], err))
			return false;
	return restore(g, &p, &y, err) && onnx_output(g, 0, &y, err);
}

bool
onnx_op_lp_normalization(struct onnx *g, struct err *err)
{
	int64_t power = onnx_attr_int(g, "p", 2);
	const struct onnx_elem zero = elem_number(0), one = elem_number(1);
	const struct onnx_tensor *x;
	struct onnx_elem *e, *norm;
	struct onnx_tensor y, copy;
	struct groups p;
	int axis;

	if (power != 1 && power != 2)
		return onnx_cannot(err, "the norm of %lld is not known",
		    (long long)power);
	if (!onnx_input(g, 0, &x, err) ||
	    !onnx_axis(x, onnx_attr_int(g, "axis", -1), &axis, err) ||
	    !group(g, x, 1u << axis, &p, err) ||
	    !onnx_copy(g, &p.sorted, &copy, &norm, err) ||
	    !onnx_copy(g, &p.sorted, &p.sorted, &e, err) ||
	    !reduce(g, power == 1 ? "L1" : "L2", &p, norm, norm, err))
		return false;
	/* Nought stays nought. */
	for (size_t i = p.width; i-- > 0;) {
		struct onnx_elem by = norm[i];

		if (!onnx_calc(g, CALC_REPLACE, x->type, &by, &zero, &one, 1,
			&by, err))
			return false;
		for (size_t k = 0; k < p.n; k++)
			norm[i * p.n + k] = by;
	}
	return onnx_calc(g, CALC_DIV, x->type, e, norm, NULL, x->n, e, err) &&
	    restore(g, &p, &y, err) && onnx_output(g, 0, &y, err);
}

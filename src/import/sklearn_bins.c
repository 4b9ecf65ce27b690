/* SPDX-License-Identifier: ISC
 *
 * KBinsDiscretizer: the bin that a number falls into, as a number or one-hot.
 */
#include "import/sklearn_step.h"

#include <math.h>

/* Before 1.1 a value just below an edge counted as on it. */
static bool
nudge(const struct step *s, uint32_t *slot, struct err *err)
{
	struct model_build *b = s->sk->build;
	uint32_t sum[] = {*slot, 0};

	if (s->version == 0 || s->version >= 1001)
		return true;
	return (model_build_calc(b, CALC_ABS, false, slot, NULL, 1, &sum[1],
	    err) && model_build_mul_add(b, sum[1], 1e-5, 1e-8, -INFINITY,
	    INFINITY, &sum[1], err) && model_build_calc(b, CALC_ADD, false,
	    sum, NULL, 1, slot, err)) || step_context(s, err);
}

/* The slot as the code of its bin; *n is how many there are. The outermost
 * edges bound nothing. */
static bool
find_bin(const struct step *s, const struct node *edges, uint32_t *slot,
    uint32_t *n, struct err *err)
{
	struct array a;
	double *cuts;

	if (!array_view(edges, &a, err)) {
		err_context(err, "attribute bin_edges_");
		return step_context(s, err);
	}
	if (!step_charge(s, a.count, err))
		return false;
	cuts = array_doubles(&a, s->sk->mem);
	if (cuts == NULL || a.count < 2)
		return s->sk->mem->over ? step_full(s, err) :
		    step_err(s, err, ERR_MODEL,
			"attribute bin_edges_ holds a column without edges");
	*n = (uint32_t)a.count - 1;
	return nudge(s, slot, err) &&
	    (model_build_bins(s->sk->build, *slot, cuts + 1, *n - 1, slot,
		err) || step_context(s, err));
}

static bool
bin_number(const struct step *s, uint32_t bin, uint32_t n, uint32_t *dst,
    struct err *err)
{
	double *table = ARENA_ARRAY(s->sk->mem, TABLE_CODES + (size_t)n,
	    double);

	if (table == NULL)
		return step_full(s, err);
	table[TABLE_UNKNOWN] = table[TABLE_MISSING] = TABLE_REFUSE;
	for (uint32_t i = 0; i < n; i++)
		table[TABLE_CODES + i] = i;
	return model_build_table(s->sk->build, bin, table, TABLE_CODES + n,
	    dst, err) || step_context(s, err);
}

static bool
bin_onehot(const struct step *s, uint32_t bin, uint32_t n, uint32_t *dst,
    struct err *err)
{
	int32_t *map = ARENA_ARRAY(s->sk->mem, TABLE_CODES + (size_t)n,
	    int32_t);

	if (map == NULL)
		return step_full(s, err);
	map[TABLE_UNKNOWN] = map[TABLE_MISSING] = ONEHOT_REFUSE;
	for (uint32_t i = 0; i < n; i++)
		map[TABLE_CODES + i] = (int32_t)i;
	return model_build_onehot(s->sk->build, bin, map, TABLE_CODES + n, n,
	    dst, err) || step_context(s, err);
}

bool
read_kbins_discretizer(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	static const char *const words[] = {"onehot", "onehot-dense",
	    "ordinal"};
	const struct node *const *edges;
	struct flow bins;
	uint32_t *n, total = 0, at = 0;
	size_t encode;

	if (step_has(s, "dtype") && !step_is_dtype(s, "dtype", "float64"))
		return step_err(s, err, ERR_MODEL,
		    "dtype is not supported, since what follows may be "
		    "rounded to it; leave it unset");
	if (!step_width(s, in, err) ||
	    !step_word(s, "encode", words, countof(words), 0, &encode, err) ||
	    !step_list(s, "bin_edges_", in->n, &edges, err) ||
	    !step_require(s, in, &bins, err))
		return false;
	n = ARENA_ARRAY(s->sk->mem, in->n > 0 ? in->n : 1, uint32_t);
	if (n == NULL)
		return step_full(s, err);
	for (uint32_t i = 0; i < in->n; i++) {
		if (!find_bin(s, edges[i], &bins.slot[i], &n[i], err))
			return false;
		total += encode == 2 ? 1 : n[i]; /* charged */
	}
	if (!step_flow(s, total, out, err))
		return false;
	out->sparse = encode == 0;
	for (uint32_t i = 0; i < in->n; i++) {
		uint32_t first;

		if (encode == 2 ?
		    !bin_number(s, bins.slot[i], n[i], &first, err) :
		    !bin_onehot(s, bins.slot[i], n[i], &first, err))
			return false;
		for (uint32_t k = 0; k < (encode == 2 ? 1 : n[i]); k++)
			out->slot[at++] = first + k;
	}
	return true;
}

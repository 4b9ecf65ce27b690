/* SPDX-License-Identifier: ISC
 *
 * TargetEncoder: each category as the mean of the target that training saw
 * with it; what it did not see as the mean of all. With several classes a
 * column becomes one column a class.
 */
#include "import/sklearn_encode.h"

/* The encoding of one column, into a table over its codes. */
static bool
encode(const struct step *s, const struct categories *c,
    const struct node *encoding, double mean, uint32_t *dst, struct err *err)
{
	uint32_t n = TABLE_CODES + c->codes;
	double *table = ARENA_ARRAY(s->sk->mem, n, double), *values;
	struct array a;

	if (table == NULL)
		return step_full(s, err);
	if (!array_view(encoding, &a, err)) {
		err_context(err, "attribute encodings_");
		return step_context(s, err);
	}
	values = a.count == c->n ? array_doubles(&a, s->sk->mem) : NULL;
	if (values == NULL)
		return s->sk->mem->over ? step_full(s, err) :
		    step_err(s, err, ERR_MODEL,
			"attribute encodings_ has %zu numbers for %u "
			"categories", a.count, c->n);
	for (uint32_t i = 0; i < n; i++)
		table[i] = mean;
	for (uint32_t i = 0; i < c->n; i++)
		table[(int32_t)i == c->missing ? TABLE_MISSING :
		    TABLE_CODES + c->code[i]] = values[i];
	return model_build_table(s->sk->build, c->slot, table, n, dst, err) ||
	    step_context(s, err);
}

bool
read_target_encoder(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	static const char *const types[] = {"binary", "continuous",
	    "multiclass"};
	const struct node *const *encodings;
	struct array classes = {.count = 1};
	struct categories *columns;
	uint32_t n_out, n_classes;
	double *mean;
	size_t type;

	if (!step_word(s, "target_type_", types, countof(types), 0, &type,
		err) || (type == 2 && !sk_classes(s, 2, &classes, err)) ||
	    !sk_categories(s, in, &columns, err))
		return false;
	n_classes = (uint32_t)classes.count; /* at most 65535 */
	if (in->n > SKLEARN_COLUMNS_MAX / n_classes)
		return step_err(s, err, ERR_LIMIT, "makes too many columns");
	n_out = in->n * n_classes;
	if (!step_flow(s, n_out, out, err) ||
	    !step_list(s, "encodings_", n_out, &encodings, err))
		return false;
	if (type != 2) {
		mean = ARENA_NEW(s->sk->mem, double);
		if (mean == NULL)
			return step_full(s, err);
		if (!step_number(s, "target_mean_", mean, err))
			return false;
	} else if (!step_doubles(s, "target_mean_", n_classes, &mean, err)) {
		return false;
	}
	for (uint32_t i = 0; i < n_out; i++)
		if (!encode(s, &columns[i / n_classes], encodings[i],
			mean[i % n_classes], &out->slot[i], err))
			return false;
	return true;
}

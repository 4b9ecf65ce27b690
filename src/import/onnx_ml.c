/* SPDX-License-Identifier: ISC
 *
 * The operators of tabular models but for trees. What they say of types is
 * what ONNX Runtime does: most give floats, whatever they are given.
 */
#include "import/onnx_graph.h"

#include <math.h>
#include <string.h>

enum {
	FLOAT = ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT,
	DOUBLE = ONNX__TENSOR_PROTO__DATA_TYPE__DOUBLE,
	INT64 = ONNX__TENSOR_PROTO__DATA_TYPE__INT64,
	STRING = ONNX__TENSOR_PROTO__DATA_TYPE__STRING,
	/* Values times keys of one node. */
	LOOKUPS_MAX = 1 << 28,
};

/* The shape of x for another type. */
static bool
shaped(struct onnx *g, const struct onnx_tensor *x, int type,
    struct onnx_tensor *ret, struct onnx_elem **elems, struct err *err)
{
	return onnx_make(g, type, x->rank, x->dims, x->batch, ret, elems,
	    err);
}

/* A list of one number a column, or one for all: at every element. */
static bool
per_column(struct onnx *g, const char *name, size_t n, double none,
    struct onnx_elem **ret, struct err *err)
{
	const double *list;
	size_t given;

	*ret = ARENA_ARRAY(g->im->mem, n, struct onnx_elem);
	if (*ret == NULL)
		return onnx_full(g, err);
	if (!onnx_attr_list(g, name, &list, &given, err))
		return false;
	if (given > 1 && given != n)
		return onnx_wrong(err, "%s has %zu numbers for %zu columns",
		    name, given, n);
	for (size_t i = 0; i < n; i++)
		(*ret)[i] = elem_number(given == 0 ? none :
		    list[given == 1 ? 0 : i]);
	return true;
}

/* --- numbers -------------------------------------------------------------- */

bool
onnx_op_scaler(struct onnx *g, struct err *err)
{
	const struct onnx_tensor *x;
	struct onnx_elem *offset, *scale, *e;
	struct onnx_tensor y;
	uint32_t n;
	int type;

	if (!onnx_input(g, 0, &x, err) || !onnx_row(x, &n, err) ||
	    !per_column(g, "offset", n, 0, &offset, err) ||
	    !per_column(g, "scale", n, 1, &scale, err) ||
	    !shaped(g, x, FLOAT, &y, &e, err))
		return false;
	type = x->type == DOUBLE ? DOUBLE : FLOAT;
	return onnx_calc(g, CALC_SUB, type, x->elems, offset, NULL, n, e,
	    err) && onnx_calc(g, CALC_MUL, type, e, scale, NULL, n, e, err) &&
	    onnx_numbers(g, FLOAT, e, n, err) && onnx_output(g, 0, &y, err);
}

bool
onnx_op_imputer(struct onnx *g, struct err *err)
{
	bool whole = onnx_attr(g, "imputed_value_int64s") != NULL;
	double replaced = whole ?
	    (double)onnx_attr_int(g, "replaced_value_int64", 0) :
	    onnx_attr_float(g, "replaced_value_float", 0);
	const struct onnx_tensor *x;
	struct onnx_elem *fill, *e;
	struct onnx_tensor y;
	uint32_t n, slot, *slots;

	if (!onnx_input(g, 0, &x, err) || !onnx_row(x, &n, err) ||
	    !per_column(g, whole ? "imputed_value_int64s" :
		"imputed_value_floats", n, 0, &fill, err) ||
	    !onnx_copy(g, x, &y, &e, err))
		return false;
	if (!isnan(replaced)) {
		struct onnx_elem *old = ARENA_ARRAY(g->im->mem, n,
		    struct onnx_elem);

		if (old == NULL)
			return onnx_full(g, err);
		for (uint32_t i = 0; i < n; i++)
			old[i] = elem_number(replaced);
		return onnx_calc(g, CALC_REPLACE, x->type, x->elems, old,
		    fill, n, e, err) && onnx_output(g, 0, &y, err);
	}
	if (!onnx_numbers(g, DOUBLE, e, n, err) ||
	    !onnx_slots(g, e, n, &slots, err))
		return false;
	for (uint32_t i = 0; i < n; i++) {
		if (!model_build_impute(g->im->build, slots[i],
			fill[i].number, &slot, err))
			return false;
		e[i] = elem_slot(slot, e[i].exact);
	}
	return onnx_output(g, 0, &y, err);
}

bool
onnx_op_binarizer(struct onnx *g, struct err *err)
{
	const struct onnx_tensor *x;
	struct onnx_tensor y;
	struct onnx_elem *e;

	return onnx_input(g, 0, &x, err) && onnx_copy(g, x, &y, &e, err) &&
	    onnx_calc_with(g, CALC_GREATER, x->type, x->elems,
		onnx_attr_float(g, "threshold", 0), x->n, e, err) &&
	    onnx_output(g, 0, &y, err);
}

/* What each number of a row is divided by: 1 rather than 0. */
static bool
norm_of(struct onnx *g, struct str norm, const struct onnx_elem *e,
    uint32_t n, struct onnx_elem *ret, struct err *err)
{
	bool greatest = str_eq(norm, STR("MAX"));
	struct onnx_elem *parts = ARENA_ARRAY(g->im->mem, n,
	    struct onnx_elem);
	const struct onnx_elem zero = elem_number(0), one = elem_number(1);

	if (parts == NULL)
		return onnx_full(g, err);
	memcpy(parts, e, n * sizeof(*e));
	if (str_eq(norm, STR("L2"))) {
		if (!onnx_calc(g, CALC_MUL, FLOAT, e, e, NULL, n, parts, err))
			return false;
	} else if (str_eq(norm, STR("L1"))) {
		if (!onnx_calc(g, CALC_ABS, FLOAT, e, NULL, NULL, n, parts,
			err))
			return false;
	} else if (!greatest) {
		return onnx_cannot(err, "the norm %.*s is not known",
		    STR_ARG(norm));
	}
	if (!onnx_fold(g, greatest ? FOLD_GREATEST : FOLD_SUM, FLOAT, parts,
		n, 1, ret, err) ||
	    !onnx_calc(g, CALC_REPLACE, FLOAT, ret, &zero, &one, 1, ret, err))
		return false;
	for (uint32_t i = 1; i < n; i++)
		ret[i] = ret[0];
	return true;
}

bool
onnx_op_normalizer(struct onnx *g, struct err *err)
{
	struct str norm = onnx_attr_text(g, "norm", "MAX");
	const struct onnx_tensor *x;
	struct onnx_elem *e, *sign, *by;
	struct onnx_tensor y;
	uint32_t n;

	if (!onnx_input(g, 0, &x, err) || !onnx_row(x, &n, err) ||
	    !shaped(g, x, FLOAT, &y, &e, err))
		return false;
	sign = ARENA_ARRAY(g->im->mem, 2 * (size_t)n, struct onnx_elem);
	if (sign == NULL)
		return onnx_full(g, err);
	by = sign + n;
	if (!norm_of(g, norm, x->elems, n, by, err))
		return false;
	if (!str_eq(norm, STR("L2")))
		return onnx_calc(g, CALC_DIV, FLOAT, x->elems, by, NULL, n,
		    e, err) && onnx_output(g, 0, &y, err);
	/* The runtime takes the root last. */
	return onnx_calc(g, CALC_MUL, FLOAT, x->elems, x->elems, NULL, n, e,
	    err) && onnx_calc(g, CALC_DIV, FLOAT, e, by, NULL, n, e, err) &&
	    onnx_calc(g, CALC_SQRT, FLOAT, e, NULL, NULL, n, e, err) &&
	    onnx_calc(g, CALC_SIGN, FLOAT, x->elems, NULL, NULL, n, sign,
		err) &&
	    onnx_calc(g, CALC_MUL, FLOAT, e, sign, NULL, n, e, err) &&
	    onnx_output(g, 0, &y, err);
}

bool
onnx_op_feature_vectorizer(struct onnx *g, struct err *err)
{
	const struct onnx_tensor *x;
	int64_t dims[] = {1, 0};
	struct onnx_tensor y;
	struct onnx_elem *e;
	uint32_t n;

	for (size_t i = 0; i < g->node->n_input; i++) {
		if (!onnx_input(g, i, &x, err) || !onnx_row(x, &n, err))
			return false;
		dims[1] += n;
	}
	if (!onnx_make(g, FLOAT, 2, dims, 0, &y, &e, err))
		return false;
	for (size_t i = 0; i < g->node->n_input; i++) {
		if (!onnx_input(g, i, &x, err))
			return false;
		memcpy(e, x->elems, x->n * sizeof(*e));
		e += x->n;
	}
	return onnx_output(g, 0, &y, err);
}

/* --- categories ----------------------------------------------------------- */

/* Each element of x by its key, as elements of `type`. */
static bool
look_up(struct onnx *g, const struct onnx_tensor *x, int type,
    const struct onnx_elem *keys, const struct onnx_elem *values, uint32_t n,
    struct onnx_elem none, struct err *err)
{
	struct onnx_tensor y;
	struct onnx_elem *e;

	if ((uint64_t)x->n * n > LOOKUPS_MAX)
		return err_set(err, ERR_LIMIT, ERR_NOWHERE,
		    "it looks %zu values up among %u", x->n, n);
	if (!shaped(g, x, type, &y, &e, err))
		return false;
	for (size_t i = 0; i < x->n; i++) {
		struct onnx_elem key = x->elems[i];

		if (key.kind == ELEM_SLOT && !onnx_numbers(g, x->type, &key,
			1, err))
			return false;
		if (!onnx_lookup(g, &key, keys, values, n, none, &e[i], err))
			return false;
	}
	return onnx_output(g, 0, &y, err);
}

static struct onnx_elem
elem_string(struct str text)
{
	return (struct onnx_elem){.kind = ELEM_STRING, .text = text};
}

/* The first version: texts to their places, or places to texts. */
static bool
encode_classes(struct onnx *g, const struct onnx_tensor *x, struct err *err)
{
	const struct onnx_elem *texts;
	struct onnx_elem *places;
	uint32_t n;

	if (!onnx_attr_elems(g, "classes_strings", &texts, &n, err))
		return false;
	places = ARENA_ARRAY(g->im->mem, n, struct onnx_elem);
	if (places == NULL)
		return onnx_full(g, err);
	for (uint32_t i = 0; i < n; i++)
		places[i] = elem_number(i);
	if (x->type == STRING)
		return look_up(g, x, INT64, texts, places, n,
		    elem_number((double)onnx_attr_int(g, "default_int64",
			-1)), err);
	return look_up(g, x, STRING, places, texts, n,
	    elem_string(onnx_attr_text(g, "default_string", "_Unused")), err);
}

struct listing {
	const char *name;
	int type;
};

/* The one of the lists that the node has. */
static bool
find_list(struct onnx *g, const struct listing *names, size_t n_names,
    const struct onnx_elem **ret, uint32_t *n, int *type, struct err *err)
{
	for (size_t i = 0; i < n_names; i++) {
		const Onnx__AttributeProto *a = onnx_attr(g, names[i].name);

		if (a == NULL)
			continue;
		*type = a->t != NULL ? a->t->data_type : names[i].type;
		return onnx_attr_elems(g, names[i].name, ret, n, err);
	}
	return onnx_wrong(err, "it has no %s", names[0].name);
}

static bool
default_of(struct onnx *g, int type, struct onnx_elem *ret, struct err *err)
{
	const Onnx__AttributeProto *a = onnx_attr(g, "default_tensor");
	struct onnx_tensor t;

	if (a != NULL && a->t != NULL && (a->t->n_dims > 0 ||
	    a->t->has_raw_data)) {
		if (!onnx_constant(g, a->t, &t, err))
			return false;
		if (t.n != 1)
			return onnx_wrong(err, "it has %zu defaults", t.n);
		*ret = t.elems[0];
	} else if (type == STRING) {
		*ret = elem_string(onnx_attr_text(g, "default_string",
		    "_Unused"));
	} else if (onnx_is_float(type)) {
		*ret = elem_number(onnx_attr_float(g, "default_float", -0.0));
	} else {
		*ret = elem_number((double)onnx_attr_int(g, "default_int64",
		    -1));
	}
	return true;
}

bool
onnx_op_label_encoder(struct onnx *g, struct err *err)
{
	static const struct listing key_lists[] = {
	    {"keys_strings", STRING}, {"keys_int64s", INT64},
	    {"keys_floats", FLOAT}, {"keys_tensor", FLOAT}};
	static const struct listing value_lists[] = {
	    {"values_strings", STRING}, {"values_int64s", INT64},
	    {"values_floats", FLOAT}, {"values_tensor", FLOAT}};
	const struct onnx_elem *keys, *values;
	int key_type, value_type;
	const struct onnx_tensor *x;
	uint32_t n_keys, n_values;
	struct onnx_elem none;

	if (!onnx_input(g, 0, &x, err))
		return false;
	if (onnx_attr(g, "classes_strings") != NULL)
		return encode_classes(g, x, err);
	if (!find_list(g, key_lists, countof(key_lists), &keys, &n_keys,
		&key_type, err) ||
	    !find_list(g, value_lists, countof(value_lists), &values,
		&n_values, &value_type, err) ||
	    !default_of(g, value_type, &none, err))
		return false;
	if (n_keys != n_values)
		return onnx_wrong(err, "%u keys have %u values", n_keys,
		    n_values);
	return look_up(g, x, value_type, keys, values, n_keys, none, err);
}

bool
onnx_op_category_mapper(struct onnx *g, struct err *err)
{
	const struct onnx_elem *texts, *numbers;
	const struct onnx_tensor *x;
	uint32_t n, n_numbers;

	if (!onnx_input(g, 0, &x, err) ||
	    !onnx_attr_elems(g, "cats_strings", &texts, &n, err) ||
	    !onnx_attr_elems(g, "cats_int64s", &numbers, &n_numbers, err))
		return false;
	if (n != n_numbers)
		return onnx_wrong(err, "%u texts have %u numbers", n,
		    n_numbers);
	if (x->type == STRING)
		return look_up(g, x, INT64, texts, numbers, n,
		    elem_number((double)onnx_attr_int(g, "default_int64",
			-1)), err);
	return look_up(g, x, STRING, numbers, texts, n,
	    elem_string(onnx_attr_text(g, "default_string", "_Unused")), err);
}

bool
onnx_op_one_hot_encoder(struct onnx *g, struct err *err)
{
	bool closed = onnx_attr_int(g, "zeros", 1) == 0;
	const struct onnx_elem *categories;
	int64_t dims[ONNX_RANK_MAX];
	const struct onnx_tensor *x;
	struct onnx_tensor y;
	struct onnx_elem *e, *whole;
	uint32_t n;

	if (!onnx_input(g, 0, &x, err) ||
	    !onnx_attr_elems(g, x->type == STRING ? "cats_strings" :
		"cats_int64s", &categories, &n, err))
		return false;
	if (n == 0 || x->rank >= ONNX_RANK_MAX)
		return onnx_wrong(err, "it has no categories for its input");
	whole = ARENA_ARRAY(g->im->mem, x->n, struct onnx_elem);
	if (whole == NULL)
		return onnx_full(g, err);
	memcpy(whole, x->elems, x->n * sizeof(*whole));
	if (onnx_is_float(x->type) && !onnx_calc(g, CALC_TRUNC, x->type,
		x->elems, NULL, NULL, x->n, whole, err))
		return false;
	memcpy(dims, x->dims, sizeof(dims));
	dims[x->rank] = n;
	if (!onnx_make(g, FLOAT, x->rank + 1, dims, x->batch, &y, &e, err))
		return false;
	for (size_t i = 0; i < x->n; i++)
		if (!onnx_onehot(g, &whole[i], categories, n, closed,
			e + i * n, err))
			return false;
	return onnx_output(g, 0, &y, err);
}

/* --- linear models -------------------------------------------------------- */

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
	return onnx_linear(g, FLOAT, x->elems, n, coef,
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
	    onnx_make(g, FLOAT, 2, dims, 0, &y, &e, err) &&
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
	    onnx_calc(g, CALC_SUB, FLOAT, &one, &e[1], NULL, 1, &e[0], err);
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
	if (!onnx_make(g, texts ? STRING : INT64, 1, dims, 0, &y, &label,
		err) || !onnx_make(g, FLOAT, 2, dims, 0, &z, &e, err))
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

/* SPDX-License-Identifier: ISC
 *
 * What operators stand on: values by name, attributes, and the constants of
 * the file as tensors. Every count of the file is held against the bytes that
 * are there before it is believed.
 */
#include "import/onnx_graph.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* --- errors --------------------------------------------------------------- */

bool
onnx_full(const struct onnx *g, struct err *err)
{
	return arena_err(g->im->mem, "the ONNX model", err);
}

/* Where the sentence names no way round, there is still this one: nearly all
 * files are conversions. */
bool
onnx_cannot(struct err *err, const char *fmt, ...)
{
	static const char *const ways[] = {"import ", "convert", "save "};
	char whole[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(whole, sizeof(whole), fmt, ap);
	va_end(ap);
	for (size_t i = 0; i < countof(ways); i++)
		if (strstr(fmt, ways[i]) != NULL)
			return err_set(err, ERR_MODEL, ERR_NOWHERE, "%s",
			    whole);
	return err_set(err, ERR_MODEL, ERR_NOWHERE, "%s; import the model that "
	    "it was converted from: the pickle or skops file, or the file that "
	    "XGBoost, LightGBM or CatBoost saved", whole);
}

bool
onnx_wrong(struct err *err, const char *fmt, ...)
{
	char whole[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(whole, sizeof(whole), fmt, ap);
	va_end(ap);
	return err_set(err, ERR_INPUT, ERR_NOWHERE, "%s", whole);
}

/* --- maps ----------------------------------------------------------------- */

struct onnx_map_entry {
	uint64_t key;
	uint32_t value;
	bool used;
};

static struct onnx_map_entry *
map_place(const struct onnx_map *map, uint64_t key)
{
	uint32_t at = (uint32_t)((key * 0x9e3779b97f4a7c15u) >> 32);

	for (;; at++) {
		struct onnx_map_entry *e = &map->entries[at & (map->size - 1)];

		if (!e->used || e->key == key)
			return e;
	}
}

const uint32_t *
onnx_map_get(const struct onnx_map *map, uint64_t key)
{
	const struct onnx_map_entry *e;

	if (map->size == 0)
		return NULL;
	e = map_place(map, key);
	return e->used ? &e->value : NULL;
}

bool
onnx_map_put(struct arena *mem, struct onnx_map *map, uint64_t key,
    uint32_t value)
{
	struct onnx_map_entry *e;

	if (map->n >= map->size / 2) {
		struct onnx_map more = {.n = map->n,
		    .size = map->size == 0 ? 64 : map->size * 2};

		more.entries = ARENA_ARRAY(mem, more.size,
		    struct onnx_map_entry);
		if (more.entries == NULL)
			return false;
		for (uint32_t i = 0; i < map->size; i++)
			if (map->entries[i].used)
				*map_place(&more, map->entries[i].key) =
				    map->entries[i];
		*map = more;
	}
	e = map_place(map, key);
	map->n += !e->used;
	*e = (struct onnx_map_entry){key, value, true};
	return true;
}

/* --- values by name ------------------------------------------------------- */

struct onnx_value {
	struct str name;
	struct onnx_tensor *tensor;
};

bool
onnx_values_init(struct onnx *g, size_t n, struct err *err)
{
	g->n_values = 64;
	while (g->n_values / 2 < n && g->n_values < 1u << 30)
		g->n_values *= 2;
	g->values = ARENA_ARRAY(g->im->mem, g->n_values, struct onnx_value);
	return g->values != NULL || onnx_full(g, err);
}

static struct onnx_value *
value_place(const struct onnx *g, struct str name)
{
	uint64_t at = str_hash(name);

	for (;; at++) {
		struct onnx_value *v = &g->values[at & (g->n_values - 1)];

		if (v->tensor == NULL || str_eq(v->name, name))
			return v;
	}
}

const struct onnx_tensor *
onnx_find(const struct onnx *g, struct str name)
{
	return value_place(g, name)->tensor;
}

bool
onnx_define(struct onnx *g, struct str name, const struct onnx_tensor *value,
    struct err *err)
{
	struct onnx_value *v = value_place(g, name);
	struct onnx_tensor *copy = ARENA_NEW(g->im->mem, struct onnx_tensor);

	if (copy == NULL)
		return onnx_full(g, err);
	if (v->tensor != NULL)
		return onnx_wrong(err, "the value \"%.*s\" is made twice",
		    STR_ARG(name));
	*copy = *value;
	v->name = name;
	v->tensor = copy;
	return true;
}

void
onnx_mark(struct onnx *g, struct str name, bool scores, bool flat)
{
	struct onnx_tensor *x = value_place(g, name)->tensor;

	if (x == NULL)
		return;
	x->scores |= scores;
	x->flat |= flat;
}

/* --- tensors -------------------------------------------------------------- */

bool
onnx_is_float(int type)
{
	return type == ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT ||
	    type == ONNX__TENSOR_PROTO__DATA_TYPE__DOUBLE;
}

bool
onnx_is_number(int type)
{
	switch (type) {
	case ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT:
	case ONNX__TENSOR_PROTO__DATA_TYPE__DOUBLE:
	case ONNX__TENSOR_PROTO__DATA_TYPE__UINT8:
	case ONNX__TENSOR_PROTO__DATA_TYPE__INT8:
	case ONNX__TENSOR_PROTO__DATA_TYPE__UINT16:
	case ONNX__TENSOR_PROTO__DATA_TYPE__INT16:
	case ONNX__TENSOR_PROTO__DATA_TYPE__INT32:
	case ONNX__TENSOR_PROTO__DATA_TYPE__INT64:
	case ONNX__TENSOR_PROTO__DATA_TYPE__UINT32:
	case ONNX__TENSOR_PROTO__DATA_TYPE__UINT64:
	case ONNX__TENSOR_PROTO__DATA_TYPE__BOOL:
		return true;
	default:
		return false;
	}
}

bool
onnx_make(struct onnx *g, int type, int rank, const int64_t *dims, int batch,
    struct onnx_tensor *ret, struct onnx_elem **elems, struct err *err)
{
	size_t n = 1;

	if (rank > ONNX_RANK_MAX)
		return err_set(err, ERR_LIMIT, ERR_NOWHERE,
		    "a tensor of %d axes, of which there may be %d", rank,
		    ONNX_RANK_MAX);
	*ret = (struct onnx_tensor){.type = type, .rank = rank,
	    .batch = batch};
	for (int i = 0; i < rank; i++) {
		ret->dims[i] = i == batch ? 1 : dims[i];
		if (ret->dims[i] < 0)
			return onnx_wrong(err, "an axis of %lld",
			    (long long)ret->dims[i]);
		if (ret->dims[i] > ONNX_ELEMS_MAX ||
		    (n *= (size_t)ret->dims[i]) > ONNX_ELEMS_MAX)
			return err_set(err, ERR_LIMIT, ERR_NOWHERE,
			    "a tensor of more than %d numbers",
			    ONNX_ELEMS_MAX);
	}
	ret->n = n;
	*elems = ARENA_ARRAY(g->im->mem, n, struct onnx_elem);
	ret->elems = *elems;
	return *elems != NULL || onnx_full(g, err);
}

bool
onnx_copy(struct onnx *g, const struct onnx_tensor *x,
    struct onnx_tensor *ret, struct onnx_elem **elems, struct err *err)
{
	struct onnx_tensor from = *x; /* may be ret */

	if (!onnx_make(g, from.type, from.rank, from.dims, from.batch, ret,
		elems, err))
		return false;
	memcpy(*elems, from.elems, from.n * sizeof(**elems));
	return true;
}

const struct onnx_tensor *
onnx_optional(const struct onnx *g, size_t i)
{
	if (i >= g->node->n_input || g->node->input[i][0] == '\0')
		return NULL;
	return onnx_find(g, str_of(g->node->input[i]));
}

bool
onnx_input(const struct onnx *g, size_t i, const struct onnx_tensor **ret,
    struct err *err)
{
	*ret = onnx_optional(g, i);
	return *ret != NULL || onnx_wrong(err, "it has no input %zu", i);
}

bool
onnx_output(struct onnx *g, size_t i, const struct onnx_tensor *value,
    struct err *err)
{
	if (i >= g->node->n_output || g->node->output[i][0] == '\0')
		return true;
	return onnx_define(g, str_of(g->node->output[i]), value, err);
}

static struct str
output_name(const struct onnx *g, size_t i)
{
	return onnx_text(i < g->node->n_output ? g->node->output[i] : NULL);
}

bool
onnx_is_told(const struct onnx *g, size_t i)
{
	const Onnx__GraphProto *graph = g->model->graph;
	struct str name = output_name(g, i);

	for (size_t k = 0; k < graph->n_output; k++)
		if (str_eq(str_of(graph->output[k]->name), name))
			return true;
	return false;
}

bool
onnx_is_read(const struct onnx *g, size_t i)
{
	const Onnx__GraphProto *graph = g->model->graph;
	struct str name = output_name(g, i);

	for (size_t k = 0; k < graph->n_node; k++)
		for (size_t j = 0; j < graph->node[k]->n_input; j++)
			if (str_eq(str_of(graph->node[k]->input[j]), name))
				return true;
	return false;
}

bool
onnx_axis(const struct onnx_tensor *x, int64_t axis, int *ret,
    struct err *err)
{
	if (axis < -x->rank || axis >= x->rank)
		return onnx_wrong(err, "axis %lld of a tensor of %d",
		    (long long)axis, x->rank);
	*ret = (int)(axis < 0 ? axis + x->rank : axis);
	return true;
}

bool
onnx_row(const struct onnx_tensor *x, uint32_t *n, struct err *err)
{
	if (x->batch > 0 || x->rank > 2)
		return onnx_cannot(err, "its input is no matrix of rows");
	*n = (uint32_t)x->n;
	return true;
}

bool
onnx_ints(struct onnx *g, const struct onnx_tensor *x, const char *what,
    int64_t **ret, struct err *err)
{
	*ret = ARENA_ARRAY(g->im->mem, x->n, int64_t);
	if (*ret == NULL)
		return onnx_full(g, err);
	for (size_t i = 0; i < x->n; i++) {
		const struct onnx_elem *e = &x->elems[i];

		if (e->kind == ELEM_ROWS)
			(*ret)[i] = ONNX_ROWS_MARK;
		else if (e->kind != ELEM_NUMBER || isnan(e->number))
			return onnx_cannot(err, "its %s depends on the row",
			    what);
		else if (fabs(e->number) < 0x1p53)
			(*ret)[i] = (int64_t)e->number;
		else
			(*ret)[i] = e->number < 0 ? -(1ll << 53) : 1ll << 53;
	}
	return true;
}

/* --- constants of the file ------------------------------------------------ */

/* Bytes of a number in raw data, 0 where there are none of the type. */
static size_t
raw_size(int type)
{
	switch (type) {
	case ONNX__TENSOR_PROTO__DATA_TYPE__UINT8:
	case ONNX__TENSOR_PROTO__DATA_TYPE__INT8:
	case ONNX__TENSOR_PROTO__DATA_TYPE__BOOL:
		return 1;
	case ONNX__TENSOR_PROTO__DATA_TYPE__UINT16:
	case ONNX__TENSOR_PROTO__DATA_TYPE__INT16:
		return 2;
	case ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT:
	case ONNX__TENSOR_PROTO__DATA_TYPE__INT32:
	case ONNX__TENSOR_PROTO__DATA_TYPE__UINT32:
		return 4;
	case ONNX__TENSOR_PROTO__DATA_TYPE__DOUBLE:
	case ONNX__TENSOR_PROTO__DATA_TYPE__INT64:
	case ONNX__TENSOR_PROTO__DATA_TYPE__UINT64:
		return 8;
	default:
		return 0;
	}
}

/* Number i of raw data. This host is little-endian, as the format is. */
static double
raw_number(const uint8_t *p, int type, size_t i)
{
	union {
		float f;
		double d;
		int8_t i8;
		int16_t i16;
		uint16_t u16;
		int32_t i32;
		uint32_t u32;
		int64_t i64;
		uint64_t u64;
	} v;

	memcpy(&v, p + i * raw_size(type), raw_size(type));
	switch (type) {
	case ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT:
		return (double)v.f;
	case ONNX__TENSOR_PROTO__DATA_TYPE__DOUBLE:
		return v.d;
	case ONNX__TENSOR_PROTO__DATA_TYPE__INT8:
		return v.i8;
	case ONNX__TENSOR_PROTO__DATA_TYPE__INT16:
		return v.i16;
	case ONNX__TENSOR_PROTO__DATA_TYPE__UINT16:
		return v.u16;
	case ONNX__TENSOR_PROTO__DATA_TYPE__INT32:
		return v.i32;
	case ONNX__TENSOR_PROTO__DATA_TYPE__UINT32:
		return v.u32;
	case ONNX__TENSOR_PROTO__DATA_TYPE__INT64:
		return (double)v.i64;
	case ONNX__TENSOR_PROTO__DATA_TYPE__UINT64:
		return (double)v.u64;
	default:
		return p[i];
	}
}

/* How many numbers there are outside raw data, and number i of them. */
static size_t
typed_count(const Onnx__TensorProto *t)
{
	switch (t->data_type) {
	case ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT:
		return t->n_float_data;
	case ONNX__TENSOR_PROTO__DATA_TYPE__DOUBLE:
		return t->n_double_data;
	case ONNX__TENSOR_PROTO__DATA_TYPE__INT64:
		return t->n_int64_data;
	case ONNX__TENSOR_PROTO__DATA_TYPE__UINT32:
	case ONNX__TENSOR_PROTO__DATA_TYPE__UINT64:
		return t->n_uint64_data;
	default:
		return t->n_int32_data;
	}
}

static double
typed_number(const Onnx__TensorProto *t, size_t i)
{
	switch (t->data_type) {
	case ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT:
		return (double)t->float_data[i];
	case ONNX__TENSOR_PROTO__DATA_TYPE__DOUBLE:
		return t->double_data[i];
	case ONNX__TENSOR_PROTO__DATA_TYPE__INT64:
		return (double)t->int64_data[i];
	case ONNX__TENSOR_PROTO__DATA_TYPE__UINT32:
	case ONNX__TENSOR_PROTO__DATA_TYPE__UINT64:
		return (double)t->uint64_data[i];
	default:
		return t->int32_data[i];
	}
}

static bool
read_data(const Onnx__TensorProto *t, const struct onnx_tensor *x,
    struct onnx_elem *elems, struct err *err)
{
	bool raw = t->has_raw_data && t->raw_data.len > 0;
	size_t size = raw_size(t->data_type), n = typed_count(t);

	if (t->data_type == ONNX__TENSOR_PROTO__DATA_TYPE__STRING) {
		if (t->n_string_data != x->n)
			return onnx_wrong(err, "a tensor of %zu texts has "
			    "%zu", x->n, t->n_string_data);
		for (size_t i = 0; i < x->n; i++)
			elems[i] = (struct onnx_elem){.kind = ELEM_STRING,
			    .text = onnx_bytes(t->string_data[i])};
		return true;
	}
	if (raw)
		n = t->raw_data.len / size;
	if (n != x->n || (raw && t->raw_data.len % size != 0))
		return onnx_wrong(err, "a tensor of %zu numbers has %zu",
		    x->n, n);
	for (size_t i = 0; i < n; i++)
		elems[i] = elem_number(raw ? raw_number(t->raw_data.data,
		    t->data_type, i) : typed_number(t, i));
	return true;
}

bool
onnx_constant(struct onnx *g, const Onnx__TensorProto *t,
    struct onnx_tensor *ret, struct err *err)
{
	struct onnx_elem *elems;
	size_t have = t->raw_data.len + typed_count(t) + t->n_string_data;

	if (t->n_external_data > 0 || (t->has_data_location &&
	    t->data_location != ONNX__TENSOR_PROTO__DATA_LOCATION__DEFAULT))
		return onnx_cannot(err, "the tensor \"%.*s\" lies in another "
		    "file, which is never opened; save the model with its "
		    "data inside", STR_ARG(onnx_text(t->name)));
	if (raw_size(t->data_type) == 0 &&
	    t->data_type != ONNX__TENSOR_PROTO__DATA_TYPE__STRING)
		return onnx_cannot(err, "a tensor of numbers of type %d is "
		    "not supported", t->data_type);
	if (t->segment != NULL)
		return onnx_cannot(err, "a tensor in segments is not "
		    "supported");
	if (t->n_dims > ONNX_RANK_MAX)
		return onnx_cannot(err, "a tensor of %zu axes", t->n_dims);
	/* What has no data cannot ask for much room. */
	for (size_t i = 0; i < t->n_dims; i++)
		if (t->dims[i] < 0 || (t->dims[i] > 0 &&
		    (uint64_t)t->dims[i] > have))
			return onnx_wrong(err, "a tensor with an axis of %lld "
			    "has %zu numbers", (long long)t->dims[i], have);
	return onnx_make(g, t->data_type, (int)t->n_dims, t->dims, -1, ret,
	    &elems, err) && read_data(t, ret, elems, err);
}

/* --- attributes ----------------------------------------------------------- */

const Onnx__AttributeProto *
onnx_attr(const struct onnx *g, const char *name)
{
	for (size_t i = 0; i < g->node->n_attribute; i++) {
		const Onnx__AttributeProto *a = g->node->attribute[i];

		if (a->name != NULL && strcmp(a->name, name) == 0)
			return a;
	}
	return NULL;
}

int64_t
onnx_attr_int(const struct onnx *g, const char *name, int64_t none)
{
	const Onnx__AttributeProto *a = onnx_attr(g, name);

	return a != NULL && a->has_i ? a->i : none;
}

double
onnx_attr_float(const struct onnx *g, const char *name, double none)
{
	const Onnx__AttributeProto *a = onnx_attr(g, name);

	return a != NULL && a->has_f ? (double)a->f : none;
}

struct str
onnx_attr_text(const struct onnx *g, const char *name, const char *none)
{
	const Onnx__AttributeProto *a = onnx_attr(g, name);

	return a != NULL && a->has_s ? onnx_bytes(a->s) : str_of(none);
}

void
onnx_attr_ints(const struct onnx *g, const char *name, const int64_t **ret,
    size_t *n)
{
	const Onnx__AttributeProto *a = onnx_attr(g, name);

	*ret = a != NULL ? a->ints : NULL;
	*n = a != NULL ? a->n_ints : 0;
}

bool
onnx_attr_list(struct onnx *g, const char *name, const double **ret,
    size_t *n, struct err *err)
{
	const Onnx__AttributeProto *a = onnx_attr(g, name);
	struct onnx_tensor t = {0};
	double *list;

	*ret = NULL;
	*n = 0;
	if (a == NULL)
		return true;
	if (a->t != NULL && !onnx_constant(g, a->t, &t, err))
		return err_context(err, "%s", name);
	*n = a->t != NULL ? t.n : a->n_floats > 0 ? a->n_floats : a->n_ints;
	list = ARENA_ARRAY(g->im->mem, *n, double);
	if (list == NULL)
		return onnx_full(g, err);
	for (size_t i = 0; i < *n; i++) {
		if (a->t != NULL && t.elems[i].kind != ELEM_NUMBER)
			return onnx_wrong(err, "%s holds texts", name);
		list[i] = a->t != NULL ? t.elems[i].number :
		    a->n_floats > 0 ? (double)a->floats[i] :
		    (double)a->ints[i];
	}
	*ret = list;
	return true;
}

bool
onnx_attr_elems(struct onnx *g, const char *name,
    const struct onnx_elem **ret, uint32_t *n, struct err *err)
{
	const Onnx__AttributeProto *a = onnx_attr(g, name);
	struct onnx_tensor t;
	struct onnx_elem *list;
	const double *numbers;
	size_t count;

	*n = 0;
	*ret = NULL;
	if (a != NULL && a->t != NULL) {
		if (!onnx_constant(g, a->t, &t, err))
			return err_context(err, "%s", name);
		*ret = t.elems;
		*n = (uint32_t)t.n;
		return true;
	}
	if (!onnx_attr_list(g, name, &numbers, &count, err))
		return false;
	if (a != NULL && a->n_strings > 0)
		count = a->n_strings;
	if (count > ONNX_ELEMS_MAX)
		return err_set(err, ERR_LIMIT, ERR_NOWHERE,
		    "%s has %zu entries", name, count);
	list = ARENA_ARRAY(g->im->mem, count, struct onnx_elem);
	if (list == NULL)
		return onnx_full(g, err);
	for (size_t i = 0; i < count; i++)
		list[i] = a->n_strings > 0 ?
		    (struct onnx_elem){.kind = ELEM_STRING,
			.text = onnx_bytes(a->strings[i])} :
		    elem_number(numbers[i]);
	*ret = list;
	*n = (uint32_t)count;
	return true;
}

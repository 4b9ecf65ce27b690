/* SPDX-License-Identifier: ISC
 *
 * Constants: those of the file, and those that nodes are. Every count of the
 * file is held against the bytes that are there before it is believed.
 */
#include "import/onnx_graph.h"

#include <string.h>

/* --- constants of the file ------------------------------------------------ */

/* Bytes of a number in raw data, 0 where there are none of the type. */
static size_t
raw_size(int type)
{
	switch (type) {
	case ONNX_UINT8:
	case ONNX_INT8:
	case ONNX_BOOL:
		return 1;
	case ONNX_UINT16:
	case ONNX_INT16:
		return 2;
	case ONNX_FLOAT:
	case ONNX_INT32:
	case ONNX_UINT32:
		return 4;
	case ONNX_DOUBLE:
	case ONNX_INT64:
	case ONNX_UINT64:
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
	case ONNX_FLOAT:
		return (double)v.f;
	case ONNX_DOUBLE:
		return v.d;
	case ONNX_INT8:
		return v.i8;
	case ONNX_INT16:
		return v.i16;
	case ONNX_UINT16:
		return v.u16;
	case ONNX_INT32:
		return v.i32;
	case ONNX_UINT32:
		return v.u32;
	case ONNX_INT64:
		return (double)v.i64;
	case ONNX_UINT64:
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
	case ONNX_FLOAT:
		return t->n_float_data;
	case ONNX_DOUBLE:
		return t->n_double_data;
	case ONNX_INT64:
		return t->n_int64_data;
	case ONNX_UINT32:
	case ONNX_UINT64:
		return t->n_uint64_data;
	default:
		return t->n_int32_data;
	}
}

static double
typed_number(const Onnx__TensorProto *t, size_t i)
{
	switch (t->data_type) {
	case ONNX_FLOAT:
		return (double)t->float_data[i];
	case ONNX_DOUBLE:
		return t->double_data[i];
	case ONNX_INT64:
		return (double)t->int64_data[i];
	case ONNX_UINT32:
	case ONNX_UINT64:
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

	if (t->data_type == ONNX_STRING) {
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
	    t->data_type != ONNX_STRING)
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

/* --- operators ------------------------------------------------------------ */

bool
onnx_op_constant(struct onnx *g, struct err *err)
{
	const Onnx__AttributeProto *a = g->node->n_attribute == 1 ?
	    g->node->attribute[0] : NULL;
	const struct onnx_elem *list;
	struct onnx_tensor y;
	struct onnx_elem *e, one;
	uint32_t n;
	int64_t dim;
	int type;

	if (a == NULL)
		return onnx_wrong(err, "a constant without a value");
	if (a->t != NULL)
		return onnx_constant(g, a->t, &y, err) &&
		    onnx_output(g, 0, &y, err);
	if (!onnx_attr_elems(g, a->name, &list, &n, err))
		return false;
	type = a->has_s || a->n_strings > 0 ? ONNX_STRING : a->has_f ||
	    a->n_floats > 0 ? ONNX_FLOAT : ONNX_INT64;
	dim = n;
	if (a->has_s || a->has_f || a->has_i) {
		one = a->has_s ? (struct onnx_elem){.kind = ELEM_STRING,
		    .text = onnx_bytes(a->s)} :
		    elem_number(a->has_f ? (double)a->f : (double)a->i);
		list = &one;
		n = 1;
	}
	if (!onnx_make(g, type, a->has_s || a->has_f || a->has_i ? 0 : 1,
		&dim, -1, &y, &e, err))
		return false;
	memcpy(e, list, n * sizeof(*e));
	return onnx_output(g, 0, &y, err);
}

bool
onnx_op_constant_of_shape(struct onnx *g, struct err *err)
{
	const Onnx__AttributeProto *a = onnx_attr(g, "value");
	const struct onnx_tensor *shape;
	struct onnx_tensor value = {.type = ONNX_FLOAT, .n = 1}, y;
	struct onnx_elem zero = elem_number(0), *e;
	int batch = -1;
	int64_t *dims;

	value.elems = &zero;
	if (!onnx_input(g, 0, &shape, err) ||
	    !onnx_ints(g, shape, "shape", &dims, err))
		return false;
	if (a != NULL && a->t == NULL)
		return onnx_wrong(err, "its value is no tensor");
	if (a != NULL && !onnx_constant(g, a->t, &value, err))
		return err_context(err, "value");
	if (value.n != 1)
		return onnx_wrong(err, "it has %zu values", value.n);
	if (shape->n > ONNX_RANK_MAX)
		return onnx_cannot(err, "a shape of %zu axes", shape->n);
	for (size_t i = 0; i < shape->n; i++)
		if (dims[i] == ONNX_ROWS_MARK)
			batch = (int)i;
	if (!onnx_make(g, value.type, (int)shape->n, dims, batch, &y, &e,
		err))
		return false;
	for (size_t i = 0; i < y.n; i++)
		e[i] = value.elems[0];
	return onnx_output(g, 0, &y, err);
}

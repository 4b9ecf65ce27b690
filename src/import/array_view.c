/* SPDX-License-Identifier: ISC
 *
 * numpy's arrays as numpy and joblib write them: item types, shapes, and
 * views of the bytes. Every view that leaves here has been held against the
 * bytes it stands on: item i < count may be read without a check.
 */
#include "import/array.h"

enum { ITEM_BYTES_MAX = 1 << 26 };

static const bool host_is_big = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;

/* A letter and a count: "f8", "U5". */
static bool
dtype_code(struct str code, struct dtype *ret)
{
	static const struct {
		char letter;
		enum array_type type;
		size_t unit; /* bytes that the count counts in */
	} kinds[] = {
	    {'b', ARRAY_BOOL, 1},  {'i', ARRAY_INT, 1},
	    {'u', ARRAY_UINT, 1},  {'f', ARRAY_FLOAT, 1},
	    {'U', ARRAY_TEXT, 4},  {'O', ARRAY_OBJECT, 1},
	    {'V', ARRAY_OTHER, 1}, {'S', ARRAY_OTHER, 1},
	    {'c', ARRAY_OTHER, 1}, {'M', ARRAY_OTHER, 1},
	    {'m', ARRAY_OTHER, 1},
	};
	size_t n = 0;

	if (code.n == 0)
		return false;
	for (size_t i = 1; i < code.n; i++) {
		if (code.p[i] < '0' || code.p[i] > '9')
			return false;
		n = n * 10 + (size_t)(code.p[i] - '0');
		if (n > ITEM_BYTES_MAX / 4)
			return false;
	}
	for (size_t i = 0; i < countof(kinds); i++) {
		if (kinds[i].letter != code.p[0])
			continue;
		ret->type = kinds[i].type;
		ret->has_object = ret->type == ARRAY_OBJECT;
		ret->item_bytes = n * kinds[i].unit;
		return true;
	}
	return false;
}

/* numpy.dtype's state: (3, byte order, subarray, names, fields, size, align,
 * flags). */
static bool
dtype_state(const struct node *state, struct dtype *d, struct err *err)
{
	const struct node *order = node_item(state, 1);
	const struct node *subarray = node_item(state, 2);
	const struct node *names = node_item(state, 3);
	const struct node *fields = node_item(state, 4);
	double size, flags;

	if (state->kind != NODE_TUPLE || subarray == NULL || fields == NULL ||
	    subarray->kind != NODE_NONE ||
	    !value_number(node_item(state, 5), &size) ||
	    !value_number(node_item(state, 7), &flags))
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "a numpy dtype in a form that is not known");
	d->swap = node_is_text(order, ">") != host_is_big &&
	    !node_is_text(order, "|") && !node_is_text(order, "=");
	if (size >= 0) {
		if (size > ITEM_BYTES_MAX || size != (double)(size_t)size)
			return err_set(err, ERR_LIMIT, ERR_NOWHERE,
			    "a numpy dtype with items of %g bytes", size);
		d->item_bytes = (size_t)size;
	}
	/* Bit 0: items hold references to objects. */
	if (flags >= 0 && flags < 256 && ((unsigned)flags & 1) != 0)
		d->has_object = true;
	if (names->kind == NODE_NONE)
		return true;
	if (names->kind != NODE_TUPLE || fields->kind != NODE_DICT)
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "a numpy dtype without fields for its names");
	d->type = ARRAY_RECORD;
	d->names = names;
	d->fields = fields;
	return true;
}

bool
array_dtype(const struct node *n, struct dtype *ret, struct err *err)
{
	const struct node *code = node_is_call(n, "numpy", "dtype") ?
	    node_item(n->object.args, 0) : NULL;
	struct dtype d = {0};
	char what[120];
	bool readable = true;

	if (code == NULL || code->kind != NODE_TEXT ||
	    !dtype_code(code->text, &d))
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "cannot read the item type of an array: %s",
		    node_describe(code != NULL ? code : n, what,
			sizeof(what)));
	if (n->object.state != NULL && !dtype_state(n->object.state, &d, err))
		return false;
	switch (d.type) {
	case ARRAY_BOOL:
		readable = d.item_bytes == 1;
		break;
	case ARRAY_FLOAT:
		readable = d.item_bytes == 4 || d.item_bytes == 8;
		break;
	case ARRAY_INT:
	case ARRAY_UINT:
		readable = d.item_bytes == 1 || d.item_bytes == 2 ||
		    d.item_bytes == 4 || d.item_bytes == 8;
		break;
	case ARRAY_TEXT:
		readable = d.item_bytes % 4 == 0;
		break;
	default:
		break;
	}
	if (!readable)
		d.type = ARRAY_OTHER;
	*ret = d;
	return true;
}

bool
array_shape(const struct node *n, struct array *ret, struct err *err)
{
	size_t count = 1;

	if (n == NULL || n->kind != NODE_TUPLE || n->n > ARRAY_DIMS_MAX)
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "an array whose shape is no tuple of at most %d integers",
		    ARRAY_DIMS_MAX);
	for (uint32_t i = 0; i < n->n; i++) {
		double dim;

		if (!value_number(n->items[i], &dim) || dim < 0 ||
		    dim > (double)(1ll << 40) || dim != (double)(size_t)dim)
			return err_set(err, ERR_INPUT, ERR_NOWHERE,
			    "an array with a dimension that is no size");
		ret->dim[i] = (size_t)dim;
		if (__builtin_mul_overflow(count, ret->dim[i], &count))
			return err_set(err, ERR_LIMIT, ERR_NOWHERE,
			    "an array with more items than memory has bytes");
	}
	ret->n_dims = n->n;
	ret->count = count;
	return true;
}

bool
array_stand(struct array *a, struct str bytes, struct err *err)
{
	size_t n;

	/* Items of no bytes would let a short file claim any count. */
	if (__builtin_mul_overflow(a->count, a->dtype.item_bytes, &n) ||
	    n != bytes.n || (n == 0 && a->count > 0))
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "an array of %zu items of %zu bytes in %zu bytes",
		    a->count, a->dtype.item_bytes, bytes.n);
	a->p = bytes.p;
	a->stride = a->dtype.item_bytes;
	return true;
}

/* numpy.core.multiarray._reconstruct(...) with the state (1, shape, dtype,
 * is Fortran, bytes or list). */
static bool
view_state(const struct node *state, struct array *a, struct err *err)
{
	const struct node *data = node_item(state, 4);

	if (data == NULL || state->kind != NODE_TUPLE)
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "an array in a form that is not known");
	if (!array_shape(node_item(state, 1), a, err) ||
	    !array_dtype(node_item(state, 2), &a->dtype, err))
		return false;
	if (!value_bool(node_item(state, 3), &a->fortran))
		a->fortran = false;
	if (a->dtype.type == ARRAY_OBJECT && data->kind == NODE_LIST) {
		if (data->n != a->count)
			return err_set(err, ERR_INPUT, ERR_NOWHERE,
			    "an array of %zu objects with %u", a->count,
			    data->n);
		a->list = data;
		return true;
	}
	if (a->dtype.has_object || data->kind != NODE_BYTES)
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "an array without its items");
	return array_stand(a, data->text, err);
}

/* numpy.core.numeric._frombuffer(bytes, dtype, shape, order). */
static bool
view_buffer(const struct node *args, struct array *a, struct err *err)
{
	const struct node *data = node_item(args, 0);

	if (!array_dtype(node_item(args, 1), &a->dtype, err) ||
	    !array_shape(node_item(args, 2), a, err))
		return false;
	a->fortran = node_is_text(node_item(args, 3), "F");
	if (a->dtype.has_object || data->kind != NODE_BYTES)
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "an array without its items");
	return array_stand(a, data->text, err);
}

bool
array_view(const struct node *n, struct array *ret, struct err *err)
{
	struct array a = {0};
	char what[120];

	if (n != NULL && n->kind == NODE_ARRAY) {
		*ret = *n->array;
		return true;
	}
	if (node_is_call(n, "numpy.core.multiarray", "_reconstruct") &&
	    n->object.state != NULL) {
		if (!view_state(n->object.state, &a, err))
			return false;
	} else if (node_is_call(n, "numpy.core.numeric", "_frombuffer")) {
		if (!view_buffer(n->object.args, &a, err))
			return false;
	} else {
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "expected an array, got %s",
		    node_describe(n, what, sizeof(what)));
	}
	*ret = a;
	return true;
}

bool
array_scalar(const struct node *n, struct array *ret)
{
	struct array a = {.count = 1};
	const struct node *data;
	struct err ignored;

	if (!node_is_call(n, "numpy.core.multiarray", "scalar"))
		return false;
	data = node_item(n->object.args, 1);
	if (data == NULL || data->kind != NODE_BYTES ||
	    !array_dtype(node_item(n->object.args, 0), &a.dtype, &ignored) ||
	    a.dtype.has_object || !array_stand(&a, data->text, &ignored))
		return false;
	*ret = a;
	return true;
}

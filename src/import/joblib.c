/* SPDX-License-Identifier: ISC
 *
 * joblib's way with arrays: a small object in the pickle, and the raw items
 * behind it, since joblib 1.2 after a padding that says its own length.
 */
#include "import/joblib.h"

bool
joblib_is_wrapper(const struct node *n)
{
	struct str module, name;

	return node_class(n, &module, &name) &&
	    str_eq(module, STR("joblib.numpy_pickle")) &&
	    str_eq(name, STR("NumpyArrayWrapper"));
}

bool
joblib_array(const struct node *wrapper, struct str rest, struct array *ret,
    size_t *used, bool *pickled, struct err *err)
{
	const struct node *alignment =
	    node_get(wrapper, "numpy_array_alignment_bytes");
	struct array a = {0};
	size_t n, pad = 0;

	if (!array_shape(node_get(wrapper, "shape"), &a, err) ||
	    !array_dtype(node_get(wrapper, "dtype"), &a.dtype, err))
		return false;
	*pickled = a.dtype.has_object;
	if (*pickled)
		return true;
	if (alignment != NULL && alignment->kind != NODE_NONE) {
		if (rest.n == 0)
			return err_set(err, ERR_INPUT, ERR_NOWHERE,
			    "the file ends before an array");
		pad = 1 + (size_t)(unsigned char)rest.p[0];
	}
	if (__builtin_mul_overflow(a.count, a.dtype.item_bytes, &n) ||
	    pad > rest.n || n > rest.n - pad ||
	    (a.dtype.item_bytes == 0 && a.count > 0))
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "an array of %zu items of %zu bytes where the file has "
		    "%zu bytes more: it is truncated or damaged", a.count,
		    a.dtype.item_bytes, rest.n);
	a.fortran = node_is_text(node_get(wrapper, "order"), "F");
	a.p = rest.p + pad;
	a.stride = a.dtype.item_bytes;
	*used = pad + n;
	*ret = a;
	return true;
}

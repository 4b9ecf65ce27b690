/* SPDX-License-Identifier: ISC
 *
 * Attributes of the node that is being worked out, by their names. What a
 * list holds is as many as are in the file; a tensor's are counted there.
 */
#include "import/onnx_graph.h"

#include <string.h>

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

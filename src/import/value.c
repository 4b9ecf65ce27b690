/* SPDX-License-Identifier: ISC
 *
 * Single values out of nodes: Python's own and numpy's scalars.
 */
#include "import/value.h"

#include <math.h>

#include "import/array.h"

struct value
value_of(const struct node *n, struct arena *mem)
{
	struct value v = {.kind = VALUE_OTHER};
	struct array one;

	if (n == NULL)
		return v;
	switch (n->kind) {
	case NODE_NONE:
		v.kind = VALUE_NONE;
		break;
	case NODE_BOOL:
	case NODE_INT:
		v.kind = n->kind == NODE_BOOL ? VALUE_BOOL : VALUE_INT;
		v.integer = n->integer;
		v.number = (double)n->integer;
		break;
	case NODE_FLOAT:
		v.kind = VALUE_FLOAT;
		v.number = n->real;
		break;
	case NODE_TEXT:
		v.kind = VALUE_TEXT;
		v.text = n->text;
		break;
	case NODE_ARRAY:
		if (n->array->n_dims == 0 && n->array->list == NULL)
			return array_value(n->array, 0, mem);
		break;
	case NODE_OBJECT:
		if (array_scalar(n, &one))
			return array_value(&one, 0, mem);
		break;
	default:
		break;
	}
	return v;
}

bool
value_is_missing(const struct value *v)
{
	return v->kind == VALUE_NONE ||
	    (v->kind == VALUE_FLOAT && isnan(v->number));
}

bool
value_is_number(const struct value *v)
{
	return v->kind == VALUE_BOOL || v->kind == VALUE_INT ||
	    v->kind == VALUE_FLOAT;
}

bool
value_eq(const struct value *a, const struct value *b)
{
	if (value_is_number(a) && value_is_number(b))
		return a->number == b->number;
	if (a->kind != b->kind)
		return false;
	return a->kind == VALUE_NONE ||
	    (a->kind == VALUE_TEXT && str_eq(a->text, b->text));
}

bool
value_number(const struct node *n, double *ret)
{
	struct value v = value_of(n, NULL);

	if (!value_is_number(&v))
		return false;
	*ret = v.number;
	return true;
}

bool
value_bool(const struct node *n, bool *ret)
{
	struct value v = value_of(n, NULL);

	if (v.kind != VALUE_BOOL)
		return false;
	*ret = v.integer != 0;
	return true;
}

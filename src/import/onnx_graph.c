/* SPDX-License-Identifier: ISC
 *
 * What is worked out so far, by name: each value once, in room that was made
 * for all names of the file. What the node at hand reads of it and adds to it,
 * and how it says that it cannot.
 */
#include "import/onnx_graph.h"

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

/* --- the node ------------------------------------------------------------- */

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

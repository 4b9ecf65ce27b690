/* SPDX-License-Identifier: ISC
 *
 * An ONNX file as a model: its inputs become columns, its nodes are worked
 * out in their order, and of its outputs the label and the probabilities, or
 * the number of a regression, are what the model answers. Only nodes that
 * these need are looked at.
 */
#include "import/onnx.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "import/onnx_graph.h"
#include "import/onnx_proto.h"

enum {
	COLUMNS_MAX = 1 << 16,
	OPSET_ML_MAX = 5,
};

/* --- the file ------------------------------------------------------------- */

static bool
read_opsets(struct onnx *g, struct err *err)
{
	for (size_t i = 0; i < g->model->n_opset_import; i++) {
		const Onnx__OperatorSetIdProto *o =
		    g->model->opset_import[i];
		struct str domain = onnx_text(o->domain);

		if (domain.n == 0 || str_eq(domain, STR("ai.onnx")))
			g->opset = o->version;
		else if (str_eq(domain, STR("ai.onnx.ml")))
			g->opset_ml = o->version;
	}
	if (g->opset_ml > OPSET_ML_MAX)
		return onnx_cannot(err, "is an ONNX model of ai.onnx.ml "
		    "version %lld; versions up to %d are known: convert it "
		    "with target_opset={'ai.onnx.ml': %d}",
		    (long long)g->opset_ml, OPSET_ML_MAX, OPSET_ML_MAX);
	if (g->model->n_training_info > 0)
		return onnx_cannot(err, "is an ONNX model that trains");
	return true;
}

/* Names stand for all texts of protobuf that must be there. */
static bool
check_graph(const Onnx__GraphProto *graph, struct err *err)
{
	if (graph->n_sparse_initializer > 0)
		return onnx_cannot(err, "is an ONNX model with sparse "
		    "constants, which are not supported");
	for (size_t i = 0; i < graph->n_initializer; i++)
		if (graph->initializer[i]->name == NULL)
			return onnx_wrong(err, "is a damaged ONNX model: a "
			    "constant without a name");
	for (size_t i = 0; i < graph->n_input; i++)
		if (graph->input[i]->name == NULL)
			return onnx_wrong(err, "is a damaged ONNX model: an "
			    "input without a name");
	for (size_t i = 0; i < graph->n_output; i++)
		if (graph->output[i]->name == NULL)
			return onnx_wrong(err, "is a damaged ONNX model: an "
			    "output without a name");
	return true;
}

static bool
read_constants(struct onnx *g, const Onnx__GraphProto *graph,
    struct err *err)
{
	for (size_t i = 0; i < graph->n_initializer; i++) {
		const Onnx__TensorProto *t = graph->initializer[i];
		struct onnx_tensor value;

		if (!onnx_constant(g, t, &value, err) ||
		    !onnx_define(g, str_of(t->name), &value, err))
			return err_context(err, "constant \"%.64s\"",
			    t->name);
	}
	return true;
}

/* --- inputs --------------------------------------------------------------- */

/* How many columns an input of [rows, k] or [rows] has. */
static bool
input_columns(const Onnx__ValueInfoProto *v, const Onnx__TypeProto__Tensor *t,
    int64_t *k, struct err *err)
{
	const Onnx__TensorShapeProto *shape = t->shape;
	size_t rank = shape != NULL ? shape->n_dim : 0;

	*k = 1;
	if (rank == 0 || rank > 2)
		return onnx_cannot(err, "the input \"%.64s\" is no matrix of "
		    "rows and columns", v->name);
	if (rank == 2) {
		const Onnx__TensorShapeProto__Dimension *d = shape->dim[1];

		if (d->value_case !=
		    ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE)
			return onnx_cannot(err, "the input \"%.64s\" does not "
			    "say how many columns it has; convert the model "
			    "with initial types that do", v->name);
		*k = d->dim_value;
	}
	if (*k < 1 || *k > COLUMNS_MAX)
		return onnx_cannot(err, "the input \"%.64s\" has %lld "
		    "columns", v->name, (long long)*k);
	return true;
}

/* One column has the name of its input. Those of the only input are f0, f1
 * ... as libraries call columns without names; of several, NAME_0 ... */
static bool
add_column(struct onnx *g, const char *input, bool alone, int64_t k,
    int64_t i, uint32_t *slot, struct err *err)
{
	char name[300];

	if (k == 1)
		return model_build_input(g->im->build, str_of(input), slot,
		    err);
	if (alone)
		snprintf(name, sizeof(name), "f%lld", (long long)i);
	else
		snprintf(name, sizeof(name), "%.256s_%lld", input,
		    (long long)i);
	return model_build_input(g->im->build, str_of(name), slot, err);
}

static bool
read_input(struct onnx *g, const Onnx__ValueInfoProto *v, bool alone,
    struct err *err)
{
	const Onnx__TypeProto__Tensor *t;
	int64_t k, dims[2] = {1, 1};
	struct onnx_tensor x;
	struct onnx_elem *e;

	if (v->type == NULL || v->type->value_case !=
	    ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE)
		return onnx_cannot(err, "the input \"%.64s\" is no tensor",
		    v->name);
	t = v->type->tensor_type;
	if (!onnx_is_number(t->elem_type) && t->elem_type != ONNX_STRING)
		return onnx_cannot(err, "the input \"%.64s\" is of type %d, "
		    "which is not supported", v->name, t->elem_type);
	if (!input_columns(v, t, &k, err))
		return false;
	dims[1] = k;
	if (!onnx_make(g, t->elem_type, (int)t->shape->n_dim, dims, 0, &x, &e,
		err))
		return false;
	for (int64_t i = 0; i < k; i++) {
		uint32_t slot;

		if (!add_column(g, v->name, alone, k, i, &slot, err))
			return false;
		if (t->elem_type == ONNX_BOOL)
			model_build_booleans(g->im->build, slot);
		e[i] = t->elem_type == ONNX_STRING ?
		    (struct onnx_elem){.kind = ELEM_TEXT, .slot = slot} :
		    elem_slot(slot, t->elem_type == ONNX_BOOL);
	}
	return onnx_define(g, str_of(v->name), &x, err);
}

/* Before version 4 of the format constants stand among the inputs as well. */
static bool
read_inputs(struct onnx *g, const Onnx__GraphProto *graph, struct err *err)
{
	size_t n = 0;

	for (size_t i = 0; i < graph->n_input; i++)
		n += onnx_find(g, str_of(graph->input[i]->name)) == NULL;
	for (size_t i = 0; i < graph->n_input; i++)
		if (onnx_find(g, str_of(graph->input[i]->name)) == NULL &&
		    !read_input(g, graph->input[i], n == 1, err))
			return false;
	return n > 0 || onnx_wrong(err, "is an ONNX model without inputs");
}

/* --- nodes ---------------------------------------------------------------- */

/* Texts, distinct. */
struct names {
	struct str *list;
	uint32_t size; /* a power of two */
};

static struct str *
name_place(const struct names *names, struct str name)
{
	uint64_t at = str_hash(name);

	for (;; at++) {
		struct str *s = &names->list[at & (names->size - 1)];

		if (s->p == NULL || str_eq(*s, name))
			return s;
	}
}

static bool
is_needed(const struct names *needed, const Onnx__NodeProto *node)
{
	for (size_t i = 0; i < node->n_output; i++)
		if (node->output[i][0] != '\0' &&
		    name_place(needed, str_of(node->output[i]))->p != NULL)
			return true;
	return false;
}

static size_t
count_names(const Onnx__GraphProto *graph)
{
	size_t n = graph->n_initializer + graph->n_input + graph->n_output;

	for (size_t i = 0; i < graph->n_node; i++)
		n += graph->node[i]->n_input + graph->node[i]->n_output;
	return n;
}

/* Which nodes the outputs need: a pass from the last to the first, since a
 * node stands behind what it reads. */
static bool
find_needed(struct onnx *g, const Onnx__GraphProto *graph, bool **ret,
    struct err *err)
{
	struct names needed = {.size = 64};
	size_t n = count_names(graph);

	while (needed.size / 2 < n && needed.size < 1u << 30)
		needed.size *= 2;
	needed.list = ARENA_ARRAY(g->im->mem, needed.size, struct str);
	*ret = ARENA_ARRAY(g->im->mem, graph->n_node, bool);
	if (needed.list == NULL || *ret == NULL)
		return onnx_full(g, err);
	for (size_t i = 0; i < graph->n_output; i++) {
		struct str name = str_of(graph->output[i]->name);

		*name_place(&needed, name) = name;
	}
	for (size_t i = graph->n_node; i-- > 0;) {
		const Onnx__NodeProto *node = graph->node[i];

		(*ret)[i] = is_needed(&needed, node);
		for (size_t k = 0; (*ret)[i] && k < node->n_input; k++) {
			struct str name = str_of(node->input[k]);

			*name_place(&needed, name) = name;
		}
	}
	return true;
}

static bool
evaluate(struct onnx *g, const Onnx__GraphProto *graph, struct err *err)
{
	bool *needed;

	if (!find_needed(g, graph, &needed, err))
		return false;
	for (size_t i = 0; i < graph->n_node; i++)
		if (needed[i] && !onnx_evaluate(g, graph->node[i], err))
			return false;
	return true;
}

/* --- facts ---------------------------------------------------------------- */

/* Operators that say what a model is, in the order of the graph; each once. */
static void
put_pipeline(const Onnx__GraphProto *graph, struct buf *b, struct str *last)
{
	const char *seen[16];
	size_t n = 0;

	*last = (struct str){NULL, 0};
	for (size_t i = 0; i < graph->n_node && n < countof(seen); i++) {
		const Onnx__NodeProto *node = graph->node[i];
		bool known = false;

		if (node->domain == NULL || node->op_type == NULL ||
		    strcmp(node->domain, "ai.onnx.ml") != 0 ||
		    strcmp(node->op_type, "ArrayFeatureExtractor") == 0 ||
		    strcmp(node->op_type, "ZipMap") == 0)
			continue;
		for (size_t k = 0; k < n; k++)
			known |= strcmp(seen[k], node->op_type) == 0;
		if (known)
			continue;
		seen[n++] = node->op_type;
		if (b->n > 0)
			buf_text(b, " > ");
		buf_text(b, node->op_type);
		*last = str_of(node->op_type);
	}
	if (n == 0) {
		*last = STR("graph");
		buf_str(b, *last);
	}
}

static bool
write_facts(struct onnx *g, struct err *err)
{
	struct model_build *b = g->im->build;
	struct str producer = onnx_text(g->model->producer_name), algorithm;
	struct str version = onnx_text(g->model->producer_version);
	char text[512];
	struct buf buf;

	buf_init(&buf, text, sizeof(text));
	put_pipeline(g->model->graph, &buf, &algorithm);
	if (!model_build_fact(b, FACT_PIPELINE, buf_view(&buf), err) ||
	    !model_build_fact(b, FACT_ALGORITHM, algorithm, err))
		return false;
	buf_reset(&buf);
	buf_text(&buf, "ONNX");
	if (g->opset > 0)
		buf_printf(&buf, ", opset %d", (int)g->opset);
	if (g->opset_ml > 0)
		buf_printf(&buf, ", ai.onnx.ml %d", (int)g->opset_ml);
	buf_char(&buf, '\0');
	if (!import_format(g->im, text, err))
		return false;
	buf_reset(&buf);
	buf_printf(&buf, "%.*s%s%.*s", (int)(producer.n < 128 ? producer.n :
	    0), producer.p, version.n > 0 ? " " : "",
	    (int)(version.n < 128 ? version.n : 0), version.p);
	return model_build_fact(b, FACT_FRAMEWORK_VERSION, buf_view(&buf),
	    err);
}

bool
onnx_read(struct import *im, struct err *err)
{
	struct onnx g = {.im = im};
	const Onnx__GraphProto *graph;

	if (!onnx_unpack(im->bytes, im->mem, &g.model, err))
		return false;
	graph = g.model->graph;
	if (graph == NULL)
		return onnx_wrong(err, "is an ONNX model without a graph");
	return read_opsets(&g, err) && check_graph(graph, err) &&
	    onnx_values_init(&g, count_names(graph), err) &&
	    read_constants(&g, graph, err) && read_inputs(&g, graph, err) &&
	    evaluate(&g, graph, err) && onnx_answer(&g, graph, err) &&
	    write_facts(&g, err);
}

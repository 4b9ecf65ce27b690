/* SPDX-License-Identifier: ISC
 *
 * Which function works out which node. A node that is not understood to the
 * last attribute is refused, with its name, the operator and the way round.
 */
#include "import/onnx_graph.h"

#include <string.h>

static const struct {
	const char *domain, *name;
	onnx_operator *function;
	const char *attributes;
} operators[] = {
#define OP(domain, name, function, attributes) \
	{domain, name, function, attributes},
#include "import/onnx_ops.def"
#undef OP
};

/* Whether `name` is a word of the list. */
static bool
is_listed(const char *list, const char *name)
{
	struct str rest = str_of(list);

	while (rest.n > 0)
		if (str_eq(str_cut(&rest, ' '), str_of(name)))
			return true;
	return false;
}

static const char *
domain_of(const Onnx__NodeProto *node)
{
	const char *domain = node->domain != NULL ? node->domain : "";

	return strcmp(domain, "ai.onnx") == 0 ? "" : domain;
}

/* protobuf does not see to it that texts are there. */
static bool
is_whole(const Onnx__NodeProto *node)
{
	for (size_t i = 0; i < node->n_attribute; i++)
		if (node->attribute[i]->name == NULL)
			return false;
	return node->op_type != NULL;
}

static bool
check_attributes(const Onnx__NodeProto *node, const char *known,
    struct err *err)
{
	for (size_t i = 0; i < node->n_attribute; i++) {
		const Onnx__AttributeProto *a = node->attribute[i];

		if (!is_listed(known, a->name))
			return onnx_cannot(err, "its attribute \"%.64s\" is "
			    "not known", a->name);
		if (a->g != NULL || a->n_graphs > 0)
			return onnx_cannot(err, "its attribute \"%.64s\" is "
			    "a graph", a->name);
		if (a->ref_attr_name != NULL && a->ref_attr_name[0] != '\0')
			return onnx_cannot(err, "its attribute \"%.64s\" is "
			    "that of a function", a->name);
	}
	return true;
}

static bool
check_inputs(const struct onnx *g, const Onnx__NodeProto *node,
    struct err *err)
{
	for (size_t i = 0; i < node->n_input; i++)
		if (node->input[i][0] != '\0' &&
		    onnx_find(g, str_of(node->input[i])) == NULL)
			return onnx_wrong(err, "it reads \"%.64s\", which "
			    "nothing before it makes", node->input[i]);
	for (size_t i = 0; i < node->n_input; i++) {
		const struct onnx_tensor *x = onnx_find(g,
		    str_of(node->input[i]));

		if (x != NULL && x->stacked &&
		    strcmp(node->op_type, "Reshape") != 0)
			return onnx_cannot(err, "it works along the rows");
	}
	return true;
}

static bool
evaluate(struct onnx *g, const Onnx__NodeProto *node, struct err *err)
{
	const char *domain = domain_of(node);

	for (size_t i = 0; i < countof(operators); i++) {
		if (strcmp(operators[i].domain, domain) != 0 ||
		    strcmp(operators[i].name, node->op_type) != 0)
			continue;
		g->node = node;
		return check_attributes(node, operators[i].attributes,
		    err) && check_inputs(g, node, err) &&
		    operators[i].function(g, err);
	}
	return onnx_cannot(err, "this operator of %.64s is not supported; "
	    "import the model that it was converted from (a scikit-learn "
	    "pickle, an XGBoost or LightGBM model)",
	    domain[0] == '\0' ? "ai.onnx" : domain);
}

bool
onnx_evaluate(struct onnx *g, const Onnx__NodeProto *node, struct err *err)
{
	if (!is_whole(node))
		return onnx_wrong(err, "is a damaged ONNX model: a node "
		    "without an operator or an attribute without a name");
	return evaluate(g, node, err) || err_context(err,
	    "node \"%.64s\" (%.64s)", node->name != NULL &&
	    node->name[0] != '\0' ? node->name : node->n_output > 0 ?
	    node->output[0] : "", node->op_type);
}

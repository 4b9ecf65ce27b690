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

/* Whether a node takes x, whose rows are one list: with others of its kind,
 * and single numbers, element by element. */
static bool
takes_flat(const struct onnx *g, const Onnx__NodeProto *node,
    const struct onnx_tensor *x)
{
	static const char *const takes = "Add And Cast Div Equal Flatten "
	    "Gather Greater GreaterOrEqual Identity IsNaN Less LessOrEqual "
	    "Mul Neg Not Or Reshape Sub Where";

	if (!is_listed(takes, node->op_type))
		return false;
	if (is_listed("Gather Reshape", node->op_type))
		return true;
	for (size_t i = 0; i < node->n_input; i++) {
		const struct onnx_tensor *y = onnx_find(g,
		    str_of(node->input[i]));

		if (y != NULL && !(y->flat && y->n == x->n) &&
		    !(y->batch < 0 && y->n == 1))
			return false;
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
		if (x != NULL && x->parts != NULL)
			return onnx_cannot(err, "it reads a sequence of "
			    "tensors");
		if (x != NULL && x->flat && !takes_flat(g, node, x))
			return onnx_cannot(err, "it works along the rows");
	}
	return true;
}

/* A number below 0 that is multiplied by or chosen: what comes of it is no
 * probability (AdaBoost's votes against a class). */
static bool
goes_below_zero(struct onnx *g, const Onnx__NodeProto *node)
{
	if (!is_listed("Mul Where", node->op_type))
		return false;
	for (size_t i = 0; i < node->n_input; i++) {
		const struct onnx_tensor *x = onnx_find(g,
		    str_of(node->input[i]));

		for (size_t k = 0; x != NULL && onnx_is_float(x->type) &&
		    k < x->n; k++)
			if (x->elems[k].kind == ELEM_NUMBER &&
			    x->elems[k].number < 0)
				return true;
	}
	return false;
}

/* What these make of scores are scores still, for all that a name says; and
 * but for a Reshape, a list of all rows stays one. */
static void
keep_marks(struct onnx *g, const Onnx__NodeProto *node)
{
	static const char *const keeps = "Add ArrayFeatureExtractor Cast "
	    "Concat Div Gather Identity Mean Mul Neg ReduceMean ReduceSum "
	    "Reshape Slice Split Squeeze Sub Sum Transpose Unsqueeze Where";
	bool scores = goes_below_zero(g, node), flat = false;

	for (size_t i = 0; i < node->n_input; i++) {
		const struct onnx_tensor *x = onnx_find(g,
		    str_of(node->input[i]));

		scores |= x != NULL && x->scores;
		flat |= x != NULL && x->flat;
	}
	scores &= is_listed(keeps, node->op_type);
	flat &= strcmp(node->op_type, "Reshape") != 0;
	for (size_t i = 0; i < node->n_output; i++)
		onnx_mark(g, str_of(node->output[i]), scores, flat);
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
		if (!check_attributes(node, operators[i].attributes, err) ||
		    !check_inputs(g, node, err) ||
		    !operators[i].function(g, err))
			return false;
		keep_marks(g, node);
		return true;
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

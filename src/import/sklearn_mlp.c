/* SPDX-License-Identifier: ISC
 *
 * MLPClassifier and MLPRegressor: layers of weighted sums with an activation
 * behind each. The activations are the steps that there are already: a clip
 * at 0, or the probability that a link makes of a margin.
 */
#include "import/sklearn_several.h"

#include <math.h>

/* enum activation in the order of these words. */
static const char *const activations[] = {"identity", "relu", "logistic",
    "tanh"};
enum activation { IDENTITY, RELU, LOGISTIC, TANH };

static bool
activate(const struct step *s, enum activation how, uint32_t slot,
    uint32_t *ret, struct err *err)
{
	struct model_build *b = s->sk->build;
	bool ok = true;

	*ret = slot;
	if (how == RELU) {
		ok = model_build_mul_add(b, slot, 1, 0, 0, INFINITY, ret,
		    err);
	} else if (how != IDENTITY) {
		ok = model_build_link(b, how == TANH ? LINK_SIGMOID2 :
		    LINK_SIGMOID, &slot, 1, ret, err);
		/* Of {1 - p, p} that is p; and tanh(x) is
		 * 2 / (1 + exp(-2x)) - 1. */
		*ret += 1;
		ok = ok && (how != TANH || model_build_mul_add(b, *ret, 2, -1,
		    -INFINITY, INFINITY, ret, err));
	}
	return ok || step_context(s, err);
}

/* The numbers of layer i, an item of a list of arrays. */
static bool
layer_numbers(const struct step *s, const struct node *n, struct array *a,
    double **ret, struct err *err)
{
	if (!array_view(n, a, err)) {
		err_context(err, "the layers");
		return step_context(s, err);
	}
	if (!step_charge(s, 1, err))
		return false;
	*ret = array_doubles(a, s->sk->mem);
	if (*ret == NULL)
		return s->sk->mem->over ? step_full(s, err) :
		    step_err(s, err, ERR_MODEL,
			"a layer holds something else than numbers");
	for (size_t i = 0; i < a->count; i++)
		if (!isfinite((*ret)[i]))
			return step_err(s, err, ERR_MODEL,
			    "a layer holds a number that is not finite");
	return true;
}

/* One layer without its activation: scikit-learn keeps the weights a row an
 * input, the step takes them a row an output. */
static bool
layer(const struct step *s, const struct flow *in, const struct node *coefs,
    const struct node *intercepts, struct flow *out, struct err *err)
{
	struct array c, b;
	double *coef, *turned, *intercept;
	uint32_t n, first;

	if (!layer_numbers(s, coefs, &c, &coef, err) ||
	    !layer_numbers(s, intercepts, &b, &intercept, err))
		return false;
	if (c.n_dims != 2 || c.dim[0] != in->n || c.dim[1] != b.count ||
	    b.count == 0 || b.count > SKLEARN_COLUMNS_MAX)
		return step_err(s, err, ERR_MODEL,
		    "a layer does not fit the one before it");
	n = (uint32_t)b.count;
	turned = ARENA_ARRAY(s->sk->mem, c.count, double);
	if (turned == NULL || !step_flow(s, n, out, err))
		return step_full(s, err);
	for (uint32_t k = 0; k < n; k++)
		for (uint32_t i = 0; i < in->n; i++)
			turned[(size_t)k * in->n + i] =
			    coef[(size_t)i * n + k];
	if (!model_build_linear(s->sk->build, in->slot, in->n, n, turned,
		intercept, &first, err))
		return step_context(s, err);
	for (uint32_t k = 0; k < n; k++)
		out->slot[k] = first + k;
	return true;
}

/* All layers, the last without its activation: n_out numbers. */
static bool
layers(const struct step *s, const struct flow *in, uint32_t n_out,
    struct flow *out, struct err *err)
{
	const struct node *list = step_get(s, "coefs_");
	const struct node *const *coefs, *const *intercepts;
	size_t how;
	struct flow at = *in;

	if (list == NULL || list->kind != NODE_LIST || list->n == 0)
		return step_err(s, err, ERR_MODEL,
		    "no list of layers in coefs_: was the model fitted?");
	if (!step_width(s, in, err) ||
	    !step_word(s, "activation", activations, countof(activations),
		RELU, &how, err) ||
	    !step_list(s, "coefs_", list->n, &coefs, err) ||
	    !step_list(s, "intercepts_", list->n, &intercepts, err))
		return false;
	s->sk->features = in->n;
	for (uint32_t i = 0; i < list->n; i++) {
		if (!layer(s, &at, coefs[i], intercepts[i], out, err))
			return false;
		for (uint32_t k = 0; i + 1 < list->n && k < out->n; k++)
			if (!activate(s, (enum activation)how, out->slot[k],
				&out->slot[k], err))
				return false;
		at = *out;
	}
	if (out->n != n_out)
		return step_err(s, err, ERR_MODEL,
		    "predicts %u values where %u are needed; train one model "
		    "for each", out->n, n_out);
	return true;
}

/* The activation of the last layer must be the one that belongs there. */
static bool
check_last(const struct step *s, const char *word, struct err *err)
{
	size_t ignored;

	return step_word(s, "out_activation_", &word, 1, 0, &ignored, err);
}

/* A label for each column of an indicator matrix. */
static bool
read_columns(const struct step *s, const struct flow *in, struct flow *out,
    struct err *err)
{
	struct array classes = sk_indicator_classes();
	struct flow raw;
	double n;

	if (!step_number(s, "n_outputs_", &n, err))
		return false;
	if (!(n >= 1 && n <= UINT16_MAX))
		return step_err(s, err, ERR_MODEL, "predicts %g values", n);
	if (!check_last(s, "logistic", err) ||
	    !layers(s, in, (uint32_t)n, &raw, err) ||
	    !sk_targets(s, raw.n, out, err))
		return false;
	for (uint32_t k = 0; k < raw.n; k++)
		if (!sk_probabilities(s, LINK_SIGMOID, &raw.slot[k], 1,
			&classes, &out->targets[k], err))
			return false;
	if (raw.n == 1)
		*out = out->targets[0];
	return true;
}

bool
read_mlp_classifier(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	struct array classes;
	struct flow raw;
	uint32_t n;
	bool columns;

	if (!sk_is_indicator(s, "_label_binarizer", &columns, err))
		return false;
	if (columns)
		return read_columns(s, in, out, err);
	if (!sk_classes(s, 2, &classes, err))
		return false;
	n = classes.count == 2 ? 1 : (uint32_t)classes.count;
	return check_last(s, n == 1 ? "logistic" : "softmax", err) &&
	    layers(s, in, n, &raw, err) &&
	    sk_probabilities(s, n == 1 ? LINK_SIGMOID : LINK_SOFTMAX,
		raw.slot, n, &classes, out, err);
}

bool
read_mlp_regressor(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	double n = 1;

	if (step_has(s, "n_outputs_") &&
	    !step_number(s, "n_outputs_", &n, err))
		return false;
	if (!(n >= 1 && n <= SKLEARN_COLUMNS_MAX))
		return step_err(s, err, ERR_MODEL, "predicts %g values", n);
	if (!check_last(s, "identity", err) ||
	    !layers(s, in, (uint32_t)n, out, err))
		return false;
	out->kind = FLOW_VALUE;
	return true;
}

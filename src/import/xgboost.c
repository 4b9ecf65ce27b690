/* SPDX-License-Identifier: ISC
 *
 * XGBoost's own model files: columns, an objective, start values, and trees
 * or coefficients. Numbers are rounded to float where the library holds
 * floats, so that the answers are its own to the last bit.
 */
#include "import/xgboost.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "import/doc.h"
#include "import/ensemble.h"
#include "import/xgboost_binary.h"
#include "import/xgboost_category.h"
#include "import/xgboost_model.h"

static const struct ensemble_objective objectives[] = {
    {"binary:logistic", true, END_LINK, LINK_SIGMOID_F32},
    {"binary:hinge", true, END_STEP, 0},
    {"multi:softprob", true, END_LINK, LINK_SOFTMAX_F32},
    {"multi:softmax", true, END_LINK, LINK_SOFTMAX_F32},
    {"reg:squarederror", false, END_SUM, 0},
    {"reg:linear", false, END_SUM, 0},
    {"reg:squaredlogerror", false, END_SUM, 0},
    {"reg:absoluteerror", false, END_SUM, 0},
    {"reg:pseudohubererror", false, END_SUM, 0},
    {"reg:quantileerror", false, END_SUM, 0},
    {"rank:pairwise", false, END_SUM, 0},
    {"rank:ndcg", false, END_SUM, 0},
    {"rank:map", false, END_SUM, 0},
    {"count:poisson", false, END_LINK, LINK_EXP_F32},
    {"reg:gamma", false, END_LINK, LINK_EXP_F32},
    {"reg:tweedie", false, END_LINK, LINK_EXP_F32},
    {"survival:cox", false, END_LINK, LINK_EXP_F32},
    {"survival:aft", false, END_LINK, LINK_EXP_F32},
    {"reg:expectileerror", false, END_SUM, 0},
    {"reg:logistic", false, END_LINK, LINK_SIGMOID_F32},
    {"binary:logitraw", false, END_SUM, 0},
};

bool
xgboost_bad(struct err *err, const char *what)
{
	return err_set(err, ERR_INPUT, ERR_NOWHERE,
	    "is an XGBoost model %s", what);
}

static bool
full(const struct xgb *x, struct err *err)
{
	return arena_err(x->im->mem, "the model", err);
}

bool
xgboost_whole(const struct doc *d, uint32_t most, uint32_t *ret)
{
	double v = 0;

	if (d != NULL && !doc_number(d, &v))
		return false;
	if (!(v >= 0 && v <= most) || v != floor(v))
		return false;
	*ret = (uint32_t)v;
	return true;
}

/* The names of the columns, where training had any. */
static bool
read_names(struct xgb *x, struct err *err)
{
	const struct doc *names = doc_get(x->learner, "feature_names");
	struct str *list;
	size_t n = 0;

	if (names == NULL || names->n == 0)
		return true;
	if (names->kind != DOC_LIST || names->n != x->e.n_features)
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "is an XGBoost model with %zu names for %u features",
		    names->n, x->e.n_features);
	list = ARENA_ARRAY(x->im->mem, names->n, struct str);
	if (list == NULL)
		return full(x, err);
	for (const struct doc *d = names->child; d != NULL; d = d->next)
		list[n++] = doc_text(d);
	x->e.names = list;
	return true;
}

/* base_score in the space of the sums, as the library brings it there: the
 * link's inverse, which many classes have none of. Before 1.3 logitraw had
 * that of its probabilities. */
static double
base_margin(const struct xgb *x, double base)
{
	const struct ensemble *e = &x->e;
	float b = (float)base;

	if ((e->end == END_LINK && e->link == LINK_SIGMOID_F32) ||
	    (x->raw_odds && str_eq(e->objective, STR("binary:logitraw"))))
		return (double)-logf(1.0f / b - 1.0f);
	if (e->end == END_LINK && e->link == LINK_EXP_F32)
		return (double)logf(b);
	return (double)b;
}

static bool
out_of_range(struct err *err)
{
	return xgboost_bad(err, "whose base_score is out of range");
}

/* "5E-1", or since 3.1 "[5E-1]" or one number for each class; the binary
 * form has it as a number, and before 1.0 as it is added. */
static bool
read_start(const struct xgb *x, double *base, uint32_t *k, struct err *err)
{
	const struct doc *param = doc_get(x->learner, "learner_model_param");
	const struct doc *sum = doc_get(param, "base_margin");
	const struct doc *score = doc_get(param, "base_score");
	struct str rest = doc_text(score);

	*k = 0;
	if (sum != NULL || (score != NULL && score->kind == DOC_NUMBER)) {
		*k = 1;
		*base = sum != NULL ? sum->number :
		    base_margin(x, score->number);
		return isfinite(*base) || out_of_range(err);
	}
	if (rest.n >= 2 && rest.p[0] == '[' && rest.p[rest.n - 1] == ']')
		rest = (struct str){rest.p + 1, rest.n - 2};
	while (rest.p != NULL && *k < x->e.forest.n_outputs) {
		struct doc d = {.kind = DOC_TEXT,
		    .text = str_trim(str_cut(&rest, ','))};

		if (!doc_number(&d, &base[*k]))
			return xgboost_bad(err, "whose base_score is no "
			    "number");
		base[*k] = base_margin(x, base[*k]);
		if (!isfinite(base[(*k)++]))
			return out_of_range(err);
	}
	if (rest.p != NULL)
		*k = 0; /* more than there are outputs */
	return true;
}

static bool
read_base(struct xgb *x, struct err *err)
{
	uint32_t n = x->e.forest.n_outputs, k;
	double *base = ARENA_ARRAY(x->im->mem, n, double);

	if (base == NULL)
		return full(x, err);
	if (!read_start(x, base, &k, err))
		return false;
	if (k != n && k != 1)
		return xgboost_bad(err, "whose base_score has not one number "
		    "a class");
	for (; k < n; k++)
		base[k] = base[0];
	x->e.forest.base = base;
	return true;
}

/* The library's version is a list of three numbers, of two in the binary
 * form. */
static bool
version_text(struct import *im, const struct doc *root, struct str *ret)
{
	const struct doc *v = doc_get(root, "version");
	char text[48];
	int n;

	*ret = (struct str){NULL, 0};
	if (v == NULL || v->kind != DOC_NUMBERS || v->n < 2 || v->n > 3)
		return true;
	n = snprintf(text, sizeof(text), "%.6g.%.6g", v->numbers[0],
	    v->numbers[1]);
	if (v->n == 3)
		n += snprintf(text + n, sizeof(text) - (size_t)n, ".%.6g",
		    v->numbers[2]);
	*ret = arena_str(im->mem, (struct str){text, (size_t)n});
	return ret->p != NULL;
}

static bool
is_before(const struct doc *root, double major, double minor)
{
	const struct doc *v = doc_get(root, "version");

	return v != NULL && v->kind == DOC_NUMBERS && v->n >= 2 &&
	    (v->numbers[0] < major ||
	    (v->numbers[0] == major && v->numbers[1] < minor));
}

/* Weights feature by feature, one a class each, and then the intercepts. The
 * library starts every class at the first base. */
static bool
read_linear(struct xgb *x, struct err *err)
{
	const struct doc *weights = doc_get(x->model, "weights");
	uint32_t n = x->e.n_features, n_out = x->e.forest.n_outputs;
	double *coef = ARENA_ARRAY(x->im->mem, (size_t)n * n_out, double);
	double *start = ARENA_ARRAY(x->im->mem, n_out, double);

	if (coef == NULL || start == NULL)
		return full(x, err);
	if (weights == NULL || weights->kind != DOC_NUMBERS ||
	    weights->n != ((size_t)n + 1) * n_out)
		return xgboost_bad(err, "whose weights are not one a feature");
	for (uint32_t k = 0; k < n_out; k++) {
		for (uint32_t i = 0; i < n; i++)
			coef[(size_t)k * n + i] =
			    weights->numbers[(size_t)i * n_out + k];
		start[k] = (double)((float)weights->numbers[(size_t)n *
		    n_out + k] + (float)x->e.forest.base[0]);
	}
	x->e.linear = coef;
	x->e.forest.base = start;
	return true;
}

/* Which booster it is, and where its model lies. */
static bool
find_booster(struct xgb *x, bool *linear, struct err *err)
{
	struct str name = doc_text(doc_find(x->learner,
	    "gradient_booster.name"));

	*linear = str_eq(name, STR("gblinear"));
	x->model = doc_find(x->learner, "gradient_booster.model");
	if (str_eq(name, STR("dart")) && x->model == NULL)
		x->model = doc_find(x->learner,
		    "gradient_booster.gbtree.model");
	else if (!*linear && !str_eq(name, STR("gbtree")) &&
	    !str_eq(name, STR("dart")))
		return err_set(err, ERR_MODEL, ERR_NOWHERE,
		    "is an XGBoost model with booster '%.*s', which is not "
		    "supported; train with booster='gbtree', 'dart' or "
		    "'gblinear'", (int)(name.n < 32 ? name.n : 32), name.p);
	return true;
}

static bool
read_root(struct import *im, const struct doc *root, const char *format,
    bool wrapped, struct ensemble *ret, struct err *err)
{
	struct xgb x = {.im = im, .learner = doc_get(root, "learner"),
	    .in_place = wrapped && is_before(root, 3, 3),
	    .raw_odds = is_before(root, 1, 3),
	    .e = {.library = "XGBoost", .format = format, .scale = 1,
		/* What is in the set goes right. */
		.inside = 1, .outside = 0, .unknown = NAN, .missing = NAN,
		.forest = {.compare = TREE_F32_LT_F32, .takes_nan = true,
		.n_values = 1, .divide = 1}}};
	const struct doc *param = doc_get(x.learner, "learner_model_param");
	uint32_t classes, targets;
	bool linear, coded;

	if (!version_text(im, root, &x.e.version))
		return full(&x, err);
	if (!find_booster(&x, &linear, err))
		return false;
	if (!xgboost_whole(doc_get(param, "num_feature"), 1 << 20,
		&x.e.n_features) ||
	    !xgboost_whole(doc_get(param, "num_class"), UINT16_MAX, &classes) ||
	    !xgboost_whole(doc_get(param, "num_target"), UINT16_MAX, &targets))
		return xgboost_bad(err, "whose learner_model_param cannot be read");
	x.e.forest.n_outputs = classes > 1 ? classes :
	    targets > 1 ? targets : 1;
	if (!ensemble_objective(&x.e, objectives, countof(objectives),
		"objective", doc_text(doc_find(x.learner, "objective.name")),
		err))
		return false;
	if (targets > 1 && x.e.end == END_LINK &&
	    x.e.link == LINK_SIGMOID_F32)
		x.e.targets = targets;
	if (targets > 1 && (classes > 1 ||
	    (x.e.end != END_SUM && x.e.targets == 0)))
		return err_set(err, ERR_MODEL, ERR_NOWHERE,
		    "is an XGBoost model of %u targets with objective "
		    "'%.*s', which is not supported; train one model for "
		    "each", targets, STR_ARG(x.e.objective));
	if ((classes > 1) != ensemble_sums_classes(&x.e))
		return xgboost_bad(err, "whose classes do not fit its objective");
	if (!xgboost_columns(im, doc_get(x.model, "cats"), x.e.n_features,
		&x.columns, err) ||
	    !xgboost_codes(im, doc_get(x.model, "trees"), x.e.n_features,
		&x.columns, &coded, err) ||
	    !read_names(&x, err) || !read_base(&x, err) ||
	    !(linear ? read_linear(&x, err) : xgboost_trees(&x, err)))
		return false;
	if (coded && x.e.note.n == 0)
		x.e.note = STR("has categories of which the file holds codes "
		    "alone (0, 1, ...): clients send these, or texts that "
		    "aliases in a schema turn into them");
	*ret = x.e;
	return true;
}

/* XGBoost 1.6 and 1.7 write NaN, which JSON has not, where a split on
 * categories has no threshold: there, and nowhere else, it does not count. */
static bool
read_json(struct import *im, struct str text, struct doc **ret,
    struct err *err)
{
	struct str plain = text;
	bool quoted = false;
	size_t found = 0;
	char *copy;

	if (memmem(text.p, text.n, "NaN", 3) != NULL) {
		copy = arena_alloc(im->mem, text.n);
		if (copy == NULL)
			return arena_err(im->mem, "the model", err);
		memcpy(copy, text.p, text.n);
		for (size_t i = 0; i + 3 <= text.n; i++) {
			if (copy[i] == '"')
				quoted = !quoted;
			i += quoted && copy[i] == '\\';
			if (quoted || memcmp(copy + i, "NaN", 3) != 0)
				continue;
			memcpy(copy + i, "0  ", 3);
			found++;
		}
		plain.p = copy;
	}
	return doc_read_json(plain, im->mem, ret, err) && (found == 0 ||
	    found == xgboost_category_splits(doc_find(*ret,
		"learner.gradient_booster.model.trees")) ||
	    xgboost_bad(err, "with NaN among its numbers"));
}

bool
xgboost_parse(struct import *im, struct str bytes, bool wrapped,
    struct ensemble *ret, struct err *err)
{
	const struct doc *inner;
	struct doc *root;
	bool text;

	if (xgboost_probe_binary(bytes))
		return xgboost_read_binary(bytes, im->mem, &root, err) &&
		    read_root(im, root, "XGBoost binary", wrapped, ret, err);
	text = bytes.n > 1 && bytes.p[0] == '{' &&
	    strchr("\" \n\r\t", bytes.p[1]) != NULL;
	if (!(text ? read_json(im, bytes, &root, err) :
	    doc_read_ubjson(bytes, im->mem, &root, err)))
		return false;
	/* As a Booster is pickled: with its settings beside it. */
	inner = doc_get(root, "Model");
	return read_root(im, inner != NULL ? inner : root,
	    text ? "XGBoost JSON" : "XGBoost UBJSON", wrapped, ret, err);
}

static bool
names_learner(struct str b)
{
	size_t n = b.n < 64 ? b.n : 64;

	return n > 2 && b.p[0] == '{' && memmem(b.p, n, "learner", 7) != NULL;
}

bool
xgboost_probe_json(struct str b)
{
	return names_learner(b) && (b.p[1] == '"' || b.p[1] == ' ' ||
	    b.p[1] == '\n' || b.p[1] == '\r' || b.p[1] == '\t');
}

/* An object whose first key has a length in front of it. */
bool
xgboost_probe_ubjson(struct str b)
{
	return names_learner(b) && memchr("iUIlL", b.p[1], 5) != NULL;
}

bool
xgboost_read(struct import *im, struct err *err)
{
	struct ensemble e;

	return xgboost_parse(im, im->bytes, false, &e, err) &&
	    ensemble_build(im, &e, err);
}

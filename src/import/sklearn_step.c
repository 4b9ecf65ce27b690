/* SPDX-License-Identifier: ISC
 *
 * One estimator at a time: finding its class, holding its attributes against
 * the list of those that are known, and fetching them in the form that the
 * readers expect. What is not expected is an error that names the step.
 */
#include "import/sklearn_step.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/number.h"

static const struct sk_class classes[] = {
#define CLASS(module, name, role, reader, attributes) \
	{module, name, role, reader, attributes},
#include "import/sklearn_classes.def"
#undef CLASS
};

/* Attributes that any estimator may have and that change no number. */
static const char any_attributes[] =
    "n_features_in_ feature_names_in_ _sklearn_version "
    "_sklearn_output_config _metadata_request _n_features _skl_callbacks "
    "_callback_fit_ctx _skl_callbacks_to_teardown";

const struct sk_class *
sk_class_find(struct str module, struct str name)
{
	for (size_t i = 0; i < countof(classes); i++)
		if (str_eq(name, str_of(classes[i].name)) &&
		    str_eq(module, str_of(classes[i].module)))
			return &classes[i];
	return NULL;
}

/* "Classifier" of "KNeighborsClassifier". */
static struct str
last_word(struct str name)
{
	for (size_t i = name.n; i-- > 1;)
		if (name.p[i] >= 'A' && name.p[i] <= 'Z' &&
		    !(name.p[i - 1] >= 'A' && name.p[i - 1] <= 'Z'))
			return (struct str){name.p + i, name.n - i};
	return name;
}

/* Those that end as `like` does, or all where it is empty: how many. */
static size_t
put_names(enum sk_role role, struct str like, struct buf *b)
{
	size_t n = 0;

	for (size_t i = 0; i < countof(classes); i++) {
		struct str name = str_of(classes[i].name);

		if (classes[i].role != role ||
		    (like.n > 0 && !str_eq(last_word(name), like)))
			continue;
		if (b->n + name.n + sizeof(", , ...") > b->cap) {
			buf_text(b, ", ...");
			break;
		}
		buf_printf(b, "%s%.*s", n > 0 ? ", " : "", STR_ARG(name));
		n++;
	}
	return n;
}

void
sk_class_names(enum sk_role role, struct str like, char *text, size_t size)
{
	struct buf b;

	buf_init(&b, text, size - 1);
	if (put_names(role, last_word(like), &b) == 0)
		put_names(role, STR(""), &b);
	text[b.n] = '\0';
}

static bool
is_listed(const char *list, struct str name)
{
	struct str rest = str_of(list);

	while (rest.n > 0)
		if (str_eq(str_cut(&rest, ' '), name))
			return true;
	return false;
}

/* "a > b (Class)", as much of it as fits. */
static void
put_path(struct buf *b, const struct step *s)
{
	if (s->up != NULL && s->up->up != NULL)
		put_path(b, s->up);
	if (s->up != NULL) {
		if (b->n > 0)
			buf_text(b, " > ");
		buf_str(b, s->name);
	}
}

static void
step_path(const struct step *s, char *text, size_t size)
{
	struct buf b;
	char path[120];

	buf_init(&b, path, sizeof(path));
	put_path(&b, s);
	if (s->up == NULL)
		snprintf(text, size, "%s",
		    s->class != NULL ? s->class->name : "the model");
	else
		snprintf(text, size, "step %.*s%s%s%s", (int)b.n, b.p,
		    s->class != NULL ? " (" : "",
		    s->class != NULL ? s->class->name : "",
		    s->class != NULL ? ")" : "");
}

void
step_context_fault(const struct step *s, struct err *err)
{
	char path[200];

	step_path(s, path, sizeof(path));
	err_context(err, "%s", path);
}

void
step_fault(const struct step *s, struct err *err, enum err_kind kind,
    const char *fmt, ...)
{
	char why[sizeof(err->text)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	err_set(err, kind, ERR_NOWHERE, "%s", why);
	step_context_fault(s, err);
}

void
step_full_fault(const struct step *s, struct err *err)
{
	arena_err(s->sk->mem, "the model", err);
	step_context_fault(s, err);
}

static int
parse_version(const struct node *n)
{
	struct str rest, part;
	uint64_t major, minor;

	if (n == NULL || n->kind != NODE_TEXT)
		return 0;
	rest = n->text;
	part = str_cut(&rest, '.');
	if (!number_parse_u64(part, &major) || major > 99)
		return 0;
	part = str_cut(&rest, '.');
	if (!number_parse_u64(part, &minor) || minor > 999)
		return 0;
	return (int)(major * 1000 + minor);
}

/* Does a module of scikit-learn prepare data, or predict? */
static bool
is_preparing(struct str module)
{
	static const char *const starts[] = {"sklearn.preprocessing",
	    "sklearn.impute", "sklearn.compose", "sklearn.decomposition",
	    "sklearn.feature_", "sklearn.kernel_approximation",
	    "sklearn.random_projection"};

	for (size_t i = 0; i < countof(starts); i++)
		if (str_has_prefix(module, str_of(starts[i])))
			return true;
	return false;
}

/* An object of a class that we do not know. */
static bool
unknown_class(const struct step *s, struct err *err)
{
	char what[200], names[700];
	struct str module, name;

	if (s->object != NULL && s->object->kind == NODE_TEXT)
		return step_err(s, err, ERR_MODEL,
		    "'%.*s' is not an estimator", STR_ARG(s->object->text));
	node_describe(s->object, what, sizeof(what));
	if (!node_class(s->object, &module, &name))
		return step_err(s, err, ERR_MODEL,
		    "expected a scikit-learn estimator, got %s", what);
	snprintf(what, sizeof(what), "%.*s.%.*s", STR_ARG(module),
	    STR_ARG(name));
	if (!str_has_prefix(module, STR("sklearn.")))
		return step_err(s, err, ERR_MODEL,
		    "%s is no class of scikit-learn, and nothing in a file is "
		    "ever run; use scikit-learn's own steps and estimators",
		    what);
	if (str_has_prefix(module, STR("sklearn.feature_extraction")))
		return step_err(s, err, ERR_MODEL,
		    "%s makes columns of texts or lists, which is not "
		    "supported; compute them before the request, and train "
		    "the pipeline on these columns", what);
	sk_class_names(is_preparing(module) ? ROLE_TRANSFORMER :
	    ROLE_ESTIMATOR, name, names, sizeof(names));
	return step_err(s, err, ERR_MODEL,
	    "%s is not supported; use one of %s", what, names);
}

/* What to do about an attribute that is not known, by the library. */
static const char *
known_versions(struct str module)
{
	if (str_has_prefix(module, STR("xgboost.")))
		return "train with XGBoost 1.0 to 3.4 and leave it unset, or "
		    "serve the file that save_model('model.json') writes";
	if (str_has_prefix(module, STR("lightgbm.")))
		return "train with LightGBM 3.2 to 4.7 and leave it unset, or "
		    "serve the file that booster_.save_model('model.txt') "
		    "writes";
	if (str_has_prefix(module, STR("catboost.")))
		return "train with CatBoost 1.2 and leave it unset, or serve "
		    "the file that save_model('model.cbm') writes";
	return "train with scikit-learn 1.0 to 1.9 and leave it unset";
}

static bool
check_attributes(const struct step *s, struct err *err)
{
	const struct node *state = node_attributes(s->object);

	if (state == NULL)
		return step_err(s, err, ERR_MODEL,
		    "the object has no attributes: was the model fitted?");
	if (!step_charge(s, 1 + state->n, err))
		return false;
	for (uint32_t i = 0; i + 1 < state->n; i += 2) {
		const struct node *key = state->items[i];
		char what[120];

		if (key->kind == NODE_TEXT &&
		    (is_listed(s->class->attributes, key->text) ||
			is_listed(any_attributes, key->text)))
			continue;
		return step_err(s, err, ERR_MODEL,
		    "attribute %s is not known and might change predictions; "
		    "%s", node_describe(key, what, sizeof(what)),
		    known_versions(str_of(s->class->module)));
	}
	return true;
}

bool
step_open(struct sk *sk, const struct step *up, struct str name,
    const struct node *object, struct step *ret, struct err *err)
{
	struct step s = {.sk = sk, .up = up, .name = name, .object = object,
	    .depth = up != NULL ? up->depth + 1 : 0};
	struct str module, class;

	if (s.depth > SKLEARN_DEPTH_MAX)
		return step_err(&s, err, ERR_LIMIT,
		    "steps nested deeper than %d", SKLEARN_DEPTH_MAX);
	if (node_class(object, &module, &class))
		s.class = sk_class_find(module, class);
	if (s.class == NULL)
		return unknown_class(&s, err);
	if (!check_attributes(&s, err))
		return false;
	s.version = parse_version(node_get(object, "_sklearn_version"));
	if (s.version == 0 && up != NULL)
		s.version = up->version;
	*ret = s;
	return true;
}

bool
step_read(const struct step *s, struct str name, const struct node *object,
    const struct flow *in, struct flow *out, struct err *err)
{
	struct step inner;

	return step_open(s->sk, s, name, object, &inner, err) &&
	    inner.class->read(&inner, in, out, err);
}

bool
step_is_passthrough(const struct node *n)
{
	return n != NULL &&
	    (n->kind == NODE_NONE || node_is_text(n, "passthrough"));
}

const struct node *
step_inner(const struct node *n)
{
	const struct node *best = node_get(n, "best_estimator_");

	return best != NULL ? best : n;
}

bool
step_charge(const struct step *s, size_t items, struct err *err)
{
	if (items > SKLEARN_ITEMS_MAX - s->sk->items)
		return step_err(s, err, ERR_LIMIT,
		    "more than the %zu steps, attributes and items allowed",
		    SKLEARN_ITEMS_MAX);
	s->sk->items += items;
	return true;
}

bool
step_flow(const struct step *s, uint32_t n, struct flow *ret, struct err *err)
{
	if (n > SKLEARN_COLUMNS_MAX)
		return step_err(s, err, ERR_LIMIT,
		    "%u columns, more than the %d allowed", n,
		    SKLEARN_COLUMNS_MAX);
	*ret = (struct flow){.n = n};
	ret->slot = ARENA_ARRAY(s->sk->mem, n > 0 ? n : 1, uint32_t);
	return ret->slot != NULL || step_full(s, err);
}

const struct node *
step_get(const struct step *s, const char *name)
{
	return node_get(s->object, name);
}

bool
step_has(const struct step *s, const char *name)
{
	const struct node *n = step_get(s, name);

	return n != NULL && n->kind != NODE_NONE;
}

/* An attribute that is not what it should be. */
static bool
wrong(const struct step *s, const char *name, const char *want,
    struct err *err)
{
	const struct node *n = step_get(s, name);
	char what[160];

	if (n == NULL)
		return step_err(s, err, ERR_MODEL,
		    "no attribute %s: was the model fitted?", name);
	return step_err(s, err, ERR_MODEL,
	    "attribute %s: expected %s, got %s", name, want,
	    node_describe(n, what, sizeof(what)));
}

bool
step_array(const struct step *s, const char *name, struct array *ret,
    struct err *err)
{
	const struct node *n = step_get(s, name);

	if (n == NULL)
		return wrong(s, name, "an array", err);
	if (!array_view(n, ret, err)) {
		err_context(err, "attribute %s", name);
		return step_context(s, err);
	}
	return true;
}

bool
step_doubles_or_nan(const struct step *s, const char *name, size_t n,
    double **ret, struct err *err)
{
	struct array a;

	if (!step_array(s, name, &a, err))
		return false;
	if (a.count != n)
		return step_err(s, err, ERR_MODEL,
		    "attribute %s has %zu numbers where %zu are needed",
		    name, a.count, n);
	*ret = array_doubles(&a, s->sk->mem);
	if (*ret != NULL)
		return true;
	return s->sk->mem->over ? step_full(s, err) :
	    step_err(s, err, ERR_MODEL,
		"attribute %s holds something else than numbers", name);
}

bool
step_doubles(const struct step *s, const char *name, size_t n, double **ret,
    struct err *err)
{
	if (!step_doubles_or_nan(s, name, n, ret, err))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!isfinite((*ret)[i]))
			return step_err(s, err, ERR_MODEL,
			    "attribute %s holds a number that is not finite",
			    name);
	return true;
}

bool
step_number(const struct step *s, const char *name, double *ret,
    struct err *err)
{
	return value_number(step_get(s, name), ret) ||
	    wrong(s, name, "a number", err);
}

bool
step_list(const struct step *s, const char *name, size_t n,
    const struct node *const **ret, struct err *err)
{
	const struct node *list = step_get(s, name);
	struct array a;
	struct err ignored;

	if (list != NULL &&
	    (list->kind == NODE_OBJECT || list->kind == NODE_ARRAY) &&
	    array_view(list, &a, &ignored) && a.list != NULL && a.n_dims == 1)
		list = a.list;
	if (list == NULL ||
	    (list->kind != NODE_LIST && list->kind != NODE_TUPLE))
		return wrong(s, name, "a list", err);
	if (list->n != n)
		return step_err(s, err, ERR_MODEL,
		    "attribute %s has %u items where %zu are needed", name,
		    list->n, n);
	*ret = (const struct node *const *)list->items;
	return true;
}

bool
step_flag(const struct step *s, const char *name, bool otherwise, bool *ret,
    struct err *err)
{
	*ret = otherwise;
	return !step_has(s, name) || value_bool(step_get(s, name), ret) ||
	    wrong(s, name, "True or False", err);
}

bool
step_word(const struct step *s, const char *name, const char *const words[],
    size_t n, size_t otherwise, size_t *ret, struct err *err)
{
	const struct node *word = step_get(s, name);
	char list[160], what[160];
	struct buf b;

	*ret = otherwise;
	if (word == NULL || word->kind == NODE_NONE)
		return true;
	for (size_t i = 0; i < n; i++) {
		if (node_is_text(word, words[i])) {
			*ret = i;
			return true;
		}
	}
	buf_init(&b, list, sizeof(list));
	for (size_t i = 0; i < n; i++)
		buf_printf(&b, "%s'%s'", i > 0 ? ", " : "", words[i]);
	return step_err(s, err, ERR_MODEL,
	    "%s=%s is not supported; known are %.*s", name,
	    node_describe(word, what, sizeof(what)), (int)b.n, b.p);
}

bool
step_width(const struct step *s, const struct flow *in, struct err *err)
{
	double n;

	if (value_number(step_get(s, "n_features_in_"), &n) &&
	    n != (double)in->n)
		return step_err(s, err, ERR_MODEL,
		    "was fitted on %g columns but gets %u", n, in->n);
	return true;
}

bool
step_require(const struct step *s, const struct flow *in, struct flow *ret,
    struct err *err)
{
	if (!step_flow(s, in->n, ret, err))
		return false;
	ret->sparse = in->sparse;
	for (uint32_t i = 0; i < in->n; i++)
		if (!model_build_require(s->sk->build, in->slot[i],
			&ret->slot[i], err))
			return step_context(s, err);
	return true;
}

bool
step_is_dtype(const struct step *s, const char *name, const char *what)
{
	const struct node *n = step_get(s, name);

	if (node_is_call(n, "numpy", "dtype")) {
		const struct node *code = node_item(n->object.args, 0);

		return strcmp(what, "float64") == 0 &&
		    node_is_text(code, "f8");
	}
	return node_is_global(n, "numpy", what) || node_is_text(n, what);
}

bool
sk_refuse_if(const struct step *s, uint32_t slot, struct err *err)
{
	struct model_build *b = s->sk->build;
	const double one = 1;

	/* 1 / (1 - slot) is infinite then. */
	return (model_build_calc(b, CALC_SUB_FROM, false, &slot, &one, 1,
	    &slot, err) && model_build_calc(b, CALC_DIV_INTO, false, &slot,
	    &one, 1, &slot, err) && model_build_require(b, slot, &slot, err)) ||
	    step_context(s, err);
}

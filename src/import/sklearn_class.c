/* SPDX-License-Identifier: ISC
 *
 * The classes that are known: finding that of an object, and holding its
 * attributes against the list of those that its objects may have. What is not
 * expected is an error that says what to use in its place.
 */
#include "import/sklearn_step.h"

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
		    "expected a scikit-learn estimator, got %s%s", what,
		    s->up == NULL ? ": save the fitted pipeline alone" : "");
	snprintf(what, sizeof(what), "%.*s.%.*s", STR_ARG(module),
	    STR_ARG(name));
	if (s->up == NULL && (str_has_prefix(module, STR("pandas.")) ||
	    str_has_prefix(module, STR("numpy."))))
		return step_err(s, err, ERR_MODEL,
		    "%s holds data, not a model: save the fitted pipeline",
		    what);
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
step_prepare(const struct step *s, struct str name, const struct node *object,
    const struct flow *in, struct flow *out, struct err *err)
{
	struct step inner;

	if (!step_open(s->sk, s, name, object, &inner, err))
		return false;
	inner.prepares = true;
	return inner.class->read(&inner, in, out, err);
}

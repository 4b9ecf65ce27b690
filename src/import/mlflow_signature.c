/* SPDX-License-Identifier: ISC
 *
 * The signature of an MLflow model: JSON in a text of MLmodel, column after
 * column with its type and whether it must be there. It names the columns of
 * a model that has no names for them, and says more of each than the model
 * file does; it cannot say otherwise.
 */
#include "import/mlflow.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/number.h"
#include "import/doc.h"

enum { COLUMNS_MAX = 1 << 20 };

struct column {
	struct str name; /* n == 0: columns go by their order */
	struct str type;
	bool required;
};

struct signature {
	const struct yaml_node *at; /* for messages */
	struct str origin;          /* for those who ask */
	struct column *columns;
	uint32_t n;
	bool named;
};

/* --- types --------------------------------------------------------------- */

enum type { TYPE_NUMBER, TYPE_WHOLE, TYPE_BOOLEAN, TYPE_WORDS,
	TYPE_ANY, TYPE_NONE };

/* Types of columns, and of tensors as numpy calls them. */
static const struct {
	const char *name;
	enum type is;
} types[] = {
    {"double", TYPE_NUMBER}, {"float", TYPE_NUMBER},
    {"integer", TYPE_WHOLE}, {"long", TYPE_WHOLE},
    {"boolean", TYPE_BOOLEAN}, {"string", TYPE_WORDS},
    {"datetime", TYPE_WORDS},
    {"float64", TYPE_NUMBER}, {"float32", TYPE_NUMBER},
    {"float16", TYPE_NUMBER},
    {"int64", TYPE_WHOLE}, {"int32", TYPE_WHOLE},
    {"int16", TYPE_WHOLE}, {"int8", TYPE_WHOLE},
    {"uint64", TYPE_WHOLE}, {"uint32", TYPE_WHOLE},
    {"uint16", TYPE_WHOLE}, {"uint8", TYPE_WHOLE},
    {"bool", TYPE_BOOLEAN}, {"str", TYPE_WORDS},
    {"object", TYPE_ANY}, {"any", TYPE_ANY},
};

static enum type
type_of(struct str type)
{
	for (size_t i = 0; i < countof(types); i++)
		if (str_eq(type, str_of(types[i].name)))
			return types[i].is;
	return TYPE_NONE; /* binary, array, map */
}

/* --- the text ------------------------------------------------------------ */

static bool
add_column(struct signature *s, const struct doc *d, struct str type,
    struct err *err)
{
	struct column *c = &s->columns[s->n];
	double required;

	*c = (struct column){.name = doc_text(doc_get(d, "name")),
	    .type = type, .required = true};
	if (doc_number(doc_get(d, "required"), &required))
		c->required = required != 0;
	if (s->n > 0 && (c->name.n > 0) != s->named)
		return yaml_err(s->at, err,
		    "some columns of the signature have a name and some "
		    "have none");
	s->named = c->name.n > 0;
	s->n++;
	return true;
}

/* [-1, 19] is 19 columns; each of several tensors must be one. */
static bool
add_tensor(struct signature *s, const struct doc *d, bool alone,
    uint32_t inputs, struct err *err)
{
	const struct doc *spec = doc_get(d, "tensor-spec");
	const struct doc *shape = doc_get(spec, "shape");
	struct str dtype = doc_text(doc_get(spec, "dtype"));
	double width = 1;

	if (shape == NULL || shape->kind != DOC_NUMBERS || shape->n < 1 ||
	    shape->n > 2)
		return yaml_err(s->at, err, "a tensor of the signature is no "
		    "table: only shapes such as [-1, 4] are served");
	if (shape->n == 2)
		width = shape->numbers[1];
	if (width == 1 && !alone)
		return add_column(s, d, dtype, err);
	if (!alone)
		return yaml_err(s->at, err, "of several tensors in the "
		    "signature, one has more than one column");
	if (width != -1 && width != inputs)
		return yaml_err(s->at, err, "the signature has %.0f columns, "
		    "the model %u", width, inputs);
	for (uint32_t i = 0; i < inputs; i++) {
		s->columns[i] = (struct column){.type = dtype,
		    .required = true};
		s->n++;
	}
	return true;
}

static bool
read_columns(struct signature *s, struct import *im, const struct doc *list,
    struct err *err)
{
	uint32_t inputs = model_build_inputs(im->build);
	size_t n = list->kind == DOC_LIST ? list->n : 0;

	/* An empty list is one of numbers. */
	if (list->kind != DOC_LIST && (list->kind != DOC_NUMBERS ||
	    list->n > 0))
		return yaml_err(s->at, err, "expected a list of columns");
	if (n > COLUMNS_MAX)
		return yaml_err(s->at, err, "more than %d columns",
		    COLUMNS_MAX);
	s->columns = ARENA_ARRAY(im->mem, n > inputs ? n : inputs,
	    struct column);
	if (s->columns == NULL)
		return arena_err(im->mem, "the signature", err);
	for (const struct doc *d = n > 0 ? list->child : NULL; d != NULL;
	     d = d->next) {
		struct str type = doc_text(doc_get(d, "type"));

		if (type.n == 0)
			return yaml_err(s->at, err,
			    "a column of the signature has no type");
		if (str_eq(type, STR("tensor")) ?
		    !add_tensor(s, d, n == 1, inputs, err) :
		    !add_column(s, d, type, err))
			return false;
	}
	return true;
}

static bool
make_origin(const struct yaml_node *at, struct arena *mem, struct str *ret,
    struct err *err)
{
	char text[PATH_MAX + 48];
	int n = snprintf(text, sizeof(text), "MLflow signature %s:%u",
	    at->file, at->line);

	assert(n > 0 && n < (int)sizeof(text));
	*ret = arena_str(mem, (struct str){text, (size_t)n});
	return ret->p != NULL || arena_err(mem, "the signature", err);
}

static bool
read_signature(const struct yaml_node *at, struct import *im,
    struct signature *ret, struct err *err)
{
	struct doc *doc;
	struct err why;

	*ret = (struct signature){.at = at};
	if (!make_origin(at, im->mem, &ret->origin, err))
		return false;
	if (!yaml_expect(at, YAML_SCALAR, err))
		return false;
	if (!doc_read_json(at->text, im->mem, &doc, &why))
		return yaml_err(at, err, "%s", why.text);
	return read_columns(ret, im, doc, err);
}

/* --- names --------------------------------------------------------------- */

/* The model's column that column i of the signature is. */
static bool
find_column(const struct signature *s, const struct model_build *b,
    uint32_t i, uint32_t *ret)
{
	int64_t found = s->named ?
	    model_build_find_input(b, s->columns[i].name) : i;

	if (found < 0 || found >= model_build_inputs(b))
		return false;
	*ret = (uint32_t)found;
	return true;
}

/* x0, x1, ...; f0, f1, ...; Column_0, ...: names that say only the place. */
static bool
are_places(const struct model_build *b)
{
	struct str first = model_build_input_name(b, 0);

	if (first.n == 0 || first.p[first.n - 1] != '0')
		return false;
	first.n--;
	for (uint32_t i = 0; i < model_build_inputs(b); i++) {
		struct str name = model_build_input_name(b, i), tail;
		uint64_t place;

		if (!str_has_prefix(name, first))
			return false;
		tail = (struct str){name.p + first.n, name.n - first.n};
		if (!number_parse_u64(tail, &place) || place != i)
			return false;
	}
	return true;
}

/* The model's column that LightGBM made of a name with spaces: it writes _
 * for each. None where the signature has a column of that name as well. */
static bool
find_written(const struct signature *s, const struct model_build *b,
    struct str name, struct arena *mem, uint32_t *ret)
{
	char *text = arena_alloc(mem, name.n);
	struct str written = {text, name.n};
	int64_t found;

	if (text == NULL)
		return false; /* whoever allocates next says so */
	for (size_t k = 0; k < name.n; k++)
		text[k] = name.p[k] == ' ' ? '_' : name.p[k];
	for (uint32_t i = 0; i < s->n; i++)
		if (str_eq(s->columns[i].name, written))
			return false;
	found = model_build_find_input(b, written);
	*ret = (uint32_t)found;
	return found >= 0;
}

/* Clients call such columns as training did. */
static bool
restore_spaces(const struct signature *s, struct import *im, struct err *err)
{
	uint32_t n = model_build_inputs(im->build), place;
	struct str *names = ARENA_ARRAY(im->mem, n, struct str);
	bool restored = false;

	if (names == NULL)
		return arena_err(im->mem, "the signature", err);
	for (uint32_t i = 0; i < n; i++)
		names[i] = model_build_input_name(im->build, i);
	for (uint32_t i = 0; i < s->n; i++) {
		struct str name = s->columns[i].name;

		if (find_column(s, im->build, i, &place) ||
		    memchr(name.p, ' ', name.n) == NULL ||
		    !find_written(s, im->build, name, im->mem, &place))
			continue;
		names[place] = name;
		restored = true;
	}
	return !restored || model_build_rename(im->build, names, err);
}

static bool
apply_names(const struct signature *s, struct import *im, struct err *err)
{
	uint32_t n = model_build_inputs(im->build), place;
	struct str *names;
	uint32_t found = 0;

	if (s->named && !restore_spaces(s, im, err))
		return false;

	for (uint32_t i = 0; i < s->n; i++)
		found += find_column(s, im->build, i, &place);
	if (!s->named && s->n != n)
		return yaml_err(s->at, err,
		    "the signature has %u columns, the model %u", s->n, n);
	if (!s->named || found == s->n || found >= n ||
	    !are_places(im->build))
		return true;
	if (s->n != n)
		return yaml_err(s->at, err,
		    "the signature has %u columns, the model %u", s->n, n);
	names = ARENA_ARRAY(im->mem, n, struct str);
	if (names == NULL)
		return arena_err(im->mem, "the signature", err);
	for (uint32_t i = 0; i < n; i++)
		names[i] = s->columns[i].name;
	return model_build_rename(im->build, names, err);
}

/* --- columns ------------------------------------------------------------- */

static bool
warn(struct import *im, const char *what, struct str name, struct err *err)
{
	char text[400];
	int n = snprintf(text, sizeof(text), "the signature has the column "
	    "%.*s, %s", (int)(name.n < 200 ? name.n : 200), name.p, what);

	return model_build_warn(im->build, (struct str){text, (size_t)n},
	    err);
}

static bool
contradicts(const struct signature *s, const struct column *c,
    struct str name, enum slot_kind kind, struct err *err)
{
	return yaml_err(s->at, err, "the signature says that the column "
	    "%.*s is a %.*s, but the model reads it as a %s",
	    (int)(name.n < 120 ? name.n : 120), name.p,
	    (int)(c->type.n < 40 ? c->type.n : 40), c->type.p,
	    kind == SLOT_TEXT ? "text" : "number");
}

static bool
apply_column(const struct signature *s, const struct column *c,
    uint32_t place, struct import *im, struct err *err)
{
	struct str origin = s->origin;
	enum slot_kind kind = model_build_slot_kind(im->build, place);
	enum type is = type_of(c->type);
	struct model_field f;

	model_build_field_default(im->build, place, &f);
	if (is == TYPE_NONE && kind != SLOT_UNDECIDED)
		return contradicts(s, c, f.name, kind, err);
	if (is == TYPE_WORDS ? kind == SLOT_NUMBER :
	    is != TYPE_ANY && kind == SLOT_TEXT)
		return contradicts(s, c, f.name, kind, err);
	if (is < TYPE_WORDS)
		f.kind = MODEL_NUMBER;
	else if (kind == SLOT_UNDECIDED)
		f.kind = MODEL_TEXT;
	f.integer = is == TYPE_WHOLE;
	f.booleans = is == TYPE_BOOLEAN ||
	    (f.booleans && f.kind == MODEL_NUMBER);
	f.required = c->required;
	if (!model_build_suggest(im->build, &f, err))
		return err_context(err, "the signature");
	if (is != TYPE_ANY && !model_build_origin(im->build, place,
	    LINE_KIND, origin, err))
		return false;
	if (is == TYPE_BOOLEAN && !model_build_origin(im->build, place,
	    LINE_BOOLEANS, origin, err))
		return false;
	return model_build_origin(im->build, place, LINE_REQUIRED, origin,
	    err);
}

/* A column that the model reads has a place in the signature. */
static bool
check_whole(const struct signature *s, const bool *told,
    const struct model_build *b, struct err *err)
{
	char list[240];
	struct buf names;

	buf_init(&names, list, sizeof(list));
	for (uint32_t i = 0; i < model_build_inputs(b); i++) {
		if (told[i] ||
		    model_build_slot_kind(b, i) == SLOT_UNDECIDED)
			continue;
		buf_printf(&names, "%s%.*s", names.n > 0 ? ", " : "",
		    STR_ARG(model_build_input_name(b, i)));
	}
	return names.n == 0 || yaml_err(s->at, err, "the signature lacks "
	    "%.*s%s, which the model reads", STR_ARG(buf_view(&names)),
	    names.over ? "..." : "");
}

static bool
apply_columns(const struct signature *s, struct import *im, struct err *err)
{
	uint32_t n = model_build_inputs(im->build), place;
	bool *told = ARENA_ARRAY(im->mem, n, bool);

	if (told == NULL)
		return arena_err(im->mem, "the signature", err);
	for (uint32_t i = 0; i < s->n; i++) {
		const struct column *c = &s->columns[i];

		if (!find_column(s, im->build, i, &place)) {
			if (!warn(im, "which the model does not read",
			    c->name, err))
				return false;
			continue;
		}
		if (told[place])
			return yaml_err(s->at, err, "the signature has the "
			    "column %.*s twice",
			    (int)(c->name.n < 200 ? c->name.n : 200),
			    c->name.p);
		told[place] = true;
		if (!apply_column(s, c, place, im, err))
			return false;
	}
	return check_whole(s, told, im->build, err);
}

/* Parameters of a call have no place in a row. */
static bool
warn_params(const struct yaml_node *params, struct import *im,
    struct err *err)
{
	if (params == NULL || yaml_is_null(params))
		return true;
	return model_build_warn(im->build, STR("the signature has parameters,"
	    " which requests cannot set"), err);
}

bool
mlflow_apply_signature(const struct mlflow *m, struct import *im,
    struct err *err)
{
	const struct yaml_node *map = yaml_find(m->root, "signature");
	const struct yaml_node *inputs = yaml_find(map, "inputs");
	struct signature s;

	if (map == NULL || !warn_params(yaml_find(map, "params"), im, err))
		return map == NULL;
	if (inputs == NULL || yaml_is_null(inputs))
		return true;
	return read_signature(inputs, im, &s, err) &&
	    (s.n == 0 || (apply_names(&s, im, err) &&
	    apply_columns(&s, im, err)));
}

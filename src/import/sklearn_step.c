/* SPDX-License-Identifier: ISC
 *
 * One estimator at a time: fetching its attributes in the form that the
 * readers expect. What is not expected is an error that names the step.
 */
#include "import/sklearn_step.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"

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

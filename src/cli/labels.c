/* SPDX-License-Identifier: ISC
 *
 * From a label in a file to the class of the model.
 */
#include "cli/labels.h"

#include <stdio.h>

#include "base/buf.h"
#include "base/number.h"

static bool
is_text(const struct model_class *c, const void *label)
{
	const struct str *text = label;
	double number;

	if (str_eq(c->text, *text))
		return true;
	switch (c->kind) {
	case CLASS_TEXT:
		return false;
	case CLASS_BOOL:
		return str_eq_nocase(c->text, *text);
	default:
		return number_parse(*text, &number) && number == c->number;
	}
}

static bool
is_number(const struct model_class *c, const void *label)
{
	const double *number = label;
	double own = c->number;

	return (c->kind != CLASS_TEXT || number_parse(c->text, &own)) &&
	    own == *number;
}

static bool
find(const struct model *m, uint32_t target,
    bool (*is)(const struct model_class *c, const void *label),
    const void *label, uint32_t *ret)
{
	struct model_target t;
	struct model_class c;

	model_target_at(m, target, &t);
	for (uint32_t k = t.class_; k < t.class_ + t.classes; k++) {
		model_class_at(m, k, &c);
		if (is(&c, label)) {
			*ret = k;
			return true;
		}
	}
	return false;
}

bool
labels_find(const struct model *m, uint32_t target, struct str label,
    uint32_t *ret)
{
	return find(m, target, is_text, &label, ret);
}

bool
labels_find_number(const struct model *m, uint32_t target, double label,
    uint32_t *ret)
{
	return find(m, target, is_number, &label, ret);
}

bool
labels_refuse(const struct model *m, uint32_t target, const char *what,
    struct str label, struct err *err)
{
	char names[160];
	struct model_target t;
	struct model_class c;
	struct buf b;

	buf_init(&b, names, sizeof(names));
	model_target_at(m, target, &t);
	for (uint32_t k = 0; k < t.classes; k++) {
		model_class_at(m, t.class_ + k, &c);
		buf_printf(&b, "%s%.*s", k > 0 ? ", " : "", STR_ARG(c.text));
	}
	return err_set(err, ERR_INPUT, ERR_NOWHERE, "%s \"%.*s\" is no"
	    " class of %s%.*s, which has %.*s%s", what,
	    label.n < 40 ? (int)label.n : 40, label.p,
	    t.name.n > 0 ? "" : "the model", STR_ARG(t.name),
	    STR_ARG(buf_view(&b)), b.over ? ", ..." : "");
}

void
labels_prediction(const struct model *m, uint32_t target,
    char column[LABELS_COLUMN_MAX])
{
	struct model_target t;

	model_target_at(m, target, &t);
	snprintf(column, LABELS_COLUMN_MAX, "prediction%s%.*s",
	    t.name.n > 0 ? "_" : "", STR_ARG(t.name));
}

void
labels_probability(const struct model *m, uint32_t target,
    char column[LABELS_COLUMN_MAX])
{
	struct model_target t;

	model_target_at(m, target, &t);
	snprintf(column, LABELS_COLUMN_MAX, "probability_%.*s%s",
	    STR_ARG(t.name), t.name.n > 0 ? "_" : "");
}

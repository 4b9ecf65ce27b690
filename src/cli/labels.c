/* SPDX-License-Identifier: ISC
 *
 * From a label in a file to the class of the model.
 */
#include "cli/labels.h"

#include "base/buf.h"
#include "base/number.h"

static bool
is_label(const struct model_class *c, struct str text)
{
	double number;

	if (str_eq(c->text, text))
		return true;
	switch (c->kind) {
	case CLASS_TEXT:
		return false;
	case CLASS_BOOL:
		return str_eq_nocase(c->text, text);
	default:
		return number_parse(text, &number) && number == c->number;
	}
}

bool
labels_find(const struct model *m, struct str label, uint32_t *ret)
{
	struct model_class c;

	for (uint32_t k = 0; k < model_classes(m); k++) {
		model_class_at(m, k, &c);
		if (is_label(&c, label)) {
			*ret = k;
			return true;
		}
	}
	return false;
}

bool
labels_find_number(const struct model *m, double label, uint32_t *ret)
{
	struct model_class c;
	double number;

	for (uint32_t k = 0; k < model_classes(m); k++) {
		model_class_at(m, k, &c);
		if (c.kind == CLASS_TEXT ?
		    number_parse(c.text, &number) && number == label :
		    c.number == label) {
			*ret = k;
			return true;
		}
	}
	return false;
}

bool
labels_refuse(const struct model *m, const char *what, struct str label,
    struct err *err)
{
	char names[160];
	struct model_class c;
	struct buf b;

	buf_init(&b, names, sizeof(names));
	for (uint32_t k = 0; k < model_classes(m); k++) {
		model_class_at(m, k, &c);
		buf_printf(&b, "%s%.*s", k > 0 ? ", " : "", STR_ARG(c.text));
	}
	return err_set(err, ERR_INPUT, ERR_NOWHERE, "%s \"%.*s\" is no"
	    " class of the model, which has %.*s%s", what,
	    label.n < 40 ? (int)label.n : 40, label.p,
	    STR_ARG(buf_view(&b)), b.over ? ", ..." : "");
}

/* SPDX-License-Identifier: ISC
 *
 * Categories in LightGBM's model text. The library knows them by number; the
 * data frame's own are in the last line, list after list for the categorical
 * columns in their order.
 */
#include "import/lightgbm_category.h"

#include <math.h>

#include "base/number.h"
#include "import/doc.h"

static bool
full(struct import *im, struct err *err)
{
	return arena_err(im->mem, "the model", err);
}

static bool
bad(struct err *err, const char *what)
{
	return err_set(err, ERR_INPUT, ERR_NOWHERE,
	    "is a LightGBM model %s", what);
}

/* "[0:1]" is a range, "none" nothing, "-1:0:2" are categories. */
static bool
is_categories(struct str info)
{
	return info.n > 0 && info.p[0] != '[' && !str_eq(info, STR("none"));
}

static bool
make_column(struct import *im, uint32_t n, struct ensemble_column *c,
    uint32_t **bits, double **values, struct err *err)
{
	*bits = ARENA_ARRAY(im->mem, n, uint32_t);
	*values = ARENA_ARRAY(im->mem, n, double);
	if (*bits == NULL || *values == NULL)
		return full(im, err);
	*c = (struct ensemble_column){.n = n, .bits = *bits,
	    .values = *values};
	return true;
}

/* Categories as training saw them: whole numbers, which are their own
 * places. Negative ones are missing to the library. */
static bool
read_numbers(struct import *im, struct str info, struct ensemble_column *c,
    struct err *err)
{
	uint32_t *bits, n = 0;
	double *values, v;
	struct str rest = info;

	for (size_t i = 0; i < info.n; i++)
		n += info.p[i] == ':';
	if (!make_column(im, n + 1, c, &bits, &values, err))
		return false;
	c->n = 0;
	while (rest.n > 0) {
		if (!number_parse(str_cut(&rest, ':'), &v) || v != floor(v) ||
		    fabs(v) > INT32_MAX)
			return bad(err, "whose categories are no numbers");
		if (v < 0)
			continue;
		values[c->n] = v;
		bits[c->n++] = (uint32_t)v;
	}
	return true;
}

/* The categories of a column of a data frame. */
static bool
read_frame(struct import *im, const struct doc *list,
    struct ensemble_column *c, struct err *err)
{
	struct str *texts = ARENA_ARRAY(im->mem, list->n, struct str);
	const struct doc *d = list->child;
	uint32_t *bits;
	double *values;

	if (texts == NULL)
		return full(im, err);
	if (list->n > UINT16_MAX ||
	    (list->kind != DOC_LIST && list->kind != DOC_NUMBERS))
		return bad(err, "whose pandas_categorical is no list of "
		    "categories");
	if (!make_column(im, (uint32_t)list->n, c, &bits, &values, err))
		return false;
	for (uint32_t k = 0; k < c->n; k++) {
		bits[k] = k;
		if (list->kind == DOC_NUMBERS) {
			values[k] = list->numbers[k];
			continue;
		}
		if (d->kind != DOC_TEXT)
			return bad(err, "whose categories are of several "
			    "kinds");
		texts[k] = d->text;
		d = d->next;
	}
	if (list->kind == DOC_LIST)
		c->texts = texts;
	return true;
}

/* The lists of a data frame: NULL where there was none. */
static bool
read_pandas(struct import *im, struct str pandas, uint32_t n,
    const struct doc **ret, struct err *err)
{
	struct doc *d;

	*ret = NULL;
	if (pandas.p == NULL || str_eq(pandas, STR("null")))
		return true;
	if (!doc_read_json(pandas, im->mem, &d, err))
		return err_context(err, "pandas_categorical");
	if (d->n == 0)
		return true;
	if (d->kind != DOC_LIST || d->n != n)
		return bad(err, "whose pandas_categorical has not one list "
		    "a categorical column");
	*ret = d->child;
	return true;
}

bool
lightgbm_columns(struct import *im, struct str infos, struct str pandas,
    uint32_t n, struct ensemble_column **ret, struct err *err)
{
	struct str rest = infos;
	struct ensemble_column *columns;
	const struct doc *list;
	uint32_t found = 0;

	*ret = NULL;
	while (rest.n > 0)
		found += is_categories(str_cut(&rest, ' '));
	if (found == 0)
		return true;
	columns = ARENA_ARRAY(im->mem, n, struct ensemble_column);
	if (columns == NULL)
		return full(im, err);
	if (!read_pandas(im, pandas, found, &list, err))
		return false;
	rest = infos;
	for (uint32_t i = 0; i < n && rest.n > 0; i++) {
		struct str info = str_cut(&rest, ' ');

		if (!is_categories(info))
			continue;
		if (list != NULL) {
			if (!read_frame(im, list, &columns[i], err))
				return false;
			list = list->next;
		} else if (!read_numbers(im, info, &columns[i], err)) {
			return false;
		}
	}
	*ret = columns;
	return true;
}

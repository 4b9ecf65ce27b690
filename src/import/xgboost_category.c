/* SPDX-License-Identifier: ISC
 *
 * Categories in XGBoost's model files since 3.1: those of a data frame, texts
 * as offsets into bytes or numbers, and for each split of a tree the categories that go
 * right.
 */
#include "import/xgboost_category.h"

#include <math.h>

static bool
full(struct import *im, struct err *err)
{
	return arena_err(im->mem, "the model", err);
}

static bool
bad(struct err *err)
{
	return err_set(err, ERR_INPUT, ERR_NOWHERE,
	    "is an XGBoost model whose categories are damaged");
}

static bool
bad_tree(struct err *err, uint32_t number)
{
	return err_set(err, ERR_INPUT, ERR_NOWHERE,
	    "tree %u: its sets of categories are damaged", number);
}

/* Text k is values[offsets[k]] up to values[offsets[k + 1]]. */
static bool
read_texts(struct import *im, const struct doc *offsets,
    const struct doc *values, struct ensemble_column *c, struct err *err)
{
	char *bytes = arena_alloc(im->mem, values->n);
	struct str *texts = ARENA_ARRAY(im->mem, offsets->n, struct str);
	uint32_t *bits = ARENA_ARRAY(im->mem, offsets->n, uint32_t);
	double at = 0;

	if (bytes == NULL || texts == NULL || bits == NULL)
		return full(im, err);
	if (offsets->n > UINT16_MAX)
		return bad(err);
	for (size_t i = 0; i < values->n; i++) {
		if (!(values->numbers[i] >= -128 && values->numbers[i] < 256))
			return bad(err);
		bytes[i] = (char)(int)values->numbers[i];
	}
	for (size_t k = 0; k < offsets->n; k++) {
		double next = offsets->numbers[k];

		if (!(next >= at && next <= (double)values->n) ||
		    next != floor(next))
			return bad(err);
		if (k > 0) {
			texts[k - 1] = (struct str){bytes + (size_t)at,
			    (size_t)(next - at)};
			bits[k] = (uint32_t)k;
		}
		at = next;
	}
	c->n = (uint32_t)offsets->n - 1;
	c->texts = texts;
	c->bits = bits;
	return true;
}

/* Categories that are numbers stand in the order of their places. */
static bool
read_numbers(const struct doc *values, struct ensemble_column *c,
    struct err *err)
{
	if (values->n > UINT16_MAX)
		return bad(err);
	*c = (struct ensemble_column){.n = (uint32_t)values->n,
	    .values = values->numbers};
	return true;
}

bool
xgboost_columns(struct import *im, const struct doc *cats, uint32_t n,
    struct ensemble_column **ret, struct err *err)
{
	const struct doc *enc = doc_get(cats, "enc"), *d;
	struct ensemble_column *columns;

	*ret = NULL;
	if (enc == NULL || enc->n == 0)
		return true;
	if (enc->kind != DOC_LIST || enc->n != n)
		return bad(err);
	columns = ARENA_ARRAY(im->mem, n, struct ensemble_column);
	if (columns == NULL)
		return full(im, err);
	d = enc->child;
	for (uint32_t i = 0; i < n; i++, d = d->next) {
		const struct doc *offsets = doc_get(d, "offsets");
		const struct doc *values = doc_get(d, "values");

		if (values == NULL || values->kind != DOC_NUMBERS)
			return bad(err);
		if (values->n == 0)
			continue;
		if (offsets == NULL) {
			if (!read_numbers(values, &columns[i], err))
				return false;
			continue;
		}
		if (offsets->kind != DOC_NUMBERS || offsets->n == 0)
			return bad(err);
		if (!read_texts(im, offsets, values, &columns[i], err))
			return false;
	}
	*ret = columns;
	return true;
}

static bool
numbers(const struct doc *tree, const char *key, const struct doc **ret)
{
	*ret = doc_get(tree, key);
	return *ret != NULL && (*ret)->kind == DOC_NUMBERS;
}

static bool
is_index(double v, double n)
{
	return v >= 0 && v < n && v == floor(v);
}

bool
xgboost_sets(struct import *im, const struct doc *tree, uint32_t number,
    const struct ensemble_column *columns, uint32_t n_features,
    uint32_t n_nodes, struct ensemble_sets *sets, uint32_t **ret,
    struct err *err)
{
	const struct doc *list, *nodes, *starts, *sizes, *features;

	*ret = ARENA_ARRAY(im->mem, n_nodes, uint32_t);
	if (*ret == NULL)
		return full(im, err);
	if (columns == NULL)
		return true;
	if (!numbers(tree, "categories", &list) ||
	    !numbers(tree, "categories_nodes", &nodes) ||
	    !numbers(tree, "categories_segments", &starts) ||
	    !numbers(tree, "categories_sizes", &sizes) ||
	    !numbers(tree, "split_indices", &features) ||
	    starts->n != nodes->n || sizes->n != nodes->n ||
	    features->n != n_nodes)
		return bad_tree(err, number);
	for (size_t i = 0; i < nodes->n; i++) {
		double start = starts->numbers[i], size = sizes->numbers[i];
		double words[UINT16_MAX / 32 + 1] = {0};
		uint32_t node, feature, n, set;

		if (!is_index(nodes->numbers[i], n_nodes) ||
		    !is_index(start, (double)list->n + 1) ||
		    !is_index(size, (double)list->n - start + 1))
			return bad_tree(err, number);
		node = (uint32_t)nodes->numbers[i];
		if (!is_index(features->numbers[node], n_features))
			return bad_tree(err, number);
		feature = (uint32_t)features->numbers[node];
		n = (columns[feature].n + 31) / 32;
		for (size_t k = 0; k < (size_t)size; k++) {
			double c = list->numbers[(size_t)start + k];
			uint32_t place, word;

			if (!is_index(c, columns[feature].n))
				return bad_tree(err, number);
			place = (uint32_t)c;
			word = (uint32_t)words[place / 32] |
			    (uint32_t)1 << place % 32;
			words[place / 32] = word;
		}
		if (!ensemble_set_add(im, sets, feature, words, n, &set, err))
			return false;
		(*ret)[node] = set + 1;
	}
	return true;
}

/* SPDX-License-Identifier: ISC
 *
 * Categories in XGBoost's model files: since 3.1 those of a data frame, texts
 * as offsets into bytes or numbers; else their codes, 0, 1, ..., as far as
 * splits name them. And for each split the categories that go right.
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

/* The splits of a tree on categories: node nodes[i] has those of `list` from
 * starts[i] on. All is within the lists and the tree, and no more in all than
 * the list has: each split has its own. */
struct splits {
	const struct doc *list, *nodes, *starts, *sizes, *features;
};

static bool
find_splits(const struct doc *tree, uint32_t number, uint32_t n_features,
    struct splits *ret, struct err *err)
{
	double sum = 0;

	if (!numbers(tree, "categories", &ret->list) ||
	    !numbers(tree, "categories_nodes", &ret->nodes) ||
	    !numbers(tree, "categories_segments", &ret->starts) ||
	    !numbers(tree, "categories_sizes", &ret->sizes) ||
	    !numbers(tree, "split_indices", &ret->features) ||
	    ret->starts->n != ret->nodes->n || ret->sizes->n != ret->nodes->n)
		return bad_tree(err, number);
	for (size_t i = 0; i < ret->nodes->n; i++) {
		double node = ret->nodes->numbers[i];
		double start = ret->starts->numbers[i];

		if (!is_index(node, (double)ret->features->n) ||
		    !is_index(ret->features->numbers[(size_t)node],
			n_features) ||
		    !is_index(start, (double)ret->list->n + 1) ||
		    !is_index(ret->sizes->numbers[i],
			(double)ret->list->n - start + 1))
			return bad_tree(err, number);
		sum += ret->sizes->numbers[i];
	}
	return sum <= (double)ret->list->n || bad_tree(err, number);
}

/* As many codes of each feature as the splits of a tree name. */
static bool
count_codes(const struct doc *tree, uint32_t number, uint32_t n,
    struct ensemble_column *columns, struct err *err)
{
	struct splits s;

	if (doc_get(tree, "categories_nodes") == NULL)
		return true;
	if (!find_splits(tree, number, n, &s, err))
		return false;
	for (size_t i = 0; i < s.nodes->n; i++) {
		struct ensemble_column *c = &columns[(size_t)
		    s.features->numbers[(size_t)s.nodes->numbers[i]]];
		const double *code = s.list->numbers +
		    (size_t)s.starts->numbers[i];

		if (c->n > 0 && !c->coded)
			continue;
		c->coded = true;
		for (size_t k = 0; k < (size_t)s.sizes->numbers[i]; k++) {
			if (!is_index(code[k], UINT16_MAX))
				return bad_tree(err, number);
			if (code[k] >= c->n)
				c->n = (uint32_t)code[k] + 1;
		}
	}
	return true;
}

bool
xgboost_codes(struct import *im, const struct doc *trees, uint32_t n,
    struct ensemble_column **ret, bool *coded, struct err *err)
{
	const struct doc *t = trees != NULL && trees->kind == DOC_LIST ?
	    trees->child : NULL;
	uint32_t number = 0, most = 0;
	struct ensemble_column *columns = *ret;
	double *codes;

	*coded = false;
	if (columns == NULL && xgboost_category_splits(trees) == 0)
		return true;
	if (columns == NULL)
		columns = ARENA_ARRAY(im->mem, n, struct ensemble_column);
	if (columns == NULL)
		return full(im, err);
	for (; t != NULL; t = t->next)
		if (!count_codes(t, number++, n, columns, err))
			return false;
	for (uint32_t i = 0; i < n; i++)
		if (columns[i].coded && columns[i].n > most)
			most = columns[i].n;
	codes = ARENA_ARRAY(im->mem, most, double);
	if (codes == NULL)
		return full(im, err);
	for (uint32_t i = 0; i < most; i++)
		codes[i] = i;
	for (uint32_t i = 0; i < n; i++)
		if (columns[i].coded)
			columns[i].values = codes;
	*coded = most > 0;
	*ret = columns;
	return true;
}

size_t
xgboost_category_splits(const struct doc *trees)
{
	const struct doc *nodes;
	size_t n = 0;

	if (trees == NULL || trees->kind != DOC_LIST)
		return 0;
	for (const struct doc *t = trees->child; t != NULL; t = t->next)
		if ((nodes = doc_get(t, "categories_nodes")) != NULL)
			n += nodes->n;
	return n;
}

bool
xgboost_sets(struct import *im, const struct doc *tree, uint32_t number,
    const struct ensemble_column *columns, uint32_t n_features,
    uint32_t n_nodes, struct ensemble_sets *sets, uint32_t **ret,
    struct err *err)
{
	struct splits s;

	*ret = ARENA_ARRAY(im->mem, n_nodes, uint32_t);
	if (*ret == NULL)
		return full(im, err);
	if (columns == NULL)
		return true;
	if (!find_splits(tree, number, n_features, &s, err))
		return false;
	if (s.features->n != n_nodes)
		return bad_tree(err, number);
	for (size_t i = 0; i < s.nodes->n; i++) {
		const double *code = s.list->numbers +
		    (size_t)s.starts->numbers[i];
		size_t size = (size_t)s.sizes->numbers[i];
		uint32_t node = (uint32_t)s.nodes->numbers[i];
		uint32_t feature = (uint32_t)s.features->numbers[node];
		uint32_t n = (columns[feature].n + 31) / 32, set;
		double words[UINT16_MAX / 32 + 1] = {0};

		for (size_t k = 0; k < size; k++) {
			uint32_t place, word;

			if (!is_index(code[k], columns[feature].n))
				return bad_tree(err, number);
			place = (uint32_t)code[k];
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

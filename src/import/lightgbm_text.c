/* SPDX-License-Identifier: ISC
 *
 * Lines "key=value" of LightGBM's model text. A list has to be as long as it
 * is said to be, so nothing is taken in proportion to anything but the text.
 */
#include "import/lightgbm_text.h"

#include <math.h>
#include <string.h>

#include "base/number.h"

struct str
lightgbm_get(struct str section, const char *key)
{
	size_t n = strlen(key);

	while (section.n > 0) {
		struct str line = str_cut(&section, '\n');

		if (!str_has_prefix(line, (struct str){key, n}))
			continue;
		line = (struct str){line.p + n, line.n - n};
		if (n > 0 && key[n - 1] == ':')
			return str_trim(line);
		if (line.n == 0 || line.p[0] == '=' || line.p[0] == '\r')
			return str_trim((struct str){line.p + (line.n > 0),
			    line.n - (line.n > 0)});
	}
	return (struct str){NULL, 0};
}

bool
lightgbm_whole(struct str section, const char *key, uint32_t absent,
    uint32_t most, uint32_t *ret)
{
	struct str text = lightgbm_get(section, key);
	uint64_t v = absent;

	if (text.p != NULL && !number_parse_u64(text, &v))
		return false;
	if (v > most)
		return false;
	*ret = (uint32_t)v;
	return true;
}

bool
lightgbm_list(struct arena *mem, struct str tree, uint32_t number,
    const char *key, uint32_t n, const double **ret, struct err *err)
{
	struct str rest = lightgbm_get(tree, key);
	double *list = ARENA_ARRAY(mem, n, double);
	uint32_t k = 0;

	if (list == NULL)
		return arena_err(mem, "the model", err);
	while (rest.n > 0 && k < n) {
		if (!number_parse(str_cut(&rest, ' '), &list[k]))
			break;
		k++;
	}
	if (k != n || rest.n > 0)
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "tree %u: %s is no list of %u numbers", number, key, n);
	*ret = list;
	return true;
}

bool
lightgbm_terms(struct arena *mem, struct str tree, uint32_t number,
    const char *key, const double *counts, uint32_t n_leaves,
    const double **ret, uint32_t *n_terms, struct err *err)
{
	struct str rest = lightgbm_get(tree, key);
	double *list, sum = 0;
	uint32_t k = 0;

	for (uint32_t i = 0; i < n_leaves; i++) {
		if (!(counts[i] >= 0 && counts[i] <= (double)tree.n) ||
		    counts[i] != floor(counts[i]))
			sum = INFINITY;
		sum += counts[i];
	}
	if (!(sum <= (double)tree.n))
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "tree %u has more coefficients than text", number);
	list = ARENA_ARRAY(mem, (size_t)sum, double);
	if (list == NULL)
		return arena_err(mem, "the model", err);
	while (rest.n > 0 && k < (uint32_t)sum) {
		struct str word = str_cut(&rest, ' ');

		/* A leaf's terms end with a space of their own. */
		if (word.n == 0)
			continue;
		if (!number_parse(word, &list[k]))
			break;
		k++;
	}
	if (k != (uint32_t)sum || str_trim(rest).n > 0)
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "tree %u: %s is no list of %.0f numbers", number, key,
		    sum);
	*ret = list;
	*n_terms = k;
	return true;
}

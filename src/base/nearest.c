/* SPDX-License-Identifier: ISC
 *
 * "Did you mean": the edit distance between short words, for messages about
 * unknown commands, settings and keys.
 */
#include "base/nearest.h"

#include <string.h>

enum { WORD_MAX = 48 };

static size_t
least(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;

	return m < c ? m : c;
}

/* Letters inserted, dropped, changed, or swapped with their neighbour. */
static size_t
distance(struct str a, struct str b)
{
	size_t rows[3][WORD_MAX + 1];
	size_t *before = rows[0], *above = rows[1], *row = rows[2];

	for (size_t j = 0; j <= b.n; j++)
		above[j] = j;
	for (size_t i = 1; i <= a.n; i++) {
		size_t *old = before;

		row[0] = i;
		for (size_t j = 1; j <= b.n; j++) {
			row[j] = least(above[j] + 1, row[j - 1] + 1,
			    above[j - 1] + (a.p[i - 1] != b.p[j - 1]));
			if (i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] &&
			    a.p[i - 2] == b.p[j - 1] &&
			    before[j - 2] + 1 < row[j])
				row[j] = before[j - 2] + 1;
		}
		before = above;
		above = row;
		row = old;
	}
	return above[b.n];
}

const char *
nearest_name(struct str word, const char *const names[], size_t n)
{
	const char *found = NULL;
	size_t best = word.n / 3 + 2;

	if (word.n > WORD_MAX)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		struct str name = str_of(names[i]);
		size_t d;

		if (name.n > WORD_MAX)
			continue;
		d = distance(word, name);
		if (d < best) {
			best = d;
			found = names[i];
		}
	}
	return found;
}

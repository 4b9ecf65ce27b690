/* SPDX-License-Identifier: ISC
 *
 * OutputCodeClassifier: each estimator answers for one digit of a class's
 * code, and the class whose code is nearest is predicted.
 */
#include "import/sklearn_several.h"

bool
read_output_code(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	struct flow *f, digits;
	uint32_t n, *nearness;
	struct array classes;
	double *codes;

	if (!sk_classes(s, 2, &classes, err) ||
	    !sk_read_all(s, in, &f, &n, err) ||
	    !step_flow(s, n, &digits, err))
		return false;
	for (uint32_t i = 0; i < n; i++) {
		if (f[i].kind == FLOW_VALUE && f[i].n == 1)
			digits.slot[i] = f[i].slot[0];
		else if (!sk_confidence(s, &f[i], &digits.slot[i], err))
			return false;
	}
	return step_doubles(s, "code_book_", classes.count * n, &codes,
		err) &&
	    sk_nearness(s, &digits, codes, (uint32_t)classes.count,
		&nearness, err) &&
	    sk_scores(s, nearness, (uint32_t)classes.count, &classes, out,
		err) &&
	    sk_margins(s, nearness, 0, out, err);
}

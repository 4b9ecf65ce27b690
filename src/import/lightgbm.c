/* SPDX-License-Identifier: ISC
 *
 * LightGBM's model text: what its first lines say about the model, and what
 * that makes of the sums of its trees.
 */
#include "import/lightgbm.h"

#include <math.h>
#include <string.h>

#include "base/number.h"
#include "import/lightgbm_model.h"
#include "import/lightgbm_text.h"

static const struct ensemble_objective objectives[] = {
    {"binary", true, END_LINK, LINK_SIGMOID},
    {"multiclass", true, END_LINK, LINK_SOFTMAX},
    {"softmax", true, END_LINK, LINK_SOFTMAX},
    {"multiclassova", true, END_SIGMOIDS, 0},
    {"multiclass_ova", true, END_SIGMOIDS, 0},
    {"ova", true, END_SIGMOIDS, 0},
    {"ovr", true, END_SIGMOIDS, 0},
    {"cross_entropy_lambda", false, END_SOFTPLUS, 0},
    {"xentlambda", false, END_SOFTPLUS, 0},
    {"cross_entropy", false, END_LINK, LINK_SIGMOID},
    {"xentropy", false, END_LINK, LINK_SIGMOID},
    {"poisson", false, END_LINK, LINK_EXP},
    {"gamma", false, END_LINK, LINK_EXP},
    {"tweedie", false, END_LINK, LINK_EXP},
    {"regression", false, END_SUM, 0},
    {"regression_l1", false, END_SUM, 0},
    {"huber", false, END_SUM, 0},
    {"fair", false, END_SUM, 0},
    {"quantile", false, END_SUM, 0},
    {"mape", false, END_SUM, 0},
    {"lambdarank", false, END_SUM, 0},
    {"rank_xendcg", false, END_SUM, 0},
    {"custom", false, END_SUM, 0},
};

bool
lightgbm_full(const struct lgb *l, struct err *err)
{
	return arena_err(l->im->mem, "the model", err);
}

bool
lightgbm_bad(struct err *err, const char *what)
{
	return err_set(err, ERR_INPUT, ERR_NOWHERE,
	    "is a LightGBM model %s", what);
}

/* "binary sigmoid:1": a name and what else there is to know. */
static bool
read_objective(struct lgb *l, struct err *err)
{
	struct str rest = lightgbm_get(l->head, "objective"), name, word;

	if (rest.p == NULL) /* of the user's own */
		rest = STR("custom");
	name = str_cut(&rest, ' ');
	if (!ensemble_objective(&l->e, objectives, countof(objectives),
		"objective", name, err))
		return false;
	if ((l->e.forest.n_outputs > 1) != ensemble_sums_classes(&l->e))
		return lightgbm_bad(err, "whose classes do not fit its "
		    "objective");
	while (rest.n > 0) {
		word = str_cut(&rest, ' ');
		if (str_eq(word, STR("sqrt")))
			l->e.end = END_SIGN_SQUARE;
		if (str_has_prefix(word, STR("sigmoid:")) &&
		    (!number_parse((struct str){word.p + 8, word.n - 8},
			&l->e.scale) || !isfinite(l->e.scale)))
			return lightgbm_bad(err, "whose sigmoid is no number");
	}
	return true;
}

static bool
read_names(struct lgb *l, struct err *err)
{
	struct str rest = lightgbm_get(l->head, "feature_names");
	struct str *list;
	uint32_t n = 0;

	if (l->e.n_features > rest.n)
		return lightgbm_bad(err, "with fewer names than features");
	list = ARENA_ARRAY(l->im->mem, l->e.n_features, struct str);
	if (list == NULL)
		return lightgbm_full(l, err);
	while (rest.n > 0 && n < l->e.n_features)
		list[n++] = str_cut(&rest, ' ');
	if (n < l->e.n_features || rest.n > 0)
		return lightgbm_bad(err, "whose names are not as many as its "
		    "features");
	l->e.names = list;
	return true;
}

bool
lightgbm_probe(struct str b)
{
	return str_has_prefix(b, STR("tree\n")) ||
	    str_has_prefix(b, STR("tree\r\n"));
}

bool
lightgbm_parse(struct import *im, struct str text, uint32_t iterations,
    struct ensemble *ret, struct err *err)
{
	struct lgb l = {.im = im, .head = text,
	    .e = {.library = "LightGBM", .format = "LightGBM text",
		.scale = 1,
		/* Only what is in the set goes left. Missing has a number of
		 * its own, so that it is seen to be taken. */
		.inside = 0, .outside = 1, .unknown = 1, .missing = 2,
		.forest = {.compare = TREE_F64_LE_F64,
		.takes_nan = true, .n_values = 1, .divide = 1}}};
	const char *trees = memmem(text.p, text.n, "\nTree=", 6);
	uint32_t last, classes;

	if (trees == NULL)
		return lightgbm_bad(err, "without trees");
	l.head.n = (size_t)(trees - text.p);
	if (!lightgbm_whole(l.head, "max_feature_idx", UINT32_MAX, 1 << 19,
		&last) ||
	    !lightgbm_whole(l.head, "num_tree_per_iteration", 1, UINT16_MAX,
		&classes) || classes == 0)
		return lightgbm_bad(err, "whose first lines cannot be read");
	l.e.n_features = last + 1;
	l.e.forest.n_outputs = classes;
	if (!read_objective(&l, err) || !read_names(&l, err) ||
	    !lightgbm_trees(&l, (struct str){trees, text.n - l.head.n},
		iterations, err))
		return false;
	*ret = l.e;
	return true;
}

bool
lightgbm_read(struct import *im, struct err *err)
{
	struct ensemble e;

	return lightgbm_parse(im, im->bytes, 0, &e, err) &&
	    ensemble_build(im, &e, err);
}

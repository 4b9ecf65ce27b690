/* SPDX-License-Identifier: ISC
 *
 * A pipeline in one line, for people. It walks the nodes as they are, so it
 * bounds its depth and stops when the line is full.
 */
#include "import/sklearn_step.h"

#include "base/buf.h"

enum { DESCRIPTION_BYTES = 480, DESCRIPTION_NODES = 10000 };

/* The line, and how many more nodes are looked at for it. */
struct line {
	struct buf buf;
	uint32_t left;
};

static void put_estimator(struct line *l, const struct node *n,
    uint32_t depth);

/* Entries (name, estimator, ...) of a list, each with its name before it
 * where `named`. */
static void
put_entries(struct line *l, const struct node *list, bool named,
    const char *between, uint32_t depth)
{
	struct buf *b = &l->buf;
	size_t start = b->n;

	for (uint32_t i = 0; list != NULL && i < list->n && !b->over &&
	     l->left > 0; i++, l->left--) {
		const struct node *name = node_item(list->items[i], 0);
		const struct node *estimator = node_item(list->items[i], 1);

		if (name == NULL || name->kind != NODE_TEXT ||
		    estimator == NULL || node_is_text(estimator, "drop") ||
		    (!named && step_is_passthrough(estimator)))
			continue;
		if (b->n > start)
			buf_text(b, between);
		if (named) {
			buf_str(b, name->text);
			buf_text(b, ": ");
		}
		put_estimator(l, estimator, depth);
	}
}

/* What an estimator of estimators is of. */
static void
put_inside(struct line *l, const struct node *n, struct str name,
    uint32_t depth)
{
	static const char *const wrappers[] = {"AdaBoostClassifier",
	    "AdaBoostRegressor", "BaggingClassifier", "BaggingRegressor",
	    "CalibratedClassifierCV", "ClassifierChain",
	    "FixedThresholdClassifier", "FrozenEstimator",
	    "MultiOutputClassifier", "MultiOutputRegressor",
	    "OneVsOneClassifier", "OneVsRestClassifier", "RANSACRegressor",
	    "RegressorChain", "TunedThresholdClassifierCV"};
	const struct node *inside = node_get(n, "estimator");
	struct str module, class;

	if (str_eq(name, STR("VotingClassifier")) ||
	    str_eq(name, STR("VotingRegressor")) ||
	    str_eq(name, STR("StackingClassifier")) ||
	    str_eq(name, STR("StackingRegressor"))) {
		buf_char(&l->buf, '(');
		put_entries(l, node_get(n, "estimators"), true, "; ",
		    depth + 1);
		buf_char(&l->buf, ')');
		return;
	}
	for (size_t i = 0; i < countof(wrappers); i++) {
		if (!str_eq(name, str_of(wrappers[i])) ||
		    !node_class(inside, &module, &class))
			continue;
		buf_char(&l->buf, '(');
		put_estimator(l, inside, depth + 1);
		buf_char(&l->buf, ')');
	}
}

static void
put_estimator(struct line *l, const struct node *n, uint32_t depth)
{
	struct buf *b = &l->buf;
	struct str module, name;

	if (depth > SKLEARN_DEPTH_MAX || b->over)
		return;
	n = step_inner(n);
	if (!node_class(n, &module, &name)) {
		buf_text(b, "passthrough");
		return;
	}
	if (str_eq(name, STR("Pipeline"))) {
		put_entries(l, node_get(n, "steps"), false, " > ", depth + 1);
		return;
	}
	buf_str(b, name);
	put_inside(l, n, name, depth);
	if (str_eq(name, STR("ColumnTransformer"))) {
		buf_char(b, '(');
		put_entries(l, node_get(n, "transformers_"), true, "; ",
		    depth + 1);
		buf_char(b, ')');
	} else if (str_eq(name, STR("FeatureUnion"))) {
		buf_char(b, '(');
		put_entries(l, node_get(n, "transformer_list"), true, "; ",
		    depth + 1);
		buf_char(b, ')');
	}
}

struct str
sk_describe(const struct node *root, struct arena *mem)
{
	char *text = arena_alloc(mem, DESCRIPTION_BYTES);
	struct line l = {.left = DESCRIPTION_NODES};

	if (text == NULL)
		return (struct str){NULL, 0};
	buf_init(&l.buf, text, DESCRIPTION_BYTES - 4);
	put_estimator(&l, root, 0);
	if (l.buf.over) {
		l.buf.cap += 3;
		l.buf.over = false;
		buf_text(&l.buf, "...");
	}
	return buf_view(&l.buf);
}

/* SPDX-License-Identifier: ISC
 *
 * See model_zoo.h.
 */
#include "model_zoo.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/attr.h"

static struct err err;

#define BUILD(call) \
	do { \
		if (!(call)) { \
			fprintf(stderr, "zoo: %s\n", err.text); \
			abort(); \
		} \
	} while (0)

static uint32_t
input(struct model_build *b, const char *name)
{
	uint32_t slot;

	BUILD(model_build_input(b, str_of(name), &slot, &err));
	return slot;
}

static void
codes(struct model_build *b, uint32_t slot, const char *const *texts, int n)
{
	uint32_t code;

	for (int i = 0; i < n; i++)
		BUILD(model_build_code(b, slot, str_of(texts[i]), &code,
		    &err));
}

static void
classes(struct model_build *b, const char *const *names, int n)
{
	for (int i = 0; i < n; i++)
		BUILD(model_build_class(b, (struct model_class){
		    .kind = CLASS_TEXT, .text = str_of(names[i])}, &err));
}

static void
shop_schema(struct model_build *b)
{
	static const struct model_alias member[] = {
	    {.text = {"1", 1}, .to = {"Yes", 3}},
	    {.text = {"0", 1}, .to = {"No", 2}},
	    {.from_integer = true, .integer = 1, .to = {"Yes", 3}},
	    {.from_integer = true, .integer = 0, .to = {"No", 2}},
	};
	static const struct model_alias age[] = {
	    {.text = {"n/a", 3}, .to_number = NAN},
	    {.from_integer = true, .integer = -1, .to_number = NAN},
	};
	struct model_field f;

	model_build_field_default(b, 3, &f);
	f.loose = f.closed = true;
	f.aliases = member;
	f.n_aliases = countof(member);
	f.description = STR("Has a card");
	BUILD(model_build_field(b, &f, &err));
	model_build_field_default(b, 0, &f);
	f.aliases = age;
	f.n_aliases = countof(age);
	f.has_range = true;
	f.low = 18;
	f.high = 99.5;
	BUILD(model_build_field(b, &f, &err));
	model_build_field_default(b, 1, &f);
	f.required = false;
	f.null = NULL_DEFAULT;
	f.has_default = true;
	f.default_number = 0;
	BUILD(model_build_field(b, &f, &err));
	model_build_field_default(b, 2, &f);
	f.required = false;
	f.has_default = true;
	f.default_text = STR(ZOO_RED);
	BUILD(model_build_field(b, &f, &err));
}

static void
shop(struct model_build *b)
{
	static const char *const colours[] = {"blue", ZOO_RED,
	    "green", ""};
	static const char *const answers[] = {"No", "Yes"};
	static const char *const outcomes[] = {"stays", "leaves"};
	static const int32_t colour_map[] = {ONEHOT_NONE, ONEHOT_REFUSE, 0, 1,
	    2, ONEHOT_NONE};
	static const double member_table[] = {-1, TABLE_REFUSE, 0, 1};
	static const double sizes[] = {40, 38, 42.5};
	static const int32_t size_map[] = {ONEHOT_NONE, ONEHOT_NONE, 0, 1, 2};
	static const double coef[] = {0.01, 0.5, -0.02, 0.25, 1, -1, 0.5, 0.75,
	    -0.75, 0.125, 2, -0.5};
	static const double intercept[] = {-0.75};
	uint32_t age, spent, colour, member, size, x, y, src[12], n = 0;

	age = input(b, "age");
	spent = input(b, "spent");
	colour = input(b, "colour");
	member = input(b, "member");
	size = input(b, "size");
	input(b, "note");
	codes(b, colour, colours, countof(colours));
	codes(b, member, answers, countof(answers));
	BUILD(model_build_indicator(b, age, &src[n++], &err));
	BUILD(model_build_missing_if(b, age, -1, &x, &err));
	BUILD(model_build_impute(b, x, 44.5, &x, &err));
	BUILD(model_build_sub_div(b, x, 40, 12.5, &src[n++], &err));
	BUILD(model_build_mul_add(b, spent, 0.001, -0.5, -1, 1, &src[n++],
	    &err));
	BUILD(model_build_onehot(b, colour, colour_map, countof(colour_map),
	    3, &x, &err));
	for (uint32_t i = 0; i < 3; i++)
		src[n++] = x + i;
	BUILD(model_build_table(b, member, member_table,
	    countof(member_table), &src[n++], &err));
	BUILD(model_build_lookup(b, size, sizes, countof(sizes), &x, &err));
	BUILD(model_build_onehot(b, x, size_map, countof(size_map), 3, &x,
	    &err));
	for (uint32_t i = 0; i < 3; i++)
		src[n++] = x + i;
	BUILD(model_build_constant(b, 1, &src[n++], &err));
	BUILD(model_build_linear(b, src, n, 1, coef, intercept, &y, &err));
	BUILD(model_build_link(b, LINK_SIGMOID, &y, 1, &y, &err));
	classes(b, outcomes, countof(outcomes));
	BUILD(model_build_output(b, MODEL_CLASSIFICATION,
	    (uint32_t[]){y, y + 1}, 2, &err));
	shop_schema(b);
	BUILD(model_build_fact(b, FACT_NAME, STR("shop"), &err));
	BUILD(model_build_fact(b, FACT_ALGORITHM, STR("LogisticRegression"),
	    &err));
	model_build_figure(b, FIGURE_THRESHOLD, 0.4);
	model_build_figure(b, FIGURE_TRAINED_TIME, 1.75e9);
	BUILD(model_build_warn(b, STR("trained long ago"), &err));
	BUILD(model_build_example(b, STR("{\"age\": 30, \"size\": 40, "
	    "\"member\": \"Yes\"}"), STR("zoo"), &err));
}

/* Two trees of three leaves over the first two inputs. */
static void
forest(struct model_build *b, enum zoo which)
{
	static const char *const kinds[] = {"low", "mid", "high"};
	static const int32_t left[] = {1, -1, 3, -1, -1};
	static const int32_t right[] = {2, -1, 4, -1, -1};
	static const int32_t feature[] = {0, 0, 1, 0, 0};
	static const double threshold[] = {0.1, 0, -2.5, 0, 0};
	static const uint8_t missing_left[] = {1, 0, 0, 0, 0};
	static const double value[] = {0, 0, 0, 0.5, 0.25, 0.25, 0, 0, 0,
	    1, 0, 0, 0, 0.125, 0.875};
	struct build_tree trees[2];
	struct build_forest f = {.n_trees = 2, .trees = trees, .divide = 2};
	bool classes_ = which == ZOO_FOREST;
	uint32_t src[2], y;

	src[0] = input(b, "x");
	src[1] = input(b, "y");
	for (int i = 0; i < 2; i++)
		trees[i] = (struct build_tree){.n_nodes = countof(left),
		    .left = left, .right = right, .feature = feature,
		    .threshold = threshold, .value = value,
		    .missing_left = classes_ ? NULL : missing_left};
	f.compare = which == ZOO_CUTS ? TREE_F64_LE_F64 :
	    which == ZOO_FLOATS ? TREE_F32_LT_F32 : TREE_F32_LE_F64;
	f.takes_nan = !classes_;
	f.n_values = f.n_outputs = classes_ ? 3 : 1;
	BUILD(model_build_forest(b, src, 2, &f, &y, &err));
	if (!classes_) {
		BUILD(model_build_output(b, MODEL_REGRESSION, &y, 1, &err));
		return;
	}
	BUILD(model_build_link(b, LINK_NORMALISE,
	    (uint32_t[]){y, y + 1, y + 2}, 3, &y, &err));
	classes(b, kinds, countof(kinds));
	BUILD(model_build_output(b, MODEL_CLASSIFICATION,
	    (uint32_t[]){y, y + 1, y + 2}, 3, &err));
}

/* Two trees, one of three leaves, by the columns themselves. */
static void
leaves(struct model_build *b)
{
	static const double coef[] = {0.5, -2}, start[] = {1};
	static const uint32_t feature[] = {1, 0};
	static const struct build_leaf list[] = {
	    {.n = 2, .feature = feature, .coef = coef, .constant = 1,
		.otherwise = 3},
	    {.constant = 7},
	    {.n = 1, .feature = feature, .coef = coef, .otherwise = 5},
	};
	uint32_t src[2], out[2], x;

	src[0] = input(b, "x");
	src[1] = input(b, "y");
	BUILD(model_build_leaves(b, src, 2, src, 2, list, countof(list), 1,
	    &out[0], &err));
	BUILD(model_build_linear_float(b, src, 2, 1, coef, start, &out[1],
	    &err));
	BUILD(model_build_linear(b, out, 2, 1, coef, start, &x, &err));
	BUILD(model_build_output(b, MODEL_REGRESSION, &x, 1, &err));
}

static void
curve(struct model_build *b)
{
	static const double xs[] = {0, 1}, ys[] = {0.25, 0.75};
	static const double weights[] = {1, 2, 3};
	uint32_t x, y, at, middle, rest;

	BUILD(model_build_input(b, STR("x"), &x, &err));
	BUILD(model_build_input(b, STR("y"), &y, &err));
	BUILD(model_build_interpolate(b, x, xs, ys, 2, &at, &err));
	BUILD(model_build_median(b, (uint32_t[]){x, y, at}, weights, 3,
	    &middle, &err));
	BUILD(model_build_mul_add(b, at, -1, 1, -INFINITY, INFINITY, &rest,
	    &err));
	for (int k = 0; k < 2; k++)
		BUILD(model_build_class(b, (struct model_class){
		    .kind = CLASS_TEXT, .text = k ? STR("up") : STR("down")},
		    &err));
	BUILD(model_build_output(b, MODEL_CLASSIFICATION,
	    (uint32_t[]){rest, at}, 2, &err));
	BUILD(model_build_decision(b, (uint32_t[]){middle, at}, 2, &err));
}

/* Two columns through every step that calculates on numbers. */
static void
calcs(struct model_build *b)
{
	static const double cuts[] = {-1, 0, 2}, xs[] = {-1, 0, 0, 3},
	    ys[] = {0, 0.25, 0.5, 1};
	static const int32_t map[] = {ONEHOT_REFUSE, ONEHOT_REFUSE, 0, 1, 2,
	    ONEHOT_NONE};
	static const double weights[] = {1, 2, 3};
	uint32_t x = input(b, "x"), y = input(b, "y"), parts[3], first;

	BUILD(model_build_require(b, x, &x, &err));
	BUILD(model_build_bins(b, x, cuts, countof(cuts), &first, &err));
	BUILD(model_build_onehot(b, first, map, countof(map), 3, &first,
	    &err));
	BUILD(model_build_interpolate(b, x, xs, ys, countof(xs), &parts[0],
	    &err));
	BUILD(model_build_calc(b, CALC_NORMAL, false, &parts[0], NULL, 1,
	    &parts[1], &err));
	BUILD(model_build_calc(b, CALC_MAX, true, &y, &weights[1], 1,
	    &parts[2], &err));
	BUILD(model_build_fold(b, FOLD_SUM, false,
	    (uint32_t[]){first, first + 1, parts[0]}, 3, 1, &parts[1], &err));
	BUILD(model_build_median(b, parts, weights, countof(parts), &y,
	    &err));
	BUILD(model_build_output(b, MODEL_REGRESSION, &y, 1, &err));
}

/* Two columns through the steps of a support vector machine, and a sort. */
static void
vectors(struct model_build *b)
{
	static const double list[] = {1, 2, 3, 4};
	struct build_kernel kernel = {.kind = KERNEL_RBF, .gamma = 0.5,
	    .degree = 3, .n_vectors = 2, .vectors = list};
	uint32_t src[2], first, pairs, sorted, p;

	src[0] = input(b, "x");
	src[1] = input(b, "y");
	BUILD(model_build_kernel(b, src, 2, &kernel, &first, &err));
	BUILD(model_build_sort(b, (uint32_t[]){first, first + 1}, 2, &sorted,
	    &err));
	BUILD(model_build_link(b, LINK_SIGMOID, &first, 1, &pairs, &err));
	BUILD(model_build_couple(b, (uint32_t[]){pairs, pairs + 1, pairs}, 3,
	    &p, &err));
	for (int k = 0; k < 3; k++)
		BUILD(model_build_class(b, (struct model_class){
		    .kind = CLASS_TEXT, .text = {&"abc"[k], 1}}, &err));
	BUILD(model_build_output(b, MODEL_CLASSIFICATION,
	    (uint32_t[]){p, p + 1, p + 2}, 3, &err));
	BUILD(model_build_decision(b, (uint32_t[]){sorted, sorted + 2,
	    sorted + 3}, 3, &err));
}

static void
targets(struct model_build *b)
{
	static const char *const labels[] = {"No", "Yes", "low", "middle",
	    "high"};
	static const double coef[] = {1, -1, 2}, zero[3];
	uint32_t x = input(b, "x"), two, three;

	BUILD(model_build_link(b, LINK_SIGMOID, &x, 1, &two, &err));
	BUILD(model_build_linear(b, &x, 1, 3, coef, zero, &three, &err));
	BUILD(model_build_link(b, LINK_SOFTMAX,
	    (uint32_t[]){three, three + 1, three + 2}, 3, &three, &err));
	for (int k = 0; k < 5; k++) {
		if (k == 0 || k == 2)
			BUILD(model_build_target(b, &err));
		BUILD(model_build_class(b, (struct model_class){
		    .kind = CLASS_TEXT, .text = str_of(labels[k])}, &err));
		if (k != 1)
			continue;
		BUILD(model_build_output(b, MODEL_CLASSIFICATION,
		    (uint32_t[]){two, two + 1}, 2, &err));
		BUILD(model_build_decision(b, (uint32_t[]){x, two}, 2,
		    &err));
	}
	BUILD(model_build_output(b, MODEL_CLASSIFICATION,
	    (uint32_t[]){three, three + 1, three + 2}, 3, &err));
	BUILD(model_build_name_target(b, 1, STR("size"), &err));
}

struct model_build *
zoo_build(enum zoo which, struct arena *mem)
{
	struct model_build *b = model_build_new(mem);

	if (b == NULL)
		abort();
	if (which == ZOO_SHOP)
		shop(b);
	else if (which == ZOO_LEAVES)
		leaves(b);
	else if (which == ZOO_CURVE)
		curve(b);
	else if (which == ZOO_CALCS)
		calcs(b);
	else if (which == ZOO_TARGETS)
		targets(b);
	else if (which == ZOO_VECTORS)
		vectors(b);
	else
		forest(b, which);
	return b;
}

struct str
zoo_image(enum zoo which, struct arena *mem)
{
	struct str image;

	BUILD(model_image(zoo_build(which, mem), &image, &err));
	return image;
}

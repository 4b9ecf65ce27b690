/* SPDX-License-Identifier: ISC
 *
 * import/: the model files of boosting libraries. Small files are written
 * here by hand, so that each rule of the library is seen alone; whole models
 * are held against the libraries' answers in tests/golden.
 */
#include "import_fixture.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct model *
import_text(const char *text)
{
	return import_str(str_of(text));
}

static void
assert_refused(const char *text, const char *sentence)
{
	assert_refused_str(str_of(text), sentence);
}

static double
score(const struct model *m, const double *cells, uint32_t k)
{
	return score_output(m, cells, k);
}

/* --- XGBoost -------------------------------------------------------------- */

/* A file, with what a case does not care about left at what works. */
struct file {
	const char *objective, *base, *classes, *targets, *booster;
	const char *attributes, *names, *types;
	const char *trees, *groups;
	const char *open, *close; /* around the booster */
	const char *cats;
	const char *parallel;
};
#define LEAF(value) "{\"left_children\":[-1],\"right_children\":[-1]," \
	"\"split_indices\":[0],\"split_conditions\":[" value "]," \
	"\"default_left\":[0],\"split_type\":[0]," \
	"\"tree_param\":{\"size_leaf_vector\":\"1\"}}"
#define STUMP(feature, cut, missing, low, high) \
	"{\"left_children\":[1,-1,-1],\"right_children\":[2,-1,-1]," \
	"\"split_indices\":[" feature ",0,0]," \
	"\"split_conditions\":[" cut "," low "," high "]," \
	"\"default_left\":[" missing ",0,0]}"

static const char *
xgboost(struct file f)
{
	static char text[8192];
#define OR(word, standard) (f.word != NULL ? f.word : standard)

	snprintf(text, sizeof(text),
	    "{\"learner\":{\"attributes\":{%s},\"feature_names\":[%s],"
	    "\"feature_types\":[%s],\"gradient_booster\":{%s\"model\":{"
	    "\"gbtree_model_param\":{%s},"
	    "\"cats\":{\"enc\":[%s]},\"tree_info\":[%s],"
	    "\"trees\":[%s]},\"name\":\"%s\"%s},"
	    "\"learner_model_param\":{\"base_score\":\"%s\","
	    "\"num_class\":\"%s\",\"num_feature\":\"2\","
	    "\"num_target\":\"%s\"},\"objective\":{\"name\":\"%s\"}},"
	    "\"version\":[3,1,1]}", OR(attributes, ""), OR(names, ""),
	    OR(types, ""), OR(open, ""),
	    OR(parallel, "\"num_parallel_tree\":\"1\""), OR(cats, ""),
	    OR(groups, "0"),
	    OR(trees, STUMP("1", "0.5", "1", "-1", "2")),
	    OR(booster, "gbtree"), OR(close, ""), OR(base, "5E-1"), OR(classes, "0"),
	    OR(targets, "1"), OR(objective, "reg:squarederror"));
	return text;
}

static const struct file standard;

static void
xgboost_splits_below_the_cut_as_floats(void **state)
{
	struct model *m = import_text(xgboost(standard));
	static const struct {
		double x, want;
	} cases[] = {{0.5, 2.5}, {0.49, -0.5}, {NAN, -0.5}, {7, 2.5},
	    /* As a float this is 0.5. */
	    {0.49999999999, 2.5}};

	(void)state;
	assert_non_null(m);
	for (size_t i = 0; i < countof(cases); i++)
		assert_true(score(m, (double[]){NAN, cases[i].x}, 0) ==
		    cases[i].want);
	model_close(m);
}

static void
xgboost_sums_are_floats_from_base_score_on(void **state)
{
	struct file f = {.base = "1E-1", .groups = "0,0",
	    .trees = LEAF("0.2") "," LEAF("1E-8")};
	struct model *m = import_text(xgboost(f));

	(void)state;
	assert_non_null(m);
	assert_true(score(m, (double[]){0, 0}, 0) ==
	    (double)(0.1f + 0.2f + 1e-8f));
	model_close(m);
}

static void
xgboost_objectives_undo_what_was_done_to_base_score(void **state)
{
	const float sum = -logf(1 / 0.25f - 1) + 0.5f;
	const float log_sum = logf(0.25f) + 0.5f;
	const float p = 1 / (expf(-sum) + 1);
	const struct {
		const char *objective, *base;
		uint32_t outputs;
		float want;
	} cases[] = {
	    {"reg:squarederror", "2.5E-1", 1, 0.75f},
	    {"reg:squarederror", "[2.5E-1]", 1, 0.75f},
	    {"rank:ndcg", "0.25", 1, 0.75f},
	    {"binary:logistic", "[2.5E-1]", 2, 1 - p},
	    {"reg:logistic", "0.25", 1, p},
	    {"binary:logitraw", "0.25", 1, 0.75f},
	    {"count:poisson", "[0.25]", 1, expf(log_sum)},
	    {"reg:gamma", "0.25", 1, expf(log_sum)},
	    {"reg:tweedie", "0.25", 1, expf(log_sum)},
	    {"survival:cox", "0.25", 1, expf(log_sum)},
	};

	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		struct file f = {.objective = cases[i].objective,
		    .base = cases[i].base, .trees = LEAF("0.5")};
		struct model *m = import_text(xgboost(f));

		if (m == NULL)
			fail_msg("%s: %s", f.objective, message);
		assert_int_equal(model_outputs(m), cases[i].outputs);
		assert_true(score(m, (double[]){0, 0}, 0) ==
		    (double)cases[i].want);
		model_close(m);
	}
}

static void
xgboost_classes_have_their_own_trees_and_base_scores(void **state)
{
	struct file f = {.objective = "multi:softprob", .classes = "3",
	    .base = "[1E0,0E0,-1E0]", .groups = "0,1,2",
	    .trees = LEAF("0") "," LEAF("2") "," LEAF("0")};
	struct model *m = import_text(xgboost(f));
	const float sum = (float)(double)(expf(-1) + 1.0f + expf(-3));

	(void)state;
	assert_non_null(m);
	assert_int_equal(model_classes(m), 3);
	assert_true(fabs(score(m, (double[]){0, 0}, 1) -
	    (double)(1 / sum)) < 1e-7);
	model_close(m);
	f.base = "5E-1"; /* one for all */
	m = import_text(xgboost(f));
	assert_non_null(m);
	assert_true(score(m, (double[]){0, 0}, 0) ==
	    score(m, (double[]){0, 0}, 2));
	model_close(m);
}

static void
xgboost_stops_at_the_best_iteration(void **state)
{
	struct file f = {.attributes = "\"best_iteration\":\"1\"",
	    .groups = "0,0,0", .base = "0",
	    .trees = LEAF("1") "," LEAF("2") "," LEAF("4")};
	struct model *m = import_text(xgboost(f));

	(void)state;
	assert_non_null(m);
	assert_true(score(m, (double[]){0, 0}, 0) == 3);
	assert_int_equal(model_warnings(m), 1);
	assert_non_null(strstr(model_warning(m, 0).p, "2 of 3 trees"));
	model_close(m);
	f.attributes = "\"best_iteration\":\"9\"";
	m = import_text(xgboost(f));
	assert_non_null(m);
	assert_true(score(m, (double[]){0, 0}, 0) == 7);
	model_close(m);
	f.attributes = "\"best_iteration\":\"-1\"";
	assert_refused(xgboost(f), "best_iteration is no number");
	/* Before 1.6 the limit told how many trees an iteration has. */
	f.parallel = "\"num_trees\":\"3\"";
	f.attributes = "\"best_iteration\":\"0\","
	    "\"best_ntree_limit\":\"3\"";
	m = import_text(xgboost(f));
	assert_non_null(m);
	assert_true(score(m, (double[]){0, 0}, 0) == 7);
	model_close(m);
}

static void
xgboost_columns_are_named_as_training_did(void **state)
{
	struct file f = {.names = "\"age\",\"pay\"",
	    .types = "\"float\",\"int\""};
	struct model *m = import_text(xgboost(standard));

	(void)state;
	assert_non_null(m);
	assert_int_equal(model_find_input(m, STR("f1"), 0), 1);
	model_close(m);
	m = import_text(xgboost(f));
	assert_non_null(m);
	assert_int_equal(model_find_input(m, STR("pay"), 0), 1);
	assert_int_equal(model_find_input(m, STR("f1"), 0), -1);
	model_close(m);
	f.names = "\"age\"";
	assert_refused(xgboost(f), "1 names for 2 features");
	f.names = "\"age\",\"age\"";
	assert_refused(xgboost(f), "age");
}

#define DART(weights) "\"weight_drop\":[" weights "],\"gbtree\":{"

static void
xgboost_dart_weighs_its_trees(void **state)
{
	struct file f = {.open = DART("0.1,0.3"),
	    .close = "},\"name\":\"dart\"", .base = "0", .groups = "0,0",
	    .trees = LEAF("0.7") "," LEAF("0.9")};
	struct model *m = import_text(xgboost(f));

	(void)state;
	if (m == NULL)
		fail_msg("%s", message);
	assert_true(score(m, (double[]){0, 0}, 0) ==
	    (double)(0.1f * 0.7f + 0.3f * 0.9f));
	model_close(m);
	/* Since 3.3 the weights stand among the trees. */
	f.open = f.close = NULL;
	f.groups = "0,0],\"weight_drop\":[0.1,0.3";
	m = import_text(xgboost(f));
	if (m == NULL)
		fail_msg("%s", message);
	assert_true(score(m, (double[]){0, 0}, 0) ==
	    (double)(0.1f * 0.7f + 0.3f * 0.9f));
	model_close(m);
	f.groups = "0,0],\"weight_drop\":[0.1";
	assert_refused(xgboost(f), "weight_drop has not one number a tree");
}

/* Numbers of pruned nodes are used again, and nodes that nothing leads to
 * stay in the file. */
static void
xgboost_children_may_come_before_their_parents(void **state)
{
	struct file f = {.base = "0", .trees =
	    "{\"left_children\":[3,-1,-1,1,-1],"
	    "\"right_children\":[2,-1,-1,4,-1],"
	    "\"split_indices\":[0,0,9,1,9],"
	    "\"split_conditions\":[1,10,20,1,30],"
	    "\"default_left\":[false,false,false,true,false]}"};
	struct model *m = import_text(xgboost(f));

	(void)state;
	assert_non_null(m);
	assert_true(score(m, (double[]){0, 0}, 0) == 10);
	assert_true(score(m, (double[]){0, 1}, 0) == 30);
	assert_true(score(m, (double[]){0, NAN}, 0) == 10);
	assert_true(score(m, (double[]){NAN, 0}, 0) == 20);
	model_close(m);
}

#define TEXTS "{\"offsets\":[],\"values\":[]}," \
	"{\"offsets\":[0,1,3],\"values\":[97,98,99]}" /* a, bc */
#define CATEGORIES(set, nodes, starts, sizes) \
	"{\"left_children\":[1,-1,-1],\"right_children\":[2,-1,-1]," \
	"\"split_indices\":[1,0,0],\"split_conditions\":[0,-1,2]," \
	"\"default_left\":[1,0,0],\"split_type\":[1,0,0]," \
	"\"categories\":" set ",\"categories_nodes\":" nodes "," \
	"\"categories_segments\":" starts ",\"categories_sizes\":" sizes \
	"}"

#define NAN_SPLIT(gain) \
	"{\"left_children\":[1,-1,-1],\"right_children\":[2,-1,-1]," \
	"\"split_indices\":[1,0,0],\"split_conditions\":[NaN,-1,2]," \
	"\"default_left\":[1,0,0],\"split_type\":[1,0,0]," \
	"\"loss_changes\":[" gain "]," \
	"\"categories\":[1],\"categories_nodes\":[0]," \
	"\"categories_segments\":[0],\"categories_sizes\":[1]}"

/* In the set goes right; what training did not know is missing. */
static void
xgboost_splits_on_sets_of_categories(void **state)
{
	struct file f = {.base = "0", .types = "\"float\",\"c\"",
	    .cats = TEXTS, .trees = CATEGORIES("[1]", "[0]", "[0]", "[1]")};
	struct model *m = import_text(xgboost(f));
	bool refused;
	double a, bc;

	(void)state;
	if (m == NULL)
		fail_msg("%s", message);
	a = model_find_code(m, 1, STR("a"), &refused);
	bc = model_find_code(m, 1, STR("bc"), &refused);
	assert_true(score(m, (double[]){0, a}, 0) == -1);
	assert_true(score(m, (double[]){0, bc}, 0) == 2);
	assert_true(score(m, (double[]){0, CODE_UNKNOWN}, 0) == -1);
	assert_true(score(m, (double[]){0, NAN}, 0) == -1);
	model_close(m);
}

static void
xgboost_categories_may_be_numbers(void **state)
{
	struct file f = {.base = "0", .types = "\"float\",\"c\"",
	    .cats = "{\"offsets\":[],\"values\":[]},"
		"{\"type\":15,\"values\":[10,35]}",
	    .trees = CATEGORIES("[1]", "[0]", "[0]", "[1]")};
	struct model *m = import_text(xgboost(f));

	(void)state;
	if (m == NULL)
		fail_msg("%s", message);
	assert_true(score(m, (double[]){0, 10}, 0) == -1);
	assert_true(score(m, (double[]){0, 35}, 0) == 2);
	assert_true(score(m, (double[]){0, NAN}, 0) == -1);
	model_close(m);
}

/* Before 3.1, and of arrays, the file has codes alone. */
static void
xgboost_categories_may_be_codes(void **state)
{
	struct file f = {.base = "0", .types = "\"float\",\"c\"",
	    .trees = CATEGORIES("[1,3]", "[0]", "[0]", "[2]")};
	static const double cases[][2] = {{0, -1}, {1, 2}, {1.9, 2}, {2, -1},
	    {3, 2}, {4, -1}, {1e9, -1}, {-0.5, -1}, {-1, -1}, {NAN, -1}};
	struct model *m = import_text(xgboost(f));

	(void)state;
	if (m == NULL)
		fail_msg("%s", message);
	for (size_t i = 0; i < countof(cases); i++)
		assert_true(score(m, (double[]){0, cases[i][0]}, 0) ==
		    cases[i][1]);
	model_close(m);
	/* A column of that type that is split as a number is one. */
	f.trees = NULL;
	m = import_text(xgboost(f));
	assert_true(score(m, (double[]){0, 0.4}, 0) == -1);
	model_close(m);
	/* 1.7 writes no number for the threshold of such a split. */
	f.trees = NAN_SPLIT("0");
	f.names = "\"NaN\",\"\\\\\"";
	m = import_text(xgboost(f));
	if (m == NULL)
		fail_msg("%s", message);
	assert_int_equal(model_find_input(m, STR("NaN"), 0), 0);
	assert_true(score(m, (double[]){0, 1}, 0) == 2);
	model_close(m);
	f.trees = NAN_SPLIT("NaN");
	assert_refused(xgboost(f), "with NaN among its numbers");
}

static void
xgboost_hinge_is_sure_of_its_class(void **state)
{
	struct file f = {.objective = "binary:hinge", .base = "0",
	    .trees = STUMP("1", "0.5", "1", "0", "1E-9")};
	struct model *m = import_text(xgboost(f));

	(void)state;
	if (m == NULL)
		fail_msg("%s", message);
	assert_int_equal(model_classes(m), 2);
	assert_true(score(m, (double[]){0, 0}, 1) == 0);
	assert_true(score(m, (double[]){0, 0}, 0) == 1);
	assert_true(score(m, (double[]){0, 1}, 1) == 1);
	model_close(m);
}

static void
xgboost_targets_are_numbers_of_their_own(void **state)
{
	struct file f = {.targets = "2", .base = "[1E0,2E0]", .groups = "0,1",
	    .trees = LEAF("0.25") "," LEAF("0.5")};
	struct model *m = import_text(xgboost(f));

	(void)state;
	if (m == NULL)
		fail_msg("%s", message);
	assert_int_equal(model_task(m), MODEL_REGRESSION);
	assert_int_equal(model_outputs(m), 2);
	assert_true(score(m, (double[]){0, 0}, 0) == 1.25);
	assert_true(score(m, (double[]){0, 0}, 1) == 2.5);
	model_close(m);
}

static void
xgboost_targets_are_labels_of_their_own(void **state)
{
	struct file f = {.targets = "2", .base = "5E-1", .groups = "0,1",
	    .trees = LEAF("-0.25") "," LEAF("0.5"),
	    .objective = "binary:logistic"};
	struct model *m = import_text(xgboost(f));

	(void)state;
	if (m == NULL)
		fail_msg("%s", message);
	assert_int_equal(model_task(m), MODEL_CLASSIFICATION);
	assert_int_equal(model_targets(m), 2);
	assert_true(score(m, (double[]){0, 0}, 1) < 0.5);
	assert_true(score(m, (double[]){0, 0}, 3) > 0.5);
	model_close(m);
}

/* Feature by feature in float, from the intercept and base_score on; what is
 * missing is left out. */
static void
xgboost_linear_models_sum_in_float(void **state)
{
	struct file f = {.booster = "gblinear", .base = "1E-1",
	    .open = "\"x\":{},", .trees = "",
	    .groups = "],\"weights\":[0.3,1E-8,0.7"};
	struct model *m = import_text(xgboost(f));

	(void)state;
	if (m == NULL)
		fail_msg("%s", message);
	assert_true(score(m, (double[]){3, 2}, 0) ==
	    (double)(0.7f + 0.1f + 3 * 0.3f + 2 * 1e-8f));
	assert_true(score(m, (double[]){NAN, 2}, 0) ==
	    (double)(0.7f + 0.1f + 2 * 1e-8f));
	model_close(m);
}

/* The binary form: structures in a buffer. */
struct bytes {
	char p[1024];
	size_t n;
};

static void
put_zeros(struct bytes *b, size_t n)
{
	memset(b->p + b->n, 0, n);
	b->n += n;
}

static void
put_int(struct bytes *b, int32_t v)
{
	memcpy(b->p + b->n, &v, sizeof(v));
	b->n += sizeof(v);
}

static void
put_float(struct bytes *b, float v)
{
	memcpy(b->p + b->n, &v, sizeof(v));
	b->n += sizeof(v);
}

static void
put_name(struct bytes *b, const char *name)
{
	put_int(b, (int32_t)strlen(name));
	put_int(b, 0);
	memcpy(b->p + b->n, name, strlen(name));
	b->n += strlen(name);
}

static void
put_node(struct bytes *b, int32_t left, int32_t right, uint32_t split,
    float value)
{
	put_int(b, 0); /* its parent */
	put_int(b, left);
	put_int(b, right);
	put_int(b, (int32_t)split);
	put_float(b, value);
}

/* A stump: f1 < 0.5, or missing, is -1, else 2. */
static void
put_stump_model(struct bytes *b, const char *booster, int32_t major)
{
	b->n = 0;
	put_float(b, 0.5f);
	put_int(b, 2); /* columns */
	put_zeros(b, 12);
	put_int(b, major);
	put_zeros(b, 136 - 24);
	put_name(b, "binary:logistic");
	put_name(b, booster);
	put_int(b, 1); /* trees */
	put_int(b, 1);
	put_zeros(b, 160 - 8);
	put_int(b, 0);
	put_int(b, 3); /* nodes */
	put_zeros(b, 148 - 8);
	put_node(b, 1, 2, 0x80000001, 0.5f);
	put_node(b, -1, -1, 0, -1);
	put_node(b, -1, -1, 0, 2);
	put_zeros(b, (size_t)3 * 16);
	put_int(b, 0); /* its class */
}

static struct str
view(const struct bytes *b)
{
	return (struct str){b->p, b->n};
}

static void
xgboost_binary_files_are_read(void **state)
{
	struct bytes b;
	struct model *m;

	(void)state;
	put_stump_model(&b, "gbtree", 1);
	m = import_str(view(&b));
	assert_true(score(m, (double[]){0, 0.4}, 1) ==
	    (double)(1 / (1 + expf(1))));
	assert_true(score(m, (double[]){0, NAN}, 1) ==
	    (double)(1 / (1 + expf(1))));
	assert_true(score(m, (double[]){0, 0.5}, 1) ==
	    (double)(1 / (1 + expf(-2))));
	model_close(m);
	/* Before 1.0 the start is a sum. */
	put_stump_model(&b, "gbtree", 0);
	m = import_str(view(&b));
	assert_true(score(m, (double[]){0, 0.5}, 1) ==
	    (double)(1 / (1 + expf(-2.5f))));
	model_close(m);
}

static void
xgboost_binary_files_that_are_damaged_are_refused(void **state)
{
	const size_t trees = 136 + 8 + 15 + 8 + 6, nodes = trees + 160;
	struct bytes b;

	(void)state;
	put_stump_model(&b, "gbtree", 1);
	for (size_t n = trees; n < b.n; n++)
		assert_refused_str((struct str){b.p, n}, "is cut off");
	b.p[trees] = 2;
	assert_refused_str(view(&b), "is cut off");
	b.p[trees + 3] = 127;
	assert_refused_str(view(&b), "is cut off");
	put_stump_model(&b, "gbtree", 1);
	b.p[nodes + 7] = 127;
	assert_refused_str(view(&b), "is cut off");
	put_stump_model(&b, "gbtree", 1);
	b.p[nodes + 148 + 4] = 3;
	assert_refused_str(view(&b), "has a child or a feature");
	put_stump_model(&b, "gbtree", 1);
	b.p[trees + 16] = 1;
	assert_refused_str(view(&b), "of a version before 0.6");
	put_stump_model(&b, "dart", 1);
	assert_refused_str(view(&b), "is cut off");
	assert_refused_str(STR("binfxyz"), "is cut off");
}

static void
xgboost_that_cannot_be_served_is_refused_by_name(void **state)
{
	static const struct {
		struct file file;
		const char *sentence;
	} cases[] = {
	    {{.booster = "gbother"}, "booster 'gbother', which is not"},
	    {{.booster = "gblinear"}, "weights are not one a feature"},
	    {{.objective = "user:own"}, "objective 'user:own'"},
	    {{.open = DART("0.5,0.5"), .close = "},\"name\":\"dart\""},
		"weight_drop has not one number a tree"},
	    {{.targets = "2", .objective = "count:poisson"},
		"of 2 targets with objective 'count:poisson'"},
	    {{.classes = "3"}, "classes do not fit its objective"},
	    {{.classes = "x"}, "learner_model_param cannot be read"},
	    {{.base = "half"}, "base_score is no number"},
	    {{.base = "[1E0,2E0]"}, "not one number a class"},
	    {{.base = "1E39"}, "base_score is out of range"},
	    {{.objective = "reg:gamma", .base = "0"}, "out of range"},
	    {{.groups = "1"}, "tree 0 is of a class that is not there"},
	    {{.groups = "0,0"}, "without a list of trees"},
	    {{.trees = "{\"left_children\":[]}"}, "tree 0 has no nodes"},
	    {{.trees = "{\"left_children\":[-1]}"},
		"tree 0: right_children is no list of 1 numbers"},
	    {{.trees = STUMP("2", "1", "0", "1", "1")},
		"a feature that is not there"},
	    {{.trees = STUMP("-1", "1", "0", "1", "1")},
		"a feature that is not there"},
	    {{.trees = STUMP("0.5", "1", "0", "1", "1")},
		"a feature that is not there"},
	    {{.trees = STUMP("0", "1E39", "0", "1", "1")}, "not finite"},
	    {{.trees = STUMP("0", "1", "0", "1E39", "1")}, "not finite"},
	    {{.trees = "{\"left_children\":[0,-1,-1],"
		"\"right_children\":[2,-1,-1],\"split_indices\":[0,0,0],"
		"\"split_conditions\":[1,1,1],\"default_left\":[0,0,0]}"},
		"goes in a circle"},
	    {{.trees = "{\"left_children\":[1,-1],"
		"\"right_children\":[1,-1],\"split_indices\":[0,0],"
		"\"split_conditions\":[1,1],\"default_left\":[0,0]}"},
		"goes in a circle"},
	    {{.trees = CATEGORIES("[65535]", "[0]", "[0]", "[1]")},
		"tree 0: its sets of categories are damaged"},
	    {{.trees = CATEGORIES("[]", "[0]", "[0]", "[0]")},
		"node 0 of tree 0 splits on a category"},
	    {{.trees = CATEGORIES("[0]", "[0]", "[0]", "[1]") ","
		STUMP("1", "0.5", "1", "-1", "2"), .groups = "0,0"},
		"tree 1: its sets of categories are damaged"},
	    {{.cats = "{\"values\":[]}"}, "categories are damaged"},
	    {{.cats = "{\"values\":[]},{\"offsets\":[0,2],\"values\":[97]}"},
		"categories are damaged"},
	    {{.cats = "{\"values\":[]},{\"offsets\":[0,1],\"values\":[999]}"},
		"categories are damaged"},
	    {{.cats = TEXTS}, "tree 0: its sets of categories are damaged"},
	    {{.cats = TEXTS, .trees = CATEGORIES("[9]", "[0]", "[0]", "[1]")},
		"sets of categories are damaged"},
	    {{.cats = TEXTS, .trees = CATEGORIES("[1]", "[3]", "[0]", "[1]")},
		"sets of categories are damaged"},
	    {{.cats = TEXTS, .trees = CATEGORIES("[1]", "[0]", "[1]", "[1]")},
		"sets of categories are damaged"},
	    {{.cats = TEXTS, .trees = CATEGORIES("[1]", "[0]", "[0]", "[2]")},
		"sets of categories are damaged"},
	    /* Each would be read as often as a split names it. */
	    {{.cats = TEXTS, .trees = CATEGORIES("[1]", "[0,0]", "[0,0]",
		"[1,1]")}, "sets of categories are damaged"},
	    {{.cats = TEXTS, .trees = CATEGORIES("[]", "[]", "[]", "[]")},
		"node 0 of tree 0 splits on a category"},
	    {{.trees = "{\"left_children\":[-1],"
		"\"tree_param\":{\"size_leaf_vector\":\"3\"}}"},
		"tree 0 has leaves that are not of one number"},
	};

	(void)state;
	for (size_t i = 0; i < countof(cases); i++)
		assert_refused(xgboost(cases[i].file), cases[i].sentence);
	assert_refused("{\"learner\": 1", "f: ");
	assert_refused("{\"learner\": 1}", "booster ''");
}

/* What json/ checks for JSON, the reader of UBJSON does itself. */
static void
ubjson_is_read_to_its_last_byte_and_no_further(void **state)
{
#define HEAD "{U\007learner"
#define BYTES(literal) {literal, sizeof(literal) - 1}
	static const struct {
		struct str bytes;
		const char *sentence;
	} cases[] = {
	    {BYTES(HEAD "{}}"), "booster ''"},
	    {BYTES(HEAD "NN{}N}"), "booster ''"},
	    {BYTES(HEAD "Z}"), "booster ''"},
	    {BYTES(HEAD "[Tii]}"), "booster ''"},
	    {BYTES(HEAD "[#i\002SU\001aF}"), "booster ''"},
	    {BYTES(HEAD "{}}x"), "more behind the end at byte 13"},
	    {BYTES(HEAD "{}"), "truncated at byte 12"},
	    {BYTES(HEAD "L\0\0\0"), "truncated"},
	    {BYTES(HEAD "H"), "a kind that is not known at byte 10"},
	    {BYTES(HEAD "SU\011abc"), "a length beyond the end"},
	    {BYTES(HEAD "Si\377abc"), "a length beyond the end"},
	    {BYTES(HEAD "Sd\0\0\0\0"), "a length that is no integer"},
	    {BYTES(HEAD "SL\177\377\377\377\377\377\377\377"),
		"a length beyond the end"},
	    {BYTES(HEAD "[$d#U\002\0\0\0\0"), "a length beyond the end"},
	    {BYTES(HEAD "[$S#U\001"), "of what is no number"},
	    {BYTES(HEAD "[$dU\001"), "without a count"},
	    {BYTES(HEAD "[#U\011"), "a length beyond the end"},
	};
	char deep[64] = HEAD;

	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		assert_null(import_str(cases[i].bytes));
		if (strstr(message, cases[i].sentence) == NULL)
			fail_msg("%zu: got \"%s\", want \"%s\"", i, message,
			    cases[i].sentence);
	}
	memset(deep + 10, '[', 40);
	assert_refused(deep, "nested too deep at byte 42");
}

/* --- LightGBM ------------------------------------------------------------- */

struct text {
	const char *objective, *classes, *names, *more, *last, *end;
	const char *trees, *infos, *pandas;
};
#define LGB_LEAF(value) "Tree=0\nnum_leaves=1\nnum_cat=0\n" \
	"split_feature=\nleaf_value=" value "\nis_linear=0\nshrinkage=1\n\n"
#define LGB_STUMP(feature, cut, type) "Tree=0\nnum_leaves=2\nnum_cat=0\n" \
	"split_feature=" feature "\nthreshold=" cut "\n" \
	"decision_type=" type "\nleft_child=-1\nright_child=-2\n" \
	"leaf_value=-1 2\nis_linear=0\nshrinkage=1\n\n"

#define LGB_SETS(feature, set, bounds, words) \
	"Tree=0\nnum_leaves=2\nnum_cat=1\nsplit_feature=" feature \
	"\nthreshold=" set "\ndecision_type=1\nleft_child=-1\n" \
	"right_child=-2\nleaf_value=-1 2\ncat_boundaries=" bounds \
	"\ncat_threshold=" words "\nis_linear=0\n\n"

#define LGB_LINEAR(constants, counts, features, coefs) \
	"Tree=0\nnum_leaves=2\nnum_cat=0\nsplit_feature=0\nthreshold=0.5\n" \
	"decision_type=8\nleft_child=-1\nright_child=-2\n" \
	"leaf_value=-1 2\nis_linear=1\nleaf_const=" constants \
	"\nnum_features=" counts "\nleaf_features=" features \
	"\nleaf_coeff=" coefs "\nshrinkage=1\n\n"

static const char *
lightgbm(struct text f)
{
	static char text[8192];

	snprintf(text, sizeof(text),
	    "tree\nversion=v4\nnum_class=%s\nnum_tree_per_iteration=%s\n"
	    "label_index=0\nmax_feature_idx=%s\n%s\n%sfeature_names=%s\n"
	    "feature_infos=%s\ntree_sizes=1 1\n\n%s\n%s\n"
	    "feature_importances:\na=1\n\n%s", OR(classes, "1"),
	    OR(classes, "1"), OR(last, "1"),
	    OR(objective, "objective=regression"), OR(more, ""),
	    OR(names, "a b"), OR(infos, "[0:1] [0:1]"),
	    OR(trees, LGB_STUMP("1", "0.5", "0")),
	    OR(end, "end of trees\n"),
	    OR(pandas, "pandas_categorical:null\n"));
	return text;
}

static void
lightgbm_missing_is_what_the_split_says(void **state)
{
	/* The row goes to leaf -1 where it goes left. */
	static const struct {
		const char *trees;
		double x, want;
	} cases[] = {
	    {LGB_STUMP("1", "0.5", "0"), 0.5, -1},
	    {LGB_STUMP("1", "0.5", "0"), 0.50000000000000011, 2},
	    /* No missing: NaN is 0. */
	    {LGB_STUMP("1", "0.5", "0"), NAN, -1},
	    {LGB_STUMP("1", "-0.5", "0"), NAN, 2},
	    {LGB_STUMP("1", "-0.5", "2"), NAN, 2},
	    /* Zero is missing, and NaN is zero. */
	    {LGB_STUMP("1", "-0.5", "6"), NAN, -1},
	    {LGB_STUMP("1", "-0.5", "6"), 0, -1},
	    {LGB_STUMP("1", "-0.5", "6"), -1e-35, -1},
	    {LGB_STUMP("1", "-0.5", "6"), 1.0000000180025095e-35, -1},
	    {LGB_STUMP("1", "-0.5", "6"), 1.0000000180025097e-35, 2},
	    {LGB_STUMP("1", "0.5", "4"), 0, 2},
	    {LGB_STUMP("1", "0.5", "4"), 0.1, -1},
	    /* NaN is missing. */
	    {LGB_STUMP("1", "0.5", "8"), NAN, 2},
	    {LGB_STUMP("1", "-0.5", "10"), NAN, -1},
	    {LGB_STUMP("1", "0.5", "8"), 0, -1},
	    {LGB_STUMP("1", "inf", "8"), 1e308, -1},
	    {LGB_STUMP("1", "inf", "8"), NAN, 2},
	};

	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		struct text f = {.trees = cases[i].trees};
		struct model *m = import_text(lightgbm(f));

		if (m == NULL)
			fail_msg("%zu: %s", i, message);
		if (score(m, (double[]){7, cases[i].x}, 0) != cases[i].want)
			fail_msg("case %zu", i);
		model_close(m);
	}
}

static void
lightgbm_objectives_transform_the_sum(void **state)
{
	static const struct {
		const char *objective, *more;
		uint32_t outputs;
		double scale, link; /* of 0.75 */
	} cases[] = {
	    {"objective=regression", "", 1, 1, 0},
	    {"objective=lambdarank", "", 1, 1, 0},
	    {"", "", 1, 1, 0},
	    {"objective=regression", "average_output\n", 1, 0.5, 0},
	    {"objective=binary sigmoid:1", "", 2, 1, 1},
	    {"objective=binary sigmoid:2", "", 2, 2, 1},
	    {"objective=binary sigmoid:1\r", "average_output\r\n", 2, 0.5, 1},
	    {"objective=cross_entropy", "", 1, 1, 1},
	    {"objective=cross_entropy_lambda", "", 1, 1, 3},
	    {"objective=regression sqrt", "", 1, 1, 4},
	    {"objective=poisson", "", 1, 1, 2},
	    {"objective=gamma", "", 1, 1, 2},
	    {"objective=tweedie tweedie_variance_power:1.5", "", 1, 1, 2},
	};

	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		struct text f = {.objective = cases[i].objective,
		    .more = cases[i].more,
		    .trees = LGB_LEAF("0.25") LGB_LEAF("0.5")};
		struct model *m = import_text(lightgbm(f));
		double sum = 0.75 * cases[i].scale;

		if (m == NULL)
			fail_msg("%s: %s", cases[i].objective, message);
		assert_int_equal(model_outputs(m), cases[i].outputs);
		assert_true(score(m, (double[]){0, 0},
		    cases[i].outputs - 1) == (cases[i].link == 0 ? sum :
		    cases[i].link == 1 ? 1 / (1 + exp(-sum)) :
		    cases[i].link == 2 ? exp(sum) :
		    cases[i].link == 3 ? log1p(exp(sum)) : sum * sum));
		model_close(m);
	}
}

static void
lightgbm_leaves_may_be_linear(void **state)
{
	/* The second leaf has no features, the other two. */
	struct text f = {.more = "average_output\n", .trees =
	    LGB_LINEAR("0.25 7", "2 0", "1 0  ", "0.1 0.2  ")
	    LGB_LEAF("5")};
	struct model *m = import_text(lightgbm(f));

	(void)state;
	if (m == NULL)
		fail_msg("%s", message);
	assert_true(score(m, (double[]){0.5, 3}, 0) ==
	    (0.25 + 0.1 * 3 + 0.2 * 0.5 + 5) / 2);
	assert_true(score(m, (double[]){0.6, 3}, 0) == 6);
	/* Missing: the leaf as it was before it was linear. */
	assert_true(score(m, (double[]){0.5, NAN}, 0) == 2);
	assert_true(score(m, (double[]){0.6, NAN}, 0) == 6);
	model_close(m);
}

static void
lightgbm_classes_take_their_trees_in_turn(void **state)
{
	struct text f = {.objective = "objective=multiclass num_class:3",
	    .classes = "3", .more = "average_output\n",
	    .trees = LGB_LEAF("0") LGB_LEAF("1") LGB_LEAF("3")
		LGB_LEAF("0") LGB_LEAF("1") LGB_LEAF("1")};
	struct model *m = import_text(lightgbm(f));

	(void)state;
	assert_non_null(m);
	assert_int_equal(model_classes(m), 3);
	assert_true(score(m, (double[]){0, 0}, 1) ==
	    exp(-1) / (exp(-2) + exp(-1) + 1));
	model_close(m);
}

static void
lightgbm_one_against_all_is_not_normalised(void **state)
{
	struct text f = {
	    .objective = "objective=multiclassova num_class:3 sigmoid:2",
	    .classes = "3",
	    .trees = LGB_LEAF("0") LGB_LEAF("1") LGB_LEAF("3")};
	struct model *m = import_text(lightgbm(f));

	(void)state;
	if (m == NULL)
		fail_msg("%s", message);
	assert_true(score(m, (double[]){0, 0}, 0) == 0.5);
	assert_true(score(m, (double[]){0, 0}, 2) == 1 / (1 + exp(-6)));
	model_close(m);
}

/* In the set goes left; not in it, unknown and missing go right. */
static void
lightgbm_splits_on_sets_of_categories(void **state)
{
	/* Places 1 and 33 of 34. */
	struct text f = {.infos = "[0:1] -1:33:0:1",
	    .trees = LGB_SETS("1", "0", "0 2", "2 2")};
	struct model *m = import_text(lightgbm(f));
	static const double left[] = {1, 33}, right[] = {0, 2, 65, -1, NAN};
	bool refused;
	double cell;

	(void)state;
	if (m == NULL)
		fail_msg("%s", message);
	for (size_t i = 0; i < countof(left); i++)
		assert_true(score(m, (double[]){0, left[i]}, 0) == -1);
	for (size_t i = 0; i < countof(right); i++)
		assert_true(score(m, (double[]){0, right[i]}, 0) == 2);
	model_close(m);
	f = (struct text){.infos = "[0:1] -1:1:0",
	    .trees = LGB_SETS("1", "0", "0 1", "2"),
	    .pandas = "pandas_categorical:[[\"no\", \"yes\"]]\n"};
	m = import_text(lightgbm(f));
	if (m == NULL)
		fail_msg("%s", message);
	cell = model_find_code(m, 1, STR("yes"), &refused);
	assert_true(score(m, (double[]){0, cell}, 0) == -1);
	cell = model_find_code(m, 1, STR("no"), &refused);
	assert_true(score(m, (double[]){0, cell}, 0) == 2);
	assert_true(score(m, (double[]){0, CODE_UNKNOWN}, 0) == 2);
	assert_true(score(m, (double[]){0, NAN}, 0) == 2);
	model_close(m);
	f.pandas = "pandas_categorical:[[10, 20.5]]\n";
	m = import_text(lightgbm(f));
	if (m == NULL)
		fail_msg("%s", message);
	assert_true(score(m, (double[]){0, 20.5}, 0) == -1);
	assert_true(score(m, (double[]){0, 1}, 0) == 2);
	model_close(m);
}

static void
lightgbm_that_cannot_be_served_is_refused_by_name(void **state)
{
	static const struct {
		struct text file;
		const char *sentence;
	} cases[] = {
	    {{.objective = "objective=own"}, "objective 'own'"},
	    {{.objective = "objective=multiclassova"}, "do not fit"},
	    {{.objective = "objective=binary sigmoid:x"},
		"sigmoid is no number"},
	    {{.objective = "objective=multiclass"}, "do not fit"},
	    {{.classes = "3"}, "do not fit"},
	    {{.classes = "0"}, "first lines cannot be read"},
	    {{.last = "-1"}, "first lines cannot be read"},
	    {{.last = "9999999"}, "first lines cannot be read"},
	    {{.last = "9"}, "fewer names than features"},
	    {{.names = "one"}, "not as many"},
	    {{.names = "a b c"}, "not as many"},
	    {{.names = "a a"}, "a"},
	    {{.trees = ""}, "without trees"},
	    {{.end = ""}, "trees have no end"},
	    {{.trees = "Tree=0\nnum_leaves=0\n"}, "tree 0 has no leaves"},
	    {{.trees = "Tree=0\nnum_leaves=99999\n"}, "more than it has text"},
	    {{.trees = "Tree=0\nnum_leaves=1\nleaf_value=\n"},
		"tree 0: leaf_value is no list of 1 numbers"},
	    {{.trees = "Tree=0\nnum_leaves=1\nleaf_value=1 2\n"},
		"leaf_value is no list of 1 numbers"},
	    {{.trees = "Tree=0\nnum_leaves=1\nleaf_value=0x1\n"},
		"leaf_value is no list of 1 numbers"},
	    {{.trees = "Tree=0\nnum_leaves=1\nleaf_value=nan\n"},
		"not finite"},
	    {{.trees = LGB_STUMP("0", "0", "0") "Tree=1\nis_linear=2\n"
		"num_leaves=1\nleaf_value=1\n"}, "neither 0 nor 1"},
	    {{.trees = LGB_LINEAR("1", "1 1", "0 1 0", "1 1")},
		"tree 0: leaf_const is no list of 2 numbers"},
	    {{.trees = LGB_LINEAR("1 2", "1", "0 1 0", "1 1")},
		"tree 0: num_features is no list of 2 numbers"},
	    {{.trees = LGB_LINEAR("1 2", "1 -1", "0 1 0", "1 1")},
		"more coefficients than text"},
	    {{.trees = LGB_LINEAR("1 2", "1 9e9", "0 1 0", "1 1")},
		"more coefficients than text"},
	    {{.trees = LGB_LINEAR("1 2", "1 1", "0 1 0", "1 1")},
		"leaf_features is no list of 2 numbers"},
	    {{.trees = LGB_LINEAR("1 2", "1 2", "0 1 0", "1 1")},
		"leaf_coeff is no list of 3 numbers"},
	    {{.trees = LGB_LINEAR("1 2", "1 1", "0 2", "1 1")},
		"a leaf has a feature that is not there"},
	    {{.trees = LGB_LINEAR("1 2", "1 1", "0 1", "1 inf")},
		"not a finite number"},
	    {{.trees = LGB_STUMP("0", "0", "1")},
		"splits on categories that are not there"},
	    {{.trees = LGB_SETS("0", "0", "0 1", "1")},
		"splits on categories that are not there"},
	    {{.infos = "[0:1] -1:0", .trees = LGB_STUMP("1", "1", "0")},
		"node 0 of tree 0 compares categories"},
	    {{.infos = "[0:1] 0:1", .trees = LGB_SETS("1", "1", "0 1", "1")},
		"splits on categories that are not there"},
	    {{.infos = "[0:1] 0:1", .trees = LGB_SETS("1", "0", "1 0", "1")},
		"cat_boundaries do not ascend"},
	    {{.infos = "[0:1] 0:1", .trees = LGB_SETS("1", "0", "0 9e9", "1")},
		"cat_boundaries do not ascend"},
	    {{.infos = "[0:1] 0:1", .trees = LGB_SETS("1", "0", "0 2", "1")},
		"cat_threshold is no list of 2 numbers"},
	    {{.infos = "[0:1] 0:1", .trees = LGB_SETS("1", "0", "0 1", "-1")},
		"is no bit set"},
	    {{.infos = "[0:1] 0:x", .trees = LGB_SETS("1", "0", "0 1", "1")},
		"categories are no numbers"},
	    {{.infos = "[0:1] 0:1", .pandas = "pandas_categorical:[[],[]]\n"},
		"not one list a categorical column"},
	    {{.infos = "[0:1] 0:1", .pandas = "pandas_categorical:[[\n"},
		"pandas_categorical: "},
	    {{.infos = "[0:1] 0:1",
		.pandas = "pandas_categorical:[[\"a\",1]]\n"},
		"of several kinds"},
	    {{.trees = LGB_STUMP("2", "1", "0")}, "feature that is not known"},
	    {{.trees = LGB_STUMP("-1", "1", "0")},
		"feature that is not known"},
	    {{.trees = LGB_STUMP("0", "1", "12")}, "has a decision type"},
	    {{.trees = LGB_STUMP("0", "1", "nan")}, "has a decision type"},
	    {{.trees = LGB_STUMP("0", "-inf", "0")}, "not finite"},
	    {{.trees = LGB_STUMP("0", "1", "0") "left_child=\n" LGB_LEAF("1")
		"Tree=2\nnum_leaves=2\nsplit_feature=0\nthreshold=1\n"
		"decision_type=2\nleft_child=-3\nright_child=-2\n"
		"leaf_value=1 1\n"}, "node 0 of tree 2 has a child"},
	    {{.trees = "Tree=0\nnum_leaves=2\nsplit_feature=0\nthreshold=1\n"
		"decision_type=2\nleft_child=0\nright_child=-2\n"
		"leaf_value=1 1\n"}, "not two later nodes"},
	};

	(void)state;
	for (size_t i = 0; i < countof(cases); i++)
		assert_refused(lightgbm(cases[i].file), cases[i].sentence);
	assert_refused("tree\n", "without trees");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_teardown(f, import_forget)
	    TEST(xgboost_splits_below_the_cut_as_floats),
	    TEST(xgboost_sums_are_floats_from_base_score_on),
	    TEST(
		xgboost_objectives_undo_what_was_done_to_base_score),
	    TEST(
		xgboost_classes_have_their_own_trees_and_base_scores),
	    TEST(xgboost_stops_at_the_best_iteration),
	    TEST(xgboost_columns_are_named_as_training_did),
	    TEST(xgboost_dart_weighs_its_trees),
	    TEST(xgboost_children_may_come_before_their_parents),
	    TEST(xgboost_splits_on_sets_of_categories),
	    TEST(xgboost_categories_may_be_numbers),
	    TEST(xgboost_categories_may_be_codes),
	    TEST(xgboost_hinge_is_sure_of_its_class),
	    TEST(xgboost_targets_are_numbers_of_their_own),
	    TEST(xgboost_targets_are_labels_of_their_own),
	    TEST(xgboost_linear_models_sum_in_float),
	    TEST(xgboost_binary_files_are_read),
	    TEST(xgboost_binary_files_that_are_damaged_are_refused),
	    TEST(xgboost_that_cannot_be_served_is_refused_by_name),
	    TEST(lightgbm_missing_is_what_the_split_says),
	    TEST(lightgbm_objectives_transform_the_sum),
	    TEST(lightgbm_leaves_may_be_linear),
	    TEST(lightgbm_classes_take_their_trees_in_turn),
	    TEST(lightgbm_one_against_all_is_not_normalised),
	    TEST(lightgbm_splits_on_sets_of_categories),
	    TEST(lightgbm_that_cannot_be_served_is_refused_by_name),
	    TEST(ubjson_is_read_to_its_last_byte_and_no_further),
#undef TEST
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, import_begin, import_end);
}

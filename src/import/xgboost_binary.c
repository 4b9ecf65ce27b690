/* SPDX-License-Identifier: ISC
 *
 * The binary form of XGBoost's models, which save_model wrote up to 3.0 and
 * pickles held up to 1.5: C structures as they lay in memory. They become the
 * document that the other forms are, so that one reader judges all. Nothing
 * is taken from beyond the end, and no count is believed that the bytes
 * behind it cannot hold.
 */
#include "import/xgboost_binary.h"

#include <string.h>

/* Bytes of the structures. */
enum { LEARNER = 136, GBTREE = 160, GBLINEAR = 136, TREE = 148, NODE = 20,
	STAT = 16, OBJECTIVE_MAX = 64 };

struct reader {
	struct arena *mem;
	struct str rest;
	bool cut; /* more was asked for than there is */
};

/* --- bytes ---------------------------------------------------------------- */

static struct str
take(struct reader *r, size_t n)
{
	struct str s = {r->rest.p, n};

	if (n > r->rest.n) {
		r->cut = true;
		r->rest.n = 0;
		return (struct str){NULL, 0};
	}
	r->rest = (struct str){r->rest.p + n, r->rest.n - n};
	return s;
}

/* Little-endian, as every machine writes it that the library runs on. */
static uint32_t
u32_at(struct str s, size_t at)
{
	const unsigned char *p = (const unsigned char *)s.p + at;

	if (s.p == NULL)
		return 0;
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	    (uint32_t)p[3] << 24;
}

static double
float_at(struct str s, size_t at)
{
	uint32_t bits = u32_at(s, at);
	float f;

	memcpy(&f, &bits, sizeof(f));
	return (double)f;
}

static double
int_at(struct str s, size_t at)
{
	return (double)(int32_t)u32_at(s, at);
}

/* How many of `size` bytes come next. */
static size_t
take_count(struct reader *r, size_t size)
{
	struct str s = take(r, 8);
	uint64_t n = (uint64_t)u32_at(s, 4) << 32 | u32_at(s, 0);

	if (n > r->rest.n / size) {
		r->cut = true;
		return 0;
	}
	return (size_t)n;
}

static struct str
take_text(struct reader *r)
{
	return take(r, take_count(r, 1));
}

/* --- the document --------------------------------------------------------- */

static struct doc *
put(struct reader *r, struct doc *in, struct str key, enum doc_kind kind)
{
	struct doc *d = ARENA_NEW(r->mem, struct doc);

	if (d == NULL || in == NULL)
		return NULL;
	*d = (struct doc){.kind = kind, .key = key, .next = in->child};
	in->child = d;
	in->n++;
	return d;
}

static struct doc *
put_object(struct reader *r, struct doc *in, const char *key)
{
	return put(r, in, str_of(key), DOC_OBJECT);
}

static void
put_text(struct reader *r, struct doc *in, struct str key, struct str text)
{
	struct doc *d = put(r, in, key, DOC_TEXT);

	if (d != NULL)
		d->text = text;
}

static void
put_number(struct reader *r, struct doc *in, const char *key, double number)
{
	struct doc *d = put(r, in, str_of(key), DOC_NUMBER);

	if (d != NULL)
		d->number = number;
}

/* Room for n numbers, which the caller fills; NULL past the arena. */
static double *
put_numbers(struct reader *r, struct doc *in, const char *key, size_t n)
{
	struct doc *d = put(r, in, str_of(key), DOC_NUMBERS);
	double *numbers = ARENA_ARRAY(r->mem, n, double);

	if (d == NULL || numbers == NULL)
		return NULL;
	d->numbers = numbers;
	d->n = n;
	return numbers;
}

/* --- its parts ------------------------------------------------------------ */

static void
read_tree(struct reader *r, struct doc *trees)
{
	struct str param = take(r, TREE), nodes, stats;
	uint32_t n = u32_at(param, 4);
	struct doc *tree = put_object(r, trees, "");
	double *left, *right, *feature, *condition, *missing_left;

	if (n > r->rest.n / (NODE + STAT))
		r->cut = true;
	if (r->cut)
		return;
	nodes = take(r, (size_t)n * NODE);
	stats = take(r, (size_t)n * STAT);
	(void)stats; /* what training saw */
	put_number(r, put_object(r, tree, "tree_param"), "size_leaf_vector",
	    int_at(param, 20));
	left = put_numbers(r, tree, "left_children", n);
	right = put_numbers(r, tree, "right_children", n);
	feature = put_numbers(r, tree, "split_indices", n);
	condition = put_numbers(r, tree, "split_conditions", n);
	missing_left = put_numbers(r, tree, "default_left", n);
	if (left == NULL || right == NULL || feature == NULL ||
	    condition == NULL || missing_left == NULL)
		return;
	for (uint32_t i = 0; i < n; i++) {
		size_t at = (size_t)i * NODE;
		uint32_t split = u32_at(nodes, at + 12);

		left[i] = int_at(nodes, at + 4);
		right[i] = int_at(nodes, at + 8);
		feature[i] = split & 0x7fffffff;
		missing_left[i] = split >> 31;
		condition[i] = float_at(nodes, at + 16);
	}
}

/* A list is made from its end, as put() adds in front. */
static void
turn(struct doc *list)
{
	struct doc *turned = NULL;

	for (struct doc *d = list->child, *next; d != NULL; d = next) {
		next = d->next;
		d->next = turned;
		turned = d;
	}
	list->child = turned;
}

static bool
read_trees(struct reader *r, struct doc *model, bool roots, struct err *err)
{
	struct str param = take(r, GBTREE), groups;
	uint32_t n = u32_at(param, 0);
	struct doc *trees = put(r, model, STR("trees"), DOC_LIST);
	double *info;

	if (u32_at(param, 16) != 0 || u32_at(param, 20) != 0)
		return err_set(err, ERR_MODEL, ERR_NOWHERE, "is an XGBoost "
		    "model of a version before 0.6, which is not read; load "
		    "it and save it again with a newer one");
	if (n > r->rest.n / TREE)
		r->cut = true;
	if (!roots)
		put_number(r, put_object(r, model, "gbtree_model_param"),
		    "num_parallel_tree", int_at(param, 4));
	for (uint32_t i = 0; i < n && !r->cut && !r->mem->over; i++)
		read_tree(r, trees);
	if (r->cut || r->mem->over)
		return true;
	turn(trees);
	groups = take(r, (size_t)n * 4);
	info = put_numbers(r, model, "tree_info", n);
	for (uint32_t i = 0; i < n && info != NULL; i++)
		info[i] = int_at(groups, (size_t)i * 4);
	return true;
}

/* A vector of floats. */
static void
read_floats(struct reader *r, struct doc *in, const char *key)
{
	size_t n = take_count(r, 4);
	struct str floats = take(r, n * 4);
	double *numbers = put_numbers(r, in, key, n);

	for (size_t i = 0; i < n && numbers != NULL; i++)
		numbers[i] = float_at(floats, i * 4);
}

static bool
read_booster(struct reader *r, struct doc *learner, bool roots,
    struct err *err)
{
	struct doc *booster = put_object(r, learner, "gradient_booster");
	struct doc *model = put_object(r, booster, "model");
	struct str name = take_text(r);

	put_text(r, booster, STR("name"), name);
	if (str_eq(name, STR("gblinear"))) {
		take(r, GBLINEAR);
		read_floats(r, model, "weights");
		return true;
	}
	/* Another name is refused by whoever reads the document. */
	if (!str_eq(name, STR("gbtree")) && !str_eq(name, STR("dart")))
		return true;
	if (!read_trees(r, model, roots, err))
		return false;
	if (str_eq(name, STR("dart")) && model != NULL &&
	    doc_get(model, "trees") != NULL && doc_get(model, "trees")->n > 0)
		read_floats(r, booster, "weight_drop");
	return true;
}

/* Pairs of texts. */
static void
read_attributes(struct reader *r, struct doc *learner)
{
	struct doc *attributes = put_object(r, learner, "attributes");
	size_t n = take_count(r, 16);

	for (size_t i = 0; i < n && !r->cut; i++) {
		struct str key = take_text(r), value = take_text(r);

		put_text(r, attributes, key, value);
	}
}

static bool
read_learner(struct reader *r, struct doc *root, struct err *err)
{
	struct str param = take(r, LEARNER);
	uint32_t major = u32_at(param, 20), minor = u32_at(param, 24);
	bool since_1_6 = major > 1 || (major == 1 && minor >= 6);
	struct doc *learner = put_object(r, root, "learner");
	struct doc *said = put_object(r, learner, "learner_model_param");
	double *version;

	/* Before 1.0 the start value was stored as it is added. */
	put_number(r, said, major > 0 ? "base_score" : "base_margin",
	    float_at(param, 0));
	put_number(r, said, "num_feature", u32_at(param, 4));
	put_number(r, said, "num_class", int_at(param, 8));
	if (since_1_6)
		put_number(r, said, "num_target", u32_at(param, 28));
	version = major > 0 ? put_numbers(r, root, "version", 2) : NULL;
	if (version != NULL) {
		version[0] = major;
		version[1] = minor;
	}
	put_text(r, put_object(r, learner, "objective"), STR("name"),
	    take_text(r));
	if (!read_booster(r, learner, !since_1_6, err))
		return false;
	if (u32_at(param, 12) != 0)
		read_attributes(r, learner);
	return true; /* what follows are names of metrics, and settings */
}

/* --- the whole ------------------------------------------------------------ */

static const struct str pickled = {"CONFIG-offset:", 14};

/* Where the learner begins: since 1.3 behind a word, in a pickle behind the
 * place of the settings. */
static struct str
skip_head(struct str b)
{
	size_t n = pickled.n + 8;

	if (str_has_prefix(b, pickled)) {
		n = n < b.n ? n : b.n;
		b = (struct str){b.p + n, b.n - n};
	}
	if (str_has_prefix(b, STR("binf")))
		b = (struct str){b.p + 4, b.n - 4};
	return b;
}

/* Before 1.3 a file has no word in front, but two names stand behind the
 * learner's parameters, and the second is one of three. */
bool
xgboost_probe_binary(struct str bytes)
{
	static const struct str boosters[] = {{"gbtree", 6}, {"gblinear", 8},
	    {"dart", 4}};
	struct reader r = {.rest = skip_head(bytes)};
	struct str objective, booster;

	if (r.rest.p != bytes.p)
		return true;
	take(&r, LEARNER);
	objective = take_text(&r);
	booster = take_text(&r);
	if (r.cut || objective.n == 0 || objective.n > OBJECTIVE_MAX)
		return false;
	for (size_t i = 0; i < countof(boosters); i++)
		if (str_eq(booster, boosters[i]))
			return true;
	return false;
}

bool
xgboost_read_binary(struct str bytes, struct arena *mem, struct doc **ret,
    struct err *err)
{
	struct reader r = {.mem = mem, .rest = skip_head(bytes)};

	*ret = ARENA_NEW(mem, struct doc);
	if (*ret == NULL)
		return arena_err(mem, "the model", err);
	(*ret)->kind = DOC_OBJECT;
	if (!read_learner(&r, *ret, err))
		return false;
	if (mem->over)
		return arena_err(mem, "the model", err);
	return !r.cut || err_set(err, ERR_INPUT, ERR_NOWHERE,
	    "is an XGBoost model that is cut off, or damaged");
}

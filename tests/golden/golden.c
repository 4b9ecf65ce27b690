/* SPDX-License-Identifier: ISC
 *
 * Models against the answers of the library that trained them. Each line of
 * a list is one case:
 *
 *   MODEL INPUT EXPECTED RULE [TOLERANCE]
 *
 * INPUT is a JSON list of records, or of lists in model order; EXPECTED is
 * {"predict": [...]} with "proba" for a classifier that has probabilities and
 * "score" for one that tells a score, of several targets a list of each a row;
 * a null among the predictions is a row that must be refused. RULE is "-", or COLUMN=NUMBER: a null in that column
 * is that number before the model sees it. MODEL is imported, compiled and
 * scored as the server would. EXPECTED may be "refused:TEXT": then the import
 * must fail with a message that holds TEXT (an underscore stands for a space,
 * an @ for an underscore). TOLERANCE is 1e-12 where none is given.
 *
 *   golden [LIST FOLDER [TOLERANCE]]   the files are relative to FOLDER
 */
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cJSON.h>

#include "base/file.h"
#include "import/import.h"
#include "model/model.h"
#include "score/input.h"
#include "score/score.h"

/* The sum of a dot product depends on its order: this much is allowed,
 * relative to the number where that is above 1. */
static double tolerance = 1e-12;

struct test_case {
	char model[256], input[256], expected[256], rule[256];
	double tolerance;
};

struct result {
	size_t rows;
	double worst;  /* difference */
	double tolerance; /* of it */
	char text[1200]; /* why it failed */
};

static bool
fail(struct result *r, const char *fmt, ...) PRINTF_LIKE(2, 3);

static bool
fail(struct result *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(r->text, sizeof(r->text), fmt, ap);
	va_end(ap);
	return false;
}

static cJSON *
read_json(const char *folder, const char *name)
{
	char path[PATH_MAX];
	struct file_map m;
	struct err err;
	cJSON *json;

	snprintf(path, sizeof(path), "%.3800s/%s", folder, name);
	if (!file_map(path, (size_t)1 << 26, &m, &err))
		return NULL;
	json = cJSON_ParseWithLength(m.p, m.n);
	file_unmap(&m);
	return json;
}

static struct raw
raw_of(const cJSON *v, const char *column, const char *rule)
{
	size_t n = strlen(column);

	if (v == NULL)
		return (struct raw){.kind = RAW_ABSENT};
	if (cJSON_IsNull(v)) {
		if (strncmp(rule, column, n) == 0 && rule[n] == '=')
			return (struct raw){.kind = RAW_FLOAT,
			    .number = strtod(rule + n + 1, NULL)};
		return (struct raw){.kind = RAW_NULL};
	}
	if (cJSON_IsBool(v))
		return (struct raw){.kind = RAW_BOOL,
		    .number = cJSON_IsTrue(v)};
	if (cJSON_IsNumber(v))
		return (struct raw){
		    .kind = v->valuedouble == floor(v->valuedouble) ?
			RAW_INTEGER : RAW_FLOAT,
		    .number = v->valuedouble};
	return (struct raw){.kind = RAW_TEXT,
	    .text = str_of(v->valuestring)};
}

static bool
same_label(const struct model_class *c, const cJSON *want)
{
	if (c->kind == CLASS_TEXT)
		return cJSON_IsString(want) &&
		    str_eq(c->text, str_of(want->valuestring));
	if (cJSON_IsBool(want))
		return c->number == (cJSON_IsTrue(want) ? 1 : 0);
	return cJSON_IsNumber(want) && c->number == want->valuedouble;
}

static void
compare_number(struct result *r, double got, double want)
{
	double diff = fabs(got - want) / fmax(1, fabs(want));

	if (!(diff <= r->worst)) /* NaN too */
		r->worst = diff;
}

/* The numbers of a regression, one or a list. */
static bool
compare_numbers(const struct model *m, const double *out, const cJSON *want,
    int i, struct result *r)
{
	if (!cJSON_IsArray(want) && model_outputs(m) == 1) {
		compare_number(r, out[0], want->valuedouble);
		return true;
	}
	if ((uint32_t)cJSON_GetArraySize(want) != model_outputs(m))
		return fail(r, "row %d: %u numbers", i, model_outputs(m));
	for (uint32_t k = 0; k < model_outputs(m); k++)
		compare_number(r, out[k],
		    cJSON_GetArrayItem(want, (int)k)->valuedouble);
	return true;
}

/* The class that was decided on. Of probabilities that are as good as equal
 * either may be greater. */
static bool
compare_class(const struct model *m, uint32_t target, const double *out,
    const cJSON *want, int i, struct result *r)
{
	double best = -INFINITY, next = -INFINITY;
	struct model_target t;
	struct model_class c;

	model_target_at(m, target, &t);
	for (uint32_t k = 0; k < t.classes; k++) {
		double score = out[(model_has_probabilities(m) ? t.output :
		    t.decision) + k];

		if (score > best) {
			next = best;
			best = score;
		} else if (score > next) {
			next = score;
		}
	}
	model_class_at(m, score_class(m, target, out), &c);
	return same_label(&c, want) ||
	    best - next <= 4 * r->tolerance * fmax(1, fabs(best)) ||
	    fail(r, "row %d: predicts %.*s", i, STR_ARG(c.text));
}

/* The probabilities of one target: a list of all, or of several targets the
 * number of the second class. */
static bool
compare_probabilities(const struct model *m, uint32_t target,
    const double *out, const cJSON *want, int i, struct result *r)
{
	struct model_target t;

	model_target_at(m, target, &t);
	if (cJSON_IsNumber(want) && t.classes == 2) {
		compare_number(r, out[t.output + 1], want->valuedouble);
		return true;
	}
	if ((uint32_t)cJSON_GetArraySize(want) != t.classes)
		return fail(r, "row %d: %u classes", i, t.classes);
	for (uint32_t k = 0; k < t.classes; k++)
		compare_number(r, out[t.output + k],
		    cJSON_GetArrayItem(want, (int)k)->valuedouble);
	return true;
}

/* One row's outputs against row i of the expected. */
static bool
compare_row(const struct model *m, const double *out, const cJSON *expected,
    int i, struct result *r)
{
	const cJSON *predict = cJSON_GetArrayItem(
	    cJSON_GetObjectItem(expected, "predict"), i);
	const cJSON *proba = cJSON_GetArrayItem(
	    cJSON_GetObjectItem(expected, "proba"), i);
	const cJSON *score = cJSON_GetArrayItem(
	    cJSON_GetObjectItem(expected, "score"), i);
	uint32_t n = model_targets(m);

	if (model_task(m) == MODEL_REGRESSION)
		return compare_numbers(m, out, predict, i, r);
	if (model_has_probabilities(m) != cJSON_IsArray(proba))
		return fail(r, "row %d: %s probabilities", i,
		    model_has_probabilities(m) ? "has" : "has no");
	if (score != NULL && model_score_output(m) < 0)
		return fail(r, "row %d: no score", i);
	if (score != NULL)
		compare_number(r, out[model_score_output(m)],
		    score->valuedouble);
	if (n > 1 && (uint32_t)cJSON_GetArraySize(predict) != n)
		return fail(r, "row %d: %u targets", i, n);
	for (uint32_t t = 0; t < n; t++) {
		const cJSON *p = n == 1 ? proba :
		    cJSON_GetArrayItem(proba, (int)t);

		if (model_has_probabilities(m) &&
		    !compare_probabilities(m, t, out, p, i, r))
			return false;
		if (!compare_class(m, t, out, n == 1 ? predict :
		    cJSON_GetArrayItem(predict, (int)t), i, r))
			return false;
	}
	return true;
}

static bool
compare(const struct model *m, const cJSON *input, const cJSON *expected,
    const char *rule, struct result *r)
{
	uint32_t n = model_inputs(m), unknown;
	struct raw *raw = calloc(n, sizeof(*raw));
	double *cells = calloc(n, sizeof(*cells));
	double *out = calloc(model_outputs(m), sizeof(*out));
	void *scratch = aligned_alloc(64,
	    (score_scratch_bytes(m, 1) + 63) & ~(size_t)63);
	struct score_fault fault;
	struct model_field field;
	const cJSON *row, *predict = cJSON_GetObjectItem(expected, "predict");
	struct err err;
	bool ok = true;
	int i = 0;

	cJSON_ArrayForEach(row, input) {
		bool no = cJSON_IsNull(cJSON_GetArrayItem(predict, i));
		bool scored;

		for (uint32_t k = 0; k < n; k++) {
			char name[256];

			model_field(m, k, &field);
			snprintf(name, sizeof(name), "%.*s",
			    STR_ARG(field.name));
			raw[k] = raw_of(
			    cJSON_IsArray(row) ?
			    cJSON_GetArrayItem(row, (int)k) :
			    cJSON_GetObjectItemCaseSensitive(row, name),
			    name, rule);
		}
		scored = input_row(m, raw, cells, &unknown, &err);
		if (scored &&
		    !score_rows(m, cells, 1, out, scratch, &fault)) {
			scored = false;
			input_fault(m, &fault, &err);
		}
		if (no)
			ok = !scored || fail(r, "row %d: not refused", i);
		else if (scored)
			ok = compare_row(m, out, expected, i, r);
		else
			ok = fail(r, "row %d: %s", i, err.text);
		if (!ok)
			break;
		i++;
	}
	r->rows = (size_t)i;
	free(raw);
	free(cells);
	free(out);
	free(scratch);
	return ok;
}

/* Import and compile; *ret lives in mem. */
static bool
load(const char *folder, const char *name, struct arena *mem,
    struct model **ret, struct err *err)
{
	const struct import_options options = {0};
	struct model_build *build;
	char path[PATH_MAX];
	struct str image;

	snprintf(path, sizeof(path), "%.3800s/%s", folder, name);
	return import_file(path, &options, mem, &build, err) &&
	    model_image(build, &image, err) &&
	    model_open_bytes(image, ret, err);
}

static bool
refused(const struct test_case *c, bool loaded, const struct err *err,
    struct result *r)
{
	char want[256];

	snprintf(want, sizeof(want), "%s",
	    c->expected + strlen("refused:"));
	for (char *p = want; *p != '\0'; p++)
		*p = *p == '_' ? ' ' : *p == '@' ? '_' : *p;
	if (loaded)
		return fail(r, "was imported, not refused");
	snprintf(r->text, sizeof(r->text), "%s", err->text);
	return strstr(err->text, want) != NULL;
}

static bool
run(const struct test_case *c, const char *folder, struct result *r)
{
	cJSON *input = read_json(folder, c->input);
	cJSON *expected = read_json(folder, c->expected);
	struct arena mem;
	struct model *m;
	struct err err;
	bool ok;

	if (!arena_init(&mem, (size_t)1 << 30, &err))
		return fail(r, "%s", err.text);
	ok = load(folder, c->model, &mem, &m, &err);
	if (strncmp(c->expected, "refused:", 8) == 0) {
		bool was = ok;

		ok = refused(c, ok, &err, r);
		if (was)
			model_close(m);
	} else if (!ok) {
		fail(r, "%s", err.text);
	} else {
		ok = input != NULL && expected != NULL ?
		    compare(m, input, expected, c->rule, r) :
		    fail(r, "cannot read %s or %s", c->input, c->expected);
		if (ok && !(r->worst <= r->tolerance))
			ok = fail(r, "differs by %g", r->worst);
		model_close(m);
	}
	arena_done(&mem);
	cJSON_Delete(input);
	cJSON_Delete(expected);
	return ok;
}

int
main(int argc, char *argv[])
{
	const char *source = getenv("LS_SRCDIR");
	char folder[PATH_MAX], path[PATH_MAX], line[1100];
	FILE *list;
	int n = 0;

	snprintf(folder, sizeof(folder), "%s/tests/golden",
	    source != NULL ? source : ".");
	snprintf(path, sizeof(path), "%.4000s/cases.list", folder);
	if (argc == 4)
		tolerance = strtod(argv[3], NULL);
	if (argc == 3 || argc == 4) {
		snprintf(path, sizeof(path), "%s", argv[1]);
		snprintf(folder, sizeof(folder), "%s", argv[2]);
	}
	if (argc == 2 || argc > 4 || (list = fopen(path, "r")) == NULL) {
		fprintf(stderr, "usage: %s [LIST FOLDER [TOLERANCE]]\n", argv[0]);
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	while (fgets(line, sizeof(line), list) != NULL) {
		struct test_case c = {.tolerance = tolerance};
		struct result r = {0};

		if (line[0] == '#' || sscanf(line,
			"%255s %255s %255s %255s %lg", c.model, c.input,
			c.expected, c.rule, &c.tolerance) < 4)
			continue;
		r.tolerance = c.tolerance;
		if (run(&c, folder, &r))
			printf("ok %d - %s: %zu rows, worst difference %g\n",
			    ++n, c.model, r.rows, r.worst);
		else if (strstr(r.text, "which this build does not read"))
			printf("ok %d - %s # SKIP %s\n", ++n, c.model, r.text);
		else
			printf("not ok %d - %s: %s\n", ++n, c.model, r.text);
		if (strncmp(c.expected, "refused:", 8) == 0)
			printf("# %s\n", r.text);
	}
	fclose(list);
	printf("1..%d\n", n);
	return 0;
}

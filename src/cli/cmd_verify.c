/* SPDX-License-Identifier: ISC
 *
 * lightscore verify: a model's answers against those that were recorded, to
 * the last bit or to a bound.
 */
#include <math.h>
#include <stdio.h>

#include "base/number.h"
#include "cli/batch.h"
#include "cli/cli.h"
#include "cli/compare.h"
#include "cli/expected.h"
#include "cli/load.h"
#include "cli/rows.h"
#include "json/json_write.h"

#define MEMORY ((size_t)16 << 30) /* address space; rows are what is used */

struct job {
	struct loaded model;
	struct arena mem;
	struct rows rows;
	struct batch batch;
	struct expected expected;
	struct compare compare;
	char reason[400]; /* why the first row was refused that was to be not */
};

static bool
compare_batch(struct job *job, struct err *err)
{
	for (size_t i = 0; i < job->batch.n; i++) {
		const struct batch_row *row = &job->batch.rows[i];
		size_t at = (size_t)row->number - 1;

		if (at >= job->expected.n)
			return err_set(err, ERR_INPUT, ERR_NOWHERE,
			    "%s has more rows than the %zu recorded answers",
			    job->rows.in.name, job->expected.n);
		compare_row(&job->compare, &job->expected, at, row->out);
		if (job->compare.first_refused == row->number)
			snprintf(job->reason, sizeof(job->reason), "%s",
			    row->reason != NULL ? row->reason :
			    "it is scored, and no answer is recorded");
	}
	return true;
}

static bool
compare_all(struct job *job, struct err *err)
{
	do {
		if (!batch_next(&job->batch, &job->rows, err) ||
		    !compare_batch(job, err))
			return false;
	} while (job->batch.n > 0);
	return job->compare.rows == job->expected.n || err_set(err,
	    ERR_INPUT, ERR_NOWHERE, "%s has %ju rows for %zu recorded answers",
	    job->rows.in.name, (uintmax_t)job->compare.rows, job->expected.n);
}

static bool
run(struct job *job, const char *data, const char *expected, struct err *err)
{
	const struct model *m = job->model.model;
	bool ok;

	if (!expected_read(expected, m, &job->mem, &job->expected, err) ||
	    !rows_open(data, m, NULL, &job->mem, &job->rows, err))
		return false;
	ok = batch_init(&job->batch, m, &job->mem, err);
	if (ok) {
		ok = compare_all(job, err);
		batch_done(&job->batch);
	}
	rows_close(&job->rows);
	return ok;
}

/* --- the report ---------------------------------------------------------- */

static void
put_place(const struct compare *c, const struct compare_place *at,
    struct buf *b)
{
	char column[120];

	if (at->row == 0)
		return;
	compare_column(c, at->output, column, sizeof(column));
	buf_printf(b, " at row %ju, %s", (uintmax_t)at->row, column);
}

static void
put_text(const struct job *job, struct buf *b)
{
	const struct compare *c = &job->compare;

	buf_printf(b, "rows                 %ju\n", (uintmax_t)c->rows);
	buf_printf(b, "class mismatches     %ju", (uintmax_t)c->mismatches);
	if (c->mismatches > 0)
		buf_printf(b, ", the first at row %ju",
		    (uintmax_t)c->first_mismatch);
	buf_printf(b, "\nrefusals that differ %ju", (uintmax_t)c->refused);
	if (c->refused > 0)
		buf_printf(b, ", the first at row %ju: %s",
		    (uintmax_t)c->first_refused, job->reason);
	buf_printf(b, "\nlargest difference   %.3g", c->worst.difference);
	put_place(c, &c->worst, b);
	buf_printf(b, "\nlargest distance     %ju ulp",
	    (uintmax_t)c->worst_ulp.ulp);
	put_place(c, &c->worst_ulp, b);
	buf_text(b, compare_is_same(c) ? "\nthe same, to " :
	    "\nnot the same, to ");
	if (c->by_ulp)
		buf_printf(b, "%ju ulp\n", (uintmax_t)c->ulp);
	else
		buf_printf(b, "%g\n", c->tolerance);
}

static void
put_json_place(const struct compare *c, const char *key,
    const struct compare_place *at, struct buf *b)
{
	char column[120];

	json_key(b, key);
	json_open(b, '{');
	json_key(b, "difference");
	json_number(b, at->difference);
	json_key(b, "ulp");
	json_u64(b, at->ulp);
	if (at->row > 0) {
		compare_column(c, at->output, column, sizeof(column));
		json_key(b, "row");
		json_u64(b, at->row);
		json_key(b, "column");
		json_text(b, column);
	}
	json_close(b, '}');
}

static void
put_json(const struct job *job, struct buf *b)
{
	const struct compare *c = &job->compare;

	json_open(b, '{');
	json_key(b, "rows");
	json_u64(b, c->rows);
	json_key(b, "class_mismatches");
	json_u64(b, c->mismatches);
	json_key(b, "refusal_mismatches");
	json_u64(b, c->refused);
	put_json_place(c, "largest_difference", &c->worst, b);
	put_json_place(c, "largest_distance", &c->worst_ulp, b);
	json_key(b, c->by_ulp ? "ulp" : "tolerance");
	if (c->by_ulp)
		json_u64(b, c->ulp);
	else
		json_number(b, c->tolerance);
	json_key(b, "within");
	json_bool(b, compare_is_same(c));
	json_close(b, '}');
	buf_char(b, '\n');
}

static int
tell(const struct job *job, bool json)
{
	char memory[2048];
	struct buf b;
	int status;

	buf_init(&b, memory, sizeof(memory));
	if (json)
		put_json(job, &b);
	else
		put_text(job, &b);
	status = cli_print(&b);
	return status != CLI_FINE ? status :
	    compare_is_same(&job->compare) ? CLI_FINE : CLI_FAILED;
}

int
cmd_verify(const struct command *self, int argc, char *argv[])
{
	const char *data = NULL, *expected = NULL, *tolerance = NULL;
	const char *ulp = NULL;
	bool json = false;
	const struct cli_option options[] = {
	    {"data", 0, "FILE", &data, NULL,
		"The rows: CSV, JSON or NDJSON, as for predict."},
	    {"expected", 0, "FILE", &expected, NULL,
		"Their recorded answers: what predict writes, or the training"
		" library's predict and predict_proba as JSON or CSV."},
	    {"tolerance", 0, "T", &tolerance, NULL,
		"Largest difference that is none; 1e-6."},
	    {"ulp", 0, "N", &ulp, NULL,
		"The same as a number of doubles between the two."},
	    {"json", 0, NULL, NULL, &json, "For programs."},
	};
	const char *arguments[CLI_ARGUMENTS_MAX];
	struct job job = {0};
	double bound = COMPARE_TOLERANCE;
	uint64_t steps = 0;
	struct err err;
	int n, status;
	bool ok;

	if (!cli_parse(self, argc, argv, options, countof(options), 1, 1,
	    arguments, &n, &status))
		return status;
	if (data == NULL || expected == NULL)
		return cli_usage(self, "say what to compare: --data FILE"
		    " --expected FILE");
	if (tolerance != NULL && ulp != NULL)
		return cli_usage(self,
		    "give a --tolerance or an --ulp, not both");
	if (tolerance != NULL && (!number_parse(str_of(tolerance), &bound) ||
	    !isfinite(bound) || bound < 0))
		return cli_usage(self, "the tolerance \"%s\" is no number from"
		    " 0 on", tolerance);
	if (ulp != NULL && !number_parse_u64(str_of(ulp), &steps))
		return cli_usage(self, "\"%s\" is no number of doubles", ulp);
	if (!load_model(arguments[0], &job.model, &err))
		return cli_fail(&err);
	compare_init(&job.compare, job.model.model, bound);
	job.compare.by_ulp = ulp != NULL;
	job.compare.ulp = steps;
	ok = arena_init(&job.mem, MEMORY, &err) &&
	    run(&job, data, expected, &err);
	status = ok ? tell(&job, json) : cli_fail(&err);
	arena_done(&job.mem);
	load_done(&job.model);
	return status;
}

/* SPDX-License-Identifier: ISC
 *
 * lightscore predict: offline scoring in bounded memory. Answers keep the
 * order of the rows; rows that cannot be scored go to the rejects, or to
 * stderr and an exit status of 1.
 */
#include <stdio.h>
#include <string.h>

#include "cli/answers.h"
#include "cli/batch.h"
#include "cli/cli.h"
#include "cli/load.h"
#include "cli/out.h"
#include "cli/progress.h"
#include "cli/rejects.h"
#include "cli/rows.h"

/* Address space; what is touched is bounded by the longest row. */
#define MEMORY ((size_t)256 << 20)

static const char *const formats[] = {
    [ROWS_CSV] = "csv",
    [ROWS_JSON] = "json",
    [ROWS_NDJSON] = "ndjson",
};

struct job {
	struct loaded model;
	struct arena mem;
	struct rows rows;
	struct batch batch;
	struct out out;
	struct answers answers;
	struct rejects rejects;
	struct progress progress;
};

static bool
find_format(const char *name, enum rows_format *ret)
{
	for (size_t i = 0; i < countof(formats); i++) {
		if (strcmp(formats[i], name) == 0) {
			*ret = (enum rows_format)i;
			return true;
		}
	}
	return false;
}

/* The suffix of a file's name; NULL where it has none. */
static const char *
suffix_of(const char *path)
{
	const char *slash, *dot;

	if (path == NULL)
		return NULL;
	slash = strrchr(path, '/');
	dot = strrchr(slash != NULL ? slash : path, '.');
	return dot != NULL ? dot + 1 : NULL;
}

static bool
find_suffix(const char *suffix, enum rows_format *ret)
{
	if (strcmp(suffix, "jsonl") != 0)
		return find_format(suffix, ret);
	*ret = ROWS_NDJSON;
	return true;
}

/* Without --output: as the name of the file says, else as the input is. */
static enum rows_format
default_format(const char *out, enum rows_format input)
{
	const char *suffix = suffix_of(out);
	enum rows_format format;

	return suffix != NULL && find_suffix(suffix, &format) ? format : input;
}

static bool
write_batch(struct job *job, struct err *err)
{
	for (size_t i = 0; i < job->batch.n; i++) {
		const struct batch_row *row = &job->batch.rows[i];

		if (row->reason == NULL) {
			answers_row(&job->answers, row->out, &job->out.b);
			if (!out_drain(&job->out, err))
				return false;
			continue;
		}
		progress_clear(&job->progress);
		if (!rejects_add(&job->rejects, row, err))
			return false;
	}
	return true;
}

static bool
score_all(struct job *job, struct err *err)
{
	do {
		struct err unread;
		bool readable = batch_next(&job->batch, &job->rows, &unread);

		if (!write_batch(job, err))
			return false;
		/* Before the reader's error: a stop is not about a line. */
		if (cli_stopped())
			return err_set(err, ERR_INPUT, ERR_NOWHERE, "stopped");
		if (!readable) {
			*err = unread;
			return false;
		}
		progress_show(&job->progress, job->rows.in.done,
		    job->rows.in.size, job->rows.number);
	} while (job->batch.n > 0);
	answers_end(&job->answers, &job->out.b);
	return out_close(&job->out, err) && rejects_close(&job->rejects, err);
}

/* The file is opened before the rejects, which need its header. */
static bool
run(struct job *job, const char *data, const char *out, const char *rejects,
    const enum rows_format *format, struct err *err)
{
	const struct model *m = job->model.model;
	bool ok;

	if (!rows_open(data, m, NULL, &job->mem, &job->rows, err))
		return false;
	if (!batch_init(&job->batch, m, &job->mem, err)) {
		rows_close(&job->rows);
		return false;
	}
	ok = out_open(out, &job->mem, &job->out, err);
	if (ok && rejects_open(rejects, &job->rows, &job->mem, &job->rejects,
	    err)) {
		answers_begin(&job->answers, m, format != NULL ? *format :
		    default_format(out, job->rows.format), &job->out.b);
		progress_begin(&job->progress, job->out.path[0] == '\0');
		ok = score_all(job, err);
		progress_clear(&job->progress);
		if (!ok)
			rejects_abandon(&job->rejects);
	} else
		ok = false;
	if (!ok)
		out_abandon(&job->out);
	batch_done(&job->batch);
	rows_close(&job->rows);
	return ok;
}

int
cmd_predict(const struct command *self, int argc, char *argv[])
{
	const char *output = NULL, *rejects = NULL, *out = NULL;
	const struct cli_option options[] = {
	    {"output", 0, "csv|json|ndjson", &output, NULL,
		"Format of the predictions; else that of the input."},
	    {"out", 'o', "OUT", &out, NULL,
		"File for the predictions; else standard output."},
	    {"rejects", 0, "FILE", &rejects, NULL,
		"File for the rows that cannot be scored, with the reason."},
	};
	const char *arguments[CLI_ARGUMENTS_MAX];
	struct job job = {0};
	enum rows_format format;
	struct err err;
	int n, status;
	bool ok;

	if (!cli_parse(self, argc, argv, options, countof(options), 1, 2,
	    arguments, &n, &status))
		return status;
	if (output != NULL && !find_format(output, &format))
		return cli_usage(self, "the format \"%s\" is not known, give"
		    " csv, json or ndjson", output);
	if (output == NULL && suffix_of(out) != NULL &&
	    !find_suffix(suffix_of(out), &format))
		return cli_usage(self, "no format is called \"%s\", as %s"
		    " ends: give one with --output csv, json or ndjson",
		    suffix_of(out), out);
	if (!cli_keep_inputs((const char *[]){arguments[0],
		n > 1 ? arguments[1] : NULL}, 2,
		(const char *[]){out, rejects}, 2, &err))
		return cli_fail(&err);
	cli_catch_stop();
	if (!load_model(arguments[0], &job.model, &err))
		return cli_fail(&err);
	ok = arena_init(&job.mem, MEMORY, &err) &&
	    run(&job, n > 1 ? arguments[1] : NULL, out, rejects,
	    output != NULL ? &format : NULL, &err);
	arena_done(&job.mem);
	load_done(&job.model);
	if (!ok)
		return job.out.pipe_gone ? CLI_FAILED : cli_fail(&err);
	if (job.rejects.n == 0)
		return CLI_FINE;
	fprintf(stderr, "lightscore: %llu of %llu rows could not be"
	    " scored%s%s\n", (unsigned long long)job.rejects.n,
	    (unsigned long long)job.rows.number,
	    rejects != NULL ? ", see " : "", rejects != NULL ? rejects : "");
	return rejects != NULL ? CLI_FINE : CLI_FAILED;
}

/* SPDX-License-Identifier: ISC
 *
 * lightscore inspect: what a model is.
 */
#include "cli/cli.h"
#include "cli/describe.h"
#include "cli/load.h"

/* A model may know a million categories. */
#define MEMORY ((size_t)512 << 20)

static int
inspect(const struct model *m, bool json)
{
	struct arena mem;
	struct buf b;
	struct err err;
	int status;

	if (!arena_init(&mem, MEMORY, &err))
		return cli_fail(&err);
	if (!cli_buffer(&mem, MEMORY, &b, &err)) {
		status = cli_fail(&err);
	} else {
		if (json) {
			describe_json(m, &b);
		} else {
			describe_summary(m, &b);
			describe_details(m, &b);
		}
		status = cli_print(&b);
	}
	arena_done(&mem);
	return status;
}

int
cmd_inspect(const struct command *self, int argc, char *argv[])
{
	bool json = false;
	const struct cli_option options[] = {
	    {"json", 0, NULL, NULL, &json, "For programs."},
	};
	const char *arguments[CLI_ARGUMENTS_MAX];
	struct loaded model;
	struct err err;
	int n, status;

	if (!cli_parse(self, argc, argv, options, countof(options), 1, 1,
	    arguments, &n, &status))
		return status;
	if (!load_model(arguments[0], &model, &err))
		return cli_fail(&err);
	status = inspect(model.model, json);
	load_done(&model);
	return status;
}

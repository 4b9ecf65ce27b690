/* SPDX-License-Identifier: ISC
 *
 * lightscore metrics: the table of every number that is exposed.
 */
#include "cli/cli.h"
#include "metrics/metrics_doc.h"

enum { OUTPUT_BYTES = 1 << 20 };

int
cmd_metrics(const struct command *self, int argc, char *argv[])
{
	bool json = false, mdoc = false;
	const struct cli_option options[] = {
	    {"json", 0, NULL, NULL, &json, "For programs."},
	    {"mdoc", 0, NULL, NULL, &mdoc, "For lightscore-metrics(7)."},
	};
	const char *arguments[CLI_ARGUMENTS_MAX];
	struct arena mem;
	struct buf b;
	struct err err;
	int n, status;

	if (!cli_parse(self, argc, argv, options, countof(options), 0, 0,
	    arguments, &n, &status))
		return status;
	if (!arena_init(&mem, OUTPUT_BYTES, &err))
		return cli_fail(&err);
	if (!cli_buffer(&mem, OUTPUT_BYTES, &b, &err))
		status = cli_fail(&err);
	else {
		if (json)
			metrics_doc_json(&b);
		else if (mdoc)
			metrics_doc_mdoc(&b);
		else
			metrics_doc_text(&b);
		status = cli_print(&b);
	}
	arena_done(&mem);
	return status;
}

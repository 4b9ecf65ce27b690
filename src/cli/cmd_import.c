/* SPDX-License-Identifier: ISC
 *
 * lightscore import: a training artefact to a compiled model, and a word
 * about what was found in it.
 */
#include "base/file.h"
#include "cli/cli.h"
#include "cli/describe.h"
#include "cli/example.h"
#include "cli/reference.h"
#include "import/import.h"
#include "model/model.h"
#include "model/model_build.h"
#include "score/tune.h"

enum { SUMMARY_BYTES = 1 << 18 };

static int
tell(const char *path)
{
	static char memory[SUMMARY_BYTES];
	struct model *m;
	struct buf b;
	struct err err;

	/* From the file, so that what is told is what will be served. */
	if (!model_open(path, &m, &err))
		return cli_fail(&err);
	buf_init(&b, memory, sizeof(memory));
	buf_printf(&b, "%s\n", path);
	describe_summary(m, &b);
	model_close(m);
	return cli_print(&b);
}

int
cmd_import(const struct command *self, int argc, char *argv[])
{
	const char *out = NULL, *schema = NULL, *name = "", *version = "";
	const char *reference = NULL, *target = NULL;
	const struct cli_option options[] = {
	    {"out", 'o', "FILE.lsm", &out, NULL, "The model file to write."},
	    {"schema", 0, "FILE", &schema, NULL,
		"What clients may send (YAML); else SOURCE's name with"
		" .schema.yaml."},
	    {"name", 0, "NAME", &name, NULL, "Name of the model."},
	    {"model-version", 0, "VERSION", &version, NULL,
		"Your word for its version."},
	    {"reference", 0, "DATA.csv", &reference, NULL,
		"Rows to take ranges and measures from."},
	    {"target", 0, "COLUMN", &target, NULL,
		"Column of the reference that has the labels."},
	};
	const char *arguments[CLI_ARGUMENTS_MAX];
	struct model_build *build;
	struct import_options o;
	struct arena mem;
	struct str image;
	struct err err;
	int n, status;
	bool ok;

	if (!cli_parse(self, argc, argv, options, countof(options), 1, 1,
	    arguments, &n, &status))
		return status;
	if (out == NULL)
		return cli_usage(self, "say where to: -o FILE.lsm");
	if (target != NULL && reference == NULL)
		return cli_usage(self,
		    "--target names a column of --reference DATA.csv");
	o = (struct import_options){.schema_path = schema,
	    .name = str_of(name), .version = str_of(version)};
	if (!cli_keep_inputs((const char *[]){arguments[0], schema, reference},
		3, &out, 1, &err))
		return cli_fail(&err);
	if (!arena_init(&mem, import_memory_bytes(arguments[0]), &err))
		return cli_fail(&err);
	ok = import_file(arguments[0], &o, &mem, &build, &err) &&
	    example_check(build, &err) &&
	    (reference == NULL ||
	    reference_note(reference, target, build, &err)) &&
	    model_image(build, &image, &err) && tune_image(image, &err) &&
	    file_write(out, image, &err);
	arena_done(&mem);
	return ok ? tell(out) : cli_fail(&err);
}

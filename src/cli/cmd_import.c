/* SPDX-License-Identifier: ISC
 *
 * lightscore import: a training artefact to a compiled model, and a word
 * about what was found in it.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "cli/cli.h"
#include "cli/describe.h"
#include "cli/example.h"
#include "cli/explain.h"
#include "cli/load.h"
#include "cli/reference.h"
#include "import/import.h"
#include "model/model.h"
#include "model/model_build.h"
#include "sandbox/sandbox.h"
#include "score/tune.h"

/* A model may know a million categories; of each column some are shown. */
#define TOLD_BYTES ((size_t)64 << 20)

/* What is said of a model on the way. */
struct said {
	bool explain, json;
	const struct seen *seen; /* or NULL */
};

/* From the file, so that what is told is what will be served. Without a build
 * it is there. */
static bool
open_model(struct model_build *build, const char *out, struct model **ret,
    struct err *err)
{
	struct str image;

	if (build == NULL)
		return model_open(out, ret, err);
	if (!model_image(build, &image, err))
		return false;
	if (out == NULL)
		return model_open_bytes(image, ret, err);
	return tune_image(image, err) && file_write(out, image, err) &&
	    model_open(out, ret, err);
}

static int
tell(const struct said *said, struct model_build *build, const char *out,
    struct err *err)
{
	struct arena mem;
	struct model *m;
	struct buf b;
	int status = CLI_FAILED;

	if (!open_model(build, out, &m, err) ||
	    !arena_init(&mem, TOLD_BYTES, err))
		return cli_fail(err);
	if (!cli_buffer(&mem, TOLD_BYTES, &b, err)) {
		status = cli_fail(err);
	} else {
		if (said->json) {
			explain_json(m, build, said->seen, &b);
		} else if (said->explain) {
			explain_text(m, build, said->seen, &b);
		} else {
			buf_printf(&b, "%s\n", out);
			describe_summary(m, &b);
		}
		status = cli_print(&b);
	}
	arena_done(&mem);
	model_close(m);
	return status;
}

/* What is compiled already: checked, and put where it is wanted. */
static bool
copy(const char *source, const char *out, struct err *err)
{
	struct file_map map;
	struct model *m;
	struct str image;
	bool ok;

	if (!file_map(source, MODEL_BYTES_MAX, &map, err))
		return false;
	image = (struct str){map.p, map.n};
	ok = model_open_bytes(image, &m, err) ||
	    err_context(err, "%s", source);
	if (ok) {
		model_close(m);
		ok = file_write(out, image, err);
	}
	file_unmap(&map);
	return ok;
}

/* A file of a model directory is read, unless it is compiled by its name. */
static bool
keep_directory(const char *source, const char *out, struct err *err)
{
	char *dir, *file;
	size_t n;
	bool inside;

	if (out == NULL || !file_is_directory(source) ||
	    str_has_suffix(str_of(out), STR(".lsm")))
		return true;
	dir = realpath(source, NULL);
	file = realpath(out, NULL);
	n = dir != NULL ? strlen(dir) : 0;
	inside = dir != NULL && file != NULL &&
	    strncmp(file, dir, n) == 0 && file[n] == '/';
	free(dir);
	free(file);
	return !inside || err_set(err, ERR_INPUT, ERR_NOWHERE,
	    "%s is a file of %s, and would be overwritten: name another",
	    out, source);
}

/* --- the sandbox ---------------------------------------------------------- */

static void
say_refused(const char *call)
{
	fprintf(stderr, "lightscore: sandbox: refused the system call %s\n",
	    call);
}

static void
folder_of(const char *path, char folder[PATH_MAX])
{
	const char *slash = strrchr(path, '/');
	size_t n = slash != NULL ? (size_t)(slash - path) : 0;

	if (slash == NULL)
		strcpy(folder, ".");
	else if (n == 0)
		strcpy(folder, "/");
	else
		snprintf(folder, PATH_MAX, "%.*s", (int)n, path);
}

/* Nobody vouches for SOURCE: from here on there is nothing but what it is
 * made of and where it goes. */
static bool
enter_sandbox(const char *source, const char *schema, const char *reference,
    const char *out, struct err *err)
{
	const char *wish = getenv("LIGHTSCORE_SANDBOX");
	char beside[PATH_MAX], folder[PATH_MAX];
	struct sandbox_path paths[4] = {{source, SANDBOX_READ}};
	size_t n = 1;

	if (wish != NULL && strcmp(wish, "off") == 0)
		return true;
	if (schema == NULL && import_find_schema(source, beside))
		schema = beside;
	if (schema != NULL)
		paths[n++] = (struct sandbox_path){schema, SANDBOX_READ};
	if (reference != NULL)
		paths[n++] = (struct sandbox_path){reference, SANDBOX_READ};
	if (out != NULL) {
		folder_of(out, folder);
		paths[n++] = (struct sandbox_path){folder, SANDBOX_WRITE};
	}
	return sandbox_enter_import(paths, n, say_refused, err);
}

int
cmd_import(const struct command *self, int argc, char *argv[])
{
	const char *out = NULL, *schema = NULL, *name = "", *version = "";
	const char *reference = NULL, *target = NULL;
	struct said said = {0};
	bool no_sandbox = false, image;
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
	    {"explain", 0, NULL, NULL, &said.explain,
		"Say where each line of the input schema came from; -o may be"
		" left out."},
	    {"json", 0, NULL, NULL, &said.json, "The same for programs."},
	    {"no-sandbox", 0, NULL, NULL, &no_sandbox,
		"Keep the files and system calls that an import does not"
		" need."},
	};
	const char *arguments[CLI_ARGUMENTS_MAX];
	struct model_build *build;
	struct import_options o;
	struct arena mem;
	struct err err;
	int n, status;
	bool ok;

	if (!cli_parse(self, argc, argv, options, countof(options), 1, 1,
	    arguments, &n, &status))
		return status;
	if (said.json && !said.explain)
		return cli_usage(self, "--json is a form of --explain");
	if (out == NULL && !said.explain)
		return cli_usage(self, "say where to: -o FILE.lsm");
	if (target != NULL && reference == NULL)
		return cli_usage(self,
		    "--target names a column of --reference DATA.csv");
	o = (struct import_options){.schema_path = schema,
	    .name = str_of(name), .version = str_of(version)};
	if (!cli_keep_inputs((const char *[]){arguments[0], schema, reference},
		3, &out, 1, &err) ||
	    !keep_directory(arguments[0], out, &err) ||
	    (!no_sandbox && !enter_sandbox(arguments[0], schema, reference,
		out, &err)) || !load_is_image(arguments[0], &image, &err))
		return cli_fail(&err);
	if (image && (said.explain || schema != NULL || reference != NULL ||
	    name[0] != '\0' || version[0] != '\0')) {
		err_set(&err, ERR_INPUT, ERR_NOWHERE, "%s is compiled already: "
		    "only -o FILE.lsm goes with it; import what it was made "
		    "from", arguments[0]);
		return cli_fail(&err);
	}
	if (image)
		return copy(arguments[0], out, &err) ?
		    tell(&said, NULL, out, &err) : cli_fail(&err);
	if (!arena_init(&mem, import_memory_bytes(arguments[0]), &err))
		return cli_fail(&err);
	ok = import_file(arguments[0], &o, &mem, &build, &err) &&
	    example_check(build, &err) &&
	    (reference == NULL || reference_note(reference, target, build,
	    &mem, &said.seen, &err));
	status = ok ? tell(&said, build, out, &err) : cli_fail(&err);
	arena_done(&mem);
	return status;
}

/* SPDX-License-Identifier: ISC
 *
 * lightscore config: what the settings are and where each comes from, as a
 * service started with the same arguments would have them.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "config/config.h"

#define MEMORY ((size_t)64 << 20)
enum { OUTPUT_BYTES = 1 << 20, SETTINGS_MAX = 256 };

/* The options of this command are taken out of argv; what is left are
 * settings, which config reads. */
struct asked {
	bool json, sample, mdoc, help;
	const char *check;
	bool check_unnamed;
	char *settings[SETTINGS_MAX];
	int n;
};

static bool
sort_arguments(int argc, char *argv[], struct asked *a)
{
	for (int i = 0; i < argc; i++) {
		if (strcmp(argv[i], "--json") == 0)
			a->json = true;
		else if (strcmp(argv[i], "--sample") == 0)
			a->sample = true;
		else if (strcmp(argv[i], "--mdoc") == 0)
			a->mdoc = true;
		else if (strcmp(argv[i], "--help") == 0 ||
		    strcmp(argv[i], "-h") == 0)
			a->help = true;
		else if (strncmp(argv[i], "--check=", 8) == 0)
			a->check = argv[i] + 8;
		else if (strcmp(argv[i], "--check") == 0 && i + 1 < argc)
			a->check = argv[++i];
		else if (strcmp(argv[i], "--check") == 0)
			a->check_unnamed = true;
		else if (a->n == SETTINGS_MAX - 1)
			return false;
		else
			a->settings[a->n++] = argv[i];
	}
	a->settings[a->n] = NULL;
	return true;
}

static void
config_help(const struct command *self, struct buf *b)
{
	cli_help(self, NULL, 0, b);
	buf_text(b, "\n  --json\n      For programs.\n"
	    "  --check FILE\n      Only say whether the file can be used.\n"
	    "  --sample\n      Write a file with every default.\n"
	    "\nSettings are those of lightscore serve.\n");
}

static bool
check_readable(const struct config_model *m, const char *what,
    const char *file, struct err *err)
{
	if (file == NULL || access(file, R_OK) == 0)
		return true;
	err_system(err, "models.%s: cannot read the %s %s", m->slot, what,
	    file);
	return err_context(err, "%s", m->source.where);
}

static int
check_file(const char *path, struct arena *mem)
{
	struct config c;
	struct err err;

	config_init(&c, mem);
	if (!config_read(&c, path, &err))
		return cli_fail(&err);
	for (size_t i = 0; i < c.n_models; i++) {
		const struct config_model *m = &c.models[i];

		if (!check_readable(m, "file", m->file, &err) ||
		    !check_readable(m, "schema", m->schema, &err))
			return cli_fail(&err);
	}
	if (c.n_models == 0)
		printf("%s: fine, no models: the shipped ones are served\n",
		    path);
	else
		printf("%s: fine, %zu model%s\n", path, c.n_models,
		    c.n_models == 1 ? "" : "s");
	return CLI_FINE;
}

/* What a service would put in the place of what is not said. */
static bool
fill_in(struct config *c, struct err *err)
{
	struct config_address address;

	if (!config_address_parse(c->listen, &address, err))
		return false;
	/* A free port is not known before it is taken. */
	if (address.port != 0 &&
	    !config_state_dir(c, 0, c->mem, &c->state_dir, err))
		return false;
	return config_default_models(c, err);
}

static int
run(const struct command *self, struct asked *a, struct arena *mem)
{
	struct config c;
	struct buf b;
	struct err err;

	if (!cli_buffer(mem, OUTPUT_BYTES, &b, &err))
		return cli_fail(&err);
	if (a->help)
		config_help(self, &b);
	else if (a->sample)
		config_sample(&b);
	else if (a->mdoc)
		config_mdoc(&b);
	else if (a->check != NULL)
		return check_file(a->check, mem);
	else if (!config_check_flags(a->n, a->settings, mem, &err))
		return cli_usage(self, "%s", err.text);
	else if (!config_load(&c, a->n, a->settings, mem, &err) ||
	    !fill_in(&c, &err))
		return cli_fail(&err);
	else
		config_dump(&c, &b, a->json);
	return cli_print(&b);
}

int
cmd_config(const struct command *self, int argc, char *argv[])
{
	struct asked a = {0};
	struct arena mem;
	struct err err;
	int status;

	if (!sort_arguments(argc, argv, &a))
		return cli_usage(self, "there are too many arguments");
	if (a.check_unnamed)
		return cli_usage(self, "the option --check needs a value:"
		    " FILE");
	if (!arena_init(&mem, MEMORY, &err))
		return cli_fail(&err);
	status = run(self, &a, &mem);
	arena_done(&mem);
	return status;
}

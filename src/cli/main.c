/* SPDX-License-Identifier: ISC
 *
 * lightscore: one command line for everything that is not a daemon. The
 * commands are a table; this finds the one that is meant.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "cli/cli.h"

enum { HELP_BYTES = 8192 };

static const struct command commands[] = {
#define COMMAND(name, usage, help) {#name, usage, help, cmd_##name},
#include "cli/commands.def"
#undef COMMAND
};

static const struct command *
find_command(const char *name)
{
	for (size_t i = 0; i < countof(commands); i++) {
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	}
	return NULL;
}

static int
unknown_command(const char *name)
{
	const char *names[countof(commands)], *near;

	for (size_t i = 0; i < countof(commands); i++)
		names[i] = commands[i].name;
	near = nearest_name(str_of(name), names, countof(names));
	fprintf(stderr, "lightscore: the command \"%s\" is not known%s%s%s;"
	    " see lightscore help\n", name, near != NULL ?
	    ", did you mean " : "", near != NULL ? near : "",
	    near != NULL ? "?" : "");
	return CLI_USAGE;
}

static void
overview(struct buf *b)
{
	buf_text(b, "usage: lightscore COMMAND [ARGUMENT]...\n\n"
	    "Serves tabular models over HTTP, and what belongs to it.\n\n");
	for (size_t i = 0; i < countof(commands); i++)
		buf_printf(b, "  %-9s%s\n", commands[i].name,
		    commands[i].help);
	buf_text(b, "\n\"lightscore COMMAND --help\" says more;"
	    " so do the manual pages, from lightscore(1).\n");
}

int
cmd_help(const struct command *self, int argc, char *argv[])
{
	char memory[HELP_BYTES], help[] = "--help";
	const struct command *c;
	const char *arguments[CLI_ARGUMENTS_MAX];
	int n, status;
	struct buf b;

	if (!cli_parse(self, argc, argv, NULL, 0, 0, 1, arguments, &n,
	    &status))
		return status;
	if (n == 1) {
		char *words[] = {argv[0], help, NULL};

		c = find_command(arguments[0]);
		if (c == NULL)
			return unknown_command(arguments[0]);
		return c == self ? CLI_FINE : c->run(c, 2, words);
	}
	buf_init(&b, memory, sizeof(memory));
	overview(&b);
	return cli_print(&b);
}

int
main(int argc, char *argv[])
{
	const struct command *help = find_command("help"), *c;

	/* A reader that goes away is an error of write, not our end. */
	signal(SIGPIPE, SIG_IGN);
	if (argc < 2) {
		char memory[HELP_BYTES];
		struct buf b;

		buf_init(&b, memory, sizeof(memory));
		overview(&b);
		fprintf(stderr, "%.*s", STR_ARG(buf_view(&b)));
		return CLI_USAGE;
	}
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
		char memory[80];
		struct buf b;

		buf_init(&b, memory, sizeof(memory));
		buf_text(&b, "lightscore " PACKAGE_VERSION "\n");
		return cli_print(&b);
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return cmd_help(help, 1, argv + 1);
	c = find_command(argv[1]);
	if (c == NULL)
		return unknown_command(argv[1]);
	return c->run(c, argc - 1, argv + 1);
}

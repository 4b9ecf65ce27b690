/* SPDX-License-Identifier: ISC */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"

/* What the commands share: their table, arguments, and how they end. */

enum cli_status { CLI_FINE = 0, CLI_FAILED = 1, CLI_USAGE = 2 };

struct command {
	const char *name, *usage, *help;
	/* argv[0] is the command's name; returns an enum cli_status. */
	int (*run)(const struct command *self, int argc, char *argv[]);
};
#define COMMAND(name, ...) \
	int cmd_##name(const struct command *self, int argc, char *argv[]);
#include "cli/commands.def"
#undef COMMAND

/* An option of a command: --name, and -l where it has a letter. With `text`
 * it takes a value, else it sets *on. */
struct cli_option {
	const char *name;
	char letter;
	const char *value; /* what the help calls the value */
	const char **text;
	bool *on;
	const char *help;
};
enum { CLI_ARGUMENTS_MAX = 8 };
/* Sort argv into options and arguments; `least` to `most` arguments, their
 * number in *n. False where the command ends here, with *status: help was
 * asked for, or something is wrong and was told. */
MUST_USE bool cli_parse(const struct command *self, int argc,
    char *const argv[], const struct cli_option *options, size_t n_options,
    int least, int most, const char *arguments[], int *n, int *status);

/* Help of one command: usage, help, options (may be none). */
void cli_help(const struct command *self, const struct cli_option *options,
    size_t n_options, struct buf *b);
/* That on stdout; as cli_print. */
int cli_show_help(const struct command *self,
    const struct cli_option *options, size_t n_options);
/* Tell the error on stderr, as one line; returns CLI_FAILED. */
int cli_fail(const struct err *err);
/* Tell that the command was used wrongly, and where help is; CLI_USAGE. */
int cli_usage(const struct command *self, const char *fmt, ...)
    PRINTF_LIKE(2, 3);
/* Write to stdout: CLI_FINE, or CLI_FAILED with the error told. A reader
 * that went away is no news: CLI_FAILED, and nothing is told. */
int cli_print(const struct buf *b);
/* A buffer of `cap` bytes in mem. */
MUST_USE bool cli_buffer(struct arena *mem, size_t cap, struct buf *b,
    struct err *err);
/* True once SIGINT or SIGTERM came, after cli_catch_stop. */
void cli_catch_stop(void);
bool cli_stopped(void);
/* Wait until a read of fd would not block; false once stopped. */
MUST_USE bool cli_wait_input(int fd);

/* No output (NULL: none) is a regular file that is read, or another output:
 * the input would be gone. */
MUST_USE bool cli_keep_inputs(const char *const *inputs, size_t n_inputs,
    const char *const *outputs, size_t n_outputs, struct err *err);

#endif

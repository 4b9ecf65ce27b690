/* SPDX-License-Identifier: ISC
 *
 * What the commands share: reading arguments, help, and telling errors. One
 * sentence on stderr names the command and what is wrong.
 */
#include "cli/cli.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/nearest.h"

enum { OPTIONS_MAX = 16, HELP_BYTES = 8192 };

static volatile sig_atomic_t stopped;
/* Readable once a signal came: one that lands just before a read would
 * otherwise be noticed only when the read ends, if ever. */
static int stop_pipe[2] = {-1, -1};

static void
stop(int number)
{
	int saved = errno;
	ssize_t ignored; /* where it is full it is readable */

	(void)number;
	stopped = 1;
	ignored = write(stop_pipe[1], "", 1);
	(void)ignored;
	errno = saved;
}

void
cli_catch_stop(void)
{
	/* No SA_RESTART: a read that waits shall end. */
	struct sigaction sa = {.sa_handler = stop};

	if (pipe2(stop_pipe, O_CLOEXEC | O_NONBLOCK) != 0)
		stop_pipe[0] = stop_pipe[1] = -1;
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
}

bool
cli_wait_input(int fd)
{
	struct pollfd fds[2] = {{.fd = fd, .events = POLLIN},
	    {.fd = stop_pipe[0], .events = POLLIN}};

	while (!stopped && poll(fds, countof(fds), -1) < 0)
		if (errno != EINTR)
			break; /* the read will say why */
	return !stopped;
}

bool
cli_stopped(void)
{
	return stopped != 0;
}

bool
cli_buffer(struct arena *mem, size_t cap, struct buf *b, struct err *err)
{
	void *memory = arena_alloc(mem, cap);

	if (memory == NULL)
		return arena_err(mem, "the output", err);
	buf_init(b, memory, cap);
	return true;
}

int
cli_fail(const struct err *err)
{
	fprintf(stderr, "lightscore: %s\n", err->text);
	return CLI_FAILED;
}

int
cli_usage(const struct command *self, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "lightscore %s: ", self->name);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "; see lightscore %s --help\n", self->name);
	return CLI_USAGE;
}

int
cli_print(const struct buf *b)
{
	struct err err;

	if (b->over) {
		err_set(&err, ERR_LIMIT, ERR_NOWHERE,
		    "the output is longer than %zu bytes", b->cap);
		return cli_fail(&err);
	}
	errno = 0;
	if (file_write_fd(STDOUT_FILENO, buf_view(b), &err))
		return CLI_FINE;
	return errno == EPIPE ? CLI_FAILED : cli_fail(&err);
}

void
cli_help(const struct command *self, const struct cli_option *options,
    size_t n_options, struct buf *b)
{
	buf_printf(b, "usage: lightscore %s %s\n\n%s\n", self->name,
	    self->usage, self->help);
	for (size_t i = 0; i < n_options; i++) {
		const struct cli_option *o = &options[i];

		buf_text(b, i == 0 ? "\n  " : "  ");
		if (o->letter != 0)
			buf_printf(b, "-%c%s%s, ", o->letter,
			    o->text != NULL ? " " : "",
			    o->text != NULL ? o->value : "");
		buf_printf(b, "--%s%s%s\n      %s\n", o->name,
		    o->text != NULL ? " " : "",
		    o->text != NULL ? o->value : "", o->help);
	}
}

static const struct cli_option *
find_option(const struct cli_option *options, size_t n, struct str arg)
{
	for (size_t i = 0; i < n; i++) {
		if (arg.n == 2 && arg.p[0] == '-' && options[i].letter != 0 &&
		    arg.p[1] == options[i].letter)
			return &options[i];
		if (str_has_prefix(arg, STR("--")) &&
		    str_eq((struct str){arg.p + 2, arg.n - 2},
		    str_of(options[i].name)))
			return &options[i];
	}
	return NULL;
}

static int
unknown_option(const struct command *self, const struct cli_option *options,
    size_t n, struct str arg)
{
	const char *names[OPTIONS_MAX], *near;
	struct str bare = arg;

	assert(n <= OPTIONS_MAX);
	for (size_t i = 0; i < n; i++)
		names[i] = options[i].name;
	while (bare.n > 0 && bare.p[0] == '-') {
		bare.p++;
		bare.n--;
	}
	near = nearest_name(bare, names, n);
	if (near != NULL)
		return cli_usage(self,
		    "the option %.*s is not known, did you mean --%s?",
		    STR_ARG(arg), near);
	return cli_usage(self, "the option %.*s is not known", STR_ARG(arg));
}

int
cli_show_help(const struct command *self, const struct cli_option *options,
    size_t n_options)
{
	char memory[HELP_BYTES];
	struct buf b;

	buf_init(&b, memory, sizeof(memory));
	cli_help(self, options, n_options, &b);
	return cli_print(&b);
}

bool
cli_parse(const struct command *self, int argc, char *const argv[],
    const struct cli_option *options, size_t n_options, int least, int most,
    const char *arguments[], int *n, int *status)
{
	bool only_arguments = false;

	assert(most <= CLI_ARGUMENTS_MAX);
	*n = 0;
	for (int i = 1; i < argc; i++) {
		struct str value = str_of(argv[i]), arg = value;
		const struct cli_option *o;

		if (only_arguments || arg.n < 2 || arg.p[0] != '-') {
			if (*n == most) {
				*status = cli_usage(self,
				    "the argument \"%s\" is one too many",
				    argv[i]);
				return false;
			}
			arguments[(*n)++] = argv[i];
			continue;
		}
		if (str_eq(arg, STR("--"))) {
			only_arguments = true;
			continue;
		}
		if (str_eq(arg, STR("--help")) || str_eq(arg, STR("-h"))) {
			*status = cli_show_help(self, options, n_options);
			return false;
		}
		arg = str_cut(&value, '=');
		o = find_option(options, n_options, arg);
		if (o == NULL) {
			*status = unknown_option(self, options, n_options,
			    arg);
			return false;
		}
		if (o->text == NULL) {
			if (value.p != NULL) {
				*status = cli_usage(self,
				    "the option %.*s takes no value",
				    STR_ARG(arg));
				return false;
			}
			*o->on = true;
		} else if (value.p != NULL) {
			*o->text = value.p;
		} else if (++i < argc) {
			*o->text = argv[i];
		} else {
			*status = cli_usage(self,
			    "the option %.*s needs a value: %s", STR_ARG(arg),
			    o->value);
			return false;
		}
	}
	if (*n < least) {
		*status = cli_usage(self, "an argument is missing: %s",
		    self->usage);
		return false;
	}
	return true;
}

/* Two outputs that do not exist yet are the same if they are spelt so. */
static bool
is_same_output(const char *a, const char *b)
{
	return strcmp(a, "-") != 0 && (strcmp(a, b) == 0 || file_is_same(a, b));
}

bool
cli_keep_inputs(const char *const *inputs, size_t n_inputs,
    const char *const *outputs, size_t n_outputs, struct err *err)
{
	for (size_t i = 0; i < n_outputs; i++) {
		if (outputs[i] == NULL)
			continue;
		for (size_t k = 0; k < n_inputs; k++)
			if (inputs[k] != NULL &&
			    file_is_same(outputs[i], inputs[k]))
				return err_set(err, ERR_INPUT, ERR_NOWHERE,
				    "%s is read and would be overwritten; "
				    "write to another file", outputs[i]);
		for (size_t k = 0; k < i; k++)
			if (outputs[k] != NULL &&
			    is_same_output(outputs[i], outputs[k]))
				return err_set(err, ERR_INPUT, ERR_NOWHERE,
				    "%s is given for two outputs; write one "
				    "to another file", outputs[i]);
	}
	return true;
}

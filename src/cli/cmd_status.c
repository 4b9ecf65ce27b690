/* SPDX-License-Identifier: ISC
 *
 * lightscore status: reads the shared counters of a service on this machine.
 * It maps them read-only, so it can disturb nothing and works whatever state
 * the service is in. --ready asks over HTTP instead, as a client would.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/ready.h"
#include "cli/watch.h"
#include "config/config.h"
#include "metrics/metrics_file.h"

/* Two sums of all slabs, and a page. */
#define MEMORY ((size_t)64 << 20)
enum { PAGE_BYTES = 1 << 18, SETTINGS_MAX = 64 };
/* Between the two looks that a rate is made of. */
static const struct timespec glance = {.tv_nsec = 500000000};
static const struct timespec second = {.tv_sec = 1};

static bool
find_file(const struct config *c, struct arena *mem, char *path, size_t n,
    struct err *err)
{
	const char *dir;
	int len;

	if (!config_state_dir(c, 0, mem, &dir, err))
		return false;
	len = snprintf(path, n, "%s/%s", dir, METRICS_FILE_NAME);
	if (len < 0 || (size_t)len >= n)
		return err_set(err, ERR_LIMIT, ERR_NOWHERE,
		    "the path of the state directory is too long");
	if (access(path, F_OK) != 0 && errno == ENOENT)
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "no service has run with the state directory %s: give the"
		    " --listen or --state-dir that it was started with", dir);
	return true;
}

/* Pages until the user stops it; each from the last look to this one. */
static int
watch_on(const struct metrics_file *f,
    struct arena mem[2], struct watch *old, struct buf *b, struct err *err)
{
	for (int turn = 1; !cli_stopped(); turn = !turn) {
		struct watch now;

		nanosleep(&second, NULL);
		if (cli_stopped())
			break;
		arena_reset(&mem[turn], MEMORY);
		if (!watch_take(f, &mem[turn], &now, err))
			return cli_fail(err);
		buf_reset(b);
		buf_text(b, isatty(STDOUT_FILENO) ? "\033[H\033[J" : "");
		watch_page(f, old, &now, true, b);
		buf_text(b, isatty(STDOUT_FILENO) ? "" : "\n");
		if (cli_print(b) != CLI_FINE)
			return CLI_FAILED;
		*old = now;
	}
	return CLI_FINE;
}

static int
show(const struct metrics_file *f, bool watch, bool json,
    struct arena mem[2], struct err *err)
{
	static char page[PAGE_BYTES];
	struct watch old, now;
	struct buf b;

	buf_init(&b, page, sizeof(page));
	if (!watch_take(f, &mem[0], &old, err))
		return cli_fail(err);
	if (watch)
		return watch_on(f, mem, &old, &b, err);
	nanosleep(&glance, NULL);
	if (!watch_take(f, &mem[1], &now, err))
		return cli_fail(err);
	if (json)
		watch_json(f, &old, &now, &b);
	else
		watch_page(f, &old, &now, false, &b);
	if (cli_print(&b) != CLI_FINE)
		return CLI_FAILED;
	return watch_is_running(f) ? CLI_FINE : CLI_FAILED;
}

static int
show_mdoc(void)
{
	static char page[PAGE_BYTES];
	struct buf b;

	buf_init(&b, page, sizeof(page));
	process_mdoc(&b);
	return cli_print(&b);
}

int
cmd_status(const struct command *self, int argc, char *argv[])
{
	bool watch = false, ready = false, json = false, mdoc = false;
	const struct cli_option options[] = {
	    {"json", 0, NULL, NULL, &json,
		"One JSON document instead of a page; not with --watch."},
	    {"mdoc", 0, NULL, NULL, &mdoc, "For lightscored(8)."},
	    {"ready", 0, NULL, NULL, &ready,
		"Show nothing; fail unless /health/ready answers 200."},
	    {"watch", 0, NULL, NULL, &watch,
		"Go on, once a second, until stopped."},
	};
	char *settings[SETTINGS_MAX + 1], path[PATH_MAX];
	struct metrics_file file;
	struct arena mem[2], text;
	struct config c;
	struct err err;
	int n = 0, status;

	for (int i = 0; i < argc; i++) {
		if (strcmp(argv[i], "--watch") == 0)
			watch = true;
		else if (strcmp(argv[i], "--ready") == 0)
			ready = true;
		else if (strcmp(argv[i], "--json") == 0)
			json = true;
		else if (strcmp(argv[i], "--mdoc") == 0)
			mdoc = true;
		else if (strcmp(argv[i], "--help") == 0 ||
		    strcmp(argv[i], "-h") == 0)
			return cli_show_help(self, options, countof(options));
		else if (n == SETTINGS_MAX)
			return cli_usage(self, "there are too many arguments");
		else
			settings[n++] = argv[i];
	}
	settings[n] = NULL;
	if (json && watch)
		return cli_usage(self, "--json is of one moment: leave out "
		    "--watch");
	if (mdoc)
		return show_mdoc();
	if (!arena_init(&text, MEMORY, &err) ||
	    !arena_init(&mem[0], MEMORY, &err) ||
	    !arena_init(&mem[1], MEMORY, &err))
		return cli_fail(&err);
	if (!config_check_flags(n, settings, &text, &err))
		return cli_usage(self, "%s", err.text);
	if (!config_load(&c, n, settings, &text, &err))
		return cli_fail(&err);
	if (ready)
		return ready_ask(c.listen, &err) ? CLI_FINE : cli_fail(&err);
	if (!find_file(&c, &text, path, sizeof(path), &err) ||
	    !metrics_open(path, METRICS_READER, &file, &err))
		return cli_fail(&err);
	cli_catch_stop();
	status = show(&file, watch, json, mem, &err);
	metrics_close(&file);
	return status;
}

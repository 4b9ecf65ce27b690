/* SPDX-License-Identifier: ISC
 *
 * lightscored: the supervisor. `lightscore serve` is the same, found by the
 * command line.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "config/config.h"
#include "supervisor/settings.h"
#include "supervisor/supervisor.h"
#include "supervisor/web_server.h"

enum { TEXT_MAX = 64 << 10 };

static int
fail(const char *text, int status)
{
	fprintf(stderr, "lightscored: %s\n", text);
	return status;
}

static int
print_help(void)
{
	static char text[TEXT_MAX];
	struct buf b;

	buf_init(&b, text, sizeof(text));
	buf_text(&b, "usage: lightscored [-c FILE] [--model SLOT=FILE]... "
		     "[SETTING]...\n"
		     "       lightscored --web-server-conf [SETTING]...\n\n");
	config_usage(&b);
	fwrite(b.p, 1, b.n, stdout);
	return 0;
}

/* For those who run lighttpd themselves. */
static int
print_web_server_conf(int argc, char *argv[])
{
	static char text[TEXT_MAX];
	struct web_paths paths = {.errors = PKGDATADIR "/lighttpd/errors"};
	char worker_sock[4096], exporter_sock[4096];
	struct config_address a;
	struct settings s;
	const char *dir;
	struct err err;
	struct buf b;

	if (!settings_read(&s, argc, argv, &err))
		return fail(err.text, 2);
	if (!config_address_parse(s.config.listen, &a, &err) ||
	    !config_state_dir(&s.config, a.port, &s.mem, &dir, &err))
		return fail(err.text, 1);
	snprintf(worker_sock, sizeof(worker_sock), "%s/worker.sock", dir);
	snprintf(exporter_sock, sizeof(exporter_sock), "%s/exporter.sock",
	    dir);
	paths.worker_sock = worker_sock;
	paths.exporter_sock = exporter_sock;
	buf_init(&b, text, sizeof(text));
	if (!web_conf_backend(&s.config, &paths, &b, &err))
		return fail(err.text, 1);
	fwrite(b.p, 1, b.n, stdout);
	settings_done(&s);
	return 0;
}

int
main(int argc, char *argv[])
{
	struct err err = {0};

	if (argc > 1 && (strcmp(argv[1], "--help") == 0 ||
			    strcmp(argv[1], "-h") == 0))
		return print_help();
	if (argc > 1 && strcmp(argv[1], "--version") == 0) {
		puts(PACKAGE_STRING);
		return 0;
	}
	if (argc > 1 && strcmp(argv[1], "--web-server-conf") == 0)
		return print_web_server_conf(argc - 1, argv + 1);
	if (argc > 2 && strcmp(argv[1], "--takes-over") == 0) {
		return supervisor_could(argv[2], argc - 2, argv + 2, &err) ?
		    0 : fail(err.text, 1);
	}
	switch (supervisor_run(argc, argv, &err)) {
	case SUPERVISOR_OK:
		return 0;
	case SUPERVISOR_USAGE:
		return fail(err.text, 2);
	case SUPERVISOR_FAILED:
		return err.text[0] != '\0' ? fail(err.text, 1) : 1;
	}
	abort();
}

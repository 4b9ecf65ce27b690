/* SPDX-License-Identifier: ISC
 *
 * lightscore-exporter --metrics FILE [--no-sandbox]: the handler of /metrics, a FastCGI
 * program with a socket of its own on descriptor 0. It reads the shared file
 * and nothing else, so it answers whatever the workers are doing.
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>

#include "base/log.h"
#include "http/fcgi.h"
#include "metrics/metrics_text.h"
#include "sandbox/sandbox.h"

enum {
	BODY_LIMIT = 64 << 10,     /* a GET has no use for one */
	MEMORY_LIMIT = 4 << 20,    /* the sum of all slots, the query */
	RESPONSE_LIMIT = 16 << 20, /* 32 models, every class, every slot */
};

#define READ_TIMEOUT_NS UINT64_C(5000000000)

static volatile sig_atomic_t stop;

static void
on_stop(int sig)
{
	(void)sig;
	stop = 1;
}

static void
refuse(struct http_response *res, int status, const char *sentence)
{
	buf_reset(&res->body);
	res->status = status;
	res->content_type = "application/json";
	buf_text(&res->body, "{\"error\":");
	buf_json(&res->body, str_of(sentence));
	buf_char(&res->body, '}');
}

static void
handle(void *ctx, const struct http_request *req, struct http_response *res,
    struct arena *mem)
{
	enum metrics_format format = metrics_format_of(req->accept);
	struct err err;

	res->head = req->method == HTTP_HEAD;
	if (!str_eq(req->path, STR("/metrics"))) {
		refuse(res, 404, "Not found: only /metrics is here");
		return;
	}
	if (req->method != HTTP_GET && req->method != HTTP_HEAD) {
		refuse(res, 405, "Method not allowed: use GET or HEAD");
		res->allow = "GET, HEAD";
		return;
	}
	if (!metrics_text(ctx, format, req->query, mem, &res->body, &err)) {
		log_error("cannot answer /metrics: %s", err.text);
		refuse(res, 500, err.text);
		return;
	}
	res->status = 200;
	res->content_type = metrics_content_type(format);
}

static void
rejected(void *ctx, enum fcgi_reject why, const struct http_request *req,
    struct http_response *res)
{
	(void)ctx;
	res->head = req->method == HTTP_HEAD;
	if (why == FCGI_TOO_LARGE)
		refuse(res, 413, "Request body too large");
	else if (why == FCGI_LATE)
		refuse(res, 408, "The request did not come in time");
	else
		refuse(res, 400, "Bad request");
}

static void
say_refused(const char *call)
{
	log_error("sandbox: refused the system call %s", call);
}

static void
say_shortage(void *ctx, const struct err *why)
{
	(void)ctx;
	log_warn("%s", why->text);
}

static bool
serve(const char *path, bool sandbox, struct err *err)
{
	const struct fcgi_options options = {
	    BODY_LIMIT, MEMORY_LIMIT, RESPONSE_LIMIT, READ_TIMEOUT_NS};
	struct fcgi_calls calls = {.handle = handle, .rejected = rejected,
	    .shortage = say_shortage};
	struct sigaction on = {.sa_handler = on_stop};
	struct metrics_file file;
	struct fcgi *fcgi;
	sigset_t stops, wait_mask;
	bool ok;

	sigemptyset(&stops);
	sigaddset(&stops, SIGTERM);
	sigaddset(&stops, SIGINT);
	sigprocmask(SIG_BLOCK, &stops, &wait_mask);
	sigdelset(&wait_mask, SIGTERM);
	sigdelset(&wait_mask, SIGINT);
	if (!metrics_open(path, METRICS_READER, &file, err))
		return false;
	if (!fcgi_open(&options, &fcgi, err)) {
		metrics_close(&file);
		return false;
	}
	/* After fcgi_open, which sets handlers back. */
	sigaction(SIGTERM, &on, NULL);
	sigaction(SIGINT, &on, NULL);
	calls.ctx = &file;
	ok = (!sandbox || sandbox_enter(say_refused, err)) &&
	    fcgi_serve(fcgi, &calls, &stop, &wait_mask, err);
	fcgi_close(fcgi);
	metrics_close(&file);
	return ok;
}

int
main(int argc, char *argv[])
{
	static const struct option options[] = {
	    {"metrics", required_argument, NULL, 'm'},
	    {"no-sandbox", no_argument, NULL, 'n'},
	    {"help", no_argument, NULL, 'h'},
	    {"version", no_argument, NULL, 'V'},
	    {0},
	};
	static const char usage[] =
	    "usage: lightscore-exporter --metrics FILE [--no-sandbox]\n";
	const char *path = NULL;
	bool sandbox = true;
	struct err err;
	int c;

	log_init("lightscore-exporter", LOG_LEVEL_INFO);
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'm':
			path = optarg;
			break;
		case 'n':
			sandbox = false;
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		case 'V':
			puts(PACKAGE_STRING);
			return 0;
		default:
			fputs(usage, stderr);
			return 2;
		}
	}
	if (path == NULL || optind < argc) {
		fputs(usage, stderr);
		return 2;
	}
	if (!serve(path, sandbox, &err)) {
		log_error("%s", err.text);
		return 1;
	}
	return 0;
}

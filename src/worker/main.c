/* SPDX-License-Identifier: ISC
 *
 * lightscore-worker: the command line, read once. lightscored writes it; a
 * person may too, with a listening socket as standard input.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/number.h"
#include "metrics/metrics_file.h"
#include "worker/worker.h"

static const char usage[] =
    "usage: lightscore-worker --metrics FILE --slot N --model SLOT=IMAGE ...\n"
    "    [--request-limit BYTES] [--rows-limit N] [--memory-limit BYTES]\n"
    "    [--max-requests N] [--ready-fd N] [--read-timeout MS]\n"
    "    [--metrics-fd N] [--alerts] [--keys FILE] [--rate FILE]\n"
    "    [--rate-fd N] [--no-sandbox] [--reserve]\n";

enum option_id {
	METRICS,
	METRICS_FD,
	SLOT,
	MODEL,
	REQUEST_LIMIT,
	ROWS_LIMIT,
	MEMORY_LIMIT,
	MAX_REQUESTS,
	READ_TIMEOUT,
	READY_FD,
	ALERTS,
	KEYS,
	RATE,
	RATE_FD,
	NO_SANDBOX,
	RESERVE,
	HELP
};

static const struct option options[] = {
    {"metrics", required_argument, NULL, METRICS},
    {"metrics-fd", required_argument, NULL, METRICS_FD},
    {"slot", required_argument, NULL, SLOT},
    {"model", required_argument, NULL, MODEL},
    {"request-limit", required_argument, NULL, REQUEST_LIMIT},
    {"rows-limit", required_argument, NULL, ROWS_LIMIT},
    {"memory-limit", required_argument, NULL, MEMORY_LIMIT},
    {"max-requests", required_argument, NULL, MAX_REQUESTS},
    {"read-timeout", required_argument, NULL, READ_TIMEOUT},
    {"ready-fd", required_argument, NULL, READY_FD},
    {"alerts", no_argument, NULL, ALERTS},
    {"keys", required_argument, NULL, KEYS},
    {"rate", required_argument, NULL, RATE},
    {"rate-fd", required_argument, NULL, RATE_FD},
    {"no-sandbox", no_argument, NULL, NO_SANDBOX},
    {"reserve", no_argument, NULL, RESERVE},
    {"help", no_argument, NULL, HELP},
    {0},
};

NORETURN static void
fail_usage(void)
{
	fputs(usage, stderr);
	exit(WORKER_EXIT_CONFIG);
}

static uint64_t
number(const char *text, uint64_t most)
{
	uint64_t n;

	if (!number_parse_u64(str_of(text), &n) || n > most)
		fail_usage();
	return n;
}

static void
add_model(struct worker_options *o, char *text)
{
	char *equals = strchr(text, '=');

	if (equals == NULL || o->n_models == WORKER_MODELS_MAX)
		fail_usage();
	*equals = '\0';
	o->models[o->n_models++] =
	    (struct worker_model){.slot = text, .file = equals + 1};
}

static void
read_options(int argc, char *argv[], struct worker_options *o)
{
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case METRICS:
			o->metrics = optarg;
			break;
		case METRICS_FD:
			o->metrics_fd = (int)number(optarg, 1023);
			break;
		case SLOT:
			o->slot = (int)number(optarg, METRICS_SLOTS - 1);
			break;
		case MODEL:
			add_model(o, optarg);
			break;
		case REQUEST_LIMIT:
			o->request_limit = number(optarg, 1u << 30);
			break;
		case ROWS_LIMIT:
			o->rows_limit = number(optarg, 1u << 20);
			break;
		case MEMORY_LIMIT:
			o->memory_limit = number(optarg, (uint64_t)1 << 40);
			break;
		case MAX_REQUESTS:
			o->max_requests = number(optarg, UINT64_MAX);
			break;
		case READ_TIMEOUT:
			o->read_timeout_ms = number(optarg, 3600000);
			break;
		case READY_FD:
			o->ready_fd = (int)number(optarg, 1023);
			break;
		case ALERTS:
			o->alerts = true;
			break;
		case KEYS:
			o->keys = optarg;
			break;
		case RATE:
			o->rate = optarg;
			break;
		case RATE_FD:
			o->rate_fd = (int)number(optarg, 1023);
			break;
		case NO_SANDBOX:
			o->sandbox = false;
			break;
		case RESERVE:
			o->reserve = true;
			break;
		case HELP:
			fputs(usage, stdout);
			exit(0);
		default:
			fail_usage();
		}
	}
	if (optind != argc || o->metrics == NULL || o->slot < 0)
		fail_usage();
}

static void
say_refused(const char *call)
{
	log_error("sandbox: refused the system call %s", call);
}

static void
say_shortage(const char *why)
{
	log_warn("%s", why);
}

int
main(int argc, char *argv[])
{
	struct worker_options o = {
	    .metrics_fd = -1,
	    .slot = -1,
	    .rate_fd = -1,
	    .request_limit = 8 << 20,
	    .rows_limit = 10000,
	    .memory_limit = 24 * (8 << 20),
	    .read_timeout_ms = 5000,
	    .ready_fd = -1,
	    .sandbox = true,
	    .refused = say_refused,
	    .shortage = say_shortage,
	};
	enum worker_exit status;
	struct err err = {0};

	log_init("lightscore-worker", LOG_LEVEL_INFO);
	read_options(argc, argv, &o);
	status = worker_run(&o, &err);
	if (status == WORKER_EXIT_FAILED || status == WORKER_EXIT_CONFIG)
		log_error("%s", err.text);
	return (int)status;
}

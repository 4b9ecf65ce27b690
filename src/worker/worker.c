/* SPDX-License-Identifier: ISC
 *
 * The life of a worker. What stays true: each request is counted in this
 * worker's own slab before its answer leaves; SIGTERM is seen only between
 * requests; nothing outside the request's arena grows with requests.
 */
#include "worker/worker.h"

#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include "base/clock.h"
#include "http/fcgi.h"
#include "http/rate.h"
#include "keys/keys.h"
#include "metrics/metrics_file.h"
#include "model/model.h"
#include "sandbox/sandbox.h"

/* Address space, not memory: pages are taken as they are touched. */
#define DOCUMENTS_BYTES   ((size_t)64 << 20)
#define RESPONSE_BASE     ((size_t)1 << 20)
#define RESPONSE_PER_ROW  ((size_t)1024)
enum { RETRY_AFTER_S = 1 };

struct worker {
	const struct worker_options *options;
	struct metrics_file metrics;
	struct slab *slab;
	struct api_model models[WORKER_MODELS_MAX];
	struct keys keys;
	struct rate rate;
	struct arena documents; /* what api_new renders */
	struct api *api;
	struct fcgi *fcgi;
	uint64_t answered;
	uint64_t busy_since_ns;             /* of the request in hand */
	const struct http_request *in_hand; /* once it has come whole */
	bool counted;                       /* it is, as something else */
};

static volatile sig_atomic_t stop;
static struct worker *serving; /* for a handler, which is told nothing */

/* Whatever we are in the middle of, it is not gone back to. */
static void
on_late(int signo)
{
	struct worker *w = serving;

	(void)signo;
	if (fcgi_can_expire()) {
		if (!w->counted)
			api_expire(w->api, w->in_hand, w->busy_since_ns);
		fcgi_expire();
	}
	_exit(WORKER_EXIT_LATE);
}

static void
on_stop(int signo)
{
	(void)signo;
	stop = 1;
}

/* To end a wait. */
static void
on_word(int signo)
{
	(void)signo;
}

/* --- serving -------------------------------------------------------------- */

static void
count_request(struct worker *w)
{
	w->counted = true;
	if (++w->answered == w->options->max_requests)
		stop = 1;
}

/* By what a request costs the supervisor knows how many may wait. */
static void
note_work(struct worker *w, const struct http_request *req)
{
	metric_add(&w->slab->state.worked, 1);
	metric_add(&w->slab->state.worked_ns,
	    clock_mono_ns() - req->started_ns);
}

/* The reserve is there for those that wait too long, and for nothing else. */
static bool
is_shed(const struct worker *w)
{
	return w->options->reserve || metrics_sheds(&w->metrics);
}

static bool
wanted(void *ctx)
{
	return metrics_is_too_long(&((struct worker *)ctx)->metrics);
}

/* Only what costs is shed: probes stay answered. */
static bool
is_refused(const struct worker *w, const struct http_request *req)
{
	return req->method == HTTP_POST && is_shed(w);
}

static bool
wants_body(void *ctx, const struct http_request *req)
{
	return !is_refused(ctx, req);
}

static void
handle(void *ctx, const struct http_request *req, struct http_response *res,
    struct arena *mem)
{
	struct worker *w = ctx;

	w->in_hand = req;
	metric_add(&w->slab->state.taken, 1);
	api_set_draining(w->api, metrics_is_draining(&w->metrics));
	if (is_refused(w, req)) {
		api_refuse(w->api, req, 503,
		    "The server is overloaded; try again later", res);
		res->retry_after_s = RETRY_AFTER_S;
	} else {
		api_handle(w->api, req, res, mem);
		if (req->method == HTTP_POST)
			note_work(w, req);
	}
	count_request(w);
}

static void
rejected(void *ctx, enum fcgi_reject why, const struct http_request *req,
    struct http_response *res)
{
	struct worker *w = ctx;

	metric_add(&w->slab->state.taken, 1);
	if (why == FCGI_TOO_LARGE)
		api_refuse(w->api, req, 413, "The request body is too large",
		    res);
	else if (why == FCGI_LATE)
		api_refuse(w->api, req, 408,
		    "The request did not come in time", res);
	else
		api_refuse(w->api, req, 400, "The request is malformed", res);
	count_request(w);
}

static void
dropped(void *ctx, enum fcgi_reject why)
{
	struct worker *w = ctx;

	metric_add(&w->slab->state.taken, 1);
	metric_add(&w->slab->http_rejected[why == FCGI_LATE
		? REJECTED_TIMEOUT : REJECTED_MALFORMED], 1);
}

static void
say_shortage(void *ctx, const struct err *why)
{
	((struct worker *)ctx)->options->shortage(why->text);
}

static void
note_state(void *ctx, uint64_t busy_since_ns)
{
	struct worker *w = ctx;

	w->busy_since_ns = busy_since_ns;
	w->in_hand = NULL;
	w->counted = false;
	metrics_busy(w->slab, busy_since_ns);
}

/* --- setting up ----------------------------------------------------------- */

static bool
open_models(struct worker *w, struct err *err)
{
	const struct worker_options *o = w->options;

	for (size_t i = 0; i < o->n_models; i++) {
		w->models[i].slot = o->models[i].slot;
		if (!model_open(o->models[i].file, &w->models[i].model, err))
			return err_context(err, "model %s", o->models[i].slot);
	}
	return true;
}

/* Where the supervisor has it open, it need not be opened again. */
static bool
open_metrics(struct worker *w, struct err *err)
{
	const struct worker_options *o = w->options;
	bool ok;

	if (o->metrics_fd < 0)
		return metrics_open(o->metrics, o->slot, &w->metrics, err);
	ok = metrics_map(o->metrics_fd, o->metrics, o->slot, &w->metrics,
	    err);
	close(o->metrics_fd);
	return ok;
}

static bool
open_rate(struct worker *w, struct err *err)
{
	const struct worker_options *o = w->options;
	bool ok;

	if (o->rate == NULL)
		return true;
	if (o->rate_fd < 0)
		return rate_open(o->rate, &w->rate, err);
	ok = rate_map(o->rate_fd, o->rate, &w->rate, err);
	close(o->rate_fd);
	return ok;
}

static bool
open_api(struct worker *w, struct err *err)
{
	struct api_options o = {
	    .models = w->models,
	    .n_models = w->options->n_models,
	    .rows_limit = w->options->rows_limit,
	    .keys = w->options->keys != NULL ? &w->keys : NULL,
	    .rate = w->options->rate != NULL ? &w->rate : NULL,
	    .alerts = w->options->alerts,
	    .metrics = &w->metrics,
	    .slab = w->slab,
	};

	if (w->options->keys != NULL &&
	    !keys_read(w->options->keys, &w->keys, err))
		return false;
	return open_rate(w, err) &&
	    arena_init(&w->documents, DOCUMENTS_BYTES, err) &&
	    api_new(&o, &w->documents, &w->api, err);
}

static bool
open_fcgi(struct worker *w, struct err *err)
{
	struct fcgi_options o = {
	    .body_limit = w->options->request_limit,
	    .memory_limit = w->options->memory_limit,
	    .response_limit =
		RESPONSE_BASE + w->options->rows_limit * RESPONSE_PER_ROW,
	    .read_timeout_ns = w->options->read_timeout_ms * 1000000,
	};

	return fcgi_open(&o, &w->fcgi, err);
}

/* A worker that wakes up must not take the processor from the web server,
 * whose one thread is what everybody waits for, while another one is idle.
 * Where the kernel does not know the policy we are only slower. */
static void
yield_to_web_server(void)
{
	const struct sched_param param = {0};

	sched_setscheduler(0, SCHED_BATCH, &param);
}

static bool
set_up(struct worker *w, struct err *err)
{
	if (!w->options->reserve)
		yield_to_web_server();
	if (!open_metrics(w, err))
		return false;
	w->slab = &w->metrics.slabs[w->options->slot];
	return open_models(w, err) && open_api(w, err) && open_fcgi(w, err);
}

static void
tear_down(struct worker *w)
{
	if (w->fcgi != NULL)
		fcgi_close(w->fcgi);
	rate_close(&w->rate);
	arena_done(&w->documents);
	for (size_t i = 0; i < w->options->n_models; i++)
		if (w->models[i].model != NULL)
			model_close(w->models[i].model);
	if (w->slab != NULL)
		metrics_close(&w->metrics);
}

static void
say_ready(struct worker *w)
{
	if (w->options->reserve)
		metrics_set_reserve(w->slab);
	metrics_ready(w->slab, (int32_t)getpid());
	if (w->options->ready_fd < 0)
		return;
	/* Nobody there to read it: the supervisor is gone, so are we. */
	if (write(w->options->ready_fd, "", 1) != 1)
		stop = 1;
	close(w->options->ready_fd);
}

enum worker_exit
worker_run(const struct worker_options *o, struct err *err)
{
	struct worker w = {.options = o};
	struct fcgi_calls calls = {.handle = handle, .rejected = rejected,
	    .dropped = dropped, .state = note_state,
	    .wanted = o->reserve ? wanted : NULL,
	    .body = o->reserve ? wants_body : NULL,
	    .shortage = say_shortage, .ctx = &w};
	struct sigaction on_term = {.sa_handler = on_stop};
	struct sigaction on_usr1 = {.sa_handler = on_word};
	struct sigaction on_alarm = {.sa_handler = on_late};
	sigset_t blocked, wait_mask;
	enum worker_exit status = WORKER_EXIT_NORMAL;

	/* From the first moment: a stop before we serve is not lost. */
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	if (o->reserve)
		sigaddset(&blocked, SIGUSR1);
	sigprocmask(SIG_BLOCK, &blocked, &wait_mask);
	sigdelset(&wait_mask, SIGTERM);
	if (!set_up(&w, err)) {
		tear_down(&w);
		/* What the system refuses now it may grant in a moment. */
		return err->kind == ERR_SYSTEM ? WORKER_EXIT_FAILED
		    : WORKER_EXIT_CONFIG;
	}
	serving = &w;
	sigaction(SIGTERM, &on_term, NULL);
	sigaction(SIGALRM, &on_alarm, NULL);
	if (o->reserve) {
		sigdelset(&wait_mask, SIGUSR1);
		sigaction(SIGUSR1, &on_usr1, NULL);
	}
	if (o->sandbox && !sandbox_enter(o->refused, err)) {
		tear_down(&w);
		return WORKER_EXIT_FAILED;
	}
	say_ready(&w);
	if (!fcgi_serve(w.fcgi, &calls, &stop, &wait_mask, err))
		status = WORKER_EXIT_FAILED;
	else if (w.answered > 0 && w.answered == o->max_requests)
		status = WORKER_EXIT_MAX_REQUESTS;
	tear_down(&w);
	return status;
}

/* SPDX-License-Identifier: ISC
 *
 * From a configuration to workers that serve it. All or nothing: where the
 * configuration, a model or the first new worker fails, what served before
 * serves on, the log says why, and the metrics say so.
 */
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "http/rate.h"
#include "keys/keys.h"
#include "supervisor/backoff.h"
#include "supervisor/models.h"
#include "supervisor/parts.h"

/* Workers get a copy of what was found to be right; they have no files to
 * look at later. */
static bool
copy_keys(const struct config *c, const struct generation *g, struct err *err)
{
	struct keys keys;

	return g->keys[0] == '\0' || ((keys_read(c->api_keys, &keys, err) ||
	    err_context(err, "api_keys")) && keys_write(&keys, g->keys, err));
}

/* Nobody has asked yet: a reload gives everyone a full bucket. */
static bool
make_rate(const struct config *c, struct generation *g, struct err *err)
{
	const struct rate_limit limit = {
	    .each_s = (uint64_t)c->rate_limit,
	    .burst = (uint64_t)(c->rate_burst > 0 ? c->rate_burst
						  : c->rate_limit),
	};

	return g->rate[0] == '\0' ||
	    rate_make(g->rate, &limit, &g->rate_fd, err);
}

static bool
begin_load(struct supervisor *s, const struct config *c, struct err *err)
{
	s->next = generation_new(++s->generations, c, s->state.models);
	if (s->next == NULL)
		return err_system(err, "cannot load models");
	if (!copy_keys(c, s->next, err) || !make_rate(c, s->next, err)) {
		generation_release(s->next);
		s->next = NULL;
		return false;
	}
	/* The load has it until it is done; we keep it beyond. */
	load_begin(&s->load, generation_hold(s->next), c,
	    s->programs.lightscore);
	return true;
}

static void
drop_next(struct supervisor *s)
{
	generation_release(s->next);
	s->next = NULL;
}

/* `why` it was given up, or NULL where it was not. */
static void
note_config_reload(struct supervisor *s, const char *why)
{
	struct metrics_server *m = s->metrics.server;

	metrics_set_reload_note(&s->metrics, why != NULL ? why : "");
	metric_set(&m->config_reload_ok, why == NULL);
	if (why == NULL)
		metric_set(&m->config_reload_time,
		    (double)clock_wall_ms() / 1e3);
	if (s->phase == PHASE_SERVING) /* the first load is not yet all */
		notify_ready(&s->notify);
}

/* --- the first ------------------------------------------------------------ */

void
reload_first(struct supervisor *s)
{
	struct err err;

	if (!begin_load(s, supervisor_config(s), &err))
		supervisor_fail(s, &err);
}

void
reload_first_step(struct supervisor *s)
{
	struct generation *g;
	struct err err;

	if (!load_done(&s->load, &g, &err))
		return;
	if (g == NULL) {
		drop_next(s);
		supervisor_fail(s, &err);
		return;
	}
	generation_release(g);
	models_name(s->next, &s->metrics);
	models_publish(s->next, NULL, &s->metrics);
	note_config_reload(s, NULL);
	pool_set(&s->pool, s->next);
	s->generation = s->next;
	s->next = NULL;
	supervisor_enter(s, PHASE_STARTING);
}

/* --- later ones ----------------------------------------------------------- */

/* That models are no longer named is a mistake sooner than a wish for the
 * shipped ones. */
static bool
read_models(const struct config *now, struct config *next, struct err *err)
{
	if (next->n_models == 0 && !config_has_default_models(now))
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "%s: no model is named any more, and the shipped ones are "
		    "for a start only: give models: {SLOT: FILE}",
		    next->file != NULL ? next->file : "the configuration");
	return config_default_models(next, err);
}

static bool
read_settings(struct supervisor *s, struct settings *next, struct err *err)
{
	const struct config *now = supervisor_config(s);
	const char *changed[SETTINGS_FIXED];

	if (!settings_read(next, s->argc, s->argv, err))
		return false;
	if (!read_models(now, &next->config, err) ||
	    !settings_keep_fixed(next, now, changed, err) ||
	    !web_prepare(s, &next->config, err)) {
		settings_done(next);
		return false;
	}
	for (size_t i = 0; changed[i] != NULL; i++)
		log_warn("setting %s takes a restart: the old value stays",
		    changed[i]);
	return true;
}

/* After an upgrade the exporter is replaced with the workers, by one that is
 * still there when they are. */
static void
keep_exporter(struct supervisor *s)
{
	if (s->exporter.next_pid == 0)
		return;
	service_keep(&s->exporter, clock_mono_ns() +
	    s->generation->stop_timeout_ns);
	s->exporter_is_old = false;
}

static void
drop_exporter(struct supervisor *s)
{
	if (s->exporter.next_pid != 0)
		service_drop(&s->exporter, clock_mono_ns() +
		    s->generation->stop_timeout_ns);
}

void
reload_begin(struct supervisor *s)
{
	struct settings *next = &s->settings[!s->current];
	struct err err;

	if (s->phase != PHASE_SERVING || s->next != NULL) {
		s->reload_wanted = true;
		return;
	}
	s->reload_wanted = false;
	log_info("reload begins");
	notify_reloading(&s->notify, clock_mono_ns());
	if (!read_settings(s, next, &err)) {
		log_error("reload given up, the old configuration serves on: "
			  "%s", err.text);
		note_config_reload(s, err.text);
		return;
	}
	/* Fails as it may: then the old one goes on. */
	if (s->exporter_is_old &&
	    !service_try(&s->exporter, s->exporter_argv, clock_mono_ns(), &err))
		log_error("%s", err.text);
	if (!begin_load(s, &next->config, &err)) {
		log_error("reload given up, the old configuration serves on: "
			  "%s", err.text);
		web_drop(s, clock_mono_ns());
		drop_exporter(s);
		settings_done(next);
		note_config_reload(s, err.text);
	}
}

static void
give_up(struct supervisor *s, const char *why)
{
	note_config_reload(s, why);
	web_drop(s, clock_mono_ns());
	drop_exporter(s);
	settings_done(&s->settings[!s->current]);
	drop_next(s);
}

static void
succeed(struct supervisor *s)
{
	settings_done(&s->settings[s->current]);
	s->current = !s->current;
	models_publish(s->next, s->generation, &s->metrics);
	models_count_success(s->next, &s->metrics);
	note_config_reload(s, NULL);
	generation_release(s->generation);
	s->generation = s->next;
	s->next = NULL;
	log_init("lightscored", settings_log_level(supervisor_config(s)));
	web_keep(s, clock_mono_ns());
	keep_exporter(s);
	log_info("reload done generation=%u workers=%d",
	    s->generation->number, s->generation->workers);
}

/* The web server is tried before any worker is replaced: it is the only one
 * of which two can serve, so only it can be taken back. */
static void
loaded(struct supervisor *s)
{
	struct err err;

	if (web_try(s, clock_mono_ns(), &err)) {
		s->reload_tries_web = true;
		return;
	}
	log_error("reload given up, the old configuration serves on: %s",
	    err.text);
	give_up(s, err.text);
}

static void
try_step(struct supervisor *s)
{
	struct err err;

	switch (web_tried(s, clock_mono_ns(), &err)) {
	case WEB_TRYING:
		return;
	case WEB_UP:
		models_name(s->next, &s->metrics);
		pool_set(&s->pool, s->next);
		break;
	case WEB_FAILED:
		log_error("reload given up, the old configuration serves on: "
			  "%s", err.text);
		give_up(s, err.text);
		break;
	}
	s->reload_tries_web = false;
}

static void
count_failures(struct supervisor *s)
{
	for (size_t i = 0; i < s->next->n_images; i++)
		if (s->load.imports[i].failed)
			models_count_failure(&s->next->images[i],
			    &s->metrics);
}

void
reload_step(struct supervisor *s)
{
	struct generation *g;
	struct err err;

	if (load_done(&s->load, &g, &err)) {
		if (g != NULL) {
			generation_release(g);
			loaded(s);
		} else {
			log_error("reload given up, the old models serve on: "
				  "%s", err.text);
			count_failures(s);
			give_up(s, err.text);
		}
	}
	if (s->reload_tries_web)
		try_step(s);
	switch (pool_rolled(&s->pool)) {
	case POOL_NO_ROLL:
		break;
	case POOL_ROLLED:
		succeed(s);
		break;
	case POOL_ROLL_FAILED:
		give_up(s, "the first new worker did not become ready");
		break;
	}
	if (s->reload_wanted && s->next == NULL)
		reload_begin(s);
}

/* SPDX-License-Identifier: ISC
 *
 * Imports the shipped models as the service does, without a service.
 */
#include "churn.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "import/import.h"
#include "model/model.h"
#include "model/model_build.h"

static void
need(bool good, const struct err *err)
{
	if (good)
		return;
	fprintf(stderr, "%s\n", err->text);
	exit(2);
}

const char *
churn_srcdir(void)
{
	const char *dir = getenv("LS_SRCDIR");

	return dir != NULL ? dir : ".";
}

static void
load(struct churn *c, struct api_model *m, const char *slot)
{
	static const struct import_options options;
	struct model_build *build;
	struct str image;
	char path[PATH_MAX];
	struct err err;

	snprintf(path, sizeof(path), "%s/models/churn/%s.joblib",
	    churn_srcdir(), slot);
	need(import_file(path, &options, &c->images, &build, &err), &err);
	need(model_image(build, &image, &err), &err);
	need(model_open_bytes(image, &m->model, &err), &err);
	m->slot = slot;
}

static void
name_cells(struct churn *c, const struct api_model *m)
{
	enum label_MODEL cell = metrics_add_model(&c->metrics,
	    str_of(m->slot));
	struct model_class class_;

	for (uint32_t k = 0; k < model_classes(m->model); k++) {
		model_class_at(m->model, k, &class_);
		metrics_add_result(&c->metrics, cell, class_.text);
	}
}

void
churn_init(struct churn *c, size_t rows_limit)
{
	static const char *const slots[] = {"v1", "v2"};
	char path[96], aside[PATH_MAX];
	struct api_options o;
	struct err err;

	*c = (struct churn){.dir = "/tmp/lightscore-test-XXXXXX"};
	if (mkdtemp(c->dir) == NULL) {
		perror(c->dir);
		exit(2);
	}
	snprintf(path, sizeof(path), "%s/counters", c->dir);
	need(arena_init(&c->mem, 16 << 20, &err), &err);
	need(arena_init(&c->images, (size_t)1 << 30, &err), &err);
	need(metrics_create(path, &c->metrics, aside, &err), &err);
	unlink(path);
	rmdir(c->dir);
	c->slab = &c->metrics.slabs[0];
	for (size_t i = 0; i < countof(slots); i++) {
		load(c, &c->models[i], slots[i]);
		name_cells(c, &c->models[i]);
	}
	o = (struct api_options){.models = c->models,
	    .n_models = countof(slots), .rows_limit = rows_limit,
	    .metrics = &c->metrics, .slab = c->slab};
	need(api_new(&o, &c->mem, &c->api, &err), &err);
}

void
churn_done(struct churn *c)
{
	for (size_t i = 0; i < countof(c->models); i++)
		model_close(c->models[i].model);
	metrics_close(&c->metrics);
	arena_done(&c->images);
	arena_done(&c->mem);
}

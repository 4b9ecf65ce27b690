/* SPDX-License-Identifier: ISC
 *
 * Facts and figures of models, from their images to the counters file.
 */
#include "supervisor/models.h"

#include <string.h>

#include "base/clock.h"
#include "model/model_build.h"

static enum label_MODEL
cell_of(const struct generation_image *image, const struct metrics_file *f)
{
	return metrics_model_index(f, str_of(image->slot));
}

void
models_name(const struct generation *g, struct metrics_file *f)
{
	for (size_t i = 0; i < g->n_images; i++) {
		const struct generation_image *image = &g->images[i];
		enum label_MODEL m =
		    metrics_add_model(f, str_of(image->slot));

		if (model_task(image->model) == MODEL_REGRESSION)
			metrics_add_result(f, m, STR(METRICS_REGRESSION));
		for (uint32_t k = 0; k < model_classes(image->model); k++) {
			char text[MODEL_RESULT_MAX];

			metrics_add_result(f, m,
			    model_result(image->model, k, text));
		}
	}
}

static void
publish(const struct generation_image *image, struct metrics_file *f)
{
	enum label_MODEL cell = cell_of(image, f);
	struct metrics_served *served = &f->server->model[cell];
	const struct model *m = image->model;
	struct metrics_model_text text = {
	    .name = model_fact_at(m, FACT_NAME),
	    .algorithm = model_fact_at(m, FACT_ALGORITHM),
	    .format = model_fact_at(m, FACT_FORMAT),
	    .sha256 = model_fact_at(m, FACT_SHA256),
	};
	const struct {
		struct gauge *gauge;
		enum model_figure figure;
	} figures[] = {
	    {&served->trained_time, FIGURE_TRAINED_TIME},
	    {&served->reference_rows, FIGURE_REFERENCE_ROWS},
	    {&served->threshold, FIGURE_THRESHOLD},
	    {&served->ref_accuracy, FIGURE_REF_ACCURACY},
	    {&served->ref_precision, FIGURE_REF_PRECISION},
	    {&served->ref_recall, FIGURE_REF_RECALL},
	    {&served->ref_f1, FIGURE_REF_F1},
	    {&served->ref_roc_auc, FIGURE_REF_ROC_AUC},
	    {&served->ref_brier, FIGURE_REF_BRIER},
	    {&served->ref_log_loss, FIGURE_REF_LOG_LOSS},
	    {&served->ref_ece, FIGURE_REF_ECE},
	};

	metrics_set_model_text(f, cell, &text);
	for (size_t i = 0; i < countof(figures); i++)
		metric_set(figures[i].gauge,
		    model_figure(m, figures[i].figure));
	metric_set(&served->features, model_inputs(m));
	metric_set(&served->bytes, (double)model_bytes(m));
	metric_set(&served->load_time, (double)image->load_ns / 1e9);
	metric_set(&served->loaded_time, (double)clock_wall_ms() / 1e3);
	metric_set(&served->reload_ok, 1);
	metric_set(&served->loaded, 1);
}

static bool
has_slot(const struct generation *g, const char *slot)
{
	for (size_t i = 0; i < g->n_images; i++)
		if (strcmp(g->images[i].slot, slot) == 0)
			return true;
	return false;
}

void
models_publish(struct generation *g, const struct generation *old,
    struct metrics_file *f)
{
	for (size_t i = 0; i < g->n_images; i++) {
		publish(&g->images[i], f);
		model_close(g->images[i].model);
		g->images[i].model = NULL;
	}
	for (size_t i = 0; old != NULL && i < old->n_images; i++)
		if (!has_slot(g, old->images[i].slot))
			metric_set(&f->server->model[cell_of(&old->images[i],
				       f)].loaded, 0);
}

void
models_count_success(const struct generation *g, struct metrics_file *f)
{
	for (size_t i = 0; i < g->n_images; i++) {
		struct metrics_served *served =
		    &f->server->model[cell_of(&g->images[i], f)];

		metric_add(&served->reloads[RELOAD_SUCCESS], 1);
		metric_set(&served->reload_ok, 1);
	}
}

void
models_count_failure(const struct generation_image *image,
    struct metrics_file *f)
{
	enum label_MODEL cell = cell_of(image, f);
	struct metrics_served *served = &f->server->model[cell];

	metric_add(&served->reloads[RELOAD_FAILURE], 1);
	/* One that has never served has no state of its own to be told. */
	if (cell != MODEL_OTHER)
		metric_set(&served->reload_ok, 0);
}

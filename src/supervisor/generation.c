/* SPDX-License-Identifier: ISC
 *
 * Generations and their files: an image is unlinked when the last worker
 * that maps it has been reaped, not before.
 */
#include "supervisor/generation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "supervisor/backoff.h"
#include "supervisor/cpus.h"

static void
name_image(const struct generation *g, struct generation_image *image,
    const char *slot, const char *folder)
{
	snprintf(image->slot, sizeof(image->slot), "%s", slot);
	snprintf(image->file, sizeof(image->file), "%.*s/%s.%u.lsm",
	    PATH_MAX - 64, folder, image->slot, g->number);
}

struct generation *
generation_new(unsigned number, const struct config *c, const char *folder)
{
	struct generation *g = calloc(1, sizeof(*g));

	if (g == NULL)
		return NULL;
	g->number = number;
	g->holders = 1;
	g->rate_fd = -1;
	g->workers = c->workers > 0 ? (int)c->workers : cpus_usable();
	g->request_limit = (uint64_t)c->request_limit;
	g->rows_limit = (uint64_t)c->rows_limit;
	g->queue_limit = (uint64_t)c->queue_limit;
	g->queue_time_ns = (uint64_t)c->queue_time * MILLISECOND_NS;
	g->max_requests = (uint64_t)c->max_requests;
	g->max_growth = (uint64_t)c->max_growth;
	g->alerts = c->alerts[0] != '\0';
	g->sandbox = strcmp(c->sandbox, "off") != 0;
	g->request_timeout_ns = (uint64_t)c->request_timeout * MILLISECOND_NS;
	g->stop_timeout_ns = (uint64_t)c->stop_timeout * MILLISECOND_NS;
	if (c->api_keys[0] != '\0')
		snprintf(g->keys, sizeof(g->keys), "%.*s/keys.%u",
		    PATH_MAX - 64, folder, number);
	if (c->rate_limit > 0)
		snprintf(g->rate, sizeof(g->rate), "%.*s/rate.%u",
		    PATH_MAX - 64, folder, number);
	g->n_images = c->n_models;
	for (size_t i = 0; i < g->n_images; i++)
		name_image(g, &g->images[i], c->models[i].slot, folder);
	return g;
}

void
generation_set_slots(struct generation *g,
    const char slots[][CONFIG_SLOT_MAX + 1], size_t n, const char *folder)
{
	g->n_images = n;
	for (size_t i = 0; i < n; i++)
		name_image(g, &g->images[i], slots[i], folder);
}

struct generation *
generation_hold(struct generation *g)
{
	g->holders++;
	return g;
}

void
generation_release(struct generation *g)
{
	if (--g->holders > 0)
		return;
	for (size_t i = 0; i < g->n_images; i++) {
		if (g->images[i].model != NULL)
			model_close(g->images[i].model);
		unlink(g->images[i].file);
	}
	if (g->keys[0] != '\0')
		unlink(g->keys);
	if (g->rate[0] != '\0')
		unlink(g->rate);
	if (g->rate_fd >= 0)
		close(g->rate_fd);
	free(g);
}

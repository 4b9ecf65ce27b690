/* SPDX-License-Identifier: ISC
 *
 * Any bytes as a model to import: an error that says something, or a model
 * that compiles, opens and scores.
 */
#include <assert.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "import/import.h"
#include "model/model.h"
#include "score/score.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MEMORY = 64 << 20, KEEP = 1 << 20 };

static void
score_some(const struct model *m)
{
	static const double values[] = {0, 1, -1.5, 1e300, NAN};
	uint32_t n = model_inputs(m);
	double *cells = calloc(n, sizeof(*cells));
	double *out = calloc(model_outputs(m), sizeof(*out));
	void *scratch = aligned_alloc(64,
	    (score_scratch_bytes(m, 1) + 63) & ~(size_t)63);
	struct score_fault fault;
	struct model_field f;

	assert(cells != NULL && out != NULL && scratch != NULL);
	for (size_t v = 0; v < countof(values); v++) {
		for (uint32_t i = 0; i < n; i++) {
			model_field(m, i, &f);
			cells[i] = values[v];
			if (f.kind == MODEL_TEXT && !isnan(cells[i]))
				cells[i] = f.n_categories > 0 && v == 1 ?
				    0 : -1;
		}
		if (score_rows(m, cells, 1, out, scratch, &fault) &&
		    model_classes(m) > 0)
			for (uint32_t t = 0; t < model_targets(m); t++)
				assert(score_class(m, t, out) <
				    model_classes(m));
	}
	free(cells);
	free(out);
	free(scratch);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct arena mem;
	const struct import_options options = {0};
	struct model_build *build;
	struct model *m;
	struct str image;
	struct err err = {0};

	if (mem.base == NULL && !arena_init(&mem, MEMORY, &err))
		return 0;
	if (import_bytes((struct str){(const char *)data, size}, "f",
		&options, &mem, &build, &err) &&
	    model_image(build, &image, &err)) {
		/* The builder checks what the opener checks. */
		if (!model_open_bytes(image, &m, &err))
			abort();
		score_some(m);
		model_close(m);
	} else {
		assert(strlen(err.text) > 4);
	}
	arena_reset(&mem, KEEP);
	return 0;
}

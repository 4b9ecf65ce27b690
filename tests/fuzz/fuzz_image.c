/* SPDX-License-Identifier: ISC
 *
 * A hostile image that knows how to compute a checksum: whatever opens must
 * answer every question about itself and score any row, within its bytes.
 */
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/checksum.h"
#include "model/model.h"
#include "model/model_format.h"
#include "score/input.h"
#include "score/score.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile uint64_t sink;

/* Read every byte, so that a bad slice is seen. */
static void
read_text(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		sink += (unsigned char)s.p[i];
}

static void
read_input(const struct model *m, uint32_t column)
{
	struct model_field f;
	bool refused;
	double cell;

	model_field(m, column, &f);
	read_text(f.name);
	read_text(f.description);
	read_text(f.default_text);
	for (uint32_t i = 0; i < f.n_aliases; i++) {
		read_text(f.aliases[i].text);
		read_text(f.aliases[i].to);
	}
	for (uint32_t c = 0; c < f.n_categories; c++)
		read_text(model_category(m, column, c));
	if (f.kind == MODEL_TEXT && f.n_categories > 0 &&
	    model_find_code(m, column, model_category(m, column, 0),
	    &refused) < 0)
		abort();
	sink += model_find_code(m, column, STR(" YES "), &refused) >= 0;
	sink += model_find_integer_alias(m, column, 1, &cell);
	sink += model_find_text_alias(m, column, STR("n/a"), &cell);
	if (model_find_input(m, f.name, column + 1) != (int32_t)column)
		abort();
}

static void
read_all(const struct model *m)
{
	char line[MODEL_RESULT_MAX];

	for (uint32_t i = 0; i < model_inputs(m); i++) {
		read_input(m, i);
		sink += model_field_order(m, i);
	}
	for (uint32_t k = 0; k < model_classes(m); k++) {
		struct model_class c;

		model_class_at(m, k, &c);
		read_text(c.text);
		read_text(model_result(m, k, line));
	}
	for (uint32_t t = 0; t < model_targets(m); t++) {
		struct model_target target;

		model_target_at(m, t, &target);
		read_text(target.name);
	}
	for (uint32_t i = 0, k; i < model_outputs(m); i++)
		if (model_probability_at(m, i, &k) && k >= model_classes(m))
			abort();
	for (int i = 0; i < FACT_COUNT; i++)
		read_text(model_fact_at(m, i));
	for (int i = 0; i < FIGURE_COUNT; i++)
		sink += model_figure(m, (enum model_figure)i) > 0;
	for (uint32_t i = 0; i < model_warnings(m); i++)
		read_text(model_warning(m, i));
	read_text(model_example(m));
	for (uint32_t i = 0; i < model_steps(m) && i < 64; i++) {
		model_step_text(m, i, line, sizeof(line));
		sink += strlen(line);
	}
}

/* Rows of numbers that no caller should pass, next to ones that pass. */
static void
score(const struct model *m, size_t rows, uint32_t seed)
{
	static const double values[] = {0, 1, 2, NAN, -1, 0.5, 40, INFINITY,
	    -INFINITY, 1e300, -0.0, 5e-324, 4294967296.0, -2.5};
	size_t n = model_inputs(m);
	double *cells = malloc(rows * n * sizeof(double));
	double *out = malloc(rows * model_outputs(m) * sizeof(double));
	void *scratch = aligned_alloc(64, (score_scratch_bytes(m, rows) +
	    63) & ~(size_t)63);
	struct score_fault fault;
	struct err err;

	if (cells == NULL || out == NULL || scratch == NULL)
		abort();
	for (size_t i = 0; i < rows * n; i++) {
		seed = seed * 1664525u + 1013904223u;
		cells[i] = values[(seed >> 24) % (seed & 0x10000 ? 3 :
		    countof(values))];
	}
	if (score_rows(m, cells, rows, out, scratch, &fault)) {
		for (uint32_t t = 0; t < model_targets(m); t++)
			sink += score_class(m, t, out);
		for (size_t i = 0; i < rows * model_outputs(m); i++)
			if (!isfinite(out[i]))
				abort();
	} else {
		if (fault.row >= rows)
			abort();
		input_fault(m, &fault, &err);
	}
	free(scratch);
	free(out);
	free(cells);
}

static void
read_rows(const struct model *m)
{
	static const struct raw values[] = {
	    {.kind = RAW_INTEGER, .number = 1},
	    {.kind = RAW_TEXT, .text = {"Yes", 3}},
	    {.kind = RAW_NULL},
	    {.kind = RAW_ABSENT},
	    {.kind = RAW_FLOAT, .number = 1e308},
	};
	size_t n = model_inputs(m);
	struct raw *raw = malloc(n * sizeof(*raw));
	double *cells = malloc(n * sizeof(*cells));
	struct err err;
	uint32_t unknown;

	if (raw == NULL || cells == NULL)
		abort();
	for (size_t k = 0; k < 2 * countof(values); k++) {
		for (size_t i = 0; i < n; i++)
			raw[i] = values[(k < countof(values) ? k : k + i) %
			    countof(values)];
		sink += input_row(m, raw, cells, &unknown, &err);
	}
	free(cells);
	free(raw);
}

static void
open_and_use(struct str bytes)
{
	struct model *m;
	struct err err;

	if (!model_open_bytes(bytes, &m, &err))
		return;
	read_all(m);
	read_rows(m);
	score(m, 1, 1);
	score(m, 1, 2);
	score(m, 3, 3);
	score(m, 70, 4);
	model_close(m);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct image_header header;
	size_t behind = offsetof(struct image_header, checksum) +
	    sizeof(header.checksum);
	char *copy;

	if (size > (size_t)1 << 20)
		return 0;
	copy = malloc(size + 1);
	if (copy == NULL)
		abort();
	memcpy(copy, data, size);
	open_and_use((struct str){copy, size});
	if (size >= sizeof(header)) {
		memcpy(&header, copy, sizeof(header));
		memcpy(header.magic, IMAGE_MAGIC, sizeof(header.magic));
		header.version = IMAGE_VERSION;
		header.bytes = size;
		header.sections = SECTION_COUNT;
		memcpy(copy, &header, sizeof(header));
		header.checksum = checksum_crc32(copy + behind, size - behind);
		memcpy(copy, &header, sizeof(header));
		open_and_use((struct str){copy, size});
	}
	free(copy);
	return 0;
}

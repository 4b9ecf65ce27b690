/* SPDX-License-Identifier: ISC
 *
 * A build to an image. Each section is collected on its own, then all are
 * laid end to end behind the header. What is written is opened again before
 * it is handed out, so an image that leaves here is one that opens.
 */
#include "model/model_write.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "base/checksum.h"
#include "model/model_build.h"
#include "model/model_format.h"
#include "model/model_ir.h"

static const size_t record_bytes[] = {
#define SECTION(name, type) sizeof(type),
	IMAGE_SECTIONS(SECTION)
#undef SECTION
};

void *
write_room(struct writer *w, enum image_section_kind kind, uint32_t n,
    uint32_t *at)
{
	*at = w->section[kind].n;
	return ir_grow(w->b->mem, &w->section[kind], n, record_bytes[kind]);
}

uint32_t
write_put(struct writer *w, enum image_section_kind kind, const void *records,
    uint32_t n)
{
	uint32_t at;
	void *p = write_room(w, kind, n, &at);

	if (p != NULL && n > 0)
		memcpy(p, records, n * record_bytes[kind]);
	return at;
}

struct image_text
write_text(struct writer *w, struct str s)
{
	if (s.n > INT32_MAX) {
		w->b->mem->over = true;
		return (struct image_text){0};
	}
	return (struct image_text){
	    .at = write_put(w, SECTION_text, s.p, (uint32_t)s.n),
	    .n = (uint32_t)s.n};
}

/* --- steps --------------------------------------------------------------- */

/* Those of the sources that may be missing or infinite. */
static uint32_t
put_checks(struct writer *w, const struct ir_step *s, uint32_t *n)
{
	uint32_t at = w->section[SECTION_lists].n;

	*n = 0;
	for (uint32_t i = 0; i < s->n_src; i++)
		if (!ir_slot(w->b, s->list[i])->finite) {
			write_put(w, SECTION_lists, &s->list[i], 1);
			++*n;
		}
	return at;
}

static uint32_t
put_forest(struct writer *w, const struct ir_step *s)
{
	const struct ir_forest *f = s->forest;
	struct image_forest head = f->head;
	uint32_t cut = write_put(w, SECTION_params, f->cuts, f->n_cuts);
	uint32_t node = write_put(w, SECTION_nodes, f->nodes, f->n_nodes);
	struct image_lane *lanes = write_room(w, SECTION_lanes, head.lanes,
	    &head.lane);
	struct image_tree *trees = write_room(w, SECTION_trees, head.trees,
	    &head.tree);

	for (uint32_t i = 0; i < head.lanes && lanes != NULL; i++) {
		lanes[i] = f->lanes[i];
		lanes[i].cut += cut;
	}
	for (uint32_t i = 0; i < head.trees && trees != NULL; i++) {
		trees[i] = f->trees[i];
		trees[i].node += node;
	}
	head.check = put_checks(w, s, &head.checks);
	head.leaf = write_put(w, SECTION_leaves, f->leaves.values,
	    head.leaves * head.n_values);
	head.base = write_put(w, SECTION_params, f->base, s->width);
	return write_put(w, SECTION_forests, &head, 1);
}

static void
put_step(struct writer *w, const struct ir_step *s)
{
	struct image_step step = {.op = s->op, .src = s->src,
	    .n_src = s->n_src, .dst = s->dst, .width = s->width};

	switch (s->op) {
	case STEP_LOOKUP:
		step.at = write_put(w, SECTION_params, s->params, s->n_params);
		step.extra = write_put(w, SECTION_maps, s->map, s->n_map);
		step.count = s->n_params;
		break;
	case STEP_ONEHOT:
		step.at = write_put(w, SECTION_maps, s->map, s->n_map);
		step.count = s->n_map;
		break;
	case STEP_LINEAR:
	case STEP_LINEAR_FMA:
	case STEP_MEDIAN:
		step.at = write_put(w, SECTION_params, s->params, s->n_params);
		step.src = write_put(w, SECTION_lists, s->list, s->n_src);
		step.extra = put_checks(w, s, &step.count);
		break;
	case STEP_FOREST:
		step.at = put_forest(w, s);
		step.n_src = 0;
		break;
	case STEP_LINEAR_F32:
		step.at = write_put(w, SECTION_params, s->params, s->n_params);
		step.src = write_put(w, SECTION_lists, s->list, s->n_src);
		break;
	case STEP_LEAVES:
		step.extra = write_put(w, SECTION_maps, s->map, s->n_map);
		step.at = write_put(w, SECTION_params, s->params, s->n_params);
		step.src = write_put(w, SECTION_lists, s->list, s->n_src);
		/* terms + 1 + leaves, and terms + 2 * leaves */
		step.count = s->n_params + 1 - s->n_map;
		break;
	case STEP_LINK:
		step.src = write_put(w, SECTION_lists, s->list, s->n_src);
		step.extra = s->link;
		break;
	case STEP_CALC:
	case STEP_FOLD:
	case STEP_SORT:
	case STEP_KERNEL:
	case STEP_COUPLE:
		step.at = write_put(w, SECTION_params, s->params, s->n_params);
		step.count = s->n_params;
		step.src = write_put(w, SECTION_lists, s->list, s->n_src);
		step.extra = s->calc;
		break;
	case STEP_IMPUTE:
	case STEP_MISSING_IF:
	case STEP_MISSING_NEAR:
	case STEP_INDICATOR:
	case STEP_SUB_DIV:
	case STEP_MUL_ADD:
	case STEP_CONSTANT:
	case STEP_TABLE:
	case STEP_INTERPOLATE:
	case STEP_REQUIRE:
	case STEP_BINS:
	case STEP_COUNT:
		step.at = write_put(w, SECTION_params, s->params, s->n_params);
		step.count = s->n_params;
		break;
	}
	write_put(w, SECTION_steps, &step, 1);
}

/* --- the rest ------------------------------------------------------------ */

/* What the steps themselves tell; FIGURE_FEATURES only where the importer
 * has not said it. */
static void
count_figures(const struct model_build *b, double *figures)
{
	double trees = 0, nodes = 0, features = 0;

	for (uint32_t i = 0; i < b->steps.n; i++) {
		const struct ir_step *s = ir_step(b, i);

		if (s->op == STEP_FOREST) {
			trees += s->forest->head.trees;
			nodes += s->forest->n_nodes;
		}
		if ((s->op == STEP_FOREST || s->op == STEP_LINEAR ||
		    s->op == STEP_LINEAR_FMA ||
		    s->op == STEP_LINEAR_F32) && s->n_src > features)
			features = s->n_src;
	}
	figures[FIGURE_TREES] = trees;
	figures[FIGURE_NODES] = nodes;
	if (isnan(figures[FIGURE_FEATURES]))
		figures[FIGURE_FEATURES] = features;
}

static void
put_about(struct writer *w, const struct image_input *inputs)
{
	struct model_build *b = w->b;
	struct image_about about = {.task = b->task, .slots = b->slots.n,
	    .outputs = b->outputs.n, .tells_score = b->tells_score};

	about.output = write_put(w, SECTION_lists, b->outputs.p,
	    b->outputs.n);
	for (int i = 0; i < FACT_COUNT; i++)
		about.facts[i] = write_text(w, b->facts[i]);
	about.example = write_text(w, b->example);
	memcpy(about.figures, b->figures, sizeof(about.figures));
	count_figures(b, about.figures);
	write_names(w, &about, inputs);
	write_put(w, SECTION_about, &about, 1);
}

static void
put_targets(struct writer *w)
{
	for (uint32_t i = 0; i < w->b->targets.n; i++) {
		const struct ir_target *t = ir_target(w->b, i);
		struct image_target target = {
		    .class_ = t->class_, .classes = t->classes,
		    .output = t->output, .outputs = t->outputs,
		    .probabilities = t->probabilities,
		    .decision = t->outputs > t->probabilities ?
			t->probabilities : 0,
		};

		if (w->b->targets.n > 1)
			target.name = write_text(w, t->name);
		write_put(w, SECTION_targets, &target, 1);
	}
}

static void
put_classes(struct writer *w)
{
	const struct model_class *classes = w->b->classes.p;

	for (uint32_t i = 0; i < w->b->classes.n; i++) {
		struct image_class class_ = {
		    .text = write_text(w, classes[i].text),
		    .number = classes[i].number,
		    .kind = classes[i].kind,
		};

		write_put(w, SECTION_classes, &class_, 1);
	}
}

static void
put_warnings(struct writer *w)
{
	const struct str *warnings = w->b->warnings.p;

	for (uint32_t i = 0; i < w->b->warnings.n; i++) {
		struct image_text text = write_text(w, warnings[i]);

		write_put(w, SECTION_warnings, &text, 1);
	}
}

static bool
check_targets(const struct model_build *b, struct err *err)
{
	for (uint32_t i = 0; i < b->targets.n; i++) {
		const struct ir_target *t = ir_target(b, i);
		bool decides = t->outputs > t->probabilities;

		if (t->outputs != t->classes *
		    (decides && t->probabilities > 0 ? 2 : 1))
			return err_set(err, ERR_MODEL, ERR_NOWHERE,
			    "the model has %u classes and %u probabilities",
			    t->classes, t->outputs);
		if ((t->probabilities > 0) != model_build_has_probabilities(b))
			return err_set(err, ERR_MODEL, ERR_NOWHERE,
			    "some of the model's targets have probabilities, "
			    "others none");
	}
	return true;
}

static bool
check_build(const struct model_build *b, struct err *err)
{
	double threshold = b->figures[FIGURE_THRESHOLD];

	if (b->columns.n == 0)
		return err_set(err, ERR_MODEL, ERR_NOWHERE,
		    "the model has no input column");
	if (!b->has_output)
		return err_set(err, ERR_MODEL, ERR_NOWHERE,
		    "the model has no output");
	if (b->task == MODEL_CLASSIFICATION && !check_targets(b, err))
		return false;
	if (b->task == MODEL_REGRESSION && b->targets.n > 0)
		return err_set(err, ERR_MODEL, ERR_NOWHERE,
		    "a regression has no classes, but this one %u",
		    b->classes.n);
	if (!(threshold >= 0 && threshold <= 1))
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "the threshold %g is not between 0 and 1", threshold);
	return true;
}

static void
seal(char *image, size_t n)
{
	struct image_header *header = (struct image_header *)image;
	size_t behind = offsetof(struct image_header, checksum) +
	    sizeof(header->checksum);

	header->checksum = checksum_crc32(image + behind, n - behind);
}

/* The sections end to end, behind the header and their table. */
static bool
lay_out(struct writer *w, struct str *ret, struct err *err)
{
	struct image_header header = {.magic = IMAGE_MAGIC,
	    .version = IMAGE_VERSION, .sections = SECTION_COUNT};
	struct image_section table[SECTION_COUNT];
	uint64_t at = sizeof(header) + sizeof(table);
	char *image;

	for (uint32_t i = 0; i < SECTION_COUNT; i++) {
		at = (at + IMAGE_ALIGN - 1) / IMAGE_ALIGN * IMAGE_ALIGN;
		table[i] = (struct image_section){.kind = i,
		    .count = w->section[i].n, .offset = at,
		    .bytes = w->section[i].n * record_bytes[i]};
		at += table[i].bytes;
	}
	if (at > MODEL_BYTES_MAX)
		return err_set(err, ERR_LIMIT, ERR_NOWHERE,
		    "the compiled model has more than %zu bytes",
		    MODEL_BYTES_MAX);
	header.bytes = at;
	image = arena_alloc(w->b->mem, at);
	if (image == NULL)
		return ir_full(w->b, err);
	memcpy(image, &header, sizeof(header));
	memcpy(image + sizeof(header), table, sizeof(table));
	for (uint32_t i = 0; i < SECTION_COUNT; i++)
		if (table[i].bytes > 0)
			memcpy(image + table[i].offset, w->section[i].p,
			    table[i].bytes);
	seal(image, at);
	*ret = (struct str){image, at};
	return true;
}

bool
model_image(struct model_build *b, struct str *ret, struct err *err)
{
	struct writer *w = ARENA_NEW(b->mem, struct writer);
	const struct image_input *inputs;
	struct model *m;
	struct str image;

	if (w == NULL)
		return ir_full(b, err);
	w->b = b;
	if (!check_build(b, err))
		return false;
	inputs = write_inputs(w);
	if (inputs == NULL)
		return ir_full(b, err);
	for (uint32_t i = 0; i < b->slots.n; i++)
		write_put(w, SECTION_origins, &ir_slot(b, i)->column, 1);
	for (uint32_t i = 0; i < b->steps.n; i++)
		put_step(w, ir_step(b, i));
	put_targets(w);
	put_classes(w);
	put_warnings(w);
	put_about(w, inputs);
	if (b->mem->over)
		return ir_full(b, err);
	if (!lay_out(w, &image, err))
		return false;
	if (!model_open_bytes(image, &m, err))
		return err_context(err, "the model cannot be compiled");
	model_close(m);
	*ret = image;
	return true;
}

void
model_image_layouts(struct str image, const struct model_layout *layouts)
{
	/* The arena's bytes, which model_image lent as const. */
	char *bytes = (char *)(uintptr_t)image.p;
	struct image_header *header = (struct image_header *)bytes;
	const struct image_section *section = (const struct image_section *)
	    (header + 1) + SECTION_forests;
	struct image_forest *forests = (struct image_forest *)
	    (bytes + section->offset);

	for (uint32_t i = 0; i < section->count; i++) {
		forests[i].rows_from = layouts[i].rows_from;
		forests[i].trees_to = layouts[i].trees_to;
	}
	seal(bytes, image.n);
}

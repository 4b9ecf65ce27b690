/* SPDX-License-Identifier: ISC
 *
 * Images with one number changed and the checksum made to fit: each proof of
 * model_check*.c has a forgery here that only it refuses.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/checksum.h"
#include "model/model.h"
#include "model/model_format.h"
#include "model/model_ranks.h"
#include "model_zoo.h"

struct forgery {
	enum zoo zoo;
	enum image_section_kind section;
	size_t at;          /* bytes into the section */
	size_t n;           /* bytes of the value: 4 or 8 */
	uint32_t integer;
	double number;
	const char *words;  /* of the refusal */
};

/* Field f of record i of a section, or a plain number of it. */
#define AT(section, i, type, f) \
	SECTION_##section, (i) * sizeof(type) + offsetof(type, f), \
	sizeof(((type *)0)->f)
#define PLAIN(section, i, type) \
	SECTION_##section, (i) * sizeof(type), sizeof(type)
#define U(v) (uint32_t)(v), 0
#define F(v) 0, (v)

static const struct forgery forgeries[] = {
    /* texts */
    {ZOO_SHOP, AT(inputs, 0, struct image_input, name.at), U(1 << 30),
     "a text outside"},
    {ZOO_SHOP, AT(inputs, 0, struct image_input, description.n), U(-1),
     "a text outside"},
    {ZOO_SHOP, AT(warnings, 0, struct image_text, n), U(100000),
     "a text outside"},
    {ZOO_SHOP, AT(about, 0, struct image_about, example.at), U(-1),
     "a text outside"},
    {ZOO_SHOP, PLAIN(text, 0, uint32_t), U(0xffffffff), "not UTF-8"},
    /* columns */
    {ZOO_SHOP, AT(inputs, 1, struct image_input, kind), U(2), "no kind"},
    {ZOO_SHOP, AT(inputs, 1, struct image_input, null), U(3), "no kind"},
    {ZOO_SHOP, AT(inputs, 1, struct image_input, flags), U(INPUT_FLAGS + 1),
     "no kind"},
    {ZOO_SHOP, AT(inputs, 2, struct image_input, flags),
     U(INPUT_BOOLEANS), "a text that takes booleans"},
    {ZOO_SHOP, AT(inputs, 2, struct image_input, flags),
     U(INPUT_INTEGER), "a text of whole numbers"},
    {ZOO_SHOP, AT(inputs, 1, struct image_input, flags), U(INPUT_HASHED),
     "hashes of no text"},
    {ZOO_SHOP, AT(inputs, 2, struct image_input, flags), U(INPUT_HASHED),
     "hashes of no text"},
    {ZOO_SHOP, AT(inputs, 0, struct image_input, low), F(1e9), "a range"},
    {ZOO_SHOP, AT(inputs, 0, struct image_input, high), F(INFINITY),
     "a range"},
    {ZOO_SHOP, AT(inputs, 1, struct image_input, default_cell),
     F(INFINITY), "its column cannot have"},
    {ZOO_SHOP, AT(inputs, 2, struct image_input, default_cell), F(4),
     "its column cannot have"},
    {ZOO_SHOP, AT(inputs, 2, struct image_input, default_cell), F(0.5),
     "its column cannot have"},
    {ZOO_SHOP, AT(inputs, 2, struct image_input, categories), U(3),
     "something that is not there"},
    {ZOO_SHOP, AT(inputs, 2, struct image_input, category), U(1),
     "not the next categories"},
    {ZOO_SHOP, AT(inputs, 2, struct image_input, kind), U(0),
     "categories of numbers"},
    {ZOO_SHOP, AT(inputs, 3, struct image_input, alias), U(0),
     "not the next aliases"},
    {ZOO_SHOP, AT(inputs, 3, struct image_input, aliases), U(-1),
     "not the next aliases"},
    {ZOO_SHOP, AT(aliases, 2, struct image_alias, is_integer), U(2),
     "an alias of no kind"},
    {ZOO_SHOP, AT(aliases, 2, struct image_alias, cell), F(7),
     "its column cannot have"},
    {ZOO_SHOP, PLAIN(order, 1, uint32_t), U(3), "leaves out a column"},
    {ZOO_SHOP, PLAIN(order, 1, uint32_t), U(6), "leaves out a column"},
    /* hash tables */
    {ZOO_SHOP, AT(inputs, 2, struct image_input, exact.size), U(12),
     "an odd size"},
    {ZOO_SHOP, AT(inputs, 2, struct image_input, exact.size), U(1 << 30),
     "not the next entries"},
    {ZOO_SHOP, AT(inputs, 2, struct image_input, exact.size), U(0),
     "does not lead to"},
    {ZOO_SHOP, AT(inputs, 2, struct image_input, exact.first), U(1),
     "not the next entries"},
    {ZOO_SHOP, AT(about, 0, struct image_about, names.size), U(0),
     "does not lead to"},
    /* steps: indicator, missing-if, impute, scale, scale, one-hot colour,
     * ordinal member, lookup size, one-hot size, constant, linear, link */
    {ZOO_SHOP, AT(steps, 0, struct image_step, op), U(STEP_COUNT),
     "a step of no kind"},
    {ZOO_SHOP, AT(steps, 1, struct image_step, src), U(7),
     "a slot not made yet"},
    {ZOO_SHOP, AT(steps, 1, struct image_step, dst), U(6),
     "slots out of order"},
    {ZOO_SHOP, AT(steps, 1, struct image_step, width), U(1 << 29),
     "slots out of order"},
    {ZOO_SHOP, AT(steps, 1, struct image_step, width), U(2),
     "another width"},
    {ZOO_SHOP, AT(steps, 1, struct image_step, at), U(1),
     "not the next params"},
    {ZOO_SHOP, AT(steps, 5, struct image_step, count), U(1),
     "a map too short"},
    {ZOO_SHOP, AT(steps, 5, struct image_step, count), U(1000),
     "not the next maps"},
    {ZOO_SHOP, AT(steps, 5, struct image_step, width), U(2),
     "beyond its features"},
    {ZOO_SHOP, AT(steps, 6, struct image_step, count), U(1),
     "a table too short"},
    {ZOO_SHOP, AT(steps, 7, struct image_step, extra), U(0),
     "not the next maps"},
    {ZOO_SHOP, AT(steps, 10, struct image_step, n_src), U(1 << 20),
     "not the next params"},
    {ZOO_SHOP, AT(steps, 10, struct image_step, src), U(1),
     "not the next lists"},
    {ZOO_SHOP, AT(steps, 11, struct image_step, extra), U(9),
     "a link function of no kind"},
    {ZOO_SHOP, AT(steps, 11, struct image_step, n_src), U(2),
     "a link function of no kind"},
    /* steps: present, bin (params -1, 0, 2), one-hot, interpolate (params
     * -1, 0, 0, 3 and their ys), ... */
    {ZOO_CALCS, AT(steps, 0, struct image_step, src), U(9),
     "reads a slot not made yet"},
    {ZOO_CALCS, AT(steps, 0, struct image_step, width), U(2),
     "another width"},
    {ZOO_CALCS, PLAIN(params, 1, double), F(-7), "bins that do not ascend"},
    {ZOO_CALCS, PLAIN(params, 0, double), F(NAN), "step cannot have"},
    {ZOO_CALCS, PLAIN(params, 4, double), F(9),
     "interpolation that does not ascend"},
    /* steps: leaves (maps: 2 trees; ends 2, 2, 3; features 1, 0, 1),
     * linear in float, linear */
    {ZOO_LEAVES, AT(steps, 0, struct image_step, count), U(0),
     "leaves that are not there"},
    {ZOO_LEAVES, AT(steps, 0, struct image_step, count), U(9),
     "leaves that are not there"},
    {ZOO_LEAVES, AT(steps, 0, struct image_step, n_src), U(1),
     "trees that are not there"},
    {ZOO_LEAVES, AT(steps, 0, struct image_step, n_src), U(3),
     "a leaf's feature that is not there"},
    {ZOO_LEAVES, PLAIN(maps, 0, int32_t), U(-1), "trees that are not there"},
    {ZOO_LEAVES, PLAIN(maps, 0, int32_t), U(5), "trees that are not there"},
    {ZOO_LEAVES, PLAIN(maps, 1, int32_t), U(-1), "do not ascend"},
    {ZOO_LEAVES, PLAIN(maps, 2, int32_t), U(1), "do not ascend"},
    {ZOO_LEAVES, PLAIN(maps, 3, int32_t), U(9), "trees that are not there"},
    {ZOO_LEAVES, PLAIN(maps, 5, int32_t), U(2), "a leaf's feature"},
    {ZOO_LEAVES, PLAIN(maps, 5, int32_t), U(-1), "a leaf's feature"},
    {ZOO_LEAVES, PLAIN(params, 0, double), F(NAN), "its step cannot have"},
    {ZOO_LEAVES, PLAIN(params, 3, double), F(INFINITY),
     "its step cannot have"},
    {ZOO_LEAVES, AT(steps, 1, struct image_step, n_src), U(1 << 20),
     "not the next params"},
    {ZOO_SHOP, PLAIN(lists, 0, uint32_t), U(21), "a slot not made yet"},
    {ZOO_SHOP, PLAIN(maps, 3, int32_t), U(3), "beyond its features"},
    {ZOO_SHOP, PLAIN(maps, 3, int32_t), U(-3), "beyond its features"},
    {ZOO_SHOP, PLAIN(maps, 6, int32_t), U(3), "a code that is not there"},
    {ZOO_SHOP, PLAIN(maps, 6, int32_t), U(-1), "a code that is not there"},
    {ZOO_SHOP, PLAIN(params, 0, double), F(NAN), "its step cannot have"},
    {ZOO_SHOP, PLAIN(params, 1, double), F(INFINITY),
     "its step cannot have"},
    {ZOO_SHOP, PLAIN(params, 3, double), F(NAN), "its step cannot have"},
    {ZOO_SHOP, PLAIN(params, 4, double), F(INFINITY),
     "without finite numbers"},
    {ZOO_SHOP, PLAIN(params, 6, double), F(2), "without finite numbers"},
    {ZOO_SHOP, PLAIN(params, 8, double), F(-INFINITY),
     "its step cannot have"},
    {ZOO_SHOP, PLAIN(params, 13, double), F(1000), "does not ascend"},
    {ZOO_SHOP, PLAIN(params, 20, double), F(NAN), "its step cannot have"},
    {ZOO_SHOP, PLAIN(origins, 6, int32_t), U(6),
     "a column that is not there"},
    {ZOO_SHOP, AT(about, 0, struct image_about, slots), U(1 << 21),
     "another size"},
    {ZOO_SHOP, AT(about, 0, struct image_about, slots), U(22),
     "another size"},
    /* outputs */
    {ZOO_SHOP, AT(about, 0, struct image_about, task), U(2), "no kind"},
    {ZOO_SHOP, AT(about, 0, struct image_about, task), U(1), "no kind"},
    {ZOO_SHOP, AT(about, 0, struct image_about, outputs), U(3),
     "outputs of no target"},
    {ZOO_SHOP, AT(targets, 0, struct image_target, probabilities), U(1),
     "a target of no kind"},
    {ZOO_SHOP, AT(targets, 0, struct image_target, decision), U(2),
     "a target of no kind"},
    {ZOO_SHOP, AT(targets, 0, struct image_target, name.n), U(1),
     "a target of no kind"},
    {ZOO_SHOP, AT(about, 0, struct image_about, tells_score), U(1),
     "no kind"},
    {ZOO_SHOP, AT(about, 0, struct image_about, tells_score), U(2),
     "no kind"},
    {ZOO_SHOP, AT(about, 0, struct image_about, output), U(0),
     "not the next lists"},
    {ZOO_SHOP, AT(about, 0, struct image_about,
     figures[FIGURE_THRESHOLD]), F(1.5), "no probability"},
    {ZOO_SHOP, AT(about, 0, struct image_about, figures[FIGURE_REF_F1]),
     F(INFINITY), "a figure that is infinite"},
    {ZOO_SHOP, AT(classes, 1, struct image_class, kind), U(4), "no kind"},
    {ZOO_SHOP, AT(classes, 1, struct image_class, number), F(NAN),
     "no kind"},
    /* forests */
    {ZOO_FOREST, AT(steps, 0, struct image_step, at), U(1),
     "not the next forests"},
    {ZOO_FOREST, AT(forests, 0, struct image_forest, compare), U(3),
     "a forest of no kind"},
    {ZOO_FOREST, AT(forests, 0, struct image_forest, compare),
     U(TREE_F64_LE_F64), "a lane of no kind"},
    {ZOO_FOREST, AT(forests, 0, struct image_forest, takes_nan), U(2),
     "a forest of no kind"},
    {ZOO_FOREST, AT(forests, 0, struct image_forest, n_values), U(4),
     "a forest of no kind"},
    {ZOO_FOREST, AT(forests, 0, struct image_forest, n_values), U(0),
     "a forest of no kind"},
    {ZOO_FOREST, AT(forests, 0, struct image_forest, divide), F(0),
     "a forest of no kind"},
    {ZOO_FOREST, AT(forests, 0, struct image_forest, leaves), U(-1),
     "not the next leaves"},
    {ZOO_FOREST, AT(forests, 0, struct image_forest, leaves), U(1),
     "a leaf that is not there"},
    {ZOO_FOREST, AT(forests, 0, struct image_forest, lanes), U(1),
     "children in the wrong place"},
    {ZOO_FOREST, AT(forests, 0, struct image_forest, lanes), U(3),
     "not the next lanes"},
    {ZOO_FOREST, AT(forests, 0, struct image_forest, lane_bits), U(1),
     "lanes that nodes cannot name"},
    {ZOO_FOREST, AT(forests, 0, struct image_forest, lane_bits), U(32),
     "lanes that nodes cannot name"},
    {ZOO_FOREST, AT(forests, 0, struct image_forest, trees), U(1),
     "unused trees"},
    {ZOO_FOREST, AT(forests, 0, struct image_forest, trees), U(3),
     "not the next trees"},
    {ZOO_FOREST, AT(forests, 0, struct image_forest, base), U(1),
     "not the next params"},
    {ZOO_FOREST, AT(forests, 0, struct image_forest, check), U(1),
     "not the next lists"},
    {ZOO_FOREST, AT(lanes, 1, struct image_lane, slot), U(2),
     "a lane of no kind"},
    {ZOO_FOREST, AT(lanes, 1, struct image_lane, nan_left), U(2),
     "a lane of no kind"},
    {ZOO_FOREST, AT(trees, 1, struct image_tree, node), U(0),
     "not the next nodes"},
    {ZOO_FOREST, AT(trees, 1, struct image_tree, nodes), U(0),
     "without nodes"},
    {ZOO_FOREST, AT(trees, 1, struct image_tree, nodes), U(4),
     "children in the wrong place"},
    {ZOO_FOREST, AT(trees, 1, struct image_tree, depth), U(1),
     "a tree of another size"},
    {ZOO_FOREST, AT(trees, 1, struct image_tree, first_output), U(1),
     "adds to no output"},
    {ZOO_FOREST, AT(nodes, 0, struct image_node, link), U(0),
     "a leaf that is not there"},
    {ZOO_FOREST, SECTION_nodes, 0, sizeof(struct image_node), F(0),
     "a node without parent"},
    {ZOO_FOREST, AT(nodes, 0, struct image_node, link), U(3 << 2 | 1),
     "children in the wrong place"},
    {ZOO_FOREST, AT(nodes, 0, struct image_node, link), U(2 << 2),
     "children in the wrong place"},
    {ZOO_FOREST, AT(nodes, 1, struct image_node, key), U(3),
     "a leaf that is not there"},
    {ZOO_FOREST, PLAIN(leaves, 4, double), F(NAN),
     "a leaf that is not finite"},
    {ZOO_CUTS, AT(lanes, 0, struct image_lane, cuts), U(0),
     "a lane of no kind"},
    {ZOO_CUTS, AT(lanes, 0, struct image_lane, cuts), U(9),
     "not the next params"},
    {ZOO_CUTS, PLAIN(params, 0, double), F(NAN), "its step cannot have"},
    {ZOO_CUTS, AT(nodes, 0, struct image_node, key), U(0), "splits nothing"},
    {ZOO_CUTS, AT(nodes, 0, struct image_node, key), U(2), "splits nothing"},
    {ZOO_FLOATS, AT(forests, 0, struct image_forest, rows_from),
     U(RANKS_ROWS + 1), "a forest of no kind"},
    {ZOO_FLOATS, AT(forests, 0, struct image_forest, trees_to),
     U(RANKS_ROWS + 1), "a forest of no kind"},
    {ZOO_FLOATS, AT(nodes, 0, struct image_node, key), U(0),
     "splits nothing"},
    {ZOO_FLOATS, AT(nodes, 0, struct image_node, key), U(0xff800001),
     "splits nothing"},
    {ZOO_FLOATS, AT(nodes, 1, struct image_node, key), U(0x7f800000),
     "a leaf that is not there"},
    /* curves, and what decides */
    {ZOO_CURVE, AT(steps, 0, struct image_step, count), U(3),
     "an interpolation of no points"},
    {ZOO_CURVE, AT(steps, 0, struct image_step, count), U(0),
     "an interpolation of no points"},
    {ZOO_CURVE, PLAIN(params, 1, double), F(-1), "that does not ascend"},
    {ZOO_CURVE, PLAIN(params, 2, double), F(NAN), "its step cannot have"},
    {ZOO_CURVE, PLAIN(params, 4, double), F(INFINITY),
     "its step cannot have"},
    {ZOO_CURVE, AT(steps, 1, struct image_step, n_src), U(2),
     "a median of another width"},
    {ZOO_CURVE, AT(steps, 1, struct image_step, n_src), U(0),
     "a median of another width"},
    {ZOO_CURVE, PLAIN(lists, 1, uint32_t), U(9), "not made yet"},
    {ZOO_CURVE, AT(targets, 0, struct image_target, decision), U(0),
     "a target of no kind"},
    {ZOO_CURVE, AT(targets, 0, struct image_target, decision), U(1),
     "a target of no kind"},
    {ZOO_CURVE, AT(targets, 0, struct image_target, probabilities), U(0),
     "a target of no kind"},
    /* several targets */
    {ZOO_TARGETS, AT(targets, 0, struct image_target, name.n), U(0),
     "a target of no kind"},
    {ZOO_TARGETS, AT(targets, 0, struct image_target, name.n), U(101),
     "a target of no kind"},
    {ZOO_TARGETS, AT(targets, 1, struct image_target, name.at), U(1 << 30),
     "a text outside"},
    {ZOO_TARGETS, AT(targets, 1, struct image_target, class_), U(1),
     "a target of no kind"},
    {ZOO_TARGETS, AT(targets, 1, struct image_target, classes), U(4),
     "a target of no kind"},
    {ZOO_TARGETS, AT(targets, 0, struct image_target, classes), U(0),
     "a target of no kind"},
    {ZOO_TARGETS, AT(targets, 1, struct image_target, output), U(3),
     "a target of no kind"},
    {ZOO_TARGETS, AT(targets, 0, struct image_target, outputs), U(3),
     "a target of no kind"},
    {ZOO_TARGETS, AT(about, 0, struct image_about, outputs), U(8),
     "outputs of no target"},
    {ZOO_TARGETS, AT(about, 0, struct image_about, tells_score), U(1),
     "outputs of no kind"},
    {ZOO_CURVE, AT(about, 0, struct image_about, tells_score), U(1),
     "no kind"},
    /* kernel, sort and coupling, behind two steps that refuse */
    {ZOO_VECTORS, AT(steps, 2, struct image_step, extra), U(KERNEL_COUNT),
     "a kernel of no kind"},
    {ZOO_VECTORS, AT(steps, 2, struct image_step, n_src), U(1),
     "a kernel of no kind"},
    {ZOO_VECTORS, AT(steps, 2, struct image_step, count), U(8),
     "a kernel of no kind"},
    {ZOO_VECTORS, PLAIN(params, 0, double), F(INFINITY),
     "its step cannot have"},
    {ZOO_VECTORS, PLAIN(params, 6, double), F(NAN), "its step cannot have"},
    {ZOO_VECTORS, PLAIN(lists, 1, uint32_t), U(9), "not made yet"},
    {ZOO_VECTORS, AT(steps, 5, struct image_step, n_src), U(3),
     "a sort of another width"},
    {ZOO_VECTORS, AT(steps, 5, struct image_step, n_src), U(0),
     "a sort of another width"},
    {ZOO_VECTORS, AT(steps, 5, struct image_step, count), U(1),
     "a sort of another width"},
    {ZOO_VECTORS, AT(steps, 10, struct image_step, extra), U(2),
     "a coupling of another width"},
    {ZOO_VECTORS, AT(steps, 10, struct image_step, n_src), U(2),
     "a coupling of another width"},
    {ZOO_VECTORS, AT(steps, 10, struct image_step, extra), U(1001),
     "a coupling of another width"},
    {ZOO_VECTORS, AT(steps, 10, struct image_step, count), U(1),
     "a coupling of another width"},
};

static struct arena mem;
static struct err err;

static int
setup(void **state)
{
	(void)state;
	return arena_init(&mem, (size_t)1 << 26, &err) ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	arena_done(&mem);
	return 0;
}

/* A copy of a zoo image with the bytes at `at` of a section replaced. */
static char *
forge(const struct forgery *f, size_t *n)
{
	size_t behind = offsetof(struct image_header, checksum) + 4;
	struct str image = zoo_image(f->zoo, &mem);
	char *bent = malloc(image.n);
	const struct image_section *table;
	struct image_header *header = (struct image_header *)bent;

	assert_non_null(bent);
	memcpy(bent, image.p, image.n);
	table = (const struct image_section *)(bent + sizeof(*header));
	assert_true(f->at + f->n <= table[f->section].bytes);
	if (f->n == sizeof(double))
		memcpy(bent + table[f->section].offset + f->at, &f->number, 8);
	else
		memcpy(bent + table[f->section].offset + f->at, &f->integer,
		    4);
	header->checksum = checksum_crc32(bent + behind, image.n - behind);
	*n = image.n;
	return bent;
}

static void
each_forgery_is_refused_by_its_own_proof(void **state)
{
	int failed = 0;

	(void)state;
	for (size_t i = 0; i < countof(forgeries); i++) {
		const struct forgery *f = &forgeries[i];
		struct model *m;
		size_t n;
		char *bent = forge(f, &n);

		if (model_open_bytes((struct str){bent, n}, &m, &err)) {
			printf("# forgery %zu (%s) opens\n", i, f->words);
			model_close(m);
			failed++;
		} else if (strstr(err.text, f->words) == NULL ||
		    err.at >= n) {
			printf("# forgery %zu (%s): %s, at %zu\n", i,
			    f->words, err.text, err.at);
			failed++;
		}
		free(bent);
	}
	assert_int_equal(failed, 0);
}

/* The walk of a full table would not end. */
static void
full_hash_table_is_refused(void **state)
{
	size_t behind = offsetof(struct image_header, checksum) + 4;
	struct str image = zoo_image(ZOO_FOREST, &mem);
	char *bent = malloc(image.n);
	struct image_header *header = (struct image_header *)bent;
	const struct image_section *table;
	struct image_entry *entries, full = {.value = ENTRY_EMPTY};
	struct model *m;

	(void)state;
	assert_non_null(bent);
	memcpy(bent, image.p, image.n);
	table = (const struct image_section *)(bent + sizeof(*header));
	entries = (struct image_entry *)(bent +
	    table[SECTION_entries].offset);
	for (uint32_t i = 0; i < table[SECTION_entries].count; i++)
		if (entries[i].value != ENTRY_EMPTY)
			full = entries[i];
	for (uint32_t i = 0; i < table[SECTION_entries].count; i++)
		if (entries[i].value == ENTRY_EMPTY)
			entries[i] = full;
	header->checksum = checksum_crc32(bent + behind, image.n - behind);
	assert_false(model_open_bytes((struct str){bent, image.n}, &m, &err));
	assert_non_null(strstr(err.text, "a hash table without an end"));
	free(bent);
}

/* Texts that overlap would be cheap to store and dear to check. */
static void
texts_read_over_and_over_are_refused(void **state)
{
	size_t behind = offsetof(struct image_header, checksum) + 4;
	struct str image = zoo_image(ZOO_SHOP, &mem);
	char *bent = malloc(image.n);
	struct image_header *header = (struct image_header *)bent;
	const struct image_section *table;
	struct image_about *about;
	struct model *m;

	(void)state;
	assert_non_null(bent);
	memcpy(bent, image.p, image.n);
	table = (const struct image_section *)(bent + sizeof(*header));
	about = (struct image_about *)(bent + table[SECTION_about].offset);
	for (int i = 0; i < FACT_COUNT; i++)
		about->facts[i] = (struct image_text){.at = 0,
		    .n = table[SECTION_text].count};
	header->checksum = checksum_crc32(bent + behind, image.n - behind);
	assert_false(model_open_bytes((struct str){bent, image.n}, &m, &err));
	assert_non_null(strstr(err.text, "a text outside"));
	free(bent);
}

static void
sections_have_to_lie_in_order_within_the_file(void **state)
{
	size_t behind = offsetof(struct image_header, checksum) + 4;
	struct str image = zoo_image(ZOO_CUTS, &mem);

	(void)state;
	for (uint32_t k = 0; k < SECTION_COUNT; k++)
		for (int how = 0; how < 6; how++) {
			char *bent = malloc(image.n);
			struct image_header *header;
			struct image_section *s;
			struct model *m;

			assert_non_null(bent);
			memcpy(bent, image.p, image.n);
			header = (struct image_header *)bent;
			s = (struct image_section *)(bent + sizeof(*header)) +
			    k;
			if (how == 0)
				s->kind++;
			else if (how == 1)
				s->offset += 8;
			else if (how == 2)
				s->offset = (uint64_t)-64;
			else if (how == 3)
				s->offset -= IMAGE_ALIGN;
			else if (how == 4)
				s->count++;
			else
				s->bytes = s->count = UINT32_MAX;
			header->checksum = checksum_crc32(bent + behind,
			    image.n - behind);
			assert_false(model_open_bytes((struct str){bent,
			    image.n}, &m, &err));
			assert_non_null(strstr(err.text, "section"));
			free(bent);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_forgery_is_refused_by_its_own_proof),
	    cmocka_unit_test(full_hash_table_is_refused),
	    cmocka_unit_test(texts_read_over_and_over_are_refused),
	    cmocka_unit_test(sections_have_to_lie_in_order_within_the_file),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("model forged", tests, setup,
	    teardown);
}

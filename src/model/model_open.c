/* SPDX-License-Identifier: ISC
 *
 * From a file to a model: the header, the checksum and where each section
 * lies. What stands in the sections model_check.c proves, before anyone gets
 * to see the model.
 */
#include "model/model.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/checksum.h"
#include "model/model_format.h"
#include "model/model_pick.h"
#include "model/model_view.h"

/* Scratch of a block of rows stays within this where a row is that small. */
#define BLOCK_BYTES ((size_t)1 << 18)
#define BLOCK_ROWS  256u

static bool
check_header(struct str bytes, struct err *err)
{
	struct image_header header;
	size_t behind = offsetof(struct image_header, checksum) +
	    sizeof(header.checksum);

	if (bytes.n < sizeof(header.magic) ||
	    memcmp(bytes.p, IMAGE_MAGIC, sizeof(header.magic)) != 0)
		return err_set(err, ERR_INPUT, 0, "not a compiled model: make "
		    "one from the training file with `lightscore import`");
	if (bytes.n < sizeof(header))
		return err_set(err, ERR_INPUT, bytes.n,
		    "cut off in the header: import the model again");
	memcpy(&header, bytes.p, sizeof(header));
	if (header.version != IMAGE_VERSION)
		return err_set(err, ERR_INPUT,
		    offsetof(struct image_header, version),
		    "compiled model of version %u, this program reads version "
		    "%u: import the model again", header.version,
		    IMAGE_VERSION);
	if (header.bytes != bytes.n)
		return err_set(err, ERR_INPUT,
		    offsetof(struct image_header, bytes),
		    "the file has %zu bytes where it should have %ju: copy or "
		    "import the model again", bytes.n,
		    (uintmax_t)header.bytes);
	if (checksum_crc32(bytes.p + behind, bytes.n - behind) !=
	    header.checksum)
		return err_set(err, ERR_INPUT,
		    offsetof(struct image_header, checksum),
		    "the checksum is wrong, the file is damaged: copy or "
		    "import the model again");
	if (header.sections != SECTION_COUNT)
		return err_set(err, ERR_INPUT,
		    offsetof(struct image_header, sections),
		    "%u sections instead of %d", header.sections,
		    SECTION_COUNT);
	return true;
}

/* Section `kind`, which has to start at or behind *end; its first record. */
static bool
find_section(struct str bytes, uint32_t kind, size_t record, uint64_t *end,
    const void **first, uint32_t *count, struct err *err)
{
	size_t at = sizeof(struct image_header) +
	    kind * sizeof(struct image_section);
	struct image_section s;

	memcpy(&s, bytes.p + at, sizeof(s));
	if (s.kind != kind || s.offset % IMAGE_ALIGN != 0 ||
	    s.offset < *end || s.offset > bytes.n ||
	    s.bytes > bytes.n - s.offset ||
	    s.bytes != (uint64_t)s.count * record)
		return err_set(err, ERR_INPUT, at,
		    "section %u does not lie within the file", kind);
	*end = s.offset + s.bytes;
	*first = bytes.p + s.offset;
	*count = s.count;
	return true;
}

static bool
find_sections(struct model *m, struct str bytes, struct err *err)
{
	uint64_t end = sizeof(struct image_header) +
	    SECTION_COUNT * sizeof(struct image_section);
	const void *first = NULL;

	if (bytes.n < end)
		return err_set(err, ERR_INPUT, bytes.n,
		    "cut off in the table of sections");
#define SECTION(name, type) \
	if (!find_section(bytes, SECTION_##name, sizeof(type), &end, &first, \
	    &m->n_##name, err)) \
		return false; \
	m->name = first;
	IMAGE_SECTIONS(SECTION)
#undef SECTION
	return true;
}

/* Aliases as model_field shows them. */
static bool
view_aliases(struct model *m, struct err *err)
{
	m->alias_views = calloc((size_t)m->n_aliases + 1,
	    sizeof(*m->alias_views));
	if (m->alias_views == NULL)
		return err_system(err, "no memory for %u aliases",
		    m->n_aliases);
	for (uint32_t i = 0; i < m->n_aliases; i++) {
		const struct image_alias *a = &m->aliases[i];

		m->alias_views[i] = (struct model_alias){
		    .from_integer = a->is_integer, .integer = a->integer,
		    .text = model_text(m, a->from), .to = model_text(m, a->to),
		    .to_number = a->cell};
	}
	return true;
}

/* What a forest over ranks wants of scratch. */
static void
size_ranks(struct model *m, const struct ranks *r)
{
	size_t values = (size_t)r->constants + RANKS_SIDE * r->blends_max;
	size_t bytes = (RANKS_TREES + values) * RANKS_ROWS;

	if (r->columns > m->columns_max)
		m->columns_max = r->columns;
	if (bytes > m->ranks_bytes)
		m->ranks_bytes = bytes;
}

/* How scoring will use its scratch. */
static void
size_scratch(struct model *m)
{
	size_t row;

	m->keys_max = 1;
	for (uint32_t i = 0; i < m->n_forests; i++) {
		if (m->forests[i].lanes + 1 > m->keys_max)
			m->keys_max = m->forests[i].lanes + 1;
		if (m->ranks[i] != NULL)
			size_ranks(m, m->ranks[i]);
	}
	row = m->about->slots * sizeof(double) +
	    m->keys_max * sizeof(uint32_t) + m->columns_max;
	m->block_rows = BLOCK_ROWS;
	while (m->block_rows > 1 && m->block_rows * row > BLOCK_BYTES)
		m->block_rows /= 2;
}

static bool
open_image(struct model *m, struct str bytes, struct err *err)
{
	if (bytes.n > MODEL_BYTES_MAX)
		return err_set(err, ERR_LIMIT, ERR_NOWHERE,
		    "%zu bytes are more than the %zu of the largest model",
		    bytes.n, MODEL_BYTES_MAX);
	m->bytes = bytes.p;
	m->n_bytes = bytes.n;
	if (!check_header(bytes, err) || !find_sections(m, bytes, err) ||
	    !model_check(m, err) || !view_aliases(m, err) ||
	    !model_pick_derive(m, err) ||
	    !model_ranks(m, err))
		return false;
	size_scratch(m);
	return true;
}

bool
model_open_bytes(struct str bytes, struct model **ret, struct err *err)
{
	struct model *m;

	if ((uintptr_t)bytes.p % sizeof(uint64_t) != 0)
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "a compiled model has to lie at a multiple of 8 bytes");
	m = calloc(1, sizeof(*m));
	if (m == NULL)
		return err_system(err, "no memory for a model");
	if (!open_image(m, bytes, err)) {
		model_close(m);
		return false;
	}
	*ret = m;
	return true;
}

bool
model_open(const char *path, struct model **ret, struct err *err)
{
	struct model *m;
	struct file_map map;

	if (!file_map(path, MODEL_BYTES_MAX, &map, err))
		return false;
	if (!model_open_bytes((struct str){map.p, map.n}, &m, err)) {
		file_unmap(&map);
		if (err->at != ERR_NOWHERE)
			return err_context(err, "%s: at byte %zu", path,
			    err->at);
		return err_context(err, "%s", path);
	}
	m->map = map;
	*ret = m;
	return true;
}

void
model_close(struct model *m)
{
	if (m == NULL)
		return;
	file_unmap(&m->map);
	free(m->alias_views);
	free(m->picks);
	free(m->ranks);
	arena_done(&m->derived);
	free(m);
}

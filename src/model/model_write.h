/* SPDX-License-Identifier: ISC */
#ifndef MODEL_MODEL_WRITE_H
#define MODEL_MODEL_WRITE_H

#include <stdint.h>

#include "base/str.h"
#include "model/model_format.h"
#include "model/model_ir.h"

/* Shared by the files that lay out an image (model_write*.c). */
struct writer {
	struct model_build *b;
	struct ir_array section[SECTION_COUNT];
};

/* Room for n records of a section; *at is the number of the first. NULL past
 * the bound of the arena, which model_image tells at the end. */
void *write_room(struct writer *w, enum image_section_kind kind, uint32_t n,
    uint32_t *at);
/* Append n records; the number of the first. */
uint32_t write_put(struct writer *w, enum image_section_kind kind,
    const void *records, uint32_t n);
struct image_text write_text(struct writer *w, struct str s);

/* All columns and their order; NULL past the bound. */
struct image_input *write_inputs(struct writer *w);
/* The hash table of their names, behind all others. */
void write_names(struct writer *w, struct image_about *about,
    const struct image_input *inputs);

#endif

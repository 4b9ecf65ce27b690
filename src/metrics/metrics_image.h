/* SPDX-License-Identifier: ISC */
#ifndef METRICS_METRICS_IMAGE_H
#define METRICS_METRICS_IMAGE_H

#include <stdint.h>

#include "metrics/metrics_file.h"

/* The shared file, byte by byte; for src/metrics alone. */

#define METRICS_MAGIC   "LSMETRIC"
#define METRICS_VERSION 1

struct metrics_header {
	char magic[8];
	uint32_t version;
	uint32_t slots;
	uint64_t layout; /* metrics_layout() */
	uint64_t bytes;
	uint64_t created_ms;
	char build[64]; /* for people: who made it */
};

/* A name is written first, then counted in: it never changes after. */
struct metrics_named {
	char name[METRICS_NAME_MAX];
	_Atomic uint32_t n_results;
	char result[RESULT_CELLS - RESULT_SLOT][METRICS_CLASS_MAX];
};
struct metrics_names {
	_Atomic uint32_t n_models;
	struct metrics_named model[MODEL_CELLS - MODEL_SLOT];
};

/* Two of each: `turn` says which is shown, the other is written. */
enum { METRICS_TEXTS = 6 };
struct metrics_text {
	_Atomic uint32_t turn;
	char text[2][METRICS_TEXTS][METRICS_TEXT_MAX];
};
struct metrics_note {
	_Atomic uint32_t turn;
	char text[2][METRICS_NOTE_MAX];
};
struct metrics_texts {
	struct metrics_note reload;
	struct metrics_text server;
	struct metrics_text model[MODEL_CELLS];
};

struct metrics_image {
	struct metrics_header header;
	struct metrics_names names;
	struct metrics_texts texts;
	struct metrics_server server;
	struct metrics_slot slots[METRICS_SLOTS];
	struct slab slabs[METRICS_SLOTS];
};

/* ERR_INPUT for names that metrics_add_* cannot have written. */
MUST_USE bool metrics_names_check(const struct metrics_names *names,
    struct err *err);

/* A copy of the texts shown, in the order of the structs that set them. What
 * is no UTF-8 is given as "". */
void metrics_text_get(const struct metrics_text *t,
    char ret[METRICS_TEXTS][METRICS_TEXT_MAX]);

#endif

/* SPDX-License-Identifier: ISC */
#ifndef IMPORT_ONNX_MAP_H
#define IMPORT_ONNX_MAP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"

/* A map from numbers to numbers, in the arena; zeroed is empty. */
struct onnx_map {
	struct onnx_map_entry *entries;
	uint32_t n, size;
};

/* NULL where there is no such key; good until the next onnx_map_put. */
const uint32_t *onnx_map_get(const struct onnx_map *map, uint64_t key);
/* Add the key or change its value; false past the bound of the arena. */
MUST_USE bool onnx_map_put(struct arena *mem, struct onnx_map *map,
    uint64_t key, uint32_t value);

#endif

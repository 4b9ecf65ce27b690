/* SPDX-License-Identifier: ISC
 *
 * Maps from numbers to numbers: open addressing, never more than half full,
 * so that a search always ends at a free place.
 */
#include "import/onnx_map.h"

struct onnx_map_entry {
	uint64_t key;
	uint32_t value;
	bool used;
};

static struct onnx_map_entry *
map_place(const struct onnx_map *map, uint64_t key)
{
	uint32_t at = (uint32_t)((key * 0x9e3779b97f4a7c15u) >> 32);

	for (;; at++) {
		struct onnx_map_entry *e = &map->entries[at & (map->size - 1)];

		if (!e->used || e->key == key)
			return e;
	}
}

const uint32_t *
onnx_map_get(const struct onnx_map *map, uint64_t key)
{
	const struct onnx_map_entry *e;

	if (map->size == 0)
		return NULL;
	e = map_place(map, key);
	return e->used ? &e->value : NULL;
}

bool
onnx_map_put(struct arena *mem, struct onnx_map *map, uint64_t key,
    uint32_t value)
{
	struct onnx_map_entry *e;

	if (map->n >= map->size / 2) {
		struct onnx_map more = {.n = map->n,
		    .size = map->size == 0 ? 64 : map->size * 2};

		more.entries = ARENA_ARRAY(mem, more.size,
		    struct onnx_map_entry);
		if (more.entries == NULL)
			return false;
		for (uint32_t i = 0; i < map->size; i++)
			if (map->entries[i].used)
				*map_place(&more, map->entries[i].key) =
				    map->entries[i];
		*map = more;
	}
	e = map_place(map, key);
	map->n += !e->used;
	*e = (struct onnx_map_entry){key, value, true};
	return true;
}

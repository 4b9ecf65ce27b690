/* SPDX-License-Identifier: ISC
 *
 * JSON: what the scan accepts, cJSON reads, with as many values and numbers;
 * what it refuses comes with a sentence and an offset inside the text.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/arena.h"
#include "json/json.h"
#include "json/json_scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
expect(bool good)
{
	if (!good)
		abort();
}

static void
count(const cJSON *item, size_t *values, size_t *numbers)
{
	for (; item != NULL; item = item->next) {
		++*values;
		*numbers += cJSON_IsNumber(item) != 0;
		expect(!json_is_integer(item) || cJSON_IsNumber(item));
		count(item->child, values, numbers);
	}
}

/* Read item by item, a text holds what it holds as a whole. */
static void
read_items(struct arena *mem, struct str text, const struct json_limits *l,
    size_t numbers, const cJSON *tree)
{
	size_t seen = 0, objects = 0, values = 0, mark;
	struct json_list list;
	const cJSON *item;
	struct err err;

	expect(json_list_init(&list, mem, text, l, &err));
	expect(list.is_list == (cJSON_IsArray(tree) != 0));
	mark = arena_mark(mem);
	for (size_t i = 0; i < list.items; i++) {
		expect(json_list_next(&list, mem, &item, &err));
		objects += objects == i && cJSON_IsObject(item);
		count(item, &values, &seen);
		arena_release(mem, mark);
	}
	expect(objects == list.odd && seen == numbers);
	expect(!list.is_list ||
	    (int)list.items == cJSON_GetArraySize(tree));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct json_limits limits = {32, 10000};
	struct str text = {(const char *)data, size};
	static struct arena mem;
	struct json_scan scan;
	size_t values = 0, numbers = 0, line, column;
	const cJSON *tree;
	struct err err;
	bool scanned;

	if (mem.base == NULL)
		expect(arena_init(&mem, 64 << 20, &err));
	scanned = json_scan(&mem, text, &limits, &scan, &err);
	expect(scanned || (err.text[0] != '\0' && err.at <= size));
	/* Only memory may stop cJSON, and there is enough of it. */
	expect(json_parse(&mem, text, &limits, &tree, &err) == scanned);
	if (scanned) {
		count(tree, &values, &numbers);
		expect(values == scan.values && numbers == scan.numbers);
		read_items(&mem, text, &limits, numbers, tree);
	} else {
		json_place(text, err.at, &line, &column);
		expect(line >= 1 && column >= 1 && column <= size + 1);
	}
	arena_reset(&mem, 1 << 20);
	return 0;
}

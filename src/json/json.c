/* SPDX-License-Identifier: ISC
 *
 * The room around cJSON. The scan has accepted the text before cJSON sees
 * it, so cJSON can only fail for want of memory. Here alone stands the one
 * process-global of the library: cJSON takes its allocator from
 * cJSON_InitHooks, without a context, so the arena of the parse under way is
 * in `current`. Hooks and arena are set for one parse and taken back after
 * it: a tree made elsewhere with cJSON is none of ours.
 */
#include "json/json.h"

#include <assert.h>

#include "json/json_scan.h"

/* Marks an integer in cJSON's type, above the bits that are cJSON's own. */
#define JSON_INTEGER (1 << 16)
static_assert((JSON_INTEGER & (0xff | cJSON_IsReference |
    cJSON_StringIsConst)) == 0, "cJSON uses this bit");

static struct arena *current;

static void *
hook_alloc(size_t n)
{
	return arena_alloc(current, n);
}

/* The arena is given back as a whole. */
static void
hook_free(void *p)
{
	(void)p;
}

static cJSON *
parse_in(struct arena *mem, struct str text)
{
	cJSON_Hooks hooks = {.malloc_fn = hook_alloc, .free_fn = hook_free};
	cJSON *tree;

	current = mem;
	cJSON_InitHooks(&hooks);
	tree = cJSON_ParseWithLength(text.p, text.n);
	cJSON_InitHooks(NULL);
	current = NULL;
	return tree;
}

/* The scan saw the numbers in the order in which they stand in the tree. */
static void
mark_integers(cJSON *item, const struct json_scan *scan, size_t *number)
{
	for (; item != NULL; item = item->next) {
		if (cJSON_IsNumber(item) &&
		    json_scan_integer(scan, (*number)++))
			item->type |= JSON_INTEGER;
		if (item->child != NULL)
			mark_integers(item->child, scan, number);
	}
}

bool
json_parse(struct arena *mem, struct str text,
    const struct json_limits *limits, const cJSON **ret, struct err *err)
{
	struct json_scan scan;
	cJSON *tree;
	size_t number = 0;

	if (!json_scan(mem, text, limits, &scan, err))
		return false;
	tree = parse_in(mem, scan.text);
	if (tree == NULL) {
		if (mem->over)
			return arena_err(mem, "the JSON text", err);
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "the JSON text cannot be read");
	}
	mark_integers(tree, &scan, &number);
	assert(number == scan.numbers);
	*ret = tree;
	return true;
}

bool
json_is_integer(const cJSON *item)
{
	return (item->type & JSON_INTEGER) != 0;
}

void
json_place(struct str text, size_t at, size_t *line, size_t *column)
{
	size_t start = 0;

	*line = 1;
	for (size_t i = 0; i < at && i < text.n; i++) {
		if (text.p[i] == '\n') {
			++*line;
			start = i + 1;
		}
	}
	*column = at - start + 1;
}

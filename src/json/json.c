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
#include <string.h>

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

/* The value at the start of text; *used is where it ends. */
static cJSON *
parse_in(struct arena *mem, struct str text, size_t *used)
{
	cJSON_Hooks hooks = {.malloc_fn = hook_alloc, .free_fn = hook_free};
	const char *end = text.p;
	cJSON *tree;

	current = mem;
	cJSON_InitHooks(&hooks);
	tree = cJSON_ParseWithLengthOpts(text.p, text.n, &end, false);
	cJSON_InitHooks(NULL);
	current = NULL;
	*used = (size_t)(end - text.p);
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
json_list_init(struct json_list *r, struct arena *mem, struct str text,
    const struct json_limits *limits, struct err *err)
{
	struct json_scan *scan = ARENA_NEW(mem, struct json_scan);

	if (scan == NULL)
		return arena_err(mem, "the JSON text", err);
	if (!json_scan(mem, text, limits, scan, err))
		return false;
	*r = (struct json_list){.scan = scan, .is_list = scan->first == '['};
	if (r->is_list) {
		r->items = scan->items;
		r->odd = scan->odd;
		r->odd_first = scan->odd_first;
		r->at = (size_t)((const char *)memchr(scan->text.p, '[',
		    scan->text.n) - scan->text.p) + 1;
	} else {
		r->items = 1;
		r->odd = scan->first == '{' ? 1 : 0;
		r->odd_first = scan->first;
	}
	return true;
}

bool
json_list_next(struct json_list *r, struct arena *mem, const cJSON **ret,
    struct err *err)
{
	struct str rest = r->scan->text;
	size_t used;
	cJSON *tree;

	/* Between two items the scan has let pass space and one comma. */
	while (strchr(" \t\r\n,", rest.p[r->at]) != NULL)
		r->at++;
	rest = (struct str){rest.p + r->at, rest.n - r->at};
	tree = parse_in(mem, rest, &used);
	if (tree == NULL) {
		if (mem->over)
			return arena_err(mem, "the JSON text", err);
		return err_set(err, ERR_INPUT, r->at,
		    "the JSON text cannot be read");
	}
	r->at += used;
	mark_integers(tree, r->scan, &r->number);
	*ret = tree;
	return true;
}

bool
json_parse(struct arena *mem, struct str text,
    const struct json_limits *limits, const cJSON **ret, struct err *err)
{
	struct json_scan scan;
	struct json_list whole = {.scan = &scan};

	return json_scan(mem, text, limits, &scan, err) &&
	    json_list_next(&whole, mem, ret, err);
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

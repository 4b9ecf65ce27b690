/* SPDX-License-Identifier: ISC
 *
 * libyaml's events to a tree. libyaml allocates for itself while it reads,
 * in proportion to the bytes, which are bounded; what is kept is in the
 * arena. Depth, nodes and everything that could multiply them are bounded
 * here.
 */
#include "yaml/yaml.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/file.h"
#include "base/number.h"

struct reader {
	yaml_parser_t parser;
	const char *file;
	struct arena *mem;
	size_t nodes;
	struct err *err;
};

static bool
fault(struct reader *r, yaml_mark_t at, const char *sentence)
{
	return err_set(r->err, ERR_INPUT, at.index, "%s:%zu: %s", r->file,
	    at.line + 1, sentence);
}

static bool
next(struct reader *r, yaml_event_t *event)
{
	yaml_parser_t *p = &r->parser;

	if (yaml_parser_parse(p, event))
		return true;
	if (p->error == YAML_MEMORY_ERROR)
		return err_set(r->err, ERR_SYSTEM, ERR_NOWHERE,
		    "%s: no memory to read it", r->file);
	if (p->error == YAML_READER_ERROR)
		return err_set(r->err, ERR_INPUT, p->problem_offset,
		    "%s: %s, at byte %zu", r->file, p->problem,
		    p->problem_offset);
	return err_set(r->err, ERR_INPUT, p->problem_mark.index,
	    "%s:%zu:%zu: %s%s%s", r->file, p->problem_mark.line + 1,
	    p->problem_mark.column + 1, p->problem,
	    p->context != NULL ? " " : "",
	    p->context != NULL ? p->context : "");
}

static struct yaml_node *
node_new(struct reader *r, enum yaml_kind kind, yaml_mark_t at, struct str key)
{
	struct yaml_node *node;

	if (++r->nodes > YAML_NODES_MAX) {
		err_set(r->err, ERR_LIMIT, at.index,
		    "%s:%zu: more than %zu values", r->file, at.line + 1,
		    YAML_NODES_MAX);
		return NULL;
	}
	node = ARENA_NEW(r->mem, struct yaml_node);
	if (node == NULL) {
		arena_err(r->mem, r->file, r->err);
		return NULL;
	}
	*node = (struct yaml_node){.kind = kind, .key = key, .file = r->file,
	    .line = (uint32_t)at.line + 1, .column = (uint32_t)at.column + 1};
	return node;
}

/* Anchors are refused where they are made, so an alias never has one. */
static bool
check(struct reader *r, yaml_mark_t at, const yaml_char_t *anchor,
    const yaml_char_t *tag, bool *text)
{
	bool is_text = tag != NULL &&
	    strcmp((const char *)tag, YAML_STR_TAG) == 0;

	if (anchor != NULL)
		return fault(r, at,
		    "anchors and aliases are not taken: write the value out");
	/* "!" alone says: as it stands. */
	if (tag != NULL && !is_text && strcmp((const char *)tag, "!") != 0)
		return fault(r, at, "tags are not taken: leave it out");
	if (text != NULL)
		*text = is_text;
	return true;
}

static struct yaml_node *read_node(struct reader *r, yaml_event_t *event,
    struct str key, unsigned depth);

static struct yaml_node *
read_scalar(struct reader *r, yaml_event_t *event, struct str key)
{
	struct yaml_node *node;
	bool text;

	if (!check(r, event->start_mark, event->data.scalar.anchor,
	    event->data.scalar.tag, &text))
		return NULL;
	node = node_new(r, YAML_SCALAR, event->start_mark, key);
	if (node == NULL)
		return NULL;
	node->quoted = text ||
	    event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	node->text = arena_str(r->mem,
	    (struct str){(const char *)event->data.scalar.value,
	    event->data.scalar.length});
	if (node->text.p == NULL) {
		arena_err(r->mem, r->file, r->err);
		return NULL;
	}
	return node;
}

/* Children up to the end event, which the caller's event becomes. */
static bool
read_children(struct reader *r, struct yaml_node *parent, yaml_event_t *event,
    unsigned depth)
{
	const struct yaml_node **tail = &parent->first;
	bool map = parent->kind == YAML_MAPPING;

	for (;;) {
		struct str key = parent->key;
		struct yaml_node *child;
		bool quoted = false;

		if (!next(r, event))
			return false;
		if (event->type == YAML_MAPPING_END_EVENT ||
		    event->type == YAML_SEQUENCE_END_EVENT)
			return true;
		if (map) {
			if (event->type != YAML_SCALAR_EVENT) {
				fault(r, event->start_mark,
				    "a key must be a single word or text");
				return false;
			}
			child = read_scalar(r, event, key);
			if (child == NULL)
				return false;
			key = child->text;
			quoted = child->quoted;
			yaml_event_delete(event);
			if (!next(r, event))
				return false;
		}
		child = read_node(r, event, key, depth + 1);
		yaml_event_delete(event);
		if (child == NULL)
			return false;
		child->key_quoted = quoted;
		*tail = child;
		tail = &child->next;
		parent->n++;
	}
}

static int
by_key(const void *a, const void *b)
{
	const struct yaml_node *x = *(const struct yaml_node *const *)a;
	const struct yaml_node *y = *(const struct yaml_node *const *)b;
	size_t n = x->key.n < y->key.n ? x->key.n : y->key.n;
	int order = memcmp(x->key.p, y->key.p, n);

	if (order == 0)
		order = (x->key.n > y->key.n) - (x->key.n < y->key.n);
	if (order == 0)
		order = x->key_quoted - y->key_quoted;
	if (order == 0)
		order = (x->line > y->line) - (x->line < y->line);
	return order;
}

/* a and "a" are one key; 0 is a number and "0" a text. */
static bool
is_same_key(const struct yaml_node *x, const struct yaml_node *y)
{
	double number;

	return str_eq(x->key, y->key) && (x->key_quoted == y->key_quoted ||
	    !number_parse(x->key, &number));
}

static bool
keys_differ(struct reader *r, const struct yaml_node *map)
{
	const struct yaml_node **all;
	size_t n = 0;

	if (map->n < 2)
		return true;
	all = ARENA_ARRAY(r->mem, map->n, const struct yaml_node *);
	if (all == NULL)
		return arena_err(r->mem, r->file, r->err);
	for (const struct yaml_node *c = map->first; c != NULL; c = c->next)
		all[n++] = c;
	qsort(all, n, sizeof(*all), by_key);
	for (size_t i = 1; i < n; i++) {
		if (is_same_key(all[i - 1], all[i]))
			return yaml_err(all[i], r->err,
			    "the key is there twice, first at line %u",
			    all[i - 1]->line);
	}
	return true;
}

static struct yaml_node *
read_node(struct reader *r, yaml_event_t *event, struct str key,
    unsigned depth)
{
	yaml_mark_t at = event->start_mark;
	struct yaml_node *node;
	bool map = event->type == YAML_MAPPING_START_EVENT;

	if (event->type == YAML_SCALAR_EVENT)
		return read_scalar(r, event, key);
	if (event->type == YAML_ALIAS_EVENT) {
		check(r, at, event->data.alias.anchor, NULL, NULL);
		return NULL;
	}
	if (depth >= YAML_DEPTH_MAX) {
		err_set(r->err, ERR_LIMIT, at.index,
		    "%s:%zu: nested deeper than %d levels", r->file,
		    at.line + 1, YAML_DEPTH_MAX);
		return NULL;
	}
	if (!check(r, at,
	    map ? event->data.mapping_start.anchor :
	    event->data.sequence_start.anchor,
	    map ? event->data.mapping_start.tag :
	    event->data.sequence_start.tag, NULL))
		return NULL;
	node = node_new(r, map ? YAML_MAPPING : YAML_SEQUENCE, at, key);
	if (node == NULL)
		return NULL;
	yaml_event_delete(event);
	if (!read_children(r, node, event, depth))
		return NULL;
	if (map && !keys_differ(r, node))
		return NULL;
	return node;
}

/* Stream and document start, the root, and nothing behind it. */
static bool
read_document(struct reader *r, struct yaml_node **ret, yaml_event_t *event)
{
	yaml_mark_t top = {0};
	struct yaml_node *root;

	if (!next(r, event))
		return false;
	yaml_event_delete(event);
	if (!next(r, event))
		return false;
	if (event->type == YAML_STREAM_END_EVENT) {
		root = node_new(r, YAML_SCALAR, top, (struct str){NULL, 0});
		if (root == NULL)
			return false;
		root->text = STR("");
		*ret = root;
		return true;
	}
	yaml_event_delete(event);
	if (!next(r, event))
		return false;
	root = read_node(r, event, (struct str){NULL, 0}, 0);
	if (root == NULL)
		return false;
	yaml_event_delete(event);
	if (!next(r, event)) /* the document's end */
		return false;
	yaml_event_delete(event);
	if (!next(r, event))
		return false;
	if (event->type != YAML_STREAM_END_EVENT)
		return fault(r, event->start_mark,
		    "a second document (---) is not taken");
	*ret = root;
	return true;
}

bool
yaml_parse(struct str bytes, const char *name, struct arena *mem,
    const struct yaml_node **ret, struct err *err)
{
	struct reader r = {.file = name, .mem = mem, .err = err};
	struct yaml_node *root = NULL;
	yaml_event_t event = {0};
	bool ok;

	if (bytes.n > YAML_BYTES_MAX)
		return err_set(err, ERR_LIMIT, ERR_NOWHERE,
		    "%s has more than the %zu bytes allowed", name,
		    YAML_BYTES_MAX);
	if (str_has_prefix(bytes, STR("\xef\xbb\xbf"))) {
		bytes.p += 3;
		bytes.n -= 3;
	}
	if (!yaml_parser_initialize(&r.parser))
		return err_set(err, ERR_SYSTEM, ERR_NOWHERE,
		    "%s: no memory to read it", name);
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r.parser,
	    (const unsigned char *)(bytes.n > 0 ? bytes.p : ""), bytes.n);
	ok = read_document(&r, &root, &event);
	yaml_event_delete(&event);
	yaml_parser_delete(&r.parser);
	if (ok)
		*ret = root;
	return ok;
}

bool
yaml_load(const char *path, struct arena *mem, const struct yaml_node **ret,
    struct err *err)
{
	struct file_map m;
	struct str name = arena_str(mem, str_of(path));
	bool ok;

	if (name.p == NULL)
		return arena_err(mem, path, err);
	if (!file_map(path, YAML_BYTES_MAX, &m, err))
		return false;
	ok = yaml_parse((struct str){m.p, m.n}, name.p, mem, ret, err);
	file_unmap(&m);
	return ok;
}

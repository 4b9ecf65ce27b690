/* SPDX-License-Identifier: ISC
 *
 * Cuts JSON text into values without reading them: brackets are counted
 * outside strings. The JSON reader then judges each value alone, so one bad
 * row does not take the others with it.
 */
#include "cli/items.h"

#include <string.h>

void
items_init(struct items *it, struct source *in, enum items_kind kind)
{
	*it = (struct items){.in = in, .kind = kind};
}

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Pass over white space; *c is the byte behind it, or 0 at the end. */
static bool
peek(struct source *in, char *c, struct err *err)
{
	for (;;) {
		while (in->from < in->to && is_space(in->p[in->from]))
			source_skip(in, 1);
		if (in->from < in->to) {
			*c = in->p[in->from];
			return true;
		}
		if (in->end) {
			*c = 0;
			return true;
		}
		if (!source_more(in, err))
			return false;
	}
}

static enum items_result
fault(const struct source *in, const char *wanted, struct err *err)
{
	err_set(err, ERR_INPUT, (size_t)in->done, "%s: byte %llu: expected %s",
	    in->name, (unsigned long long)in->done + 1, wanted);
	return ITEMS_FAILED;
}

/* How far the value at the front reaches. */
struct extent {
	size_t n, depth;
	bool in_string, escaped, done;
};

static void
extend(struct extent *e, const char *p, size_t n)
{
	for (; e->n < n && !e->done; e->n++) {
		char c = p[e->n];

		if (e->in_string) {
			if (e->escaped)
				e->escaped = false;
			else if (c == '\\')
				e->escaped = true;
			else if (c == '"')
				e->in_string = false;
		} else if (c == '"') {
			e->in_string = true;
		} else if (c == '{' || c == '[') {
			e->depth++;
		} else if (c == '}' || c == ']') {
			if (e->depth <= 1) {
				e->n += e->depth;
				e->done = true;
				return;
			}
			e->depth--;
		} else if (e->depth == 0 && (c == ',' || is_space(c))) {
			e->done = true;
			return;
		}
	}
}

static enum items_result
take_value(struct source *in, struct str *ret, struct err *err)
{
	struct extent e = {0};

	for (;;) {
		extend(&e, in->p + in->from, in->to - in->from);
		if (e.done || in->end)
			break;
		if (!source_more(in, err))
			return ITEMS_FAILED;
	}
	if (e.n == 0)
		return fault(in, "a value", err);
	if (!e.done && e.depth > 0)
		return fault(in, "the value that begins here to end", err);
	*ret = (struct str){in->p + in->from, e.n};
	source_skip(in, e.n);
	return ITEMS_ITEM;
}

static enum items_result
take_line(struct source *in, struct str *ret, struct err *err)
{
	size_t seen = 0;

	for (;;) {
		const char *p = in->p + in->from;
		const char *line = memchr(p + seen, '\n',
		    in->to - in->from - seen);
		size_t n = line != NULL ? (size_t)(line - p) :
		    in->to - in->from;

		if (line == NULL && !in->end) {
			seen = n;
			if (!source_more(in, err))
				return ITEMS_FAILED;
			continue;
		}
		if (line == NULL && n == 0)
			return ITEMS_END;
		source_skip(in, line != NULL ? n + 1 : n);
		*ret = str_trim((struct str){p, n});
		if (ret->n > 0)
			return ITEMS_ITEM;
		seen = 0;
	}
}

static enum items_result
next_in_array(struct items *it, struct str *ret, struct err *err)
{
	struct source *in = it->in;
	bool first = !it->begun;
	char c;

	if (it->ended)
		return ITEMS_END;
	if (!peek(in, &c, err))
		return ITEMS_FAILED;
	if (first) {
		if (c != '[')
			return fault(in, "[", err);
		source_skip(in, 1);
		it->begun = true;
		if (!peek(in, &c, err))
			return ITEMS_FAILED;
	}
	if (c == ']') {
		source_skip(in, 1);
		if (!peek(in, &c, err))
			return ITEMS_FAILED;
		it->ended = c == 0;
		return it->ended ? ITEMS_END :
		    fault(in, "nothing behind the list", err);
	}
	if (!first) {
		if (c != ',')
			return fault(in, ", or ]", err);
		source_skip(in, 1);
		if (!peek(in, &c, err))
			return ITEMS_FAILED;
	}
	return take_value(in, ret, err);
}

enum items_result
items_next(struct items *it, struct str *ret, struct err *err)
{
	char c;

	switch (it->kind) {
	case ITEMS_ARRAY:
		return next_in_array(it, ret, err);
	case ITEMS_LINES:
		return take_line(it->in, ret, err);
	case ITEMS_VALUES:
		break;
	}
	if (!peek(it->in, &c, err))
		return ITEMS_FAILED;
	return c == 0 ? ITEMS_END : take_value(it->in, ret, err);
}

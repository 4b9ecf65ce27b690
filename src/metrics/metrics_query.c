/* SPDX-License-Identifier: ISC
 *
 * The name[] filter of /metrics, as other exporters have it.
 */
#include "metrics/metrics_query.h"

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* In place of a copy; what is no escape stays as it is. */
static struct str
decode(struct str s, struct arena *mem)
{
	char *p = arena_alloc(mem, s.n + 1);
	size_t n = 0;

	if (p == NULL)
		return (struct str){0};
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '%' && i + 2 < s.n && hex(s.p[i + 1]) >= 0 &&
		    hex(s.p[i + 2]) >= 0) {
			p[n++] = (char)(hex(s.p[i + 1]) * 16 +
			    hex(s.p[i + 2]));
			i += 2;
		} else {
			p[n++] = s.p[i];
		}
	}
	return (struct str){p, n};
}

bool
metrics_query_parse(struct str query, struct arena *mem,
    struct metrics_query *ret, struct err *err)
{
	size_t most = 1, n = 0;
	struct str *names;

	for (size_t i = 0; i < query.n; i++)
		most += query.p[i] == '&';
	names = ARENA_ARRAY(mem, most, struct str);
	while (names != NULL && query.n > 0) {
		struct str value = str_cut(&query, '&');
		struct str key = decode(str_cut(&value, '='), mem);

		if (str_eq(key, STR("name[]")))
			names[n++] = decode(value, mem);
	}
	if (mem->over)
		return arena_err(mem, "the names asked for", err);
	*ret = (struct metrics_query){names, n};
	return true;
}

static bool
name_is(struct str asked, struct str family, const char *suffix)
{
	struct str end = str_of(suffix);

	return asked.n == family.n + end.n && str_has_prefix(asked, family) &&
	    str_has_suffix(asked, end);
}

bool
metrics_query_has(const struct metrics_query *q, const struct metric *m)
{
	struct str family = metric_family(m);

	for (size_t i = 0; i < q->n; i++) {
		if (str_eq(q->names[i], str_of(m->name)) ||
		    str_eq(q->names[i], family))
			return true;
		if (m->type == METRIC_HISTOGRAM &&
		    (name_is(q->names[i], family, "_bucket") ||
		        name_is(q->names[i], family, "_sum") ||
		        name_is(q->names[i], family, "_count")))
			return true;
	}
	return q->n == 0;
}

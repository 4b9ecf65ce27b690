/* SPDX-License-Identifier: ISC
 *
 * Universal Binary JSON (draft 12), as far as XGBoost writes it: no numbers
 * in decimal, no objects with a count, packed lists of numbers alone. Every
 * length is held against the bytes that are left before it is believed.
 */
#include "import/doc.h"

#include <string.h>

struct ubjson {
	struct str in;
	size_t at;
	struct arena *mem;
	struct err *err;
};

static bool
bad(struct ubjson *u, const char *what)
{
	return err_set(u->err, ERR_INPUT, u->at, "UBJSON: %s at byte %zu",
	    what, u->at);
}

static bool
full(struct ubjson *u)
{
	return arena_err(u->mem, "the document", u->err);
}

/* Bytes of a number of that type, 0 for what is none. */
static size_t
number_bytes(char type)
{
	switch (type) {
	case 'i': case 'U':
		return 1;
	case 'I':
		return 2;
	case 'l': case 'd':
		return 4;
	case 'L': case 'D':
		return 8;
	default:
		return 0;
	}
}

/* A number that is there; all are big-endian. */
static double
number_at(const char *p, char type)
{
	size_t n = number_bytes(type);
	uint64_t bits = 0;
	uint32_t low;
	double d;
	float f;

	for (size_t i = 0; i < n; i++)
		bits = bits << 8 | (unsigned char)p[i];
	low = (uint32_t)bits;
	switch (type) {
	case 'i':
		return (int8_t)low;
	case 'I':
		return (int16_t)low;
	case 'l':
		return (int32_t)low;
	case 'L':
		return (double)(int64_t)bits;
	case 'd':
		memcpy(&f, &low, sizeof(f));
		return (double)f;
	case 'D':
		memcpy(&d, &bits, sizeof(d));
		return d;
	default:
		return low;
	}
}

/* The next n bytes; NULL, with the error set, where there are fewer. */
static const char *
take(struct ubjson *u, size_t n)
{
	const char *p = u->in.p + u->at;

	if (n > u->in.n - u->at) {
		bad(u, "truncated");
		return NULL;
	}
	u->at += n;
	return p;
}

/* The next byte, no-ops left out. */
static bool
take_marker(struct ubjson *u, char *ret)
{
	const char *p;

	do {
		p = take(u, 1);
		if (p == NULL)
			return false;
	} while (*p == 'N');
	*ret = *p;
	return true;
}

static bool
take_number(struct ubjson *u, char type, double *ret)
{
	const char *p = take(u, number_bytes(type));

	if (p == NULL)
		return false;
	*ret = number_at(p, type);
	return true;
}

/* A length whose `type` has been read: no more than the bytes that are left,
 * as whatever it counts takes a byte at least. */
static bool
take_length(struct ubjson *u, char type, size_t *ret)
{
	double v;

	if (number_bytes(type) == 0 || type == 'd' || type == 'D')
		return bad(u, "a length that is no integer");
	if (!take_number(u, type, &v))
		return false;
	if (!(v >= 0 && v <= (double)(u->in.n - u->at)))
		return bad(u, "a length beyond the end");
	*ret = (size_t)v;
	return true;
}

static bool
take_text(struct ubjson *u, char type, struct str *ret)
{
	if (!take_length(u, type, &ret->n))
		return false;
	ret->p = take(u, ret->n);
	return ret->p != NULL;
}

static bool read_value(struct ubjson *u, char marker, unsigned depth,
    struct doc *d);

/* A list of n numbers of one type. */
static bool
read_packed(struct ubjson *u, struct doc *d)
{
	const char *p;
	char type, marker;
	double *numbers;
	size_t bytes;

	if (!take_marker(u, &type))
		return false;
	bytes = number_bytes(type);
	if (bytes == 0)
		return bad(u, "a packed list of what is no number");
	if (!take_marker(u, &marker))
		return false;
	if (marker != '#')
		return bad(u, "a packed list without a count");
	if (!take_marker(u, &marker) || !take_length(u, marker, &d->n))
		return false;
	if (d->n > (u->in.n - u->at) / bytes)
		return bad(u, "a length beyond the end");
	numbers = ARENA_ARRAY(u->mem, d->n, double);
	if (numbers == NULL)
		return full(u);
	p = take(u, d->n * bytes);
	if (p == NULL)
		return false;
	for (size_t i = 0; i < d->n; i++)
		numbers[i] = number_at(p + i * bytes, type);
	d->kind = DOC_NUMBERS;
	d->numbers = numbers;
	return true;
}

/* What follows '[': a type and a count, a count, or values up to ']'. */
static bool
read_list(struct ubjson *u, unsigned depth, struct doc *d)
{
	struct doc **link = &d->child;
	bool counted = false;
	size_t count = 0;
	char marker;

	if (!take_marker(u, &marker))
		return false;
	if (marker == '$')
		return read_packed(u, d);
	if (marker == '#') {
		counted = true;
		if (!take_marker(u, &marker) ||
		    !take_length(u, marker, &count))
			return false;
	}
	while (counted ? d->n < count : marker != ']') {
		if (counted && !take_marker(u, &marker))
			return false;
		*link = ARENA_NEW(u->mem, struct doc);
		if (*link == NULL)
			return full(u);
		if (!read_value(u, marker, depth, *link))
			return false;
		link = &(*link)->next;
		d->n++;
		if (!counted && !take_marker(u, &marker))
			return false;
	}
	return doc_pack(d, u->mem) || full(u);
}

static bool
read_object(struct ubjson *u, unsigned depth, struct doc *d)
{
	struct doc **link = &d->child;
	char marker;

	d->kind = DOC_OBJECT;
	for (;;) {
		struct str key;

		if (!take_marker(u, &marker))
			return false;
		if (marker == '}')
			return true;
		if (!take_text(u, marker, &key) || !take_marker(u, &marker))
			return false;
		*link = ARENA_NEW(u->mem, struct doc);
		if (*link == NULL)
			return full(u);
		(*link)->key = key;
		if (!read_value(u, marker, depth, *link))
			return false;
		link = &(*link)->next;
		d->n++;
	}
}

static bool
read_value(struct ubjson *u, char marker, unsigned depth, struct doc *d)
{
	if (number_bytes(marker) > 0) {
		d->kind = DOC_NUMBER;
		return take_number(u, marker, &d->number);
	}
	switch (marker) {
	case 'Z':
		return true;
	case 'T': case 'F':
		d->kind = DOC_NUMBER;
		d->number = marker == 'T';
		return true;
	case 'S':
		d->kind = DOC_TEXT;
		return take_marker(u, &marker) &&
		    take_text(u, marker, &d->text);
	case '[': case '{':
		if (depth == DOC_DEPTH_MAX)
			return bad(u, "nested too deep");
		return marker == '[' ? read_list(u, depth + 1, d) :
		    read_object(u, depth + 1, d);
	default:
		u->at--;
		return bad(u, "a value of a kind that is not known");
	}
}

bool
doc_read_ubjson(struct str bytes, struct arena *mem, struct doc **ret,
    struct err *err)
{
	struct ubjson u = {.in = bytes, .mem = mem, .err = err};
	struct doc *d = ARENA_NEW(mem, struct doc);
	char marker;

	if (d == NULL)
		return full(&u);
	if (!take_marker(&u, &marker) || !read_value(&u, marker, 0, d))
		return false;
	if (u.at != bytes.n)
		return bad(&u, "more behind the end");
	*ret = d;
	return true;
}

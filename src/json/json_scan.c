/* SPDX-License-Identifier: ISC
 *
 * RFC 8259, byte by byte, without recursion: the kind of each open container
 * is a bit of a stack word. Every read is behind a comparison with the end.
 * Offsets in errors are those of the text as it was sent, byte order mark
 * included. What passes here is what cJSON reads, and means the same there.
 */
#include "json/json_scan.h"

#include <assert.h>
#include <string.h>

/* What may stand next. */
enum want {
	WANT_VALUE,
	WANT_VALUE_OR_END, /* after '[' */
	WANT_KEY,
	WANT_KEY_OR_END,   /* after '{' */
	WANT_COMMA_OR_END, /* after a value */
};

struct reader {
	const unsigned char *p;
	size_t i, n;
	uint64_t objects; /* bit d: the container at depth d is an object */
	unsigned depth;
	struct err *err;
};

static bool
fail(const struct reader *r, size_t at, const char *sentence)
{
	return err_set(r->err, ERR_INPUT, at, "%s", sentence);
}

/* What ends a run of plain bytes in a string: its end, an escape, a byte that
 * may not stand there, and the first of a character that is not ASCII. */
static const bool ends_run[256] = {
    [0 ... 0x1f] = true, ['"'] = true, ['\\'] = true,
    [0x80 ... 0xff] = true,
};

/* The byte at the place reached, or 0 at the end: NUL is valid nowhere. */
static inline unsigned char
peek(const struct reader *r)
{
	return r->i < r->n ? r->p[r->i] : 0;
}

static inline bool
is_digit(unsigned char c)
{
	return c >= '0' && c <= '9';
}

static inline void
skip_space(struct reader *r)
{
	while (r->i < r->n && r->p[r->i] <= ' ' && (r->p[r->i] == ' ' ||
	    r->p[r->i] == '\n' || r->p[r->i] == '\r' ||
	    r->p[r->i] == '\t'))
		r->i++;
}

static bool
skip_digits(struct reader *r)
{
	size_t from = r->i;

	while (is_digit(peek(r)))
		r->i++;
	return r->i > from;
}

static bool
scan_number(struct reader *r, bool *integer)
{
	size_t from = r->i;

	*integer = true;
	if (peek(r) == '-')
		r->i++;
	if (peek(r) == '0') {
		r->i++;
		if (is_digit(peek(r)))
			return fail(r, from, "a number starts with 0");
	} else if (peek(r) == 'I') {
		return fail(r, from, "infinity is not a JSON number");
	} else if (!skip_digits(r)) {
		return fail(r, r->i, "a digit is missing after the sign");
	}
	if (peek(r) == '.') {
		*integer = false;
		r->i++;
		if (!skip_digits(r))
			return fail(r, r->i,
			    "a digit is missing after the decimal point");
	}
	if (peek(r) == 'e' || peek(r) == 'E') {
		*integer = false;
		r->i++;
		if (peek(r) == '+' || peek(r) == '-')
			r->i++;
		if (!skip_digits(r))
			return fail(r, r->i,
			    "a digit is missing in the exponent");
	}
	if (r->i - from > JSON_NUMBER_MAX)
		return err_set(r->err, ERR_INPUT, from,
		    "a number is longer than %d characters", JSON_NUMBER_MAX);
	return true;
}

/* Four hexadecimal digits. */
static bool
scan_hex(struct reader *r, unsigned *ret)
{
	unsigned v = 0;

	for (int k = 0; k < 4; k++) {
		unsigned char c = peek(r), low = c | 0x20;

		if (is_digit(c))
			v = v << 4 | (unsigned)(c - '0');
		else if (low >= 'a' && low <= 'f')
			v = v << 4 | (unsigned)(low - 'a' + 10);
		else
			return fail(r, r->i,
			    "\\u wants four hexadecimal digits");
		r->i++;
	}
	*ret = v;
	return true;
}

/* After a backslash, which stands at `from`. */
static bool
scan_escape(struct reader *r, size_t from)
{
	unsigned first, second;

	switch (peek(r)) {
	case '"':
	case '\\':
	case '/':
	case 'b':
	case 'f':
	case 'n':
	case 'r':
	case 't':
		r->i++;
		return true;
	case 'u':
		r->i++;
		break;
	default:
		return fail(r, from, "a backslash starts no known escape");
	}
	if (!scan_hex(r, &first))
		return false;
	if (first == 0)
		return fail(r, from, "a string holds \\u0000, which no value "
		    "of a column may");
	if (first < 0xd800 || first > 0xdfff)
		return true;
	if (first > 0xdbff || r->n - r->i < 6 ||
	    memcmp(r->p + r->i, "\\u", 2) != 0)
		return fail(r, from, "a string holds half a surrogate pair");
	r->i += 2;
	if (!scan_hex(r, &second))
		return false;
	if (second < 0xdc00 || second > 0xdfff)
		return fail(r, from, "a string holds half a surrogate pair");
	return true;
}

static bool
scan_string(struct reader *r)
{
	size_t from = r->i++, bad;
	bool wide = false;

	for (;;) {
		size_t i = r->i;
		unsigned char c;

		while (i < r->n && !ends_run[r->p[i]])
			i++;
		r->i = i;
		if (i >= r->n)
			return fail(r, from, "a string has no end");
		c = r->p[r->i++];
		if (c == '"')
			break;
		if (c >= 0x80)
			wide = true;
		else if (c != '\\')
			return fail(r, i, "a control character stands "
			    "bare in a string");
		else if (!scan_escape(r, i))
			return false;
	}
	/* Strings of ASCII alone, nearly all, are not looked at twice. */
	if (wide && !str_is_utf8((struct str){
	    (const char *)r->p + from + 1, r->i - from - 2}, &bad))
		return fail(r, from + 1 + bad, "a string is not UTF-8");
	return true;
}

static bool
scan_word(struct reader *r, const char *word)
{
	size_t n = strlen(word);

	if (r->n - r->i < n || memcmp(r->p + r->i, word, n) != 0)
		return fail(r, r->i, "expected a value");
	r->i += n;
	return true;
}

static bool
open_container(struct reader *r, const struct json_limits *limits, bool object)
{
	uint64_t bit;

	if (r->depth >= limits->depth)
		return err_set(r->err, ERR_INPUT, r->i,
		    "nested deeper than %u levels", limits->depth);
	bit = UINT64_C(1) << r->depth++;
	r->objects = object ? r->objects | bit : r->objects & ~bit;
	r->i++;
	return true;
}

static bool
in_object(const struct reader *r)
{
	return r->objects >> (r->depth - 1) & 1;
}

static void
note_item(struct json_scan *s, char first)
{
	if (s->odd == s->items && first == '{')
		s->odd++;
	else if (s->odd == s->items)
		s->odd_first = first;
	s->items++;
}

/* A value that starts at the place reached. */
static bool
scan_value(struct reader *r, const struct json_limits *limits,
    struct json_scan *s, enum want *want)
{
	unsigned char c = peek(r);
	bool integer;

	if (++s->values > limits->values)
		return err_set(r->err, ERR_LIMIT, r->i,
		    "more than %zu JSON values in one text", limits->values);
	if (r->depth == 0)
		s->first = (char)c;
	else if (r->depth == 1 && s->first == '[')
		note_item(s, (char)c);
	*want = WANT_COMMA_OR_END;
	switch (c) {
	case '{':
		*want = WANT_KEY_OR_END;
		return open_container(r, limits, true);
	case '[':
		*want = WANT_VALUE_OR_END;
		return open_container(r, limits, false);
	case '"':
		return scan_string(r);
	case 't':
		return scan_word(r, "true");
	case 'f':
		return scan_word(r, "false");
	case 'n':
		return scan_word(r, "null");
	case 'N':
	case 'I':
		return fail(r, r->i, "NaN and Infinity are not JSON numbers");
	default:
		break;
	}
	if (c != '-' && !is_digit(c))
		return fail(r, r->i, r->i < r->n ? "expected a value" :
		    "the text ends where a value is expected");
	if (!scan_number(r, &integer))
		return false;
	if (integer)
		s->integers[s->numbers / 8] |=
		    (uint8_t)(1u << s->numbers % 8);
	s->numbers++;
	return true;
}

static bool
scan_key(struct reader *r)
{
	if (peek(r) != '"')
		return fail(r, r->i, "expected a key in double quotes");
	if (!scan_string(r))
		return false;
	skip_space(r);
	if (peek(r) != ':')
		return fail(r, r->i, "expected ':' after a key");
	r->i++;
	return true;
}

/* After a value inside a container: the next one, or its end. */
static bool
scan_comma(struct reader *r, enum want *want)
{
	if (peek(r) != ',')
		return fail(r, r->i, in_object(r) ?
		    "expected ',' or '}' after a value" :
		    "expected ',' or ']' after a value");
	r->i++;
	*want = in_object(r) ? WANT_KEY : WANT_VALUE;
	return true;
}

static bool
at_end_of_container(const struct reader *r, enum want want)
{
	switch (want) {
	case WANT_KEY_OR_END:
		return peek(r) == '}';
	case WANT_VALUE_OR_END:
		return peek(r) == ']';
	case WANT_COMMA_OR_END:
		return peek(r) == (in_object(r) ? '}' : ']');
	default:
		return false;
	}
}

static bool
scan_text(struct reader *r, const struct json_limits *limits,
    struct json_scan *s)
{
	enum want want = WANT_VALUE;
	bool good = true;

	do {
		skip_space(r);
		if (r->depth > 0 && at_end_of_container(r, want)) {
			r->i++;
			r->depth--;
			want = WANT_COMMA_OR_END;
			continue;
		}
		switch (want) {
		case WANT_KEY:
		case WANT_KEY_OR_END:
			good = scan_key(r);
			want = WANT_VALUE;
			break;
		case WANT_VALUE:
		case WANT_VALUE_OR_END:
			good = scan_value(r, limits, s, &want);
			break;
		case WANT_COMMA_OR_END:
			good = scan_comma(r, &want);
			break;
		}
	} while (good && (r->depth > 0 || want != WANT_COMMA_OR_END));
	if (!good)
		return false;
	skip_space(r);
	if (r->i < r->n)
		return fail(r, r->i, "something follows the JSON text");
	return true;
}

bool
json_scan(struct arena *mem, struct str text,
    const struct json_limits *limits, struct json_scan *ret, struct err *err)
{
	static const struct str bom = {"\xef\xbb\xbf", 3};
	struct reader r = {
	    .p = (const unsigned char *)text.p, .n = text.n, .err = err};
	/* Numbers have a byte between them, so n / 2 + 1 is room for all. */
	struct json_scan s = {
	    .integers = arena_array(mem, text.n / 16 + 1, 1)};

	assert(limits->depth <= JSON_DEPTH_MAX);
	if (text.n == 0)
		return err_set(err, ERR_INPUT, 0, "the text is empty");
	if (s.integers == NULL)
		return arena_err(mem, "the JSON text", err);
	if (str_has_prefix(text, bom))
		r.i = bom.n;
	s.text = (struct str){text.p + r.i, text.n - r.i};
	if (!scan_text(&r, limits, &s))
		return false;
	*ret = s;
	return true;
}

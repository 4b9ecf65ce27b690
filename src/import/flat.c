/* SPDX-License-Identifier: ISC
 *
 * FlatBuffers: tables that point at lists of their fields' places. Every
 * offset is held against the bytes before it is followed; tables may share
 * parts, so who walks them counts.
 */
#include "import/flat.h"

#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
    "numbers are used as they lie in the file");

/* n bytes at `at` into *ret. */
static bool
take(struct str bytes, size_t at, size_t n, void *ret)
{
	if (at > bytes.n || n > bytes.n - at)
		return false;
	memcpy(ret, bytes.p + at, n);
	return true;
}

/* What the offset at `at` leads to. */
static bool
follow(struct str bytes, size_t at, size_t *ret)
{
	uint32_t offset;

	if (!take(bytes, at, sizeof(offset), &offset) ||
	    offset > bytes.n - at)
		return false;
	*ret = at + offset;
	return true;
}

static bool
open_table(struct str bytes, size_t at, struct flat *ret)
{
	uint16_t size;
	int32_t back;
	int64_t fields;

	if (!take(bytes, at, sizeof(back), &back))
		return false;
	fields = (int64_t)at - back;
	if (fields < 0 || !take(bytes, (size_t)fields, sizeof(size), &size) ||
	    size < 4 || size > bytes.n - (size_t)fields)
		return false;
	*ret = (struct flat){.bytes = bytes, .at = at,
	    .fields = (size_t)fields + 4, .n = (size - 4u) / 2};
	return true;
}

bool
flat_root(struct str bytes, struct flat *ret)
{
	size_t at;

	return follow(bytes, 0, &at) && open_table(bytes, at, ret);
}

/* Where a field lies; 0 where it is not there. */
static bool
place(const struct flat *t, uint32_t field, size_t *ret)
{
	uint16_t offset = 0;

	if (field < t->n && !take(t->bytes, t->fields + 2 * (size_t)field,
		sizeof(offset), &offset))
		return false;
	*ret = offset == 0 ? 0 : t->at + offset;
	return true;
}

bool
flat_table(const struct flat *t, uint32_t field, struct flat *ret,
    bool *there)
{
	size_t at;

	if (!place(t, field, &at))
		return false;
	*there = at != 0;
	return at == 0 || (follow(t->bytes, at, &at) &&
	    open_table(t->bytes, at, ret));
}

bool
flat_int(const struct flat *t, uint32_t field, size_t bytes,
    int64_t otherwise, int64_t *ret)
{
	size_t at;
	int32_t v;
	int8_t byte;

	if (!place(t, field, &at))
		return false;
	*ret = otherwise;
	if (at == 0)
		return true;
	if (bytes == 1) {
		if (!take(t->bytes, at, sizeof(byte), &byte))
			return false;
		*ret = byte;
		return true;
	}
	if (!take(t->bytes, at, sizeof(v), &v))
		return false;
	*ret = v;
	return true;
}

bool
flat_double(const struct flat *t, uint32_t field, double otherwise,
    double *ret)
{
	size_t at;

	if (!place(t, field, &at))
		return false;
	*ret = otherwise;
	return at == 0 || take(t->bytes, at, sizeof(*ret), ret);
}

bool
flat_list(const struct flat *t, uint32_t field, size_t item_bytes,
    struct flat_list *ret)
{
	size_t at;

	*ret = (struct flat_list){.bytes = t->bytes};
	if (!place(t, field, &at))
		return false;
	if (at == 0)
		return true;
	if (!follow(t->bytes, at, &at) ||
	    !take(t->bytes, at, sizeof(ret->n), &ret->n))
		return false;
	ret->at = at + 4;
	return ret->n <= (t->bytes.n - ret->at) / item_bytes;
}

bool
flat_text(const struct flat *t, uint32_t field, struct str *ret)
{
	struct flat_list l;

	if (!flat_list(t, field, 1, &l))
		return false;
	*ret = (struct str){l.n > 0 ? t->bytes.p + l.at : "", l.n};
	return true;
}

bool
flat_item(const struct flat_list *l, uint32_t i, struct flat *ret)
{
	size_t at;

	return follow(l->bytes, l->at + 4 * (size_t)i, &at) &&
	    open_table(l->bytes, at, ret);
}

#define FLAT_NUMBER(name, type) \
	type \
	name(const struct flat_list *l, uint32_t i) \
	{ \
		type v; \
		\
		memcpy(&v, l->bytes.p + l->at + sizeof(v) * i, sizeof(v)); \
		return v; \
	}
FLAT_NUMBER(flat_int32, int32_t)
FLAT_NUMBER(flat_uint16, uint16_t)
FLAT_NUMBER(flat_float32, float)
FLAT_NUMBER(flat_float64, double)
#undef FLAT_NUMBER

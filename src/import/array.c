/* SPDX-License-Identifier: ISC
 *
 * Items out of arrays, whatever their width, byte order and place.
 */
#include "import/array.h"

#include <string.h>

#include "import/text.h"

/* Where item i of C order stands in the file. */
static size_t
place(const struct array *a, size_t i)
{
	size_t at = 0, step[ARRAY_DIMS_MAX], unit = 1;

	if (!a->fortran || a->n_dims < 2)
		return i;
	for (uint32_t d = 0; d < a->n_dims; d++) {
		step[d] = unit;
		unit *= a->dim[d];
	}
	for (uint32_t d = a->n_dims; d-- > 0;) {
		at += i % a->dim[d] * step[d];
		i /= a->dim[d];
	}
	return at;
}

/* The bytes of a number, in the host's order. */
static uint64_t
number_bits(const struct array *a, size_t i)
{
	const char *p = a->p + place(a, i) * a->stride;
	uint16_t u16;
	uint32_t u32;
	uint64_t u64;

	switch (a->dtype.item_bytes) {
	case 2:
		memcpy(&u16, p, sizeof(u16));
		return a->dtype.swap ? __builtin_bswap16(u16) : u16;
	case 4:
		memcpy(&u32, p, sizeof(u32));
		return a->dtype.swap ? __builtin_bswap32(u32) : u32;
	case 8:
		memcpy(&u64, p, sizeof(u64));
		return a->dtype.swap ? __builtin_bswap64(u64) : u64;
	default:
		return (unsigned char)*p;
	}
}

static int64_t
sign_extend(uint64_t bits, size_t bytes)
{
	unsigned shift = 64 - 8 * (unsigned)bytes;

	return (int64_t)(bits << shift) >> shift;
}

bool
array_number(const struct array *a, size_t i, double *ret)
{
	uint64_t bits;
	uint32_t half;
	float f;

	if (i >= a->count)
		return false;
	switch (a->dtype.type) {
	case ARRAY_BOOL:
		*ret = number_bits(a, i) != 0;
		return true;
	case ARRAY_INT:
		*ret = (double)sign_extend(number_bits(a, i),
		    a->dtype.item_bytes);
		return true;
	case ARRAY_UINT:
		*ret = (double)number_bits(a, i);
		return true;
	case ARRAY_FLOAT:
		bits = number_bits(a, i);
		if (a->dtype.item_bytes == 8) {
			memcpy(ret, &bits, sizeof(*ret));
		} else {
			half = (uint32_t)bits;
			memcpy(&f, &half, sizeof(f));
			*ret = (double)f;
		}
		return true;
	case ARRAY_OBJECT:
		return value_number(array_node(a, i), ret);
	default:
		return false;
	}
}

/* UCS-4 with its padding of NULs to UTF-8. */
static bool
decode_text(const struct array *a, size_t i, struct arena *mem,
    struct str *ret)
{
	const char *p = a->p + place(a, i) * a->stride;
	size_t n = a->dtype.item_bytes / 4, out = 0;
	char *text = mem != NULL ? arena_array(mem, n + 1, 4) : NULL;

	if (text == NULL)
		return false;
	for (size_t k = 0; k < n; k++) {
		uint32_t c;

		memcpy(&c, p + 4 * k, sizeof(c));
		if (a->dtype.swap)
			c = __builtin_bswap32(c);
		if (c == 0)
			break;
		if (c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
			return false;
		out += text_put_utf8(text + out, c);
	}
	*ret = (struct str){text, out};
	return true;
}

struct value
array_value(const struct array *a, size_t i, struct arena *mem)
{
	struct value v = {.kind = VALUE_OTHER};

	if (i >= a->count)
		return v;
	switch (a->dtype.type) {
	case ARRAY_OBJECT:
		return value_of(array_node(a, i), mem);
	case ARRAY_BOOL:
	case ARRAY_INT:
	case ARRAY_UINT:
		v.integer = a->dtype.type == ARRAY_INT ?
		    sign_extend(number_bits(a, i), a->dtype.item_bytes) :
		    (int64_t)number_bits(a, i);
		if (!array_number(a, i, &v.number))
			break;
		v.kind = a->dtype.type == ARRAY_BOOL ? VALUE_BOOL : VALUE_INT;
		break;
	case ARRAY_FLOAT:
		if (array_number(a, i, &v.number))
			v.kind = VALUE_FLOAT;
		break;
	case ARRAY_TEXT:
		if (decode_text(a, i, mem, &v.text))
			v.kind = VALUE_TEXT;
		break;
	default:
		break;
	}
	return v;
}

const struct node *
array_node(const struct array *a, size_t i)
{
	return a->list != NULL ? a->list->items[place(a, i)] : NULL;
}

bool
array_field(const struct array *a, const char *name, struct array *ret,
    struct err *err)
{
	const struct node *field;
	struct array sub = *a;
	double offset;

	if (a->dtype.type != ARRAY_RECORD)
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "expected an array of records");
	for (uint32_t i = 0; i + 1 < a->dtype.fields->n; i += 2) {
		if (!node_is_text(a->dtype.fields->items[i], name))
			continue;
		field = a->dtype.fields->items[i + 1];
		if (!array_dtype(node_item(field, 0), &sub.dtype, err))
			return false;
		if (!value_number(node_item(field, 1), &offset) ||
		    offset < 0 ||
		    offset > (double)a->dtype.item_bytes ||
		    (size_t)offset + sub.dtype.item_bytes >
			a->dtype.item_bytes || sub.dtype.has_object)
			return err_set(err, ERR_INPUT, ERR_NOWHERE,
			    "the field %s does not lie in its record", name);
		if (sub.count > 0)
			sub.p += (size_t)offset;
		*ret = sub;
		return true;
	}
	return err_set(err, ERR_INPUT, ERR_NOWHERE, "no field %s", name);
}

double *
array_doubles(const struct array *a, struct arena *mem)
{
	double *out = ARENA_ARRAY(mem, a->count > 0 ? a->count : 1, double);

	for (size_t i = 0; out != NULL && i < a->count; i++)
		if (!array_number(a, i, &out[i]))
			return NULL;
	return out;
}

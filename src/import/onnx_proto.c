/* SPDX-License-Identifier: ISC
 *
 * The protobuf of an ONNX file. protobuf-c reads it by the format's own
 * schema; since it recurses as deep as the bytes say, they are first walked
 * here by the same schema, with a bound on the depth. It allocates in the
 * arena, so what it may take is bounded as well.
 */
#include "import/onnx_proto.h"

enum {
	/* A sequence of maps in a graph of a model is 8 messages deep. */
	DEPTH_MAX = 24,
	WIRE_VARINT = 0,
	WIRE_64 = 1,
	WIRE_BYTES = 2,
	WIRE_32 = 5,
};

struct walk {
	const uint8_t *start;
	struct err *err;
};

static bool
bad(const struct walk *w, const uint8_t *at, const char *what)
{
	return err_set(w->err, ERR_INPUT, (size_t)(at - w->start),
	    "is a damaged ONNX model: %s", what);
}

static bool
varint(const struct walk *w, const uint8_t **p, const uint8_t *end,
    uint64_t *ret)
{
	const uint8_t *at = *p;
	uint64_t v = 0;

	for (unsigned shift = 0; shift < 64 && at < end; shift += 7) {
		uint8_t byte = *at++;

		v |= (uint64_t)(byte & 0x7f) << shift;
		if ((byte & 0x80) == 0) {
			*p = at;
			*ret = v;
			return true;
		}
	}
	return bad(w, *p, "a number that does not end");
}

static const ProtobufCFieldDescriptor *
field_of(const ProtobufCMessageDescriptor *d, uint64_t id)
{
	for (unsigned i = 0; d != NULL && i < d->n_fields; i++)
		if (d->fields[i].id == id)
			return &d->fields[i];
	return NULL;
}

/* Fields that the schema does not know are skipped, as protobuf asks. */
static bool
walk_message(const struct walk *w, const ProtobufCMessageDescriptor *d,
    const uint8_t *p, const uint8_t *end, unsigned depth)
{
	while (p < end) {
		const ProtobufCFieldDescriptor *field;
		const uint8_t *tag_at = p;
		uint64_t tag, n;

		if (!varint(w, &p, end, &tag))
			return false;
		if (tag >> 3 == 0 || tag > UINT32_MAX)
			return bad(w, tag_at, "a field without a number");
		switch (tag & 7) {
		case WIRE_VARINT:
			if (!varint(w, &p, end, &n))
				return false;
			continue;
		case WIRE_64:
			n = 8;
			break;
		case WIRE_32:
			n = 4;
			break;
		case WIRE_BYTES:
			if (!varint(w, &p, end, &n))
				return false;
			break;
		default:
			return bad(w, tag_at, "a field of no known type");
		}
		if (n > (size_t)(end - p))
			return bad(w, tag_at, "it ends too early");
		field = field_of(d, tag >> 3);
		if ((tag & 7) == WIRE_BYTES && field != NULL &&
		    field->type == PROTOBUF_C_TYPE_MESSAGE) {
			if (depth == 0)
				return err_set(w->err, ERR_LIMIT,
				    (size_t)(tag_at - w->start),
				    "is an ONNX model nested deeper than %d",
				    DEPTH_MAX);
			if (!walk_message(w, field->descriptor, p, p + n,
				depth - 1))
				return false;
		}
		p += n;
	}
	return true;
}

static void *
allocate(void *mem, size_t n)
{
	return arena_alloc(mem, n);
}

static void
forget(void *mem, void *p)
{
	(void)mem;
	(void)p;
}

bool
onnx_unpack(struct str bytes, struct arena *mem, const Onnx__ModelProto **ret,
    struct err *err)
{
	const struct walk w = {.start = (const uint8_t *)bytes.p, .err = err};
	ProtobufCAllocator arena = {.alloc = allocate, .free = forget,
	    .allocator_data = mem};

	if (!walk_message(&w, &onnx__model_proto__descriptor, w.start,
		w.start + bytes.n, DEPTH_MAX))
		return false;
	*ret = onnx__model_proto__unpack(&arena, bytes.n, w.start);
	if (*ret != NULL)
		return true;
	if (mem->over)
		return arena_err(mem, "the ONNX model", err);
	return err_set(err, ERR_INPUT, ERR_NOWHERE,
	    "is a damaged ONNX model: its fields do not fit the schema");
}

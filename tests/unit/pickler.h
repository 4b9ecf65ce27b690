/* SPDX-License-Identifier: ISC */
#ifndef TESTS_UNIT_PICKLER_H
#define TESTS_UNIT_PICKLER_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * Writes pickles, right ones and wrong ones, opcode by opcode. Each function
 * leaves one more value on the reader's stack, unless it says otherwise.
 */
struct pickler {
	char bytes[1 << 16];
	size_t n;
};

static inline void
p_raw(struct pickler *p, const void *bytes, size_t n)
{
	assert(n <= sizeof(p->bytes) - p->n);
	memcpy(p->bytes + p->n, bytes, n);
	p->n += n;
}

static inline void
p_op(struct pickler *p, int op)
{
	char c = (char)op;

	p_raw(p, &c, 1);
}

static inline void
p_u32(struct pickler *p, uint32_t v)
{
	p_raw(p, &v, sizeof(v)); /* little-endian, as the tests' machines */
}

static inline void
p_start(struct pickler *p)
{
	p->n = 0;
	p_raw(p, "\x80\x04", 2);
}

static inline void
p_text(struct pickler *p, const char *text)
{
	p_op(p, 'X');
	p_u32(p, (uint32_t)strlen(text));
	p_raw(p, text, strlen(text));
}

static inline void
p_int(struct pickler *p, int32_t v)
{
	p_op(p, 'J');
	p_u32(p, (uint32_t)v);
}

static inline void
p_float(struct pickler *p, double v)
{
	uint64_t bits;

	memcpy(&bits, &v, sizeof(bits));
	bits = __builtin_bswap64(bits);
	p_op(p, 'G');
	p_raw(p, &bits, sizeof(bits));
}

static inline void
p_bool(struct pickler *p, bool v)
{
	p_op(p, v ? 0x88 : 0x89);
}

static inline void
p_global(struct pickler *p, const char *module, const char *name)
{
	p_op(p, 'c');
	p_raw(p, module, strlen(module));
	p_op(p, '\n');
	p_raw(p, name, strlen(name));
	p_op(p, '\n');
}

/* class() with a state to come: p_key ... p_end_object around it. */
static inline void
p_object(struct pickler *p, const char *module, const char *name)
{
	p_global(p, module, name);
	p_raw(p, ")\x81}(", 4); /* no arguments, NEWOBJ, a dict, a mark */
}

static inline void
p_end_object(struct pickler *p)
{
	p_raw(p, "ub", 2);
}

/* numpy.dtype(code) for plain items. */
static inline void
p_dtype(struct pickler *p, const char *code)
{
	p_global(p, "numpy", "dtype");
	p_text(p, code);
	p_raw(p, "\x89\x88\x87R", 4);
	p_raw(p, "(K\x03", 3);
	p_text(p, code[0] == 'O' || code[1] == '1' ? "|" : "<");
	p_raw(p, "NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xff", 13);
	p_raw(p, code[0] == 'O' ? "K\x3f" : "K\x00", 2);
	p_raw(p, "tb", 2);
}

/* An array of `code` items over dims[], the items' bytes given. */
static inline void
p_array(struct pickler *p, const char *code, const int32_t *dims,
    size_t n_dims, const void *bytes, size_t n, const char *order)
{
	p_global(p, "numpy._core.numeric", "_frombuffer");
	p_op(p, '(');
	p_op(p, 'B');
	p_u32(p, (uint32_t)n);
	p_raw(p, bytes, n);
	p_dtype(p, code);
	p_op(p, '(');
	for (size_t i = 0; i < n_dims; i++)
		p_int(p, dims[i]);
	p_op(p, 't');
	p_text(p, order);
	p_raw(p, "tR", 2);
}

static inline void
p_doubles(struct pickler *p, const double *v, int32_t n)
{
	p_array(p, "f8", &n, 1, v, (size_t)n * sizeof(*v), "C");
}

static inline void
p_stop(struct pickler *p)
{
	p_op(p, '.');
}

#endif

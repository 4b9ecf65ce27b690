/* SPDX-License-Identifier: ISC */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

/*
 * How a failure is told. A function that can fail returns bool, takes its
 * inputs first, then what it returns, then `struct err *` last. Failure
 * touches only the err, success touches only the result.
 */
enum err_kind {
	ERR_INPUT,  /* the bytes given are wrong: mend the input */
	ERR_LIMIT,  /* a declared limit was reached: mend the limit or input */
	ERR_MODEL,  /* the model cannot do what is asked of it */
	ERR_SYSTEM, /* the operating system said no: errno is in the text */
};

#define ERR_NOWHERE ((size_t)-1)

struct err {
	enum err_kind kind;
	size_t at;      /* byte offset in the input, or ERR_NOWHERE */
	char text[1024];/* one line: what, where, how to mend it */
};

/* Fill *err and return false, so `return err_set(...)` reads as one step. */
bool err_set(struct err *err, enum err_kind kind, size_t at, const char *fmt,
    ...) PRINTF_LIKE(4, 5);
/* err_set(ERR_SYSTEM) with ": " and the text of errno behind the sentence,
 * and what to do where that is a shortage. */
bool err_system(struct err *err, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Put "context: " before the sentence; returns false. */
bool err_context(struct err *err, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif

/* SPDX-License-Identifier: ISC */
#ifndef BENCH_ENGINE_H
#define BENCH_ENGINE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * One engine of the comparison: loop.c with one such file is one program.
 * What is timed is `predict` alone, called from the same loop for all.
 */

/* The rows that are scored, row by row; numbers in both widths, so that no
 * engine pays for a conversion that its own interface does not need. */
struct rows {
	size_t n, columns;
	const char **names;
	const bool *is_text;  /* a column */
	const char **texts;   /* a cell; NULL for numbers, as the others for
	                       * texts are 0 */
	const size_t *lengths;/* of the texts */
	const double *doubles;
	const float *floats;
};

/* Load the model; `library` is the engine's own, "-" where it has none. */
void engine_open(const char *library, const char *model, const char *option,
    const struct rows *rows);
/* Score n rows from `first` on, answers left where the engine leaves them. */
void engine_predict(const struct rows *rows, size_t first, size_t n);
/* The answers of the last predict, as one number a row: the probability of
 * class 1, or the regression's. */
void engine_fetch(size_t n, double *answers);

/* --- for engines --------------------------------------------------------- */

/* Say why on standard error and leave. */
_Noreturn void fail(const char *format, ...)
    __attribute__((format(printf, 1, 2)));
void *allocate(size_t n, size_t size);
void *load(const char *library);
/* A function of it; the result is assigned to a pointer of the right type. */
void *find(void *library, const char *name);

/* The greatest batch. */
enum { BATCH_MAX = 1000 };

#endif

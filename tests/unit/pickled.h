/* SPDX-License-Identifier: ISC */
#ifndef TESTS_UNIT_PICKLED_H
#define TESTS_UNIT_PICKLED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "import/import.h"
#include "model/model.h"
#include "pickler.h"

/* Estimators over two columns as pickles, attribute by attribute, and what
 * the importer says of them. */

static struct arena mem;
static struct pickler p;
static struct err err;

static inline struct model *
import_p(void)
{
	const struct import_options options = {0};
	struct model_build *build;
	struct str image;
	struct model *m;

	if (!import_bytes((struct str){p.bytes, p.n}, "f", &options, &mem,
	    &build, &err) || !model_image(build, &image, &err))
		return NULL;
	assert_true(model_open_bytes(image, &m, &err));
	return m;
}

static inline void
assert_refused(const char *sentence)
{
	p_end_object(&p);
	p_op(&p, '.');
	assert_null(import_p());
	if (strstr(err.text, sentence) == NULL)
		fail_msg("got \"%s\", want \"%s\"", err.text, sentence);
	arena_reset(&mem, 1 << 16);
}

static inline void
list_begin(const char *name)
{
	p_text(&p, name);
	p_raw(&p, "](", 2);
}

static inline void
list_end(void)
{
	p_op(&p, 'e');
}

static inline void
number(const char *name, double v)
{
	p_text(&p, name);
	p_float(&p, v);
}

static inline void
numbers(const char *name, const double *v, int32_t n)
{
	p_text(&p, name);
	p_doubles(&p, v, n);
}

static inline void
word(const char *name, const char *v)
{
	p_text(&p, name);
	p_text(&p, v);
}

static inline void
begin(const char *module, const char *name)
{
	p_start(&p);
	p_object(&p, module, name);
	number("n_features_in_", 2);
	word("_sklearn_version", "1.7.2");
}

/* The first of `coef` over as many columns as there are, plus 3. */
static inline void
put_linear(const char *module, const char *name, int32_t n)
{
	static const double coef[] = {2, -1, 10}, classes[] = {0, 1};

	p_object(&p, module, name);
	number("n_features_in_", n);
	numbers("coef_", coef, n);
	number("intercept_", 3);
	if (strstr(name, "SVC") != NULL)
		numbers("classes_", classes, 2);
	p_end_object(&p);
}

static inline void
put_regression(int32_t n)
{
	put_linear("sklearn.linear_model._base", "LinearRegression", n);
}

static inline void
put_svc(void)
{
	put_linear("sklearn.svm._classes", "LinearSVC", 2);
}

static inline void
matrix(const char *name, const double *v, int32_t rows, int32_t columns)
{
	const int32_t dims[] = {rows, columns};

	p_text(&p, name);
	p_array(&p, "f8", dims, 2, v,
	    (size_t)rows * (size_t)columns * sizeof(*v), "C");
}

#endif

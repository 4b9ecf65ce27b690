/* SPDX-License-Identifier: ISC */
#ifndef TESTS_UNIT_IMPORT_FIXTURE_H
#define TESTS_UNIT_IMPORT_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/err.h"
#include "base/str.h"
#include "model/model_build.h"

/* What the tests of importers share: bytes to a model, or to a message. */

/* Of the last import that failed. */
extern char message[sizeof(((struct err *)NULL)->text)];

/* The group's set-up and tear-down, and a test's tear-down. */
int import_begin(void **state);
int import_end(void **state);
int import_forget(void **state);
/* NULL and `message` where it is refused. Good until the test ends; the
 * caller closes it. */
struct model *import_str(struct str bytes);
/* The import fails with this in its message. */
void assert_refused_str(struct str bytes, const char *sentence);
/* Output k for one row; NaN where the row is refused. */
double score_output(const struct model *m, const double *cells, uint32_t k);

#endif

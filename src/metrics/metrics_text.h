/* SPDX-License-Identifier: ISC */
#ifndef METRICS_METRICS_TEXT_H
#define METRICS_METRICS_TEXT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "metrics/metrics_file.h"

/* The page: the sums over all slots, as text. */

enum metrics_format {
	METRICS_TEXT,        /* text/plain; version=0.0.4 */
	METRICS_OPENMETRICS, /* application/openmetrics-text; version=1.0.0 */
};

/* The format an Accept header asks for; text where it says nothing. */
enum metrics_format metrics_format_of(struct str accept);
const char *metrics_content_type(enum metrics_format format);

/* Write the page. `query` is a URL's query as sent: with name[]=NAME in it
 * only those metrics. ERR_LIMIT where `b` or `mem` is too small. */
MUST_USE bool metrics_text(const struct metrics_file *f,
    enum metrics_format format, struct str query, struct arena *mem,
    struct buf *b, struct err *err);

#endif

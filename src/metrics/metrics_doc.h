/* SPDX-License-Identifier: ISC */
#ifndef METRICS_METRICS_DOC_H
#define METRICS_METRICS_DOC_H

#include "base/buf.h"

/* Every metric with type, labels and help, made of metrics.def. */

/* For a terminal. */
void metrics_doc_text(struct buf *b);
/* A JSON list of objects: name, type, unit, labels, buckets, help. */
void metrics_doc_json(struct buf *b);
/* The mdoc list of lightscore-metrics(7); lines may be long. */
void metrics_doc_mdoc(struct buf *b);

#endif

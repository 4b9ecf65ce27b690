/* SPDX-License-Identifier: ISC */
#ifndef CLI_DESCRIBE_H
#define CLI_DESCRIBE_H

#include "base/buf.h"
#include "model/model.h"

/* A model in words. */

/* Some lines: what it is, what it was made of, how large, warnings. */
void describe_summary(const struct model *m, struct buf *b);
/* Inputs, steps and where it comes from, behind the summary. */
void describe_details(const struct model *m, struct buf *b);
/* All of it as one JSON object. */
void describe_json(const struct model *m, struct buf *b);

#endif

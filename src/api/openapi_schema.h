/* SPDX-License-Identifier: ISC */
#ifndef API_OPENAPI_SCHEMA_H
#define API_OPENAPI_SCHEMA_H

#include "api/exchange.h"
#include "base/buf.h"

/* The members SLOT_record and SLOT_prediction: JSON Schema of what a model
 * takes and gives. */
void openapi_render_schemas(struct buf *b, const struct served *s);
/* The member "description": which model this is; none where unknown. */
void openapi_render_about(struct buf *b, const struct served *s);

#endif

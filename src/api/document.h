/* SPDX-License-Identifier: ISC */
#ifndef API_DOCUMENT_H
#define API_DOCUMENT_H

#include <stdbool.h>

#include "api/api.h"
#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "model/model.h"

/* Documents made of routes and models, rendered once when the api is made. */
enum document { DOCUMENT_INFO, DOCUMENT_OPENAPI, DOCUMENTS };

/* Render all of them into mem. */
MUST_USE bool document_make_all(struct api *api, struct arena *mem,
    struct err *err);
/* One record that the model accepts: the schema's example, or one made up
 * of defaults, ranges and categories. */
void document_example(struct buf *b, const struct model *m);

void info_render(struct buf *b, const struct api *api);
void openapi_render(struct buf *b, const struct api *api);

#endif

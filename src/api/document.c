/* SPDX-License-Identifier: ISC
 *
 * Renders the documents when the api is made, and hands them out. How long
 * they get is known only once they are written, so they are written into
 * memory of their own, then kept in their own size.
 */
#include "api/document.h"

#include <math.h>

#include "api/exchange.h"
#include "json/json_write.h"

enum { DOCUMENT_BYTES_MAX = 64 << 20 };

static void (*const renderers[])(struct buf *, const struct api *) = {
    [DOCUMENT_INFO] = info_render,
    [DOCUMENT_OPENAPI] = openapi_render,
};

bool
document_make_all(struct api *api, struct arena *mem, struct err *err)
{
	struct arena draft;
	struct buf b;

	if (!arena_init(&draft, DOCUMENT_BYTES_MAX, err))
		return false;
	buf_init(&b, draft.base, draft.cap);
	for (int i = 0; i < DOCUMENTS; i++) {
		buf_reset(&b);
		renderers[i](&b, api);
		api->documents[i] = arena_str(mem, buf_view(&b));
		if (b.over || api->documents[i].p == NULL) {
			arena_done(&draft);
			return err_set(err, ERR_LIMIT, ERR_NOWHERE,
			    "the models have too many columns to describe");
		}
	}
	arena_done(&draft);
	return true;
}

/* Something a column accepts, where nobody gave an example. */
static void
example_value(struct buf *b, const struct model *m, uint32_t column,
    const struct model_field *f)
{
	if (f->kind == MODEL_TEXT && f->n_categories > 0)
		json_str(b, model_category(m, column, 0));
	else if (f->kind == MODEL_TEXT)
		json_text(b, "");
	else if (f->booleans)
		json_bool(b, f->has_default && f->default_number != 0);
	else if (f->has_range)
		json_number(b, trunc((f->low + f->high) / 2));
	else if (f->has_default && isfinite(f->default_number))
		json_number(b, f->default_number);
	else
		json_number(b, 0);
}

void
document_example(struct buf *b, const struct model *m)
{
	struct str given = model_example(m);
	struct model_field f;

	if (given.n > 0) {
		json_raw(b, given);
		return;
	}
	json_open(b, '{');
	for (uint32_t i = 0; i < model_inputs(m); i++) {
		uint32_t column = model_field_order(m, i);

		model_field(m, column, &f);
		json_key_str(b, f.name);
		example_value(b, m, column, &f);
	}
	json_close(b, '}');
}

void
info_handle(struct exchange *x)
{
	buf_str(&x->res->body, x->api->documents[DOCUMENT_INFO]);
}

void
openapi_handle(struct exchange *x)
{
	buf_str(&x->res->body, x->api->documents[DOCUMENT_OPENAPI]);
}

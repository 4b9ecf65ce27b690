/* SPDX-License-Identifier: ISC
 *
 * Any parameters a FastCGI peer could send, NUL between them.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "http/envelope.h"

enum { PARAMS_MAX = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *params[PARAMS_MAX + 1] = {0};
	char *text = calloc(1, size + 1);
	struct envelope e;
	struct arena mem;
	struct err err;
	size_t n = 0;

	if (text == NULL || !arena_init(&mem, 4096, &err))
		abort();
	if (size > 0)
		memcpy(text, data, size);
	for (size_t i = 0; i < size && n < PARAMS_MAX; i += strlen(text + i) + 1)
		params[n++] = text + i;
	if (envelope_parse(params, &mem, &e, &err)) {
		const struct http_request *r = &e.request;

		if (r->path.n == 0 || r->path.p[0] != '/' ||
		    r->method >= HTTP_METHODS || r->body.n != 0 ||
		    r->path.n + r->query.n + r->accept.n > 2 * size)
			abort();
	} else if (err.text[0] == '\0') {
		abort();
	}
	arena_done(&mem);
	free(text);
	return 0;
}

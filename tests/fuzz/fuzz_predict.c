/* SPDX-License-Identifier: ISC
 *
 * A request body, as api_handle sees it: whatever it holds, the answer is
 * whole JSON, 200 or 4xx, and what is counted is what was answered. The first
 * byte picks the model, so that all kinds of answer are reached; with its
 * top bit set, the first line is the Content-Type.
 */
#include <stdint.h>
#include <stdlib.h>

#include "api_fixture.h"
#include "json/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
expect(bool good)
{
	if (!good)
		abort();
}

static uint64_t
counted(const struct fixture *f)
{
	uint64_t n = 0;

	for (int m = 0; m < MODEL_CELLS; m++)
		for (int i = 0; i < RESULT_CELLS; i++)
			n += metric_total(&f->slab->model[m].predictions[i]);
	return n;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const paths[] = {
	    "/shop/predict", "/price/predict", "/digit/predict"};
	static const struct json_limits limits = {4, 100};
	static struct fixture f;
	const cJSON *tree;
	struct err err;
	struct str type = STR("application/json"), body;
	uint64_t before, want = 1;

	if (f.api == NULL)
		fixture_init(&f);
	if (size == 0)
		return 0;
	before = counted(&f);
	body = (struct str){(const char *)data + 1, size - 1};
	if (data[0] & 0x80)
		type = str_cut(&body, '\n');
	fixture_send(&f, HTTP_POST, paths[data[0] % 3], type, body);
	expect(f.res.status == 200 || f.res.status == 400 ||
	    f.res.status == 413);
	expect(json_parse(&f.request, buf_view(&f.res.body), &limits, &tree,
	    &err));
	if (cJSON_IsArray(tree))
		want = (uint64_t)cJSON_GetArraySize(tree);
	else
		expect(cJSON_IsObject(tree) && (f.res.status == 200 ||
		    cJSON_GetObjectItem(tree, "error") != NULL));
	expect(counted(&f) - before == want);
	return 0;
}

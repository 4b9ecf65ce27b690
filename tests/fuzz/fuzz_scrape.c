/* SPDX-License-Identifier: ISC
 *
 * What a scraper sends: an Accept header, a line feed, a query.
 */
#include <stdint.h>
#include <stdlib.h>

#include "metrics/metrics_query.h"
#include "metrics/metrics_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str query = {(const char *)data, size};
	struct str accept = str_cut(&query, '\n');
	struct metrics_query asked;
	struct arena mem;
	struct err err;

	if (!arena_init(&mem, 1 << 20, &err))
		return 0;
	if (metrics_content_type(metrics_format_of(accept))[0] == '\0')
		abort();
	if (metrics_query_parse(query, &mem, &asked, &err))
		for (size_t i = 0; i < metrics_table_n; i++)
			(void)metrics_query_has(&asked, &metrics_table[i]);
	arena_done(&mem);
	return 0;
}

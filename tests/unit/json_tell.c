/* SPDX-License-Identifier: ISC
 *
 * For test_json_python.py: reads one text a line, in hexadecimal, and prints
 * what became of it: "no OFFSET SENTENCE", or the tree with every number's
 * kind and bits, every string in hexadecimal.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "base/arena.h"
#include "json/json.h"

static void
tell_text(const char *p)
{
	putchar('"');
	for (; *p != '\0'; p++)
		printf("%02x", (unsigned char)*p);
	putchar('"');
}

static void
tell(const cJSON *item)
{
	uint64_t bits;

	if (cJSON_IsNumber(item)) {
		memcpy(&bits, &item->valuedouble, sizeof(bits));
		printf("%c%016llx", json_is_integer(item) ? 'i' : 'f',
		    (unsigned long long)bits);
	} else if (cJSON_IsString(item)) {
		tell_text(item->valuestring);
	} else if (cJSON_IsArray(item) || cJSON_IsObject(item)) {
		putchar(cJSON_IsArray(item) ? '[' : '{');
		for (const cJSON *c = item->child; c != NULL; c = c->next) {
			if (cJSON_IsObject(item))
				tell_text(c->string);
			tell(c);
			putchar(' ');
		}
		putchar(cJSON_IsArray(item) ? ']' : '}');
	} else {
		putchar(cJSON_IsNull(item) ? '0' :
		    cJSON_IsTrue(item) ? 'T' : 'F');
	}
}

static size_t
unhex(char *line, size_t n)
{
	size_t k = 0;

	for (; 2 * k + 1 < n; k++) {
		char pair[3] = {line[2 * k], line[2 * k + 1], '\0'};

		line[k] = (char)strtoul(pair, NULL, 16);
	}
	return k;
}

int
main(void)
{
	static const struct json_limits limits = {32, 100000};
	struct arena mem;
	struct err err;
	const cJSON *tree;
	char *line = NULL;
	size_t room = 0;
	ssize_t n;

	if (!arena_init(&mem, 64 << 20, &err))
		return 1;
	while ((n = getline(&line, &room, stdin)) > 0) {
		struct str text = {line, unhex(line, (size_t)n - 1)};

		if (json_parse(&mem, text, &limits, &tree, &err))
			tell(tree);
		else
			printf("no %zu %s", err.at, err.text);
		putchar('\n');
		arena_reset(&mem, 1 << 20);
	}
	free(line);
	arena_done(&mem);
	return 0;
}

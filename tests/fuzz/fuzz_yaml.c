/* SPDX-License-Identifier: ISC
 *
 * Any bytes as YAML: a tree within its limits whose every node can be asked,
 * or an error of one line.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "yaml/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
walk(const struct yaml_node *node, unsigned depth)
{
	struct err err;
	struct str text;
	double number;
	int64_t integer;
	bool yes;
	uint32_t n = 0;

	assert(depth <= YAML_DEPTH_MAX);
	assert(node->line > 0 && node->column > 0);
	assert(node->kind != YAML_SCALAR || node->text.p[node->text.n] == '\0');
	if (!yaml_text(node, &text, &err) || !yaml_number(node, &number, &err) ||
	    !yaml_integer(node, &integer, &err) ||
	    !yaml_bool(node, &yes, &err))
		assert(strchr(err.text, '\n') == NULL);
	for (const struct yaml_node *c = node->first; c != NULL; c = c->next) {
		walk(c, depth + 1);
		n++;
	}
	assert(n == node->n);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct yaml_node *root;
	struct arena mem;
	struct err err;

	if (!arena_init(&mem, 8 << 20, &err))
		return 0;
	if (yaml_parse((struct str){(const char *)data, size}, "f", &mem,
	    &root, &err))
		walk(root, 0);
	else
		assert(strchr(err.text, '\n') == NULL);
	arena_done(&mem);
	return 0;
}

/* SPDX-License-Identifier: ISC
 *
 * yaml/: trees, limits, and messages that name the place.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "yaml/yaml.h"

static struct arena mem;

static const struct yaml_node *
parse(const char *text)
{
	const struct yaml_node *root;
	struct err err;

	if (!yaml_parse(str_of(text), "f.yaml", &mem, &root, &err)) {
		print_message("# %s\n", err.text);
		return NULL;
	}
	return root;
}

static void
assert_refused(const char *text, const char *sentence)
{
	const struct yaml_node *root;
	struct err err;

	assert_false(yaml_parse(str_of(text), "f.yaml", &mem, &root, &err));
	assert_string_equal(err.text, sentence);
}

static void
a_tree_keeps_order_lines_and_quotes(void **state)
{
	const struct yaml_node *root = parse("\xef\xbb\xbf"
	    "name: churn\ncount: 3\nquoted: \"3\"\nblock: |\n  a\n  b\n"
	    "list: [1, 'x', ~]\nmap:\n  inner: yes\n");
	const struct yaml_node *node;
	double number;
	bool yes;
	struct err err;

	(void)state;
	assert_non_null(root);
	assert_int_equal(root->kind, YAML_MAPPING);
	assert_int_equal(root->n, 6);
	assert_true(str_eq(root->first->key, STR("name")));
	assert_true(str_eq(root->first->next->key, STR("count")));
	node = yaml_find(root, "count");
	assert_false(node->quoted);
	assert_int_equal(node->line, 2);
	assert_int_equal(node->column, 8);
	assert_true(yaml_number(node, &number, &err));
	assert_true(number == 3);
	node = yaml_find(root, "quoted");
	assert_true(node->quoted);
	assert_false(yaml_number(node, &number, &err));
	assert_string_equal(err.text,
	    "f.yaml:3: quoted: expected a number, got text 3");
	node = yaml_find(root, "block");
	assert_true(node->quoted);
	assert_true(str_eq(node->text, STR("a\nb\n")));
	node = yaml_find(root, "list");
	assert_int_equal(node->kind, YAML_SEQUENCE);
	assert_int_equal(node->n, 3);
	assert_true(yaml_is_null(node->first->next->next));
	node = yaml_find(yaml_find(root, "map"), "inner");
	assert_true(yaml_bool(node, &yes, &err) && yes);
	assert_null(yaml_find(root, "absent"));
}

static void
an_empty_file_is_nothing(void **state)
{
	(void)state;
	assert_true(yaml_is_null(parse("")));
	assert_true(yaml_is_null(parse("# only a comment\n")));
	assert_true(yaml_is_null(parse("---\n")));
}

static void
numbers_are_what_yaml_says(void **state)
{
	static const struct {
		const char *text;
		double v;
	} good[] = {{"1.5", 1.5}, {"-2", -2}, {"1e3", 1000}, {".5", 0.5},
	    {".inf", INFINITY}, {"-.INF", -INFINITY}};
	static const char *const bad[] = {"nan", "inf", "0x10", "1_000", "x",
	    "[1]", "{}", "''", "~"};
	struct err err;
	double v;
	int64_t i;

	(void)state;
	for (size_t k = 0; k < countof(good); k++) {
		assert_true(yaml_number(parse(good[k].text), &v, &err));
		assert_true(v == good[k].v);
	}
	assert_true(yaml_number(parse(".nan"), &v, &err) && isnan(v));
	for (size_t k = 0; k < countof(bad); k++)
		assert_false(yaml_number(parse(bad[k]), &v, &err));
	assert_true(yaml_integer(parse("-7"), &i, &err) && i == -7);
	assert_false(yaml_integer(parse("1.5"), &i, &err));
	assert_string_equal(err.text,
	    "f.yaml:1: expected an integer, got a number 1.5");
	assert_false(yaml_integer(parse("1e300"), &i, &err));
}

static void
what_could_surprise_is_refused(void **state)
{
	(void)state;
	assert_refused("a: 1\nb: 2\na: 3\n",
	    "f.yaml:3: a: the key is there twice, first at line 1");
	assert_refused("a: 1\nb: 2\n\"a\": 3\n",
	    "f.yaml:3: a: the key is there twice, first at line 1");
	assert_refused("0: 1\n\"0\": 2\n0: 3\n",
	    "f.yaml:3: 0: the key is there twice, first at line 1");
	assert_refused("\"a\\nb\": 1\n\"a\\nb\": 2\n",
	    "f.yaml:2: a?b: the key is there twice, first at line 1");
	assert_refused("a: &x 1\nb: *x\n", "f.yaml:1: anchors and aliases are"
	    " not taken: write the value out");
	assert_refused("a: *x\n", "f.yaml:1: anchors and aliases are not"
	    " taken: write the value out");
	assert_refused("a: !!python/object:os.system x\n",
	    "f.yaml:1: tags are not taken: leave it out");
	assert_refused("- !thing {a: 1}\n",
	    "f.yaml:1: tags are not taken: leave it out");
	assert_refused("[a, b]: 1\n",
	    "f.yaml:1: a key must be a single word or text");
	assert_refused("a: 1\n---\nb: 2\n",
	    "f.yaml:2: a second document (---) is not taken");
	assert_refused("a: [1, 2\nb: 3\n", "f.yaml:2:2: did not find expected"
	    " ',' or ']' while parsing a flow sequence");
	assert_refused("a: \xff\n",
	    "f.yaml: invalid leading UTF-8 octet, at byte 3");
	assert_true(parse("a: !!str 1\n")->first->quoted);
}

static void
depth_nodes_and_memory_are_bounded(void **state)
{
	static char deep[2 * YAML_DEPTH_MAX + 3], wide[2 * YAML_NODES_MAX + 9];
	const struct yaml_node *root;
	struct arena small;
	struct err err;

	(void)state;
	memset(deep, '[', YAML_DEPTH_MAX);
	memset(deep + YAML_DEPTH_MAX, ']', YAML_DEPTH_MAX);
	assert_non_null(parse(deep));
	memset(deep, '[', YAML_DEPTH_MAX + 1);
	memset(deep + YAML_DEPTH_MAX + 1, ']', YAML_DEPTH_MAX + 1);
	assert_refused(deep, "f.yaml:1: nested deeper than 32 levels");
	memset(wide, ',', sizeof(wide) - 1);
	for (size_t i = 1; i < sizeof(wide) - 1; i += 2)
		wide[i] = '1';
	wide[0] = '[';
	wide[sizeof(wide) - 2] = ']';
	assert_refused(wide, "f.yaml:1: more than 262144 values");
	assert_true(arena_init(&small, 4096, &err));
	wide[399] = ']';
	assert_false(yaml_parse((struct str){wide, 400}, "f.yaml", &small,
	    &root, &err));
	assert_int_equal(err.kind, ERR_LIMIT);
	arena_done(&small);
	assert_false(yaml_parse((struct str){deep, YAML_BYTES_MAX + 1},
	    "f.yaml", &mem, &root, &err));
	assert_int_equal(err.kind, ERR_LIMIT);
}

static void
unknown_keys_are_told_with_the_nearest(void **state)
{
	static const char *const names[] = {"workers", "listen"};
	struct err err;

	(void)state;
	assert_true(yaml_known_keys(parse("listen: x\nworkers: 1\n"), names, 2,
	    &err));
	assert_false(yaml_known_keys(parse("listen: x\nwroker: 1\n"), names, 2,
	    &err));
	assert_string_equal(err.text,
	    "f.yaml:2: unknown key \"wroker\", did you mean \"workers\"?");
	assert_false(yaml_known_keys(parse("colour: 1\n"), names, 2, &err));
	assert_string_equal(err.text, "f.yaml:1: unknown key \"colour\"");
	assert_false(yaml_known_keys(parse("- 1\n"), names, 2, &err));
	assert_string_equal(err.text,
	    "f.yaml:1: expected a mapping, got a list");
}

static void
a_file_that_is_not_there_is_said(void **state)
{
	const struct yaml_node *root;
	struct err err;

	(void)state;
	assert_false(yaml_load("/nonexistent/x.yaml", &mem, &root, &err));
	assert_string_equal(err.text, "cannot open /nonexistent/x.yaml:"
	    " No such file or directory");
}

static int
setup(void **state)
{
	struct err err;

	(void)state;
	return arena_init(&mem, 256 << 20, &err) ? 0 : 1;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_tree_keeps_order_lines_and_quotes),
	    cmocka_unit_test(an_empty_file_is_nothing),
	    cmocka_unit_test(numbers_are_what_yaml_says),
	    cmocka_unit_test(what_could_surprise_is_refused),
	    cmocka_unit_test(depth_nodes_and_memory_are_bounded),
	    cmocka_unit_test(unknown_keys_are_told_with_the_nearest),
	    cmocka_unit_test(a_file_that_is_not_there_is_said),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, NULL);
}

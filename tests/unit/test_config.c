/* SPDX-License-Identifier: ISC
 *
 * config/: the order of the sources, ranges, and messages that name the
 * place, the value and the remedy.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "config/config.h"

static struct arena mem;
static char dir[] = "/tmp/test_config.XXXXXX";
static char path[64];

static const char *
read_text(struct config *c, const char *text)
{
	static struct err err;

	assert_true(file_write(path, str_of(text), &err));
	config_init(c, &mem);
	return config_read(c, path, &err) ? NULL : err.text;
}

/* The words of `line` as a program's arguments. */
static const char *
load(struct config *c, const char *line)
{
	static struct err err;
	static char words[512];
	char *argv[16], *word;
	int argc = 0;

	snprintf(words, sizeof(words), "%s", line);
	for (word = strtok(words, " "); word != NULL; word = strtok(NULL, " "))
		argv[argc++] = word;
	return config_load(c, argc, argv, &mem, &err) ? NULL : err.text;
}

static void
assert_refused(const char *text, const char *sentence)
{
	struct config c;
	char whole[600];
	const char *got = read_text(&c, text);

	assert_non_null(got);
	snprintf(whole, sizeof(whole), "%s%s", path, sentence);
	assert_string_equal(got, whole);
}

static void
defaults_are_those_of_the_table(void **state)
{
	struct config c;

	(void)state;
	config_init(&c, &mem);
	assert_string_equal(c.listen, "127.0.0.1:5000");
	assert_int_equal(c.workers, 0);
	assert_int_equal(c.request_limit, 8 << 20);
	assert_int_equal(c.request_timeout, 10000);
	assert_int_equal(c.web_server, 1);
	assert_string_equal(c.log_level, "info");
	assert_int_equal(c.n_models, 0);
	assert_int_equal(c.sources[CONFIG_FIELD_workers].origin,
	    CONFIG_DEFAULT);
}

static void
a_file_sets_values_and_models_beside_it(void **state)
{
	struct config c;
	char want[128];

	(void)state;
	assert_null(read_text(&c, "workers: 3\nrequest_limit: 64K\n"
	    "stop_timeout: 500ms\nweb_server: no\naccess_log: log/a\n"
	    "models:\n  v1: a.lsm\n  v2: {file: /x/b.pkl, schema: b.yaml}\n"));
	assert_int_equal(c.workers, 3);
	assert_int_equal(c.request_limit, 65536);
	assert_int_equal(c.stop_timeout, 500);
	assert_int_equal(c.web_server, 0);
	snprintf(want, sizeof(want), "%s/log/a", dir);
	assert_string_equal(c.access_log, want);
	assert_int_equal(c.n_models, 2);
	assert_string_equal(c.models[0].slot, "v1");
	snprintf(want, sizeof(want), "%s/a.lsm", dir);
	assert_string_equal(c.models[0].file, want);
	assert_null(c.models[0].schema);
	assert_string_equal(c.models[1].file, "/x/b.pkl");
	snprintf(want, sizeof(want), "%s/b.yaml", dir);
	assert_string_equal(c.models[1].schema, want);
	snprintf(want, sizeof(want), "%s:7", path);
	assert_string_equal(c.models[0].source.where, want);
	assert_null(read_text(&c, "# nothing\n"));
}

static void
networks_are_looked_at_when_they_are_given(void **state)
{
	static const char *const good[] = {"", "private", "10.0.0.0/8",
	    "127.0.0.1, ::1", "private,fd00::/8", "0.0.0.0/1"};
	static const char *const bad[] = {"10.0.0.0/8, 10.0.0.0/33", "privat",
	    "10.0.0.0/0", "10.0.0.0/8/8", "10.0.0", ",", "::/129",
	    "localhost", "10.0.0.0/"};
	struct config c;
	char text[100], sentence[200];

	(void)state;
	for (size_t i = 0; i < countof(good); i++) {
		snprintf(text, sizeof(text), "metrics_allow: \"%s\"\n",
		    good[i]);
		assert_null(read_text(&c, text));
		assert_string_equal(c.metrics_allow, good[i]);
	}
	for (size_t i = 0; i < countof(bad); i++) {
		snprintf(text, sizeof(text), "metrics_allow: \"%s\"\n",
		    bad[i]);
		snprintf(sentence, sizeof(sentence), ":1: metrics_allow: "
		    "\"%s\" cannot be used, give addresses and networks, "
		    "such as 127.0.0.1, 10.0.0.0/8, or private", bad[i]);
		assert_refused(text, sentence);
	}
	assert_null(read_text(&c, "alerts: \"\"\n"));
}

static void
a_wrong_file_is_told_with_line_and_remedy(void **state)
{
	(void)state;
	assert_refused("listen: 127.0.0.1:1\nworkers: 0\n", ":2: workers:"
	    " \"0\" cannot be used, give a number from 1 to 256, or auto");
	assert_refused("workers: 257\n", ":1: workers: \"257\" cannot be used,"
	    " give a number from 1 to 256, or auto");
	assert_refused("worker: 1\n",
	    ":1: unknown key \"worker\", did you mean \"workers\"?");
	assert_refused("request_limit: 8q\n", ":1: request_limit: \"8q\" cannot"
	    " be used, give a size from 1k to 256m, such as 8m");
	assert_refused("request_limit: 1023\n", ":1: request_limit: \"1023\""
	    " cannot be used, give a size from 1k to 256m, such as 8m");
	assert_refused("request_limit: 99999999999999999g\n",
	    ":1: request_limit: \"99999999999999999g\" cannot be used, give a"
	    " size from 1k to 256m, such as 8m");
	assert_refused("stop_timeout: 10\n", ":1: stop_timeout: \"10\" cannot"
	    " be used, give a time from 100ms to 10m, such as 10s");
	assert_refused("web_server: maybe\n",
	    ":1: web_server: \"maybe\" cannot be used, give on or off");
	assert_refused("log_level: loud\n", ":1: log_level: \"loud\" cannot be"
	    " used, give one of error, warn, info, debug");
	assert_refused("alerts: 9095\n", ":1: alerts: \"9095\" cannot be used,"
	    " give HOST:PORT, such as 127.0.0.1:9095");
	assert_refused("listen: \"\"\n", ":1: listen: \"\" cannot be used,"
	    " give HOST:PORT, such as 127.0.0.1:5000");
	assert_refused("listen: 5000\n", ":1: listen: \"5000\" cannot be used,"
	    " give HOST:PORT, such as 127.0.0.1:5000");
	assert_refused("listen: h:70000\n", ":1: listen: \"h:70000\" cannot be"
	    " used, give HOST:PORT, such as 127.0.0.1:5000");
	assert_refused("workers:\n", ":1: workers: the value is missing: give"
	    " one or leave the key out");
	assert_refused("workers: [1]\n",
	    ":1: workers: expected a single value, got a list");
	assert_refused("access_log: \"a\\nb\"\n", ":1: access_log: the value"
	    " has control characters or is not UTF-8");
	assert_refused("- 1\n", ":1: expected a mapping, got a list");
}

static void
wrong_models_are_told(void **state)
{
	struct config c;
	char text[1024] = "models:\n";

	(void)state;
	assert_refused("models: x\n",
	    ":1: models: expected a mapping, got text x");
	assert_refused("models: {}\n", ":1: models: no model is named: give"
	    " SLOT: FILE, or leave the key out to serve the shipped models");
	assert_refused("workers: 1\nmodels:\n", ":2: models: no model is named:"
	    " give SLOT: FILE, or leave the key out to serve the shipped"
	    " models");
	assert_refused("models:\n  a/b: x\n", ":2: a/b: \"a/b\" cannot name a"
	    " model, give 1 to 32 letters, digits, _ . or -, first a letter or"
	    " digit");
	assert_refused("models:\n  ..: x\n", ":2: ..: \"..\" cannot name a"
	    " model, give 1 to 32 letters, digits, _ . or -, first a letter or"
	    " digit");
	assert_refused("models:\n  v1: {schema: x}\n",
	    ":2: v1: the key \"file\" is missing");
	assert_refused("models:\n  v1: {file: x, shema: x}\n",
	    ":2: unknown key \"shema\", did you mean \"schema\"?");
	assert_refused("models:\n  v1:\n", ":2: v1: expected text, got nothing");
	for (int i = 0; i <= CONFIG_MODELS_MAX; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
		    "  m%d: x\n", i);
	assert_non_null(strstr(read_text(&c, text),
	    ":18: m16: model m16 is one too many, there may be 16"));
}

static void
flag_wins_over_environment_over_file(void **state)
{
	struct config c;
	char where[80];
	struct err err;
	char line[200];

	(void)state;
	snprintf(line, sizeof(line), "x --stop-timeout 3s -c %s"
	    " --no-web-server --model v1=mine.lsm --model=v3=c.lsm", path);
	assert_true(file_write(path, STR("workers: 3\nrows_limit: 5\n"
	    "stop_timeout: 1s\nmodels:\n  v1: a.lsm\n  v2: b.lsm\n"), &err));
	setenv("LIGHTSCORE_WORKERS", "4", 1);
	setenv("LIGHTSCORE_STOP_TIMEOUT", "2s", 1);
	setenv("LIGHTSCORE_SERVICE_PORT", "tcp://10.0.0.1:80", 1);
	assert_null(load(&c, line));
	assert_int_equal(c.rows_limit, 5);
	assert_int_equal(c.workers, 4);
	assert_int_equal(c.stop_timeout, 3000);
	assert_int_equal(c.web_server, 0);
	assert_string_equal(c.file, path);
	assert_int_equal(c.n_models, 3);
	assert_string_equal(c.models[0].file, "mine.lsm");
	assert_string_equal(c.models[2].slot, "v3");
	snprintf(where, sizeof(where), "%s:2", path);
	assert_string_equal(c.sources[CONFIG_FIELD_rows_limit].where, where);
	assert_string_equal(c.sources[CONFIG_FIELD_workers].where,
	    "LIGHTSCORE_WORKERS");
	assert_string_equal(c.sources[CONFIG_FIELD_stop_timeout].where,
	    "--stop-timeout");
	assert_string_equal(c.sources[CONFIG_FIELD_web_server].where,
	    "--no-web-server");
	setenv("LIGHTSCORE_WORKERS", "four", 1);
	assert_string_equal(load(&c, line), "LIGHTSCORE_WORKERS: \"four\""
	    " cannot be used, give a number from 1 to 256, or auto");
	unsetenv("LIGHTSCORE_WORKERS");
	unsetenv("LIGHTSCORE_STOP_TIMEOUT");
	unsetenv("LIGHTSCORE_SERVICE_PORT");
}

static void
wrong_flags_are_told(void **state)
{
	static const struct {
		const char *line;
		const char *sentence;
	} cases[] = {
	    {"x --workers=0", "--workers: \"0\" cannot be used, give a"
		" number from 1 to 256, or auto"},
	    {"x --worker=1",
		"the flag --worker is not known, did you mean --workers?"},
	    {"x --zzzzzzzz", "the flag --zzzzzzzz is not known"},
	    {"x --workers", "--workers: the value is missing"},
	    {"x -c", "-c: the value is missing"},
	    {"x -c /nonexistent.yaml", "cannot open"
		" /nonexistent.yaml: No such file or directory"},
	    {"x extra", "the argument \"extra\" is not taken; a"
	     " model is named by --model SLOT=FILE"},
	    {"x --model v1",
		"--model v1: model v1 needs a file, give SLOT=FILE"},
	    {"x --model=v1=a --model=v1=b",
		"--model v1=b: model v1 is given twice"},
	    {"x --no-workers",
		"the flag --no-workers is not known, did you mean --workers?"},
	};
	struct config c;

	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		const char *got = load(&c, cases[i].line);

		assert_non_null(got);
		assert_string_equal(got, cases[i].sentence);
	}
}

static void
addresses_are_host_and_port(void **state)
{
	static const char *const bad[] = {"", "h", ":1", "h:", "h:x", "h:65536",
	    "a b:1", "[]:1", "[::1]", "::1:80", "a;b:1", "h:-1"};
	struct config_address a;
	struct err err;

	(void)state;
	assert_true(config_address_parse("localhost:0", &a, &err));
	assert_string_equal(a.host, "localhost");
	assert_int_equal(a.port, 0);
	assert_true(config_address_parse("[::1]:8080", &a, &err));
	assert_string_equal(a.host, "::1");
	assert_true(a.ipv6);
	for (size_t i = 0; i < countof(bad); i++)
		assert_false(config_address_parse(bad[i], &a, &err));
}

static void
the_state_directory_is_the_users(void **state)
{
	struct config c;
	struct err err;
	const char *got;

	(void)state;
	config_init(&c, &mem);
	setenv("HOME", "/home/u", 1);
	setenv("XDG_STATE_HOME", "/s", 1);
	assert_true(config_state_dir(&c, 0, &mem, &got, &err));
	assert_string_equal(got, "/s/lightscore/127.0.0.1-5000");
	setenv("XDG_STATE_HOME", "relative", 1);
	c.listen = "[::1]:0";
	assert_true(config_state_dir(&c, 8123, &mem, &got, &err));
	/* Nobody that root becomes could go to its home. */
	assert_string_equal(got, geteuid() == 0 ?
	    "/var/lib/lightscore/__1-8123" :
	    "/home/u/.local/state/lightscore/__1-8123");
	unsetenv("HOME");
	if (geteuid() == 0) {
		assert_true(config_state_dir(&c, 1, &mem, &got, &err));
		assert_string_equal(got, "/var/lib/lightscore/__1-1");
	} else {
		assert_false(config_state_dir(&c, 1, &mem, &got, &err));
		assert_non_null(strstr(err.text, "--state-dir"));
	}
	c.state_dir = "/here";
	assert_true(config_state_dir(&c, 1, &mem, &got, &err));
	assert_string_equal(got, "/here");
}

static void
what_is_written_reads_back(void **state)
{
	static char memory[1 << 15], sample[1 << 15];
	struct config c;
	struct buf b, text;
	struct err err;

	(void)state;
	/* The sample with its marks taken away is the defaults. */
	buf_init(&b, sample, sizeof(sample));
	config_sample(&b);
	assert_false(b.over);
	buf_init(&text, memory, sizeof(memory));
	for (size_t i = 0; i < b.n; i++) {
		if (b.p[i] != '#' ||
		    (b.p[i + 1] == ' ' && b.p[i + 2] != ' '))
			buf_char(&text, b.p[i]);
	}
	assert_true(file_write(path, buf_view(&text), &err));
	config_init(&c, &mem);
	if (!config_read(&c, path, &err))
		fail_msg("%s", err.text);
	assert_int_equal(c.n_models, 2);
	assert_int_equal(c.request_timeout, 10000);
	assert_int_equal(c.sources[CONFIG_FIELD_log_level].origin, CONFIG_FILE);
	buf_reset(&text);
	config_dump(&c, &text, false);
	config_dump(&c, &text, true);
	config_usage(&text);
	config_mdoc(&text);
	assert_false(text.over);
	buf_char(&text, '\0');
	for (size_t i = 0; i < CONFIG_FIELDS; i++)
		assert_non_null(strstr(memory, config_name(i)));
	assert_non_null(strstr(memory, "\"request_limit\":{\"value\":8388608,"
	    "\"origin\":\"file\""));
}

static int
setup(void **state)
{
	struct err err;

	(void)state;
	if (mkdtemp(dir) == NULL)
		return 1;
	snprintf(path, sizeof(path), "%s/c.yaml", dir);
	return arena_init(&mem, 16 << 20, &err) ? 0 : 1;
}

static int
teardown(void **state)
{
	(void)state;
	unlink(path);
	rmdir(dir);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(defaults_are_those_of_the_table),
	    cmocka_unit_test(a_file_sets_values_and_models_beside_it),
	    cmocka_unit_test(networks_are_looked_at_when_they_are_given),
	    cmocka_unit_test(a_wrong_file_is_told_with_line_and_remedy),
	    cmocka_unit_test(wrong_models_are_told),
	    cmocka_unit_test(flag_wins_over_environment_over_file),
	    cmocka_unit_test(wrong_flags_are_told),
	    cmocka_unit_test(addresses_are_host_and_port),
	    cmocka_unit_test(the_state_directory_is_the_users),
	    cmocka_unit_test(what_is_written_reads_back),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, teardown);
}

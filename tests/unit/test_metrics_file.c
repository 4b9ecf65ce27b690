/* SPDX-License-Identifier: ISC
 *
 * The shared file: counts outlive their processes, and a file that is not
 * ours is put aside, never counted in.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "metrics/metrics_file.h"
#include "metrics/metrics_image.h"

static char folder[] = "/tmp/test_metrics.XXXXXX";
static char path[sizeof(folder) + 16];

static int
begin(void **state)
{
	(void)state;
	strcpy(folder + sizeof(folder) - 7, "XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/metrics", folder);
	return 0;
}

static int
end(void **state)
{
	char pattern[sizeof(folder) + 8];
	glob_t g;

	(void)state;
	snprintf(pattern, sizeof(pattern), "%s/*", folder);
	if (glob(pattern, 0, NULL, &g) == 0) {
		for (size_t i = 0; i < g.gl_pathc; i++)
			unlink(g.gl_pathv[i]);
		globfree(&g);
	}
	return rmdir(folder);
}

static void
create(struct metrics_file *f, char aside[PATH_MAX])
{
	struct err err;

	if (!metrics_create(path, f, aside, &err))
		fail_msg("%s", err.text);
}

static void
prepare(struct metrics_file *f, int slot)
{
	struct err err;

	if (!metrics_slot_prepare(f, slot, &err))
		fail_msg("%s", err.text);
}

/* Run `work` as the worker of a slot; returns its pid. */
static pid_t
worker(int slot, void (*work)(struct slab *))
{
	pid_t pid = fork();

	if (pid == 0) {
		struct metrics_file f;
		struct err err;

		signal(SIGSEGV, SIG_DFL);
		signal(SIGBUS, SIG_DFL);
		if (!metrics_open(path, slot, &f, &err))
			_exit(99);
		work(&f.slabs[slot]);
		_exit(0);
	}
	assert_true(pid > 0);
	return pid;
}

static int
reap(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

/* Straight from the slabs: names or none. */
static uint64_t
predictions(const struct metrics_file *f, enum label_MODEL m,
    enum label_RESULT r)
{
	uint64_t n = 0;

	for (int i = 0; i < 8; i++)
		n += metric_total(&f->slabs[i].model[m].predictions[r]);
	return n;
}

static void
count_a_lot(struct slab *s)
{
	for (int i = 0; i < 200000; i++)
		metric_add(&s->model[MODEL_SLOT].predictions[RESULT_SLOT], 1);
}

static void
a_link_in_the_place_of_a_new_file_is_not_followed(void **state)
{
	char aside[PATH_MAX], beside[PATH_MAX], victim[PATH_MAX];
	struct metrics_file f;
	struct stat st;
	int fd;

	(void)state;
	snprintf(beside, sizeof(beside), "%.4000s.new", path);
	snprintf(victim, sizeof(victim), "%.4000s.victim", path);
	fd = open(victim, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(write(fd, "mine", 4), 4);
	assert_int_equal(close(fd), 0);
	assert_int_equal(symlink(victim, beside), 0);
	create(&f, aside);
	metrics_close(&f);
	assert_int_equal(stat(victim, &st), 0);
	assert_int_equal(st.st_size, 4);
	assert_int_equal(unlink(victim), 0);
}

static void
workers_count_exactly_side_by_side(void **state)
{
	struct metrics_file f;
	char aside[PATH_MAX];
	pid_t pid[4];

	(void)state;
	create(&f, aside);
	assert_int_equal(metrics_add_model(&f, STR("v1")), MODEL_SLOT);
	for (int i = 0; i < 4; i++) {
		prepare(&f, i);
		pid[i] = worker(i, count_a_lot);
	}
	for (int i = 0; i < 4; i++)
		assert_int_equal(reap(pid[i]), 0);
	assert_int_equal(predictions(&f, MODEL_SLOT, RESULT_SLOT), 800000);
	metrics_close(&f);
}

static void
count_for_ever(struct slab *s)
{
	for (;;) {
		metric_add(&s->model[MODEL_SLOT].predictions[RESULT_SLOT], 1);
		metric_observe_latency(&s->model[MODEL_SLOT].prediction_time,
		    5);
	}
}

/* Killed in the midst of an update, the slot's counts stay what they were,
 * and the next worker in the slot goes on from there. */
static void
a_kill_loses_nothing_and_the_slot_goes_on(void **state)
{
	struct metrics_file f;
	char aside[PATH_MAX];
	uint64_t before = 0, now;

	(void)state;
	create(&f, aside);
	for (int i = 0; i < 20; i++) {
		pid_t pid;

		prepare(&f, 7);
		pid = worker(7, count_for_ever);
		for (int k = 0; k < 20000 &&
		     predictions(&f, MODEL_SLOT, RESULT_SLOT) < before + 1000;
		     k++)
			usleep(1000);
		kill(pid, SIGKILL);
		assert_true(WIFSIGNALED(reap(pid)));
		now = predictions(&f, MODEL_SLOT, RESULT_SLOT);
		assert_true(now >= before + 1000);
		assert_int_equal(now,
		    predictions(&f, MODEL_SLOT, RESULT_SLOT));
		before = now;
	}
	metrics_close(&f);
}

static void
count_in_the_next_slab(struct slab *s)
{
	metric_add(&s[1].model[MODEL_SLOT].predictions[RESULT_SLOT], 1);
}

static void
a_worker_cannot_write_to_another_slab(void **state)
{
	struct metrics_file f;
	char aside[PATH_MAX];
	int status;

	(void)state;
	create(&f, aside);
	prepare(&f, 1);
	prepare(&f, 2);
	status = reap(worker(1, count_in_the_next_slab));
	/* A sanitizer turns the signal into an exit of its own. */
	assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) != 0);
	assert_int_not_equal(WEXITSTATUS(status), 99);
	assert_int_equal(predictions(&f, MODEL_SLOT, RESULT_SLOT), 0);
	metrics_close(&f);
}

static void
counters_and_names_outlive_a_restart_and_gauges_do_not(void **state)
{
	struct metrics_file f;
	char aside[PATH_MAX];
	enum label_MODEL v1, v2;
	enum label_RESULT yes;

	(void)state;
	create(&f, aside);
	v1 = metrics_add_model(&f, STR("v1"));
	yes = metrics_add_result(&f, v1, STR("Yes"));
	prepare(&f, 0);
	metrics_slot_started(&f, 0, 4711);
	metric_add(&f.slabs[0].model[v1].predictions[yes], 42);
	metric_add(&f.server->worker_starts, 3);
	metric_set(&f.server->memory_bytes, 1e6);
	metric_set(&f.server->model[v1].loaded, 1);
	metrics_close(&f);

	create(&f, aside);
	assert_string_equal(aside, "");
	assert_int_equal(metrics_model_index(&f, STR("v1")), v1);
	assert_int_equal(metrics_result_index(&f, v1, STR("Yes")), yes);
	v2 = metrics_add_model(&f, STR("v2"));
	assert_int_not_equal(v2, v1);
	assert_int_equal(metrics_add_model(&f, STR("v1")), v1);
	assert_int_equal(predictions(&f, v1, yes), 42);
	assert_int_equal(metric_total(&f.server->worker_starts), 3);
	assert_true(isnan(metric_value(&f.server->memory_bytes)));
	assert_true(isnan(metric_value(&f.server->model[v1].loaded)));
	assert_int_equal(atomic_load(&f.slots[0].process.pid), 0);
	metrics_close(&f);
}

static void
two_servers_cannot_share_a_file(void **state)
{
	struct metrics_file f, g;
	char aside[PATH_MAX];
	struct err err;

	(void)state;
	create(&f, aside);
	assert_false(metrics_create(path, &g, aside, &err));
	assert_non_null(strstr(err.text, "in use by another server"));
	metrics_close(&f);
	create(&f, aside);
	metrics_close(&f);
}

/* --- files that are not ours ---------------------------------------------- */

static void
poke(off_t at, const void *bytes, size_t n)
{
	int fd = open(path, O_WRONLY);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, bytes, n, at), n);
	close(fd);
}

/* Refused with `why` by readers; put aside, whole, by the supervisor. */
static void
expect_aside(const char *why)
{
	struct metrics_file f;
	char aside[PATH_MAX];
	struct stat before, after;
	struct err err;

	assert_int_equal(stat(path, &before), 0);
	assert_false(metrics_open(path, METRICS_READER, &f, &err));
	assert_int_equal(err.kind, ERR_INPUT);
	if (strstr(err.text, why) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", err.text, why);
	assert_non_null(strstr(err.text, path));
	create(&f, aside);
	assert_true(str_has_suffix(str_of(aside), STR(".old")));
	assert_int_equal(stat(aside, &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	assert_int_equal(before.st_size, after.st_size);
	assert_int_equal(predictions(&f, MODEL_SLOT, RESULT_SLOT), 0);
	assert_int_equal(metrics_models(&f), MODEL_SLOT);
	metrics_close(&f);
}

static void
fresh(void)
{
	struct metrics_file f;
	char aside[PATH_MAX];

	create(&f, aside);
	metrics_add_model(&f, STR("v1"));
	metrics_add_result(&f, MODEL_SLOT, STR("Yes"));
	metrics_close(&f);
}

static void
a_truncated_file_is_put_aside(void **state)
{
	static const off_t sizes[] = {0, 1, 64, 4096, 1 << 20};

	(void)state;
	for (size_t i = 0; i < countof(sizes); i++) {
		fresh();
		assert_int_equal(truncate(path, sizes[i]), 0);
		expect_aside(sizes[i] == 0 ? "it is empty" : "should have");
	}
}

static void
another_builds_file_is_put_aside(void **state)
{
	const uint32_t version = METRICS_VERSION + 1;
	const uint64_t layout = 12345;

	(void)state;
	fresh();
	poke(0, "NOTMETRI", 8);
	expect_aside("no lightscore metrics file");
	poke(offsetof(struct metrics_header, version), &version,
	    sizeof(version));
	expect_aside("another build");
	poke(offsetof(struct metrics_header, layout), &layout, sizeof(layout));
	expect_aside("another build (" PACKAGE_STRING ")");
}

static void
damaged_names_are_put_aside(void **state)
{
	const off_t names = offsetof(struct metrics_image, names);
	const off_t first = names + offsetof(struct metrics_names, model);
	const uint32_t many = 0xffffffff, two = 2;
	char unending[METRICS_NAME_MAX];

	(void)state;
	memset(unending, 'x', sizeof(unending));
	fresh();
	poke(names, &many, sizeof(many));
	expect_aside("names of the models");
	fresh();
	poke(names, &two, sizeof(two)); /* the second has no name */
	expect_aside("names of the models");
	fresh();
	poke(first, unending, sizeof(unending));
	expect_aside("names of the models");
	fresh();
	poke(first, "\xff\xfe", 2);
	expect_aside("names of the models");
	fresh();
	poke(first + offsetof(struct metrics_named, n_results), &many,
	    sizeof(many));
	expect_aside("class names of model v1");
}

static void
what_is_no_file_is_an_error(void **state)
{
	struct metrics_file f;
	char aside[PATH_MAX];
	struct err err;

	(void)state;
	assert_false(metrics_create("/nonexistent/metrics", &f, aside, &err));
	assert_int_equal(err.kind, ERR_SYSTEM);
	assert_false(metrics_create(folder, &f, aside, &err));
	assert_false(metrics_open(path, METRICS_READER, &f, &err));
	assert_non_null(strstr(err.text, path));
	fresh();
	assert_false(metrics_open(path, METRICS_SLOTS, &f, &err));
	assert_non_null(strstr(err.text, "no worker slot 272"));
}

/* --- names, texts, slots --------------------------------------------------- */

static void
names_past_the_table_go_to_other(void **state)
{
	struct metrics_file f;
	char aside[PATH_MAX], name[METRICS_CLASS_MAX + 1];
	enum label_MODEL m = MODEL_OTHER;

	(void)state;
	create(&f, aside);
	for (int i = 0; i < 40; i++) {
		snprintf(name, sizeof(name), "model-%d", i);
		m = metrics_add_model(&f, str_of(name));
		assert_int_equal(m, i < 32 ? MODEL_SLOT + i : MODEL_OTHER);
		assert_int_equal(metrics_model_index(&f, str_of(name)), m);
	}
	for (int i = 0; i < 40; i++) {
		enum label_RESULT r;

		snprintf(name, sizeof(name), "class %d", i);
		r = metrics_add_result(&f, MODEL_SLOT, str_of(name));
		assert_int_equal(r, i < 32 ? RESULT_SLOT + i : RESULT_OTHER);
	}
	assert_int_equal(metrics_add_result(&f, MODEL_OTHER, STR("x")),
	    RESULT_OTHER);
	memset(name, 'x', sizeof(name));
	assert_int_equal(metrics_add_result(&f, MODEL_SLOT + 1,
	    (struct str){name, METRICS_CLASS_MAX}), RESULT_OTHER);
	assert_int_equal(metrics_add_result(&f, MODEL_SLOT + 1,
	    (struct str){name, METRICS_CLASS_MAX - 1}), RESULT_SLOT);
	assert_int_equal(metrics_add_result(&f, MODEL_SLOT + 1, STR("")),
	    RESULT_OTHER);
	assert_int_equal(metrics_add_result(&f, MODEL_SLOT + 1, STR("\xff")),
	    RESULT_OTHER);
	metrics_close(&f);
}

static void
texts_are_cut_at_whole_characters(void **state)
{
	struct metrics_model_text text = {.name = STR("churn")};
	char shown[METRICS_TEXTS][METRICS_TEXT_MAX], wide[100];
	struct metrics_file f;
	char aside[PATH_MAX];

	(void)state;
	create(&f, aside);
	for (size_t i = 0; i < sizeof(wide); i += 2)
		memcpy(wide + i, "\xc3\xa9", 2);
	text.algorithm = (struct str){wide, sizeof(wide)};
	metrics_set_model_text(&f, MODEL_SLOT, &text);
	metrics_text_get(&f.texts->model[MODEL_SLOT], shown);
	assert_string_equal(shown[0], "churn");
	assert_int_equal(strlen(shown[1]), METRICS_TEXT_MAX - 2);
	text.name = STR("other");
	metrics_set_model_text(&f, MODEL_SLOT, &text);
	metrics_text_get(&f.texts->model[MODEL_SLOT], shown);
	assert_string_equal(shown[0], "other");
	metrics_close(&f);
}

static void
a_note_of_a_reload_is_kept_until_the_next(void **state)
{
	char shown[METRICS_NOTE_MAX], wide[2 * METRICS_NOTE_MAX + 1];
	struct metrics_file f;
	char aside[PATH_MAX];

	(void)state;
	create(&f, aside);
	metrics_reload_note(&f, shown);
	assert_string_equal(shown, "");
	for (size_t i = 0; i < sizeof(wide) - 1; i += 2)
		memcpy(wide + i, "\xc3\xa9", 2);
	wide[sizeof(wide) - 1] = '\0';
	metrics_set_reload_note(&f, wide);
	metrics_reload_note(&f, shown);
	assert_int_equal(strlen(shown), METRICS_NOTE_MAX - 2);
	metrics_set_reload_note(&f, "no such file");
	metrics_reload_note(&f, shown);
	assert_string_equal(shown, "no such file");
	metrics_set_reload_note(&f, "");
	metrics_reload_note(&f, shown);
	assert_string_equal(shown, "");
	metrics_close(&f);
}

static void
expect_state(const struct metrics_file *f, enum label_STATE want,
    uint64_t want_since)
{
	enum label_STATE state;
	uint64_t since;

	assert_true(metrics_slot_state(f, 5, &state, &since));
	assert_int_equal(state, want);
	assert_int_equal(since, want_since);
}

static void
a_slot_tells_how_its_worker_stands(void **state)
{
	struct metrics_file f;
	char aside[PATH_MAX];
	enum label_STATE none;
	uint64_t since;

	(void)state;
	create(&f, aside);
	assert_false(metrics_slot_state(&f, 5, &none, &since));
	prepare(&f, 5);
	metrics_slot_started(&f, 5, 100);
	expect_state(&f, STATE_STARTING, 0);
	metrics_ready(&f.slabs[5], 100);
	expect_state(&f, STATE_IDLE, 0);
	metrics_busy(&f.slabs[5], 77);
	expect_state(&f, STATE_BUSY, 77);
	metrics_slot_stopping(&f, 5);
	expect_state(&f, STATE_STOPPING, 77);
	metrics_slot_ended(&f, 5);
	assert_false(metrics_slot_state(&f, 5, &none, &since));
	/* The next one is not thought busy with the last one's request. */
	prepare(&f, 5);
	metrics_slot_started(&f, 5, 101);
	expect_state(&f, STATE_STARTING, 0);
	metrics_close(&f);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_link_in_the_place_of_a_new_file_is_not_followed),
	    TEST(workers_count_exactly_side_by_side),
	    TEST(a_kill_loses_nothing_and_the_slot_goes_on),
	    TEST(a_worker_cannot_write_to_another_slab),
	    TEST(counters_and_names_outlive_a_restart_and_gauges_do_not),
	    TEST(two_servers_cannot_share_a_file),
	    TEST(a_truncated_file_is_put_aside),
	    TEST(another_builds_file_is_put_aside),
	    TEST(damaged_names_are_put_aside),
	    TEST(what_is_no_file_is_an_error),
	    TEST(names_past_the_table_go_to_other),
	    TEST(texts_are_cut_at_whole_characters),
	    TEST(a_note_of_a_reload_is_kept_until_the_next),
	    TEST(a_slot_tells_how_its_worker_stands),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC
 *
 * The parts of the supervisor that decide, without processes; what they do
 * together is in tests/system.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "supervisor/backoff.h"
#include "supervisor/child.h"
#include "supervisor/cpus.h"
#include "supervisor/generation.h"
#include "supervisor/handover.h"
#include "supervisor/line.h"
#include "supervisor/listen.h"
#include "supervisor/load.h"
#include "supervisor/notify.h"
#include "supervisor/overload.h"
#include "supervisor/queue.h"
#include "supervisor/settings.h"
#include "supervisor/state.h"
#include "supervisor/web_server.h"

static char folder[64];

static int
make_folder(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/test_supervisor.XXXXXX");
	return mkdtemp(folder) != NULL ? 0 : -1;
}

static int
remove_folder(void **state)
{
	(void)state;
	return rmdir(folder); /* fails where a test leaves something */
}

static const char *
inside(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

/* --- back-off, CPUs ------------------------------------------------------- */

static void
each_early_death_doubles_the_wait_up_to_a_bound(void **state)
{
	uint64_t delay = 0;

	(void)state;
	for (uint64_t ms = 100; ms <= 6400; ms *= 2) {
		delay = backoff_next(delay, 0);
		assert_int_equal(delay, ms * MILLISECOND_NS);
	}
	delay = backoff_next(delay, SECOND_NS);
	assert_int_equal(delay, 10 * SECOND_NS);
	assert_int_equal(backoff_next(delay, SECOND_NS), 10 * SECOND_NS);
	assert_int_equal(backoff_next(delay, 10 * SECOND_NS), 0);
}

static void
a_cpu_quota_is_rounded_up_to_whole_cpus(void **state)
{
	(void)state;
	assert_int_equal(cpus_quota(STR("max 100000\n")), 0);
	assert_int_equal(cpus_quota(STR("100000 100000\n")), 1);
	assert_int_equal(cpus_quota(STR("150000 100000")), 2);
	assert_int_equal(cpus_quota(STR("5000 100000")), 1);
	assert_int_equal(cpus_quota(STR("")), 0);
	assert_int_equal(cpus_quota(STR("100000")), 0);
	assert_int_equal(cpus_quota(STR("1 0")), 0);
	assert_int_equal(cpus_quota(STR("-1 100000")), 0);
	assert_true(cpus_usable() >= 1);
}

/* --- lines ---------------------------------------------------------------- */

static void
lines_come_whole_however_they_are_written(void **state)
{
	static const char *const parts[] = {"one\ntw", "o\n", "\nthr", "ee\n"};
	static const char *const lines[] = {"one", "two", "", "three"};
	struct line_reader r = {0};
	struct err err;
	size_t n = 0;
	int in;

	(void)state;
	assert_true(child_pipe(&r.fd, &in, &err));
	for (size_t i = 0; i < countof(parts); i++) {
		const char *line;

		assert_int_equal(write(in, parts[i], strlen(parts[i])),
		    strlen(parts[i]));
		while ((line = line_next(&r)) != NULL)
			assert_string_equal(line, lines[n++]);
	}
	assert_int_equal(n, countof(lines));
	close(in);
	close(r.fd);
}

static void
a_line_without_end_is_cut(void **state)
{
	struct line_reader r = {0};
	struct err err;
	char text[3000];
	size_t n = 0;
	const char *line;
	int in;

	(void)state;
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\n';
	assert_true(child_pipe(&r.fd, &in, &err));
	assert_int_equal(write(in, text, sizeof(text)), sizeof(text));
	while ((line = line_next(&r)) != NULL)
		n += strlen(line);
	assert_int_equal(n, sizeof(text) - 1);
	close(in);
	close(r.fd);
}

/* --- overload ------------------------------------------------------------- */

/* A counters file in memory, of which only this much is used. */
static void
as_many_may_wait_as_get_their_turn_in_time(void **state)
{
	static struct slab slabs[METRICS_SLOTS];
	static struct metrics_slot slots[METRICS_SLOTS];
	const struct metrics_file f = {.slots = slots, .slabs = slabs};
	struct generation g = {.workers = 2, .queue_limit = 1000,
	    .queue_time_ns = 25 * MILLISECOND_NS};
	struct overload o = {0};

	(void)state;
	atomic_store(&slots[3].used, 1);
	metric_add(&slabs[3].state.worked, 1000000); /* another service */
	metric_add(&slabs[3].state.worked_ns, 1000000 * SECOND_NS);
	overload_note(&o, &f);
	assert_int_equal(overload_limit(&o, &g), 1000);
	metric_add(&slabs[3].state.worked, 10);
	metric_add(&slabs[3].state.worked_ns, 10 * MILLISECOND_NS);
	overload_note(&o, &f);
	assert_int_equal(overload_limit(&o, &g), 50);
	overload_note(&o, &f); /* nothing new: nothing forgotten */
	assert_int_equal(overload_limit(&o, &g), 50);
	g.queue_limit = 20;
	assert_int_equal(overload_limit(&o, &g), 20);
	for (int i = 0; i < 100; i++) {
		metric_add(&slabs[3].state.worked, 1);
		metric_add(&slabs[3].state.worked_ns, SECOND_NS);
		overload_note(&o, &f);
	}
	assert_int_equal(overload_limit(&o, &g), 2 * OVERLOAD_LEAST);
}

/* --- sockets, queue ------------------------------------------------------- */

static void
the_queue_of_a_socket_is_read_from_outside(void **state)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int listener, peers[3];
	uint32_t length, limit;
	struct queue q;
	struct err err;

	(void)state;
	strcpy(a.sun_path, inside("s"));
	assert_true(listen_unix(a.sun_path, &listener, &err));
	if (!queue_open(listener, &q, &err)) {
		print_message("# not tried: %s\n", err.text);
		close(listener);
		unlink(a.sun_path);
		return;
	}
	assert_true(queue_read(&q, &length, &limit));
	assert_int_equal(length, 0);
	for (size_t i = 0; i < countof(peers); i++) {
		peers[i] = socket(AF_UNIX, SOCK_STREAM, 0);
		assert_int_equal(connect(peers[i], (struct sockaddr *)&a,
		    sizeof(a)), 0);
		assert_true(queue_read(&q, &length, &limit));
		assert_int_equal(length, i + 1);
	}
	assert_true(limit >= 128);
	close(accept(listener, NULL, NULL));
	assert_true(queue_read(&q, &length, &limit));
	assert_int_equal(length, 2);
	for (size_t i = 0; i < countof(peers); i++)
		close(peers[i]);
	queue_close(&q);
	close(listener);
	unlink(a.sun_path);
}

static void
a_free_port_is_told(void **state)
{
	struct listen_address a, again;
	struct err err;
	int fd, other;

	(void)state;
	assert_true(listen_tcp("127.0.0.1:0", &fd, &a, &err));
	assert_true(a.port > 0);
	assert_false(listen_tcp(a.text, &other, &again, &err));
	assert_non_null(strstr(err.text, "in use"));
	close(fd);
	assert_true(listen_tcp("0.0.0.0:0", &fd, &a, &err));
	assert_memory_equal(a.text, "0.0.0.0:", 8);
	assert_memory_equal(a.connect, "127.0.0.1:", 10);
	close(fd);
}

/* --- state directory, generations ----------------------------------------- */

static void
a_state_directory_has_one_user_and_is_left_tidy(void **state)
{
	struct state first, second;
	struct err err;

	(void)state;
	assert_true(state_open(inside("state"), &first, &err));
	assert_true(first.made && first.fresh);
	assert_false(state_open(inside("state"), &second, &err));
	assert_non_null(strstr(err.text, "in use by another"));
	close(open(first.worker_sock, O_CREAT | O_WRONLY, 0600));
	state_close(&first, false);
	assert_int_equal(access(first.dir, F_OK), 0);
	assert_int_not_equal(access(first.worker_sock, F_OK), 0);
	assert_int_not_equal(access(first.models, F_OK), 0);
	/* What a killed supervisor has left is swept out, a failed start of
	 * one that was there before keeps it. */
	assert_true(state_open(inside("state"), &second, &err));
	assert_false(second.made);
	state_close(&second, true);
	assert_int_equal(access(first.dir, F_OK), 0);
	unlink(inside("state/lock"));
	rmdir(inside("state"));
}

static void
touch(const char *path)
{
	int fd = open(path, O_CREAT | O_WRONLY, 0600);

	assert_true(fd >= 0);
	close(fd);
}

static void
a_folder_of_somebody_else_is_no_state_directory(void **state)
{
	static const char *const taken[] = {"project/models",
	    "project/uploads", "project/lighttpd.conf"};
	struct state s;
	struct err err;

	(void)state;
	assert_int_equal(mkdir(inside("project"), 0700), 0);
	for (size_t i = 0; i < countof(taken); i++) {
		touch(inside(taken[i]));
		assert_false(state_open(inside("project"), &s, &err));
		assert_non_null(strstr(err.text, strchr(taken[i], '/') + 1));
		assert_non_null(strstr(err.text, "choose an empty one"));
		assert_int_equal(access(inside("project/lock"), F_OK), -1);
		assert_int_equal(unlink(inside(taken[i])), 0);
	}
	assert_int_equal(mkdir(inside("project/models"), 0700), 0);
	touch(inside("project/models/churn.pkl"));
	assert_false(state_open(inside("project"), &s, &err));
	assert_non_null(strstr(err.text, "such as models"));
	assert_int_equal(unlink(inside("project/models/churn.pkl")), 0);
	/* What a start left that could not remove it is ours. */
	touch(inside("project/models/v1.1.lsm"));
	touch(inside("project/readme")); /* of no concern */
	assert_true(state_open(inside("project"), &s, &err));
	state_close(&s, true);
	unlink(inside("project/lock"));
	assert_int_equal(unlink(inside("project/readme")), 0);
	assert_int_equal(rmdir(inside("project")), 0);
}

static void
only_what_we_have_named_is_swept_out(void **state)
{
	static const char *const ours[] = {"v1.3.lsm", "a.b.12.lsm", "keys.3",
	    "rate.1", "v1.3.lsm.77.tmp", "keys.2.7.tmp",
	    "lighttpd-upload-Ab3dEf"};
	static const char *const others[] = {"churn.pkl", "v1.lsm", "keys.txt",
	    "rate", "v1.3.lsm.bak", "keys.2.tmp", ".3", "3.lsm",
	    "v1.3.lsm.tmp"};
	char path[PATH_MAX];
	struct state s;
	struct err err;

	(void)state;
	assert_true(state_open(inside("state"), &s, &err));
	for (size_t i = 0; i < countof(ours); i++) {
		snprintf(path, sizeof(path), "%.4000s/%s", s.models, ours[i]);
		touch(path);
	}
	for (size_t i = 0; i < countof(others); i++) {
		snprintf(path, sizeof(path), "%.4000s/%s", s.models,
		    others[i]);
		touch(path);
	}
	state_close(&s, false);
	for (size_t i = 0; i < countof(ours); i++) {
		snprintf(path, sizeof(path), "%.4000s/%s", s.models, ours[i]);
		assert_int_equal(access(path, F_OK), -1);
	}
	for (size_t i = 0; i < countof(others); i++) {
		snprintf(path, sizeof(path), "%.4000s/%s", s.models,
		    others[i]);
		assert_int_equal(unlink(path), 0);
	}
	assert_int_equal(rmdir(s.models), 0);
	/* A link in its place leads nobody astray. */
	assert_int_equal(mkdir(inside("victim"), 0700), 0);
	touch(inside("victim/v1.3.lsm"));
	snprintf(path, sizeof(path), "%s", inside("victim"));
	assert_int_equal(symlink(path, s.models), 0);
	assert_false(state_open(inside("state"), &s, &err));
	assert_non_null(strstr(err.text, "models is no directory"));
	assert_int_equal(unlink(inside("victim/v1.3.lsm")), 0);
	assert_int_equal(rmdir(inside("victim")), 0);
	assert_int_equal(unlink(inside("state/models")), 0);
	assert_int_equal(rmdir(inside("state")), 0);
}

static void
a_failed_first_start_leaves_no_directory(void **state)
{
	struct state s;
	struct err err;

	(void)state;
	assert_true(state_open(inside("state"), &s, &err));
	state_close(&s, true);
	assert_int_not_equal(access(inside("state"), F_OK), 0);
}

static void
images_go_with_the_last_holder(void **state)
{
	struct config c = {.n_models = 1, .workers = 3, .alerts = "",
	    .sandbox = "on", .api_keys = ""};
	struct generation *g;
	struct err err;

	(void)state;
	c.models[0].slot = "v1";
	g = generation_new(7, &c, folder);
	assert_non_null(g);
	assert_string_equal(g->images[0].file, inside("v1.7.lsm"));
	assert_true(file_write(g->images[0].file, STR("image"), &err));
	assert_ptr_equal(generation_hold(g), g);
	generation_release(g);
	assert_int_equal(access(inside("v1.7.lsm"), F_OK), 0);
	generation_release(g);
	assert_int_not_equal(access(inside("v1.7.lsm"), F_OK), 0);
}

/* Its program waits, as one does for a disk that does not answer. */
static void
an_import_that_does_not_end_is_ended(void **state)
{
	struct config c = {.n_models = 1, .workers = 1, .alerts = "",
	    .api_keys = "", .sandbox = "off"};
	struct generation *g, *done;
	char program[128];
	struct load l;
	struct err err;
	int status, fd;
	pid_t pid;

	(void)state;
	c.models[0].slot = "v1";
	c.models[0].file = "big.joblib";
	strcpy(program, inside("waits"));
	fd = open(program, O_WRONLY | O_CREAT | O_CLOEXEC, 0700);
	assert_int_equal(write(fd, "#!/bin/sh\nexec sleep 600\n", 25), 25);
	assert_int_equal(close(fd), 0);
	g = generation_new(1, &c, folder);
	load_begin(&l, generation_hold(g), &c, program);
	assert_int_equal(l.running, 1);
	pid = l.imports[0].pid;
	load_tick(&l, l.imports[0].started_ns + 1799 * SECOND_NS);
	assert_false(l.imports[0].late);
	assert_false(load_done(&l, &done, &err));
	load_tick(&l, l.imports[0].started_ns + 1800 * SECOND_NS);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	assert_true(load_reaped(&l, pid, status));
	assert_true(load_done(&l, &done, &err));
	assert_null(done);
	assert_string_equal(err.text, "cannot load model v1: the import of "
	    "big.joblib did not end in 30 minutes");
	generation_release(g);
	assert_int_equal(unlink(program), 0);
}

/* --- the service manager -------------------------------------------------- */

/* What came, or nothing. */
static const char *
told(int fd)
{
	static char text[128];
	ssize_t n = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

static void
a_manager_that_does_not_read_yet_is_told_that_we_are_ready(void **state)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	struct notify n;
	uint64_t now = 0;

	(void)state;
	strcpy(a.sun_path, inside("notify"));
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	setenv("NOTIFY_SOCKET", a.sun_path, 1);
	setenv("WATCHDOG_USEC", "100000", 1);
	notify_open(&n);
	assert_null(getenv("NOTIFY_SOCKET"));
	/* A slow start: far more turns than a socket holds messages. */
	for (int i = 0; i < 10000; i++)
		notify_tick(&n, now += SECOND_NS);
	assert_true(notify_due_ns(&n) == UINT64_MAX);
	notify_ready(&n);
	notify_tick(&n, now);
	notify_tick(&n, now);
	assert_true(notify_due_ns(&n) == now + 50 * MILLISECOND_NS);
	assert_string_equal(told(fd), "READY=1");
	assert_string_equal(told(fd), "WATCHDOG=1");
	assert_string_equal(told(fd), "");
	/* Whoever takes over is watched from its first turn. */
	notify_adopt(&n, n.fd, n.every_ns);
	notify_tick(&n, now);
	assert_string_equal(told(fd), "WATCHDOG=1");
	notify_close(&n);
	close(fd);
	unlink(a.sun_path);
}

/* --- settings, web server ------------------------------------------------- */

static void
a_path_that_lighttpd_cannot_be_told_is_refused(void **state)
{
	static const char *const bad[] = {"/a\"b", "/a\\b", "/a\nb"};
	char *argv[] = {(char[]){"lightscored"}, NULL};
	static char text[WEB_CONF_MAX];
	struct settings s;
	struct err err;
	struct buf b;

	(void)state;
	assert_true(settings_read(&s, 1, argv, &err));
	for (size_t i = 0; i < countof(bad); i++) {
		struct web_paths paths = {.worker_sock = bad[i],
		    .exporter_sock = "/e", .errors = "/err", .uploads = "/u"};

		buf_init(&b, text, sizeof(text));
		assert_false(web_conf_serve(&s.config, &paths, &b, &err));
		assert_non_null(strstr(err.text, "lighttpd cannot be told"));
	}
	settings_done(&s);
}

static void
a_log_line_of_lighttpd_loses_time_and_place(void **state)
{
	bool noise;

	(void)state;
	assert_string_equal(web_log_text("2026-01-31 12:00:00: "
	    "(gw_backend.c.960) all handlers are down.", &noise),
	    "all handlers are down.");
	assert_false(noise);
	web_log_text("2026-01-31 12:00:00: (server.c.1704) server started "
	    "(lighttpd/1.4.69)", &noise);
	assert_true(noise);
	assert_string_equal(web_log_text("plain", &noise), "plain");
}

#define IN_FOLDER(test) \
	cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

static void
a_handover_is_read_as_it_was_written(void **state)
{
	static struct handover h = {.lock_fd = 4, .public_fd = -1,
	    .notify_every_ns = 15000000000, .generation = 3,
	    .generations = 7, .web_pid = 12, .dir = "/a", .sockets = "/tmp/a b",
	    .n_images = 2, .images = {"v1", "v2"}, .n_processes = 3,
	    .processes = {{'w', 271, 99, 0}, {'r', 0, 98, 0},
		{'e', 0, 100, INT64_MAX}}};
	static struct handover again;
	static char text[HANDOVER_MAX], cut[HANDOVER_MAX];
	struct err err;
	struct buf b;

	(void)state;
	buf_init(&b, text, sizeof(text));
	handover_format(&h, &b);
	assert_false(b.over);
	assert_true(handover_parse((struct str){b.p, b.n}, &again, &err));
	assert_memory_equal(&h, &again, sizeof(h));
	/* Another version, and lines that are none. */
	memcpy(cut, text, b.n);
	cut[strlen("lightscored ")] = '9';
	assert_false(handover_parse((struct str){cut, b.n}, &again, &err));
	assert_non_null(strstr(err.text, "another version"));
	for (size_t i = 0; i < 4; i++) {
		static const char *const bad[] = {"lightscored 1\nlock_fd",
		    "lightscored 1\nlock_fd x", "lightscored 1\nother 1",
		    "lightscored 1\nprocess w 272 5 0"};

		assert_false(handover_parse(str_of(bad[i]), &again, &err));
		assert_non_null(strstr(err.text, "damaged"));
	}
}

static void
a_minute_has_so_many_lines(void **state)
{
	struct line_limit l = {0};
	uint64_t now = 5 * SECOND_NS;
	unsigned left_out;

	(void)state;
	for (int i = 0; i < LINE_LIMIT; i++) {
		now += SECOND_NS;
		assert_int_equal(line_take(&l, now, &left_out), LINE_TOLD);
		assert_int_equal(left_out, 0);
	}
	assert_int_equal(line_take(&l, now, &left_out), LINE_LAST);
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(line_take(&l, now, &left_out),
		    LINE_LEFT_OUT);
		assert_int_equal(left_out, 0);
	}
	/* A minute after its first line, not after its last. */
	now = 66 * SECOND_NS;
	assert_int_equal(line_take(&l, now, &left_out), LINE_TOLD);
	assert_int_equal(left_out, 1001);
	assert_int_equal(line_take(&l, now, &left_out), LINE_TOLD);
	assert_int_equal(left_out, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_minute_has_so_many_lines),
	    cmocka_unit_test(each_early_death_doubles_the_wait_up_to_a_bound),
	    cmocka_unit_test(a_cpu_quota_is_rounded_up_to_whole_cpus),
	    cmocka_unit_test(lines_come_whole_however_they_are_written),
	    cmocka_unit_test(a_line_without_end_is_cut),
	    cmocka_unit_test(as_many_may_wait_as_get_their_turn_in_time),
	    IN_FOLDER(the_queue_of_a_socket_is_read_from_outside),
	    cmocka_unit_test(a_free_port_is_told),
	    IN_FOLDER(a_state_directory_has_one_user_and_is_left_tidy),
	    IN_FOLDER(a_folder_of_somebody_else_is_no_state_directory),
	    IN_FOLDER(only_what_we_have_named_is_swept_out),
	    IN_FOLDER(a_failed_first_start_leaves_no_directory),
	    IN_FOLDER(images_go_with_the_last_holder),
	    IN_FOLDER(an_import_that_does_not_end_is_ended),
	    IN_FOLDER(
		a_manager_that_does_not_read_yet_is_told_that_we_are_ready),
	    cmocka_unit_test(a_path_that_lighttpd_cannot_be_told_is_refused),
	    cmocka_unit_test(a_handover_is_read_as_it_was_written),
	    cmocka_unit_test(a_log_line_of_lighttpd_loses_time_and_place),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

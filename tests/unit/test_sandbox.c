/* SPDX-License-Identifier: ISC
 *
 * What a process in the sandbox can still do, and how it ends when it does
 * anything else. Each attempt is made in a child that enters it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "sandbox/parts.h"
#include "sandbox/sandbox.h"

/* What a child has to say: the name of a refused call. */
static int say_fd;

static void
say(const char *call)
{
	if (write(say_fd, call, strlen(call)) < 0)
		_exit(99);
}

typedef bool entering(struct err *err);
/* 0, or the errno of what was tried. */
typedef int attempt(void);

static bool
enter_files(struct err *err)
{
	return sandbox_close_files(err);
}

static bool
enter_calls(struct err *err)
{
	return sandbox_filter_calls(SANDBOX_SERVES, say, err);
}

static bool
enter_both(struct err *err)
{
	return sandbox_enter(say, err);
}

enum { NOT_ENTERED = 200 };

/* The wait status of a child that enters and tries; `said` is what it said. */
static int
status_of(entering *enter, attempt *try, char said[64])
{
	const struct rlimit no_core = {0, 0};
	int ends[2], status;
	ssize_t n;
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct err err;

		setrlimit(RLIMIT_CORE, &no_core);
		close(STDERR_FILENO); /* the sentence of an assertion */
		say_fd = ends[1];
		_exit(enter(&err) ? try() : NOT_ENTERED);
	}
	close(ends[1]);
	n = read(ends[0], said, 63);
	said[n > 0 ? n : 0] = '\0';
	close(ends[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

/* cmocka's skip is a failure to a reader of TAP. */
static bool
lacks_calls(void)
{
#ifdef UNSANDBOXED
	print_message("# not tried: " UNSANDBOXED " make calls too\n");
	return true;
#endif
	if (!sandbox_has_calls())
		print_message("# not tried: no seccomp here\n");
	return !sandbox_has_calls();
}

static bool
lacks_files(void)
{
	if (!sandbox_has_files())
		print_message("# not tried: no Landlock here\n");
	return !sandbox_has_files();
}

/* --- attempts -------------------------------------------------------------- */

static int
try_open(void)
{
	return open("/dev/null", O_RDONLY) < 0 ? errno : 0;
}

static int
try_make(void)
{
	return open("/tmp/lightscore-test.sandbox", O_CREAT | O_EXCL, 0600) < 0
	    ? errno : 0;
}

static int
try_remove(void)
{
	return unlink("/tmp/lightscore-test.no-such-file") < 0 ? errno : 0;
}

static int
try_list(void)
{
	return open("/", O_RDONLY | O_DIRECTORY) < 0 ? errno : 0;
}

static int
try_run(void)
{
	char name[] = "true";
	char *const argv[] = {name, NULL};

	execv("/bin/true", argv);
	return errno;
}

static int
try_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0) < 0 ? errno : 0;
}

static int
try_fork(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return pid < 0 ? errno : 0;
}

static int
try_kill(void)
{
	return kill(1, 0) < 0 ? errno : 0;
}

static int
try_prctl(void)
{
	return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0 ? errno : 0;
}

static int
try_tgkill_another(void)
{
	return syscall(SYS_tgkill, 1, 1, 0) < 0 ? errno : 0;
}

static int
try_code(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? errno : 0;
}

static int
try_trace(void)
{
	return syscall(SYS_ptrace, 0, 0, 0, 0) < 0 ? errno : 0;
}

static int
try_assertion(void)
{
	abort();
}

/* What serving takes: memory of all sizes, waiting, the log, a pipe. */
static int
try_work(void)
{
	struct pollfd peer = {.fd = say_fd, .events = POLLOUT};
	char *small = malloc(100), *large = malloc(64 << 20);
	struct sigaction ignore = {.sa_handler = SIG_IGN};

	if (small == NULL || large == NULL)
		return 1;
	memset(large, 1, 64 << 20);
	large = realloc(large, 96 << 20);
	free(large);
	free(small);
	log_info("%f", 1.5);
	if (sigaction(SIGPIPE, &ignore, NULL) != 0)
		return 2;
	if (poll(&peer, 1, 0) != 1 || write(say_fd, "done", 4) != 4)
		return 3;
	return 0;
}

/* An open descriptor stays of use. */
static int held_fd = -1;

static int
try_held(void)
{
	char byte;

	return read(held_fd, &byte, 1) == 1 ? 0 : errno;
}

static int
try_connect(void)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(1)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	return connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0 ? errno : 0;
}

/* --- an importer ----------------------------------------------------------- */

/* DIR/read/file and DIR/write/ are its own, DIR/other/file is not. */
static char dir[64], own[80], folder[80], made[90], other[80];

static int
make_files(void **state)
{
	const struct str text = STR("text");
	char path[80];
	struct err err;

	(void)state;
	strcpy(dir, "/tmp/lightscore-test.XXXXXX");
	if (mkdtemp(dir) == NULL)
		return -1;
	for (int i = 0; i < 3; i++) {
		static const char *const names[] = {"read", "write", "other"};

		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		if (!file_make_dirs(path, &err))
			return -1;
	}
	snprintf(own, sizeof(own), "%s/read/file", dir);
	snprintf(folder, sizeof(folder), "%s/write", dir);
	snprintf(made, sizeof(made), "%s/made", folder);
	snprintf(other, sizeof(other), "%s/other/file", dir);
	return file_write(own, text, &err) && file_write(other, text, &err) ?
	    0 : -1;
}

static int
remove_files(void **state)
{
	static const char *const names[] = {"read/file", "other/file",
	    "write/made", "read", "write", "other", ""};
	char path[80];

	(void)state;
	for (size_t i = 0; i < countof(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		remove(path);
	}
	return 0;
}

static bool
enter_import(struct err *err)
{
	const struct sandbox_path paths[] = {{own, SANDBOX_READ},
	    {folder, SANDBOX_WRITE}, {"/no/such/file", SANDBOX_READ}};

	return sandbox_enter_import(paths, countof(paths), say, err);
}

/* Read what is given, write it anew, read that. */
static int
try_import(void)
{
	struct file_map m;
	struct err err;

	if (!file_map(own, 100, &m, &err))
		return 1;
	for (int i = 0; i < 2; i++)
		if (!file_write(made, (struct str){m.p, m.n}, &err))
			return 2;
	file_unmap(&m);
	if (!file_map(made, 100, &m, &err))
		return 3;
	file_unmap(&m);
	return write(say_fd, "done", 4) == 4 ? 0 : 4;
}

static int
try_read_other(void)
{
	return open(other, O_RDONLY) < 0 ? errno : 0;
}

static int
try_write_own(void)
{
	return open(own, O_WRONLY) < 0 ? errno : 0;
}

static int
try_make_other(void)
{
	char path[90];

	snprintf(path, sizeof(path), "%s.new", other);
	return open(path, O_WRONLY | O_CREAT, 0600) < 0 ? errno : 0;
}

static int
try_remove_other(void)
{
	return unlink(other) < 0 ? errno : 0;
}

static int
try_move_other(void)
{
	return rename(other, made) < 0 ? errno : 0;
}

/* --- tests ----------------------------------------------------------------- */

static void
a_call_that_serving_does_not_need_kills(void **state)
{
	static const struct {
		attempt *try;
		const char *call;
	} rows[] = {
	    {try_open, "openat"},
	    {try_make, "openat"},
	    {try_remove, "unlink"},
	    {try_run, "execve"},
	    {try_socket, "socket"},
	    {try_fork, "clone"},
	    {try_kill, "kill"},
	    {try_prctl, "prctl"},
	    {try_tgkill_another, "tgkill"},
	    {try_code, "mmap"},
	    {try_trace, "ptrace"},
	};
	char said[64];

	(void)state;
	if (lacks_calls())
		return;
	for (size_t i = 0; i < countof(rows); i++) {
		int status = status_of(enter_calls, rows[i].try, said);

		if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
			fail_msg("%s: status %#x", rows[i].call, status);
		/* Newer libraries and other architectures use the "at". */
		if (strncmp(said, rows[i].call, strlen(rows[i].call)) != 0)
			fail_msg("%s: said %s", rows[i].call, said);
	}
}

static void
what_serving_needs_is_allowed(void **state)
{
	char said[64];

	(void)state;
	if (lacks_calls())
		return;
	assert_int_equal(status_of(enter_both, try_work, said), 0);
	assert_string_equal(said, "done");
}

static void
an_assertion_ends_as_ever(void **state)
{
	char said[64];
	int status;

	(void)state;
	if (lacks_calls())
		return;
	status = status_of(enter_both, try_assertion, said);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
	assert_string_equal(said, "");
}

static void
no_file_can_be_reached(void **state)
{
	static attempt *const tries[] = {try_open, try_make, try_list,
	    try_run};
	char said[64];

	(void)state;
	if (lacks_files())
		return;
	for (size_t i = 0; i < countof(tries); i++) {
		int status = status_of(enter_files, tries[i], said);

		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), EACCES);
	}
}

static void
no_network_can_be_reached(void **state)
{
	char said[64];
	int status;

	(void)state;
	if (lacks_files())
		return;
	if (syscall(SYS_landlock_create_ruleset, NULL, 0, 1) < 4) {
		print_message("# not tried: Landlock here knows no network\n");
		return;
	}
	status = status_of(enter_files, try_connect, said);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), EACCES);
}

static void
what_is_open_stays_open(void **state)
{
	char said[64];

	(void)state;
	held_fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	assert_true(held_fd >= 0);
	assert_int_equal(status_of(enter_both, try_held, said), 0);
	close(held_fd);
}

static int
try_privileges(void)
{
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? 0 : 1;
}

static void
privileges_cannot_be_gained(void **state)
{
	char said[64];

	(void)state;
	if (lacks_files())
		return;
	assert_int_equal(status_of(enter_files, try_privileges, said), 0);
}

static void
what_is_missing_is_said(void **state)
{
	(void)state;
#ifdef UNSANDBOXED
	assert_non_null(strstr(sandbox_missing(), UNSANDBOXED));
#else
	if (sandbox_has_calls() && sandbox_has_files())
		assert_null(sandbox_missing());
	else
		assert_non_null(sandbox_missing());
#endif
}

static void
an_importer_has_its_files(void **state)
{
	char said[64];

	(void)state;
	assert_int_equal(status_of(enter_import, try_import, said), 0);
	assert_string_equal(said, "done");
}

static void
an_importer_has_no_other_files(void **state)
{
	static attempt *const tries[] = {try_read_other, try_write_own,
	    try_make_other, try_remove_other, try_move_other, try_list};
	char said[64];

	(void)state;
#ifdef UNSANDBOXED
	print_message("# not tried: no sandbox with " UNSANDBOXED "\n");
	return;
#endif
	if (lacks_files())
		return;
	for (size_t i = 0; i < countof(tries); i++) {
		int status = status_of(enter_import, tries[i], said);

		assert_true(WIFEXITED(status));
		/* Moved into another folder: EXDEV, as of another disk. */
		assert_true(WEXITSTATUS(status) == EACCES ||
		    (tries[i] == try_move_other &&
		    WEXITSTATUS(status) == EXDEV));
	}
}

static void
an_importer_speaks_to_nobody_and_starts_nothing(void **state)
{
	static attempt *const tries[] = {try_socket, try_run, try_fork,
	    try_kill, try_prctl, try_tgkill_another, try_code, try_trace};
	char said[64];

	(void)state;
	if (lacks_calls())
		return;
	for (size_t i = 0; i < countof(tries); i++) {
		int status = status_of(enter_import, tries[i], said);

		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), SIGSYS);
	}
}

#define IMPORT(f) \
	cmocka_unit_test_setup_teardown(f, make_files, remove_files)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_call_that_serving_does_not_need_kills),
	    cmocka_unit_test(what_serving_needs_is_allowed),
	    cmocka_unit_test(an_assertion_ends_as_ever),
	    cmocka_unit_test(no_file_can_be_reached),
	    cmocka_unit_test(no_network_can_be_reached),
	    cmocka_unit_test(what_is_open_stays_open),
	    cmocka_unit_test(privileges_cannot_be_gained),
	    cmocka_unit_test(what_is_missing_is_said),
	    IMPORT(an_importer_has_its_files),
	    IMPORT(an_importer_has_no_other_files),
	    IMPORT(an_importer_speaks_to_nobody_and_starts_nothing),
	};

	log_init("test", LOG_LEVEL_INFO);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

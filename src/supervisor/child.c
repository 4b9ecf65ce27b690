/* SPDX-License-Identifier: ISC
 *
 * Starting a process. What stays true: none of ours outlives us, whatever
 * ends us; none inherits a signal mask, an ignored signal or a descriptor
 * it was not given.
 */
#include "supervisor/child.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/log.h"
#include "sandbox/sandbox.h"

/* Every descriptor of ours is closed on exec; `to` is not. */
static bool
place(int from, int to)
{
	if (from == to)
		return fcntl(to, F_SETFD, 0) == 0;
	return dup2(from, to) == to;
}

/* What whoever started us has left open is no concern of a child either.
 * An old kernel cannot do it. */
static void
close_others_on_exec(const struct child_spec *spec)
{
	unsigned first = spec->n_fds > 0 ? CHILD_FDS + (unsigned)spec->n_fds
	    : CHILD_READY_FD + (spec->ready_fd >= 0);

	close_range(first, ~0u, CLOSE_RANGE_CLOEXEC);
}

/* Sources are above descriptor 2, so for the first three any order does.
 * Those of the others may be where another is to be: they go aside first. */
static bool
place_all(const struct child_spec *spec)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int aside[CHILD_FDS_MAX];
	bool ok;

	assert(spec->n_fds <= CHILD_FDS_MAX);
	ok = null >= 0 && place(spec->in_fd < 0 ? null : spec->in_fd, 0) &&
	    place(null, 1) && (spec->err_fd < 0 || place(spec->err_fd, 2));
	for (size_t i = 0; ok && i < spec->n_fds; i++) {
		aside[i] = fcntl(spec->fds[i], F_DUPFD_CLOEXEC,
		    CHILD_FDS + CHILD_FDS_MAX);
		ok = aside[i] >= 0;
	}
	ok = ok && (spec->ready_fd < 0 ||
		       place(spec->ready_fd, CHILD_READY_FD));
	for (size_t i = 0; ok && i < spec->n_fds; i++)
		ok = place(aside[i], CHILD_FDS + (int)i);
	return ok;
}

static bool
enter_sandbox(const struct child_spec *spec)
{
	struct err err;

	if (spec->paths == NULL || sandbox_keep_files(spec->paths,
		spec->n_paths, spec->network, &err))
		return true;
	log_error("%s: %s", spec->argv[0], err.text);
	return false;
}

NORETURN static void
become(const struct child_spec *spec, pid_t parent)
{
	sigset_t none;

	sigemptyset(&none);
	signal(SIGPIPE, SIG_DFL);
	/* Not a session: the kernel would schedule each as a group by itself
	 * (autogroup), which halves the requests a busy machine answers. */
	setpgid(0, 0);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
		_exit(127); /* the parent was gone before we could say so */
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (spec->cpu_s > 0)
		setrlimit(RLIMIT_CPU, &(struct rlimit){
		    spec->cpu_s, spec->cpu_s});
	if (place_all(spec)) {
		close_others_on_exec(spec);
		sigprocmask(SIG_SETMASK, &none, NULL);
		if (!enter_sandbox(spec))
			_exit(127);
		/* exec does not write to the strings: POSIX's lack of const */
		execv(spec->argv[0],
		    (char *const *)(const void *)spec->argv);
	}
	log_error("cannot run %s: %s", spec->argv[0], strerror(errno));
	_exit(127);
}

bool
child_start(const struct child_spec *spec, pid_t *ret, struct err *err)
{
	pid_t parent = getpid(), pid = fork();

	if (pid < 0 && errno == EAGAIN)
		return err_set(err, ERR_SYSTEM, ERR_NOWHERE,
		    "cannot start %s: too many processes; raise the limit of "
		    "them (ulimit -u, pids.max)", spec->argv[0]);
	if (pid < 0)
		return err_system(err, "cannot start %s", spec->argv[0]);
	if (pid == 0)
		become(spec, parent);
	*ret = pid;
	return true;
}

bool
child_pipe(int *read_end, int *write_end, struct err *err)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0)
		return err_system(err, "cannot make a pipe");
	if (fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0) {
		err_system(err, "cannot set up a pipe");
		close(ends[0]);
		close(ends[1]);
		return false;
	}
	*read_end = ends[0];
	*write_end = ends[1];
	return true;
}

/* SPDX-License-Identifier: ISC
 *
 * seccomp: the calls of calls.def, by libseccomp, which knows their numbers
 * on each architecture. Any other one is a SIGSYS: its handler says which,
 * and then the process dies of the same signal. Who has taken over the
 * process can keep it from dying, but the call is refused all the same.
 */
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox/parts.h"
#include "sandbox/sandbox.h"

#ifdef HAVE_SECCOMP
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

/* SYS_SECCOMP of the kernel's headers, which do not go with the library's:
 * the signal is no one's kill. */
enum { OF_THE_FILTER = 1 };

static void (*tell)(const char *call);

/* Where a call was refused we are in no function of the library but the one
 * that made it, and those of malloc are all allowed: so memory and the log
 * can be used here. With SA_RESETHAND the second signal is the last. */
static void
on_refused(int signo, siginfo_t *info, void *context)
{
	char *name;

	(void)context;
	if (info->si_code == OF_THE_FILTER) {
		name = seccomp_syscall_resolve_num_arch(
		    (uint32_t)info->si_arch, info->si_syscall);
		tell(name != NULL ? name : "unknown");
		free(name);
	}
	raise(signo);
}

static bool
add(scmp_filter_ctx ctx, int call)
{
	int rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, call, 0);

	/* Not on this architecture. */
	return rc == 0 || rc == -EDOM;
}

static bool
add_with(scmp_filter_ctx ctx, int call, struct scmp_arg_cmp what)
{
	int rc = seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, call, 1, &what);

	return rc == 0 || rc == -EDOM;
}

/* Which rows of calls.def are for the work. */
enum who { BOTH, SERVE, IMPORT };

static bool
is_for(enum who who, enum sandbox_work work)
{
	return who == BOTH || who == (work == SANDBOX_SERVES ? SERVE : IMPORT);
}

static bool
load(scmp_filter_ctx ctx, enum sandbox_work work)
{
	bool ok = true;

#define CALL(who, name) \
	ok = ok && (!is_for(who, work) || add(ctx, SCMP_SYS(name)));
#define CALL_WITH(who, name, what) \
	ok = ok && (!is_for(who, work) || \
		       add_with(ctx, SCMP_SYS(name), what));
#include "sandbox/calls.def"
#undef CALL
#undef CALL_WITH
	return ok && seccomp_load(ctx) == 0;
}

bool
sandbox_has_calls(void)
{
	const uint32_t action = SECCOMP_RET_TRAP;

	return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

bool
sandbox_filter_calls(enum sandbox_work work,
    void (*refused)(const char *call), struct err *err)
{
	struct sigaction on = {.sa_sigaction = on_refused,
	    .sa_flags = SA_SIGINFO | (int)SA_RESETHAND};
	scmp_filter_ctx ctx;
	bool ok;

	if (!sandbox_has_calls())
		return true;
	tell = refused;
	ctx = seccomp_init(SCMP_ACT_TRAP);
	ok = ctx != NULL && sigaction(SIGSYS, &on, NULL) == 0 && load(ctx, work);
	seccomp_release(ctx);
	return ok || err_set(err, ERR_SYSTEM, ERR_NOWHERE,
	    "cannot filter system calls");
}

#else

bool
sandbox_has_calls(void)
{
	return false;
}

bool
sandbox_filter_calls(enum sandbox_work work,
    void (*refused)(const char *call), struct err *err)
{
	(void)work;
	(void)refused;
	(void)err;
	return true;
}

#endif

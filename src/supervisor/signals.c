/* SPDX-License-Identifier: ISC
 *
 * Signals for an event loop: no handlers, nothing asynchronous.
 */
#include "supervisor/signals.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

bool
signals_open(int *ret_fd, struct err *err)
{
	static const int wanted[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR2,
	    SIGCHLD};
	sigset_t set;
	int fd;

	sigemptyset(&set);
	for (size_t i = 0; i < countof(wanted); i++) {
		sigaddset(&set, wanted[i]);
		/* An ignored signal (nohup's SIGHUP) would never arrive. */
		signal(wanted[i], SIG_DFL);
	}
	signal(SIGPIPE, SIG_IGN);
	if (sigprocmask(SIG_SETMASK, &set, NULL) != 0)
		return err_system(err, "cannot block signals");
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return err_system(err, "cannot wait for signals");
	*ret_fd = fd;
	return true;
}

int
signals_next(int fd)
{
	struct signalfd_siginfo info;

	if (read(fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return 0;
	if (info.ssi_signo == SIGHUP && info.ssi_code == SI_KERNEL)
		return SIGTERM;
	return (int)info.ssi_signo;
}

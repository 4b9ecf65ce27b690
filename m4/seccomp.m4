dnl SPDX-License-Identifier: ISC
dnl LS_SECCOMP: HAVE_SECCOMP and SECCOMP_LIBS where libseccomp is there;
dnl --without-seccomp leaves it out, --with-seccomp insists on it.
AC_DEFUN([LS_SECCOMP], [
	AC_ARG_WITH([seccomp], [AS_HELP_STRING([--without-seccomp],
		[do not filter the system calls of workers])],
		[], [with_seccomp=auto])
	have_seccomp=no
	AS_IF([test "x$with_seccomp" != xno],
		[PKG_CHECK_MODULES([SECCOMP], [libseccomp],
			[have_seccomp=yes], [have_seccomp=no])])
	AS_IF([test "x$have_seccomp" = xyes],
		[AC_DEFINE([HAVE_SECCOMP], [1],
			[System calls can be filtered.])],
		[test "x$with_seccomp" = xyes],
		[AC_MSG_ERROR([libseccomp was not found])],
		[AC_MSG_WARN([without libseccomp: workers may make any system call])])
])

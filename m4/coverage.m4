dnl SPDX-License-Identifier: ISC
dnl LS_COVERAGE: --enable-coverage counts which lines and branches run;
dnl `make coverage` runs the tests and tells.
AC_DEFUN([LS_COVERAGE], [
	AC_ARG_ENABLE([coverage], [AS_HELP_STRING([--enable-coverage],
		[count which lines and branches run, for `make coverage'])])
	LS_COVER=
	AS_IF([test "x$enable_coverage" = xyes],
		[LS_COVER="--coverage -fprofile-update=atomic"
		AC_DEFINE([UNSANDBOXED], ["coverage counts"])])
	AC_SUBST([LS_COVER])
	AM_CONDITIONAL([COVERAGE], [test "x$enable_coverage" = xyes])
	AC_PATH_PROG([GCOVR], [gcovr], [no])
	AC_PATH_PROG([VALGRIND], [valgrind], [no])
])

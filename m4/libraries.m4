dnl SPDX-License-Identifier: ISC
dnl LS_OPTIONAL_LIB(NAME, WHAT, HEADER, LIBRARY, FUNCTION): HAVE_NAME and
dnl NAME_LIBS where the library is there; --without-LIBRARY leaves it out,
dnl --with-LIBRARY insists on it.
AC_DEFUN([LS_OPTIONAL_LIB], [
	AC_ARG_WITH([$4], [AS_HELP_STRING([--without-$4], [do not read $2])],
		[], [with_$4=auto])
	$1_LIBS=
	AS_IF([test "x$with_$4" != xno], [
		AC_CHECK_HEADER([$3], [AC_CHECK_LIB([$4], [$5],
			[$1_LIBS=-l$4])])
		AS_IF([test -n "$$1_LIBS"],
			[AC_DEFINE([HAVE_$1], [1], [$2 can be read.])],
			[test "x$with_$4" = xyes],
			[AC_MSG_ERROR([$3 or lib$4 was not found])],
			[AC_MSG_WARN([without lib$4: $2 will not be read])])
	])
	AC_SUBST([$1_LIBS])
])

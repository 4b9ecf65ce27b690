dnl SPDX-License-Identifier: ISC
dnl LS_SANITIZERS: --enable-sanitizers builds everything with ASan and UBSan.
AC_DEFUN([LS_SANITIZERS], [
	AC_ARG_ENABLE([sanitizers], [AS_HELP_STRING([--enable-sanitizers],
		[build with AddressSanitizer and UndefinedBehaviorSanitizer])])
	LS_SANITIZE=
	AS_IF([test "x$enable_sanitizers" = xyes], [
		LS_SANITIZE="-fsanitize=address,undefined -fno-sanitize-recover=all"
		LS_SANITIZE="$LS_SANITIZE -fno-omit-frame-pointer"
		AC_DEFINE([UNSANDBOXED], ["sanitizers"],
			[What this is built with that a sandbox would break.])
	])
	AC_SUBST([LS_SANITIZE])
	AM_CONDITIONAL([SANITIZERS], [test "x$enable_sanitizers" = xyes])
])

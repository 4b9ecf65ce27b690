dnl SPDX-License-Identifier: ISC
dnl LS_HARDENING: stack protector, fortified libc calls, PIE, full RELRO.
dnl _FORTIFY_SOURCE needs optimisation and quarrels with ASan.
AC_DEFUN([LS_HARDENING], [
	LS_HARDEN="-fstack-protector-strong -fPIE"
	AS_IF([test "x$enable_sanitizers" != xyes], [
		AS_CASE([" $CFLAGS "], [*" -O0 "*], [],
			[LS_HARDEN="$LS_HARDEN -D_FORTIFY_SOURCE=2"])
	])
	LS_LDHARDEN="-pie -Wl,-z,relro -Wl,-z,now"
	AC_SUBST([LS_HARDEN])
	AC_SUBST([LS_LDHARDEN])
])

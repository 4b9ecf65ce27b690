dnl SPDX-License-Identifier: ISC
dnl LS_TRY_FLAGS(VARIABLE, FLAG...): adds those that compiler and linker take.
dnl A compiler may warn of what it does not know: that is a no.
AC_DEFUN([LS_TRY_FLAGS], [
	for flag in $2
	do
		AC_MSG_CHECKING([whether $CC takes $flag])
		ls_save_CFLAGS=$CFLAGS
		CFLAGS="$CFLAGS -Werror $flag"
		AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])],
			[$1="$$1 $flag"; AC_MSG_RESULT([yes])],
			[AC_MSG_RESULT([no])])
		CFLAGS=$ls_save_CFLAGS
	done
])
dnl LS_HARDENING: stack protector, stack clash protection, control-flow marks,
dnl fortified libc calls, PIE, full RELRO, no executable stack: what of it the
dnl compiler has. _FORTIFY_SOURCE needs optimisation and quarrels with ASan.
dnl File names in debug data and asserts are those of the tree, wherever it
dnl lies, so that a build can be repeated byte by byte (but gcov wants to find
dnl them).
AC_DEFUN([LS_HARDENING], [
	LS_HARDEN="-fPIE"
	LS_TRY_FLAGS([LS_HARDEN], [-fstack-protector-strong dnl
		-fstack-clash-protection -fcf-protection=full])
	AS_IF([test "x$enable_coverage" != xyes], [
		LS_TRY_FLAGS([LS_HARDEN], [-ffile-prefix-map=$srcdir/= dnl
			-ffile-prefix-map=`pwd`=.])
	])
	AS_IF([test "x$enable_sanitizers" != xyes], [
		AS_CASE([" $CFLAGS "], [*" -O0 "*], [],
			[LS_HARDEN="$LS_HARDEN -U_FORTIFY_SOURCE"
			LS_HARDEN="$LS_HARDEN -D_FORTIFY_SOURCE=2"])
	])
	LS_LDHARDEN="-pie"
	LS_TRY_FLAGS([LS_LDHARDEN], [-Wl,-z,relro -Wl,-z,now dnl
		-Wl,-z,noexecstack -Wl,-z,separate-code])
	AC_SUBST([LS_HARDEN])
	AC_SUBST([LS_LDHARDEN])
])

dnl SPDX-License-Identifier: ISC
dnl LS_WARNINGS: the warnings we build with. Errors only where CI asks for
dnl them (--enable-werror): a release must build with next year's compiler.
AC_DEFUN([LS_WARNINGS], [
	AC_ARG_ENABLE([werror], [AS_HELP_STRING([--enable-werror],
		[treat compiler warnings as errors])])
	LS_CFLAGS="-std=gnu17 -Wall -Wextra -Wshadow -Wstrict-prototypes"
	LS_CFLAGS="$LS_CFLAGS -Wmissing-prototypes -Wpointer-arith -Wwrite-strings"
	LS_CFLAGS="$LS_CFLAGS -Wcast-qual -Wformat=2 -Wundef -Wvla"
	LS_CFLAGS="$LS_CFLAGS -Wno-missing-field-initializers"
	AS_IF([test "x$enable_werror" = xyes], [LS_CFLAGS="$LS_CFLAGS -Werror"])
	AC_SUBST([LS_CFLAGS])
])

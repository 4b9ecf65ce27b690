dnl SPDX-License-Identifier: ISC
dnl LS_DIST: `make dist` packs the same bytes wherever and whenever it runs:
dnl files in the order of their names, of nobody, with one mode and the time
dnl of SOURCE_DATE_EPOCH, else of the last commit, else of CHANGELOG.md. Needs
dnl GNU tar; with another one the tarball is as good, but not the same.
AC_DEFUN([LS_DIST], [
	AC_MSG_CHECKING([whether tarballs can be made the same])
	AS_IF([tar --version 2>/dev/null | grep GNU >/dev/null], [
		am__tar='tar --format=ustar --sort=name --owner=0 --group=0 --numeric-owner --mode=a+rX,u+w,go-w --mtime=@$(DIST_EPOCH) -chf - "$$tardir"'
		AC_MSG_RESULT([yes])
	], [AC_MSG_RESULT([no])])
])

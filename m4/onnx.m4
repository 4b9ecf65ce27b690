dnl SPDX-License-Identifier: ISC
dnl LS_ONNX: ONNX files are read through protobuf-c by the format's own
dnl schema, which is found here and compiled in the build tree. HAVE_ONNX where
dnl all three are there; --without-onnx leaves it out, --with-onnx insists on
dnl it, --with-onnx=FILE takes the schema from there.
AC_DEFUN([LS_ONNX], [
	AC_ARG_WITH([onnx], [AS_HELP_STRING([--with-onnx=FILE],
		[the schema onnx.proto; --without-onnx: do not read ONNX])],
		[], [with_onnx=auto])
	have_onnx=no
	ONNX_SCHEMA=
	AS_CASE([$with_onnx], [no], [], [auto|yes], [
		for dir in /usr/include /usr/local/include /opt/local/include
		do
			AS_IF([test -z "$ONNX_SCHEMA" &&
				test -f "$dir/onnx/onnx.proto"],
				[ONNX_SCHEMA=$dir/onnx/onnx.proto])
		done
	], [ONNX_SCHEMA=$with_onnx])
	AS_IF([test "x$with_onnx" != xno], [
		PKG_CHECK_MODULES([PROTOBUF_C], [libprotobuf-c],
			[have_onnx=yes], [have_onnx=no])
		AC_PATH_PROG([PROTOC_C], [protoc-c], [no])
		AS_IF([test "x$PROTOC_C" = xno || test ! -f "$ONNX_SCHEMA"],
			[have_onnx=no])
		AS_IF([test "x$have_onnx" = xyes],
			[AC_DEFINE([HAVE_ONNX], [1],
				[ONNX files can be read.])],
			[test "x$with_onnx" != xauto],
			[AC_MSG_ERROR([protobuf-c, protoc-c or onnx.proto was not found])],
			[AC_MSG_WARN([without protobuf-c, protoc-c and onnx.proto: ONNX files will not be read])])
	])
	AC_SUBST([ONNX_SCHEMA])
	AM_CONDITIONAL([HAVE_ONNX], [test "x$have_onnx" = xyes])
])

/* SPDX-License-Identifier: ISC
 *
 * Errors as values: a kind, a place and one sentence. Nothing is allocated,
 * so an error can be told when memory is what ran out.
 */
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A sentence may quote names out of files and requests: they must not end
 * the line, nor speak to the terminal that shows it. */
static bool
one_line(struct err *err)
{
	for (char *p = err->text; *p != '\0'; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '?';
	return false;
}

bool
err_set(struct err *err, enum err_kind kind, size_t at, const char *fmt, ...)
{
	va_list ap;

	err->kind = kind;
	err->at = at;
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	return one_line(err);
}

/* What to do where the reason alone does not say it: shortages that have
 * nothing to do with what was asked of us. */
static const char *
remedy_of(int error)
{
	switch (error) {
	case ENOSPC:
		return "; make room there";
	case EDQUOT:
		return "; make room within the quota";
	case EROFS:
		return "; mount it writable, or use another directory";
	case EMFILE:
		return "; raise the limit of open files (ulimit -n)";
	case ENFILE:
		return "; close some, or raise fs.file-max";
	case ENOMEM:
		return "; free some, or raise the limit of memory";
	default:
		return "";
	}
}

bool
err_system(struct err *err, const char *fmt, ...)
{
	int saved = errno;
	va_list ap;
	size_t n;

	err->kind = ERR_SYSTEM;
	err->at = ERR_NOWHERE;
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	n = strlen(err->text);
	snprintf(err->text + n, sizeof(err->text) - n, ": %s%s",
	    strerror(saved), remedy_of(saved));
	errno = saved;
	return one_line(err);
}

bool
err_context(struct err *err, const char *fmt, ...)
{
	char old[sizeof(err->text)];
	va_list ap;
	size_t n;

	memcpy(old, err->text, sizeof(old));
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	n = strlen(err->text);
	snprintf(err->text + n, sizeof(err->text) - n, ": %s", old);
	return one_line(err);
}

/* SPDX-License-Identifier: ISC */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/attr.h"

/*
 * One line per event on standard error:
 *   2026-01-31T12:00:00.123Z level=info prog=lightscored worker ready slot=1
 * Programs log; libraries return errors and never call this.
 */
enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARN,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG,
};

/* `program` is kept, not copied. */
void log_init(const char *program, enum log_level level);
/* A short message, then key=value pairs. */
void log_error(const char *fmt, ...) PRINTF_LIKE(1, 2);
void log_warn(const char *fmt, ...) PRINTF_LIKE(1, 2);
void log_info(const char *fmt, ...) PRINTF_LIKE(1, 2);
void log_debug(const char *fmt, ...) PRINTF_LIKE(1, 2);

#endif

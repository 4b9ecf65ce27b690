/* SPDX-License-Identifier: ISC */
#ifndef BASE_ATTR_H
#define BASE_ATTR_H

/* A caller that drops this result has a bug. */
#define MUST_USE __attribute__((warn_unused_result))
/* Format string at argument f, its values from argument a (both from 1). */
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))
#define NORETURN          __attribute__((noreturn))

#define countof(array) (sizeof(array) / sizeof((array)[0]))

#define CACHE_LINE 64

#endif

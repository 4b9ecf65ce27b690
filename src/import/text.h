/* SPDX-License-Identifier: ISC */
#ifndef IMPORT_TEXT_H
#define IMPORT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/str.h"

/* The spellings of text that pickles of all ages use, to and from UTF-8. */

/* c (no surrogate, at most 0x10ffff) as at most 4 bytes; returns how many. */
size_t text_put_utf8(char *out, uint32_t c);
/* Python's raw-unicode-escape: Latin-1 with \uXXXX and \UXXXXXXXX. False for
 * what is no text, or past the bound of mem. */
MUST_USE bool text_from_escapes(struct str s, struct arena *mem,
    struct str *ret);
/* UTF-8 back to the bytes that Latin-1 made it of. False where a character
 * is beyond 255, or past the bound of mem. */
MUST_USE bool text_to_latin1(struct str s, struct arena *mem,
    struct str *ret);

#endif

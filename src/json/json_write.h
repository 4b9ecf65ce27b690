/* SPDX-License-Identifier: ISC */
#ifndef JSON_JSON_WRITE_H
#define JSON_JSON_WRITE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

/*
 * Compact JSON into a buffer, commas put where they belong: a value or key
 * that follows another gets one. For documents; what is hot uses base/buf.h.
 * The caller keeps opens and closes in balance.
 */
void json_open(struct buf *b, char bracket);
void json_close(struct buf *b, char bracket);
void json_key(struct buf *b, const char *key);
void json_key_str(struct buf *b, struct str key);
void json_text(struct buf *b, const char *text);
void json_str(struct buf *b, struct str s);
void json_bool(struct buf *b, bool v);
void json_u64(struct buf *b, uint64_t v);
/* Whole numbers without ".0"; null where v is not finite. */
void json_number(struct buf *b, double v);
/* A JSON text made elsewhere. */
void json_raw(struct buf *b, struct str json);

#endif

/* SPDX-License-Identifier: ISC */
#ifndef BASE_CHECKSUM_H
#define BASE_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/* CRC-32 (zlib's): guards a file against damage, not against malice. */
uint32_t checksum_crc32(const void *bytes, size_t n);
/* SHA-256, as bytes. */
enum { CHECKSUM_SHA256 = 32 };
void checksum_sha256(const void *bytes, size_t n,
    unsigned char ret[CHECKSUM_SHA256]);
/* SHA-256 as 64 lower-case hex digits and a NUL: names a file's content. */
void checksum_sha256_hex(const void *bytes, size_t n, char hex[65]);

#endif

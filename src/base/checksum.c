/* SPDX-License-Identifier: ISC
 *
 * Checksums, from zlib and libmd.
 */
#include "base/checksum.h"

#include <sha256.h>
#include <zlib.h>

uint32_t
checksum_crc32(const void *bytes, size_t n)
{
	return (uint32_t)crc32_z(crc32_z(0, NULL, 0), bytes, n);
}

void
checksum_sha256(const void *bytes, size_t n,
    unsigned char ret[CHECKSUM_SHA256])
{
	SHA256_CTX c;

	SHA256Init(&c);
	SHA256Update(&c, bytes, n);
	SHA256Final(ret, &c);
}

void
checksum_sha256_hex(const void *bytes, size_t n, char hex[65])
{
	SHA256_CTX c;

	SHA256Init(&c);
	SHA256Update(&c, bytes, n);
	SHA256End(&c, hex);
}

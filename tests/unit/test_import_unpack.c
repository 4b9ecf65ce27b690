/* SPDX-License-Identifier: ISC
 *
 * import/unpack: whole files come back as they were; what is cut short,
 * changed or too large is refused with a sentence and costs little.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/file.h"
#include "import/unpack.h"

static struct arena mem;
static struct err err;
static struct str whole; /* what all the packed files hold */

static struct file_map
map(const char *name)
{
	const char *source = getenv("LS_SRCDIR");
	struct file_map m;
	char path[400];

	snprintf(path, sizeof(path), "%s/tests/golden/telco/%s",
	    source != NULL ? source : ".", name);
	if (!file_map(path, 1 << 20, &m, &err))
		fail_msg("%s", err.text);
	return m;
}

/* Forgets what was unpacked before. */
static bool
unpacks(const char *p, size_t n, struct str *ret, const char **packed)
{
	arena_reset(&mem, 1 << 16);
	return unpack((struct str){p, n}, &mem, ret, packed, &err);
}

static void
assert_refused(const char *p, size_t n, const char *sentence)
{
	struct str ret;
	const char *packed;

	assert_false(unpacks(p, n, &ret, &packed));
	if (strstr(err.text, sentence) == NULL)
		fail_msg("got \"%s\", want \"%s\"", err.text, sentence);
}

static const char *const files[][2] = {
    {"gzip", "lr_ohe_z.gz"},     {"zlib", "lr_ohe_z3.joblib"},
#ifdef HAVE_BZ2
    {"bz2", "lr_ohe_z.bz2"},
#endif
#ifdef HAVE_LZMA
    {"xz", "lr_ohe_z.xz"},       {"lzma", "lr_ohe_z.lzma"},
#endif
#ifdef HAVE_LZ4
    {"lz4", "lr_ohe_z.lz4"},
#endif
};

static void
every_compression_gives_the_file_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(files); i++) {
		struct file_map m = map(files[i][1]);
		const char *packed;
		struct str ret;

		if (!unpacks(m.p, m.n, &ret, &packed))
			fail_msg("%s: %s", files[i][1], err.text);
		assert_string_equal(packed, files[i][0]);
		assert_true(ret.n > 3000 && ret.p[0] == '\x80' &&
		    ret.p[ret.n - 1] == '.');
		file_unmap(&m);
	}
}

static void
plain_bytes_stay_where_they_are(void **state)
{
	const char *packed;
	struct str ret;

	(void)state;
	assert_true(unpacks(whole.p, whole.n, &ret, &packed));
	assert_null(packed);
	assert_ptr_equal(ret.p, whole.p);
	assert_int_equal(ret.n, whole.n);
	assert_true(unpacks("x", 1, &ret, &packed));
	assert_true(unpacks(NULL, 0, &ret, &packed));
}

static void
a_file_cut_short_anywhere_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(files); i++) {
		struct file_map m = map(files[i][1]);

		for (size_t n = 8; n < m.n; n += n < 40 ? 1 : 97)
			assert_refused(m.p, n, "damaged or truncated at byte");
		assert_refused(m.p, m.n - 1, "damaged or truncated at byte");
		file_unmap(&m);
	}
}

static bool
has_checksum(const char *name)
{
	/* joblib asks lz4 for none. */
	return strcmp(name, "lzma") != 0 && strcmp(name, "lz4") != 0;
}

static void
a_changed_byte_is_refused_or_changes_nothing(void **state)
{
	char copy[4096], *right;

	(void)state;
	for (size_t i = 0; i < countof(files); i++) {
		struct file_map m = map(files[i][1]);
		const char *packed;
		struct str ret;
		size_t n;

		if (!has_checksum(files[i][0]))
			continue;
		assert_true(m.n <= sizeof(copy));
		assert_true(unpacks(m.p, m.n, &ret, &packed));
		n = ret.n;
		right = malloc(n);
		memcpy(right, ret.p, n);
		for (size_t at = 8; at < m.n; at += 31) {
			memcpy(copy, m.p, m.n);
			copy[at] ^= 0x10;
			if (!unpacks(copy, m.n, &ret, &packed)) {
				assert_non_null(strstr(err.text, "damaged"));
				continue;
			}
			assert_int_equal(ret.n, n);
			assert_memory_equal(ret.p, right, n);
		}
		free(right);
		file_unmap(&m);
	}
}

static void
what_follows_must_be_another_stream(void **state)
{
	char twice[2 * 4096];

	(void)state;
	for (size_t i = 0; i < countof(files); i++) {
		struct file_map m = map(files[i][1]);
		const char *packed;
		struct str ret;
		size_t once;

		assert_true(unpacks(m.p, m.n, &ret, &packed));
		once = ret.n;
		memcpy(twice, m.p, m.n);
		memcpy(twice + m.n, m.p, m.n);
		assert_true(unpacks(twice, 2 * m.n, &ret, &packed));
		assert_int_equal(ret.n, 2 * once);
		assert_memory_equal(ret.p, ret.p + once, once);
		twice[m.n] = 'q';
		assert_refused(twice, 2 * m.n, "damaged or truncated at byte");
		file_unmap(&m);
	}
}

static void
a_small_file_cannot_become_a_huge_one(void **state)
{
	size_t n = (size_t)64 << 20;
	uLongf packed_n = compressBound((uLong)n);
	char *zeros = calloc(n, 1), *packed = malloc(packed_n);

	(void)state;
	assert_int_equal(compress2((Bytef *)packed, &packed_n,
	    (const Bytef *)zeros, (uLong)n, 6), Z_OK);
	assert_refused(packed, packed_n, "the unpacked file needs more than");
	free(zeros);
	free(packed);
}

#ifdef HAVE_LZMA
static void
a_header_does_not_decide_how_much_memory_is_taken(void **state)
{
	struct file_map m = map("lr_ohe_z.lzma");
	char copy[4096];

	(void)state;
	memcpy(copy, m.p, m.n);
	memcpy(copy + 1, "\x00\x00\x00\xc0", 4); /* a dictionary of 3 GiB */
	assert_refused(copy, m.n, "takes more memory than allowed");
	file_unmap(&m);
}
#endif

static void
what_is_not_read_is_named(void **state)
{
	(void)state;
	assert_refused("\x28\xb5\x2f\xfd....", 8,
	    "compressed with zstd, which is not read; save the model again");
	assert_refused("ZF0x....", 8, "compressed with joblib 0.8");
#ifndef HAVE_BZ2
	assert_refused("BZh91AY", 7, "configured without libbz2");
#endif
}

static int
setup(void **state)
{
	static struct file_map plain;

	(void)state;
	plain = map("lr_ohe_model.joblib");
	whole = (struct str){plain.p, plain.n};
	return arena_init(&mem, 16 << 20, &err) ? 0 : 1;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_compression_gives_the_file_back),
	    cmocka_unit_test(plain_bytes_stay_where_they_are),
	    cmocka_unit_test(a_file_cut_short_anywhere_is_refused),
	    cmocka_unit_test(a_changed_byte_is_refused_or_changes_nothing),
	    cmocka_unit_test(what_follows_must_be_another_stream),
	    cmocka_unit_test(a_small_file_cannot_become_a_huge_one),
#ifdef HAVE_LZMA
	    cmocka_unit_test(
		a_header_does_not_decide_how_much_memory_is_taken),
#endif
	    cmocka_unit_test(what_is_not_read_is_named),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, NULL);
}

/* SPDX-License-Identifier: ISC
 *
 * Files of hashed keys: what is made is taken, anything else is not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "keys/keys.h"

#define HASH_A "sha256:" \
	"0000000000000000000000000000000000000000000000000000000000000000"
/* Of "abc" (FIPS 180-2). */
#define HASH_ABC "sha256:" \
	"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static char path[64];

static int
make_path(void **state)
{
	(void)state;
	strcpy(path, "/tmp/lightscore-test.XXXXXX");
	if (mkdtemp(path) == NULL)
		return -1;
	strcat(path, "/keys");
	return 0;
}

static int
remove_path(void **state)
{
	(void)state;
	unlink(path);
	*strrchr(path, '/') = '\0';
	return rmdir(path);
}

static void
a_key_that_was_made_is_taken(void **state)
{
	char first[KEYS_TEXT + 1], second[KEYS_TEXT + 1];
	struct keys k;
	struct stat st;
	struct err err;

	(void)state;
	assert_true(keys_add(path, "alice", first, &err));
	assert_true(keys_add(path, "bob@example", second, &err));
	assert_string_not_equal(first, second);
	assert_int_equal(strlen(first), KEYS_TEXT);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_true(keys_read(path, &k, &err));
	assert_int_equal(k.n, 2);
	assert_true(keys_have(&k, str_of(first)));
	assert_true(keys_have(&k, str_of(second)));
	first[10] ^= 1;
	assert_false(keys_have(&k, str_of(first)));
	assert_false(keys_have(&k, STR("")));
	assert_false(keys_have(&k, (struct str){second, KEYS_TEXT - 1}));
}

static void
a_key_gets_a_line_of_its_own(void **state)
{
	static const char left[] = HASH_ABC " abc"; /* by an editor */
	char key[KEYS_TEXT + 1];
	struct keys k;
	struct err err;

	(void)state;
	assert_true(file_write(path, STR(left), &err));
	assert_true(keys_add(path, "alice", key, &err));
	assert_true(keys_read(path, &k, &err));
	assert_int_equal(k.n, 2);
	assert_true(keys_have(&k, STR("abc")));
	assert_true(keys_have(&k, str_of(key)));
}

static void
the_file_does_not_have_the_key(void **state)
{
	char key[KEYS_TEXT + 1];
	struct file_map m;
	struct err err;

	(void)state;
	assert_true(keys_add(path, "alice", key, &err));
	assert_true(file_map(path, 1 << 20, &m, &err));
	assert_null(memmem(m.p, m.n, key + 4, KEYS_TEXT - 4));
	assert_non_null(memmem(m.p, m.n, "alice", 5));
	file_unmap(&m);
}

static void
a_hash_is_that_of_the_bytes_shown(void **state)
{
	struct keys k;
	struct err err;

	(void)state;
	assert_true(keys_parse(STR("# ours\n\n" HASH_A " a\n  " HASH_ABC
		" abc \r\n"), &k, &err));
	assert_int_equal(k.n, 2);
	assert_true(keys_have(&k, STR("abc")));
	assert_false(keys_have(&k, STR("abd")));
	assert_false(keys_have(&k, STR(HASH_ABC)));
}

static void
copies_hold_the_same_keys(void **state)
{
	struct keys k, copy;
	struct err err;

	(void)state;
	assert_true(keys_parse(STR(HASH_A "\n" HASH_ABC " x"), &k, &err));
	assert_true(keys_write(&k, path, &err));
	assert_true(keys_read(path, &copy, &err));
	assert_int_equal(copy.n, 2);
	assert_true(keys_have(&copy, STR("abc")));
}

static void
lines_that_are_none_are_refused(void **state)
{
	static const char *const texts[] = {"", "\n# nothing\n", "secret",
	    "sha256:", "sha256:abc a", HASH_A "0 a", HASH_A "\n" HASH_ABC "x",
	    "SHA256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f"
	    "20015ad a",
	    "sha256:BA7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f"
	    "20015ad a"};
	struct keys k;
	struct err err;

	(void)state;
	for (size_t i = 0; i < countof(texts); i++) {
		assert_false(keys_parse(str_of(texts[i]), &k, &err));
		/* A key that somebody has put there is not told. */
		assert_null(strstr(err.text, "secret"));
	}
}

static void
too_many_are_refused(void **state)
{
	static char text[(KEYS_MAX + 1) * sizeof(HASH_A "\n") + 1];
	struct keys k;
	struct err err;

	(void)state;
	for (size_t i = 0; i < KEYS_MAX; i++)
		strcat(text, HASH_A "\n");
	assert_true(keys_parse(str_of(text), &k, &err));
	assert_true(keys_write(&k, path, &err));
	assert_true(keys_read(path, &k, &err));
	assert_int_equal(k.n, KEYS_MAX);
	strcat(text, HASH_A "\n");
	assert_false(keys_parse(str_of(text), &k, &err));
	assert_int_equal(err.kind, ERR_LIMIT);
}

static void
names_that_break_the_file_are_refused(void **state)
{
	static const char *const names[] = {"", "a b", "a\nb",
	    "12345678901234567890123456789012345678901234567890123456789012345"};
	char key[KEYS_TEXT + 1];
	struct err err;

	(void)state;
	for (size_t i = 0; i < countof(names); i++)
		assert_false(keys_add(path, names[i], key, &err));
	assert_int_not_equal(access(path, F_OK), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_key_gets_a_line_of_its_own,
		make_path, remove_path),
	    cmocka_unit_test_setup_teardown(a_key_that_was_made_is_taken,
		make_path, remove_path),
	    cmocka_unit_test_setup_teardown(the_file_does_not_have_the_key,
		make_path, remove_path),
	    cmocka_unit_test(a_hash_is_that_of_the_bytes_shown),
	    cmocka_unit_test_setup_teardown(copies_hold_the_same_keys,
		make_path, remove_path),
	    cmocka_unit_test(lines_that_are_none_are_refused),
	    cmocka_unit_test_setup_teardown(too_many_are_refused, make_path,
		remove_path),
	    cmocka_unit_test_setup_teardown(
		names_that_break_the_file_are_refused, make_path,
		remove_path),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC
 *
 * Files of hashed keys: read, asked, added to. What stays true: a key that
 * was shown is compared by its hash, with every hash there is, so that no
 * time tells how near it came.
 */
#include "keys/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/checksum.h"
#include "base/file.h"

#define PREFIX STR("sha256:")
enum { FILE_MAX = 64 << 10, LINE_MAX_ = 8 + KEYS_HASH + 1 + KEYS_NAME_MAX };

static bool
is_hex(struct str text)
{
	for (size_t i = 0; i < text.n; i++)
		if (strchr("0123456789abcdef", text.p[i]) == NULL ||
		    text.p[i] == '\0')
			return false;
	return true;
}

static bool
parse_line(struct str line, size_t number, struct keys *k, struct err *err)
{
	struct str hash = {line.p + PREFIX.n, KEYS_HASH};

	if (line.n == 0 || line.p[0] == '#')
		return true;
	if (!str_has_prefix(line, PREFIX) || line.n < PREFIX.n + KEYS_HASH ||
	    !is_hex(hash) || (line.n > PREFIX.n + KEYS_HASH &&
	    line.p[PREFIX.n + KEYS_HASH] != ' '))
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "line %zu is no hashed key: make keys with "
		    "`lightscore key`", number);
	if (k->n == KEYS_MAX)
		return err_set(err, ERR_LIMIT, ERR_NOWHERE,
		    "there are more than %d keys", KEYS_MAX);
	memcpy(k->hashes[k->n++], hash.p, KEYS_HASH);
	return true;
}

bool
keys_parse(struct str text, struct keys *ret, struct err *err)
{
	struct keys k = {.n = 0};

	for (size_t number = 1; text.n > 0; number++)
		if (!parse_line(str_trim(str_cut(&text, '\n')), number, &k,
			err))
			return false;
	if (k.n == 0)
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "there is no key in it: make one with `lightscore key`");
	*ret = k;
	return true;
}

bool
keys_read(const char *path, struct keys *ret, struct err *err)
{
	struct file_map m;
	bool ok;

	if (!file_map(path, FILE_MAX, &m, err))
		return false;
	ok = keys_parse((struct str){m.p, m.n}, ret, err) ||
	    err_context(err, "%s", path);
	file_unmap(&m);
	return ok;
}

bool
keys_write(const struct keys *k, const char *path, struct err *err)
{
	static const size_t each = sizeof("sha256:\n") - 1 + KEYS_HASH;
	char text[KEYS_MAX * (sizeof("sha256:\n") + KEYS_HASH)];
	struct buf b;

	buf_init(&b, text, sizeof(text));
	for (size_t i = 0; i < k->n && b.n + each <= sizeof(text); i++)
		buf_printf(&b, "sha256:%.*s\n", KEYS_HASH, k->hashes[i]);
	return file_write(path, buf_view(&b), err);
}

bool
keys_have(const struct keys *k, struct str key)
{
	char hash[KEYS_HASH + 1];
	unsigned found = 0;

	checksum_sha256_hex(key.p, key.n, hash);
	for (size_t i = 0; i < k->n; i++) {
		unsigned differs = 0;

		for (size_t c = 0; c < KEYS_HASH; c++)
			differs |= (unsigned char)(k->hashes[i][c] ^ hash[c]);
		found |= differs == 0;
	}
	return found != 0;
}

/* --- making one ------------------------------------------------------------ */

static bool
make(char key[KEYS_TEXT + 1], struct err *err)
{
	unsigned char random[32];

	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return err_system(err, "cannot make a random key");
	strcpy(key, "lsk_");
	for (size_t i = 0; i < sizeof(random); i++)
		snprintf(key + 4 + 2 * i, 3, "%02x", random[i]);
	return true;
}

static bool
is_name(const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < n; i++)
		if ((unsigned char)name[i] <= ' ' || name[i] == 0x7f)
			return false;
	return n > 0 && n <= KEYS_NAME_MAX;
}

/* An editor's file may lack the last newline: what is appended would be of
 * that line. */
static bool
lacks_newline(int fd)
{
	off_t end = lseek(fd, 0, SEEK_END);
	char last;

	return end > 0 && pread(fd, &last, 1, end - 1) == 1 && last != '\n';
}

bool
keys_add(const char *path, const char *name, char key[KEYS_TEXT + 1],
    struct err *err)
{
	char hash[KEYS_HASH + 1], line[1 + LINE_MAX_ + 2];
	int n, fd;
	bool ok;

	if (!is_name(name))
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "\"%s\" cannot name a key: give 1 to %d characters "
		    "without spaces", name, KEYS_NAME_MAX);
	if (!make(key, err))
		return false;
	checksum_sha256_hex(key, KEYS_TEXT, hash);
	fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_system(err, "cannot open %s", path);
	n = snprintf(line, sizeof(line), "%ssha256:%s %s\n",
	    lacks_newline(fd) ? "\n" : "", hash, name);
	ok = file_write_fd(fd, (struct str){line, (size_t)n}, err) ||
	    err_context(err, "%s", path);
	if (close(fd) != 0 && ok)
		ok = err_system(err, "cannot write %s", path);
	return ok;
}

/* SPDX-License-Identifier: ISC
 *
 * Zip archives. libzip reads the format; what an archive may ask for is
 * decided here: its size when unpacked is known and held against the bound
 * before a byte of it is, and a name says one thing only.
 */
#include "import/archive.h"

bool
archive_probe(struct str bytes)
{
	return str_has_prefix(bytes, STR("PK\x03\x04"));
}

#ifdef HAVE_ZIP
#include <stdint.h>
#include <string.h>
#include <zip.h>

struct entry {
	struct str name;
	uint64_t bytes;  /* unpacked */
	struct str data; /* once read */
};

struct archive {
	zip_t *zip;
	struct arena *mem;
	struct entry *entries;
	size_t n;
	uint32_t *table; /* entry + 1 of a name; 0: none */
	size_t size;     /* a power of two */
};

/* The place of the name in the table, or the empty one where it belongs. */
static uint32_t *
place(const struct archive *a, struct str name)
{
	size_t i = (size_t)str_hash(name) & (a->size - 1);

	while (a->table[i] != 0 &&
	    !str_eq(a->entries[a->table[i] - 1].name, name))
		i = (i + 1) & (a->size - 1);
	return &a->table[i];
}

static bool
damaged(struct err *err, zip_error_t *why)
{
	err_set(err, ERR_INPUT, ERR_NOWHERE,
	    "the zip archive is damaged or truncated: %s",
	    zip_error_strerror(why));
	zip_error_fini(why);
	return false;
}

static bool
index_entry(struct archive *a, size_t i, size_t *total, struct err *err)
{
	struct entry *e = &a->entries[i];
	uint32_t *at;
	zip_stat_t st;

	if (zip_stat_index(a->zip, i, ZIP_FL_ENC_RAW, &st) != 0 ||
	    (st.valid & ZIP_STAT_NAME) == 0 || (st.valid & ZIP_STAT_SIZE) == 0)
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "entry %zu of the zip archive is damaged", i);
	e->name = arena_str(a->mem, str_of(st.name));
	if (e->name.p == NULL)
		return arena_err(a->mem, "the zip archive", err);
	e->bytes = st.size;
	if (memchr(st.name, '/', e->name.n) != NULL ||
	    memchr(st.name, '\\', e->name.n) != NULL)
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "the zip archive has a folder (%.60s), which those of "
		    "skops have not", st.name);
	if ((st.valid & ZIP_STAT_ENCRYPTION_METHOD) != 0 &&
	    st.encryption_method != ZIP_EM_NONE)
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "%.60s in the zip archive is encrypted", st.name);
	if (st.size > ARCHIVE_BYTES_MAX - *total)
		return err_set(err, ERR_LIMIT, ERR_NOWHERE,
		    "the zip archive unpacks to more than the %zu bytes "
		    "allowed", ARCHIVE_BYTES_MAX);
	*total += st.size;
	at = place(a, e->name);
	if (*at != 0)
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "the zip archive has two entries named %.60s", st.name);
	*at = (uint32_t)i + 1;
	return true;
}

static bool
index_all(struct archive *a, struct err *err)
{
	zip_int64_t n = zip_get_num_entries(a->zip, 0);
	size_t total = 0;

	if (n < 0 || (uint64_t)n > ARCHIVE_ENTRIES_MAX)
		return err_set(err, ERR_LIMIT, ERR_NOWHERE,
		    "the zip archive has more than the %zu entries allowed",
		    ARCHIVE_ENTRIES_MAX);
	a->n = (size_t)n;
	for (a->size = 16; a->size < 2 * a->n; a->size *= 2)
		;
	a->entries = ARENA_ARRAY(a->mem, a->n + 1, struct entry);
	a->table = ARENA_ARRAY(a->mem, a->size, uint32_t);
	if (a->entries == NULL || a->table == NULL)
		return arena_err(a->mem, "the zip archive", err);
	for (size_t i = 0; i < a->n; i++)
		if (!index_entry(a, i, &total, err))
			return false;
	return true;
}

bool
archive_open(struct str bytes, struct arena *mem, struct archive **ret,
    struct err *err)
{
	struct archive *a = ARENA_NEW(mem, struct archive);
	zip_source_t *source;
	zip_error_t why;

	if (a == NULL)
		return arena_err(mem, "the zip archive", err);
	a->mem = mem;
	zip_error_init(&why);
	source = zip_source_buffer_create(bytes.p, bytes.n, 0, &why);
	if (source == NULL)
		return damaged(err, &why);
	a->zip = zip_open_from_source(source, ZIP_RDONLY, &why);
	if (a->zip == NULL) {
		zip_source_free(source);
		return damaged(err, &why);
	}
	zip_error_fini(&why);
	if (!index_all(a, err)) {
		archive_close(a);
		return false;
	}
	*ret = a;
	return true;
}

bool
archive_has(const struct archive *a, struct str name)
{
	return *place(a, name) != 0;
}

/* All bytes, and then the end, where libzip compares the checksum. */
static bool
unpack_entry(zip_file_t *f, char *p, uint64_t n)
{
	uint64_t at = 0;
	char more;

	while (at < n) {
		zip_int64_t got = zip_fread(f, p + at, n - at);

		if (got <= 0)
			return false;
		at += (uint64_t)got;
	}
	return zip_fread(f, &more, 1) == 0;
}

bool
archive_read(struct archive *a, struct str name, struct str *ret,
    struct err *err)
{
	uint32_t at = *place(a, name);
	struct entry *e;
	zip_file_t *f;
	char *p;
	bool ok;

	if (at == 0)
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "the zip archive has no %.*s",
		    (int)(name.n < 60 ? name.n : 60), name.p);
	e = &a->entries[at - 1];
	if (e->data.p != NULL) {
		*ret = e->data;
		return true;
	}
	p = arena_alloc(a->mem, e->bytes + 1);
	if (p == NULL)
		return arena_err(a->mem, "the zip archive", err);
	f = zip_fopen_index(a->zip, at - 1, 0);
	ok = f != NULL && unpack_entry(f, p, e->bytes);
	if (f != NULL)
		zip_fclose(f);
	if (!ok)
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "%.*s in the zip archive is damaged, truncated or in a "
		    "compression that is not read; write it with "
		    "zipfile.ZIP_DEFLATED", STR_ARG(e->name));
	e->data = (struct str){p, e->bytes};
	*ret = e->data;
	return true;
}

void
archive_close(struct archive *a)
{
	zip_discard(a->zip);
}

#else

bool
archive_open(struct str bytes, struct arena *mem, struct archive **ret,
    struct err *err)
{
	(void)bytes;
	(void)mem;
	(void)ret;
	return err_set(err, ERR_INPUT, 0,
	    "is a zip archive, perhaps of skops, which this build does not "
	    "read (it was configured without libzip); save the model with "
	    "joblib.dump");
}

bool
archive_has(const struct archive *a, struct str name)
{
	(void)a;
	(void)name;
	return false;
}

bool
archive_read(struct archive *a, struct str name, struct str *ret,
    struct err *err)
{
	(void)a;
	(void)name;
	(void)ret;
	return err_set(err, ERR_INPUT, ERR_NOWHERE, "no zip archive");
}

void
archive_close(struct archive *a)
{
	(void)a;
}

#endif

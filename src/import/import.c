/* SPDX-License-Identifier: ISC
 *
 * The way in: which format a file is in, told by its first bytes, and the
 * reader for it. Formats that are known but not read have a row as well, so
 * that the message can name them.
 */
#include "import/import.h"

#include <assert.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/checksum.h"
#include "base/file.h"
#include "import/catboost.h"
#include "import/context.h"
#include "import/foreign.h"
#include "import/lightgbm.h"
#include "import/mlflow.h"
#include "import/onnx.h"
#include "import/schema.h"
#include "import/sklearn.h"
#include "import/skops.h"
#include "import/unpack.h"
#include "import/xgboost.h"
#include "import/xgboost_binary.h"

/* --- formats that are recognised to be refused ---------------------------- */

static bool
probe_image(struct str b)
{
	return str_has_prefix(b, STR("\x89LSM\r\n"));
}

/* --- the table of formats ------------------------------------------------- */

static const struct {
	const char *name;
	bool (*probe)(struct str bytes);
	bool (*read)(struct import *im, struct err *err); /* NULL: refused */
	const char *advice;
} formats[] = {
    {"scikit-learn pickle", sklearn_probe, sklearn_read, NULL},
    {"skops", skops_probe, skops_read, NULL},
    {"XGBoost JSON", xgboost_probe_json, xgboost_read, NULL},
    {"XGBoost UBJSON", xgboost_probe_ubjson, xgboost_read, NULL},
    {"XGBoost binary", xgboost_probe_binary, xgboost_read, NULL},
    {"LightGBM text", lightgbm_probe, lightgbm_read, NULL},
    {"CatBoost cbm", catboost_probe_binary, catboost_read_binary, NULL},
    {"CatBoost JSON", catboost_probe_json, catboost_read_json, NULL},
    {"compiled model", probe_image, NULL,
	"is compiled already: give it as it is where a model is wanted, or "
	"import what it was made from"},
    {"ONNX", onnx_probe, onnx_read, NULL},
};

bool
import_format(struct import *im, const char *format, struct err *err)
{
	char text[80];
	int n = snprintf(text, sizeof(text), "%s%s%s", format,
	    im->packed != NULL ? ", " : "",
	    im->packed != NULL ? im->packed : "");

	assert(n > 0 && (size_t)n < sizeof(text));
	return model_build_fact(im->build, FACT_FORMAT, str_of(text), err);
}

bool
import_class(struct import *im, struct model_class label, struct err *err)
{
	schema_name_class(im->schema, &label);
	return model_build_class(im->build, label, err);
}

static const char *
base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

/* What the source is called, and what stands beside it: a directory says
 * more than the file in it, the schema more than both. */
static bool
write_source(struct import *im, struct str source,
    const struct mlflow *directory, const struct import_options *o,
    struct err *err)
{
	struct str file = str_of(base_name(im->name)), stem = file;
	char hex[65];

	checksum_sha256_hex(source.p, source.n, hex);
	if (!model_build_fact(im->build, FACT_SHA256, str_of(hex), err) ||
	    !model_build_fact(im->build, FACT_SOURCE, file, err))
		return false;
	if (directory != NULL)
		stem = str_of(base_name(directory->dir));
	for (size_t i = stem.n; directory == NULL && i-- > 1;)
		if (file.p[i] == '.')
			stem.n = i;
	if (!model_build_fact(im->build, FACT_NAME, stem, err) ||
	    (directory != NULL && !mlflow_apply(directory, im, err)) ||
	    !schema_apply(im->schema, im->build, err))
		return false;
	return (o->name.n == 0 ||
	    model_build_fact(im->build, FACT_NAME, o->name, err)) &&
	    (o->version.n == 0 ||
	    model_build_fact(im->build, FACT_VERSION, o->version, err));
}

static bool
read_format(struct import *im, struct err *err)
{
	const char *foreign = foreign_sentence(im->bytes);

	if (foreign != NULL)
		return err_set(err, ERR_INPUT, 0, "%s", foreign);
	for (size_t i = 0; i < countof(formats); i++) {
		if (!formats[i].probe(im->bytes))
			continue;
		if (formats[i].read == NULL)
			return err_set(err, ERR_INPUT, ERR_NOWHERE, "%s",
			    formats[i].advice);
		return formats[i].read(im, err);
	}
	if (im->bytes.n == 0)
		return err_set(err, ERR_INPUT, 0, "the file is empty");
	return err_set(err, ERR_INPUT, 0,
	    "this is not a model that can be read: give a scikit-learn model "
	    "saved with joblib.dump, pickle.dump or skops.io.dump, or an "
	    "XGBoost, LightGBM or CatBoost model saved with save_model, or "
	    "an ONNX model");
}

static bool
import_source(struct str bytes, const char *name,
    const struct mlflow *directory, const struct import_options *o,
    struct arena *mem, struct model_build **ret, struct err *err)
{
	struct import im = {.mem = mem, .name = name};

	if (o->schema_path != NULL &&
	    !schema_load(o->schema_path, mem, &im.schema, err))
		return false;
	im.build = model_build_new(mem);
	if (im.build == NULL) {
		arena_err(mem, "the model", err);
		return err_context(err, "%s", name);
	}
	if (!unpack(bytes, mem, &im.bytes, &im.packed, err) ||
	    !read_format(&im, err))
		return err_context(err, im.packed != NULL ? "%s, unpacked" :
		    "%s", name);
	if (!write_source(&im, bytes, directory, o, err))
		return false;
	*ret = im.build;
	return true;
}

bool
import_bytes(struct str bytes, const char *name,
    const struct import_options *o, struct arena *mem,
    struct model_build **ret, struct err *err)
{
	return import_source(bytes, name, NULL, o, mem, ret, err);
}

/* NAME.schema.yaml beside NAME.*: the whole name is tried first, then what
 * is left of it without its last suffix, and so on. */
static bool
find_schema(const char *path, char sidecar[PATH_MAX])
{
	size_t base = (size_t)(base_name(path) - path), n = strlen(path);

	while (n > base) {
		int len = snprintf(sidecar, PATH_MAX, "%.*s.schema.yaml",
		    (int)n, path);

		if (len > 0 && len < PATH_MAX && access(sidecar, F_OK) == 0)
			return true;
		while (n > base && path[n - 1] != '.')
			n--;
		if (n > base)
			n--; /* the point */
	}
	return false;
}

bool
import_find_schema(const char *path, char ret[PATH_MAX])
{
	size_t n = strlen(path);
	char name[PATH_MAX];

	while (n > 1 && path[n - 1] == '/')
		n--;
	if (n >= sizeof(name))
		return false;
	memcpy(name, path, n);
	name[n] = '\0';
	return find_schema(name, ret);
}

/* As the model file in it takes. */
static size_t
directory_memory_bytes(const char *path, size_t fixed)
{
	struct mlflow directory;
	struct arena mem;
	struct err err; /* told where the directory is read */
	size_t n = fixed;

	if (!arena_init(&mem, fixed, &err))
		return fixed;
	if (mlflow_open(path, &mem, &directory, &err) &&
	    !file_is_directory(directory.file))
		n = import_memory_bytes(directory.file);
	arena_done(&mem);
	return n;
}

/* Measured: a forest of 3 MB compressed takes 66 MB, most files less than
 * ten times their size. Reading may take arrays and nodes in proportion to
 * the file, nothing else, so what asks for more is hostile or broken. */
size_t
import_memory_bytes(const char *path)
{
	enum { TIMES = 64 };
	const size_t fixed = (size_t)256 << 20, most = (size_t)8 << 30;
	struct stat st;
	size_t n;

	if (file_is_directory(path))
		return directory_memory_bytes(path, fixed);
	if (stat(path, &st) != 0 || st.st_size < 0 ||
	    __builtin_mul_overflow((size_t)st.st_size, TIMES, &n) ||
	    n > most - fixed)
		return most;
	return fixed + n;
}

bool
import_file(const char *path, const struct import_options *o,
    struct arena *mem, struct model_build **ret, struct err *err)
{
	struct import_options full = *o;
	char sidecar[PATH_MAX];
	struct mlflow directory, *given = NULL;
	struct file_map file;
	bool ok;

	if (file_is_directory(path)) {
		given = &directory;
		if (!mlflow_open(path, mem, given, err))
			return false;
		path = given->dir; /* without a slash at its end */
	}
	if (full.schema_path == NULL && (find_schema(path, sidecar) ||
	    (given != NULL && find_schema(given->file, sidecar))))
		full.schema_path = sidecar;
	if (given != NULL)
		path = given->file;
	if (!file_map(path, IMPORT_FILE_MAX, &file, err))
		return false;
	ok = import_source((struct str){file.p, file.n}, path, given, &full,
	    mem, ret, err);
	file_unmap(&file);
	return ok;
}

/* SPDX-License-Identifier: ISC
 *
 * MLflow's model directories: MLmodel, the file that it points at, and the
 * facts in it. Whatever reads the model file finds its format by content, so
 * MLmodel need not be believed about that.
 */
#include "import/mlflow.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"

/* The flavors that have a reader, and the key of their model file. The first
 * that is there is taken: scikit-learn before what its last step is. */
static const struct {
	const char *name, *key;
} flavors[] = {
    {"sklearn", "pickled_model"},
    {"xgboost", "data"},
    {"lightgbm", "data"},
    {"catboost", "data"},
    {"onnx", "data"},
};

/* --- paths --------------------------------------------------------------- */

/* A relative path without "..": the words of it, not what it leads to. */
static bool
is_inside(struct str path)
{
	struct str rest = path;

	if (path.n == 0 || path.p[0] == '/' ||
	    memchr(path.p, '\0', path.n) != NULL)
		return false;
	while (rest.n > 0)
		if (str_eq(str_cut(&rest, '/'), STR("..")))
			return false;
	return true;
}

bool
mlflow_find(const struct mlflow *m, struct str path, char ret[PATH_MAX],
    struct err *err)
{
	char *dir = NULL, *file = NULL;
	size_t n;
	bool ok = false;
	int len;

	if (!is_inside(path))
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "%s/MLmodel names the file \"%.*s\", which is not inside "
		    "of the directory", m->dir,
		    (int)(path.n < 200 ? path.n : 200), path.p);
	len = snprintf(ret, PATH_MAX, "%s/%.*s", m->dir, STR_ARG(path));
	if (len < 0 || len >= PATH_MAX)
		return err_set(err, ERR_LIMIT, ERR_NOWHERE,
		    "%s/MLmodel names a file with too long a path", m->dir);
	dir = realpath(m->dir, NULL);
	file = realpath(ret, NULL);
	n = dir != NULL ? strlen(dir) : 0;
	if (dir == NULL || file == NULL)
		err_system(err, "cannot open %s", ret);
	else if (strncmp(file, dir, n) != 0 ||
	    (n > 1 && file[n] != '/' && file[n] != '\0'))
		err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "%s is a link out of the directory", ret);
	else
		ok = true;
	free(dir);
	free(file);
	return ok;
}

/* --- flavors ------------------------------------------------------------- */

/* What MLmodel offers instead of a flavor that can be read. */
static bool
refuse_flavors(const struct mlflow *m, const struct yaml_node *map,
    struct err *err)
{
	const struct yaml_node *pyfunc = yaml_find(map, "python_function");
	const struct yaml_node *loader = yaml_find(pyfunc, "loader_module");
	char list[200];
	struct buf b;

	buf_init(&b, list, sizeof(list));
	for (const struct yaml_node *f = map->first; f != NULL; f = f->next)
		if (f != pyfunc)
			buf_printf(&b, "%s%.*s", b.n > 0 ? ", " : "",
			    (int)(f->key.n < 60 ? f->key.n : 60), f->key.p);
	if (b.n == 0)
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "%s is a model of Python code (%.*s), which is never "
		    "run; save the model inside of it with its own flavor, "
		    "such as mlflow.sklearn.save_model", m->dir,
		    loader != NULL ? (int)(loader->text.n < 80 ?
		    loader->text.n : 80) : 15,
		    loader != NULL ? loader->text.p : "python_function");
	return err_set(err, ERR_INPUT, ERR_NOWHERE,
	    "%s is a model of the flavor %.*s%s, which is not read; the "
	    "flavors sklearn, xgboost, lightgbm, catboost and onnx are: "
	    "log the model itself, as with mlflow.sklearn.log_model",
	    m->dir, STR_ARG(buf_view(&b)), b.over ? "..." : "");
}

static bool
find_flavor(struct mlflow *m, struct err *err)
{
	const struct yaml_node *map = yaml_find(m->root, "flavors");

	if (map == NULL || map->kind != YAML_MAPPING)
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "%s/MLmodel has no flavors: it is not the file that "
		    "MLflow writes", m->dir);
	for (size_t i = 0; i < countof(flavors); i++) {
		const struct yaml_node *f = yaml_find(map, flavors[i].name);
		const struct yaml_node *data;

		if (f == NULL)
			continue;
		data = yaml_find(f, flavors[i].key);
		if (data == NULL)
			return yaml_err(f, err, "the flavor has no key %s, "
			    "which names its file", flavors[i].key);
		m->flavor = flavors[i].name;
		return yaml_text(data, &m->inner, err) &&
		    mlflow_find(m, m->inner, m->file, err);
	}
	return refuse_flavors(m, map, err);
}

bool
mlflow_open(const char *path, struct arena *mem, struct mlflow *ret,
    struct err *err)
{
	struct str dir = str_of(path);
	char file[PATH_MAX];
	const char *kept;
	int n;

	while (dir.n > 1 && dir.p[dir.n - 1] == '/')
		dir.n--;
	*ret = (struct mlflow){.dir = arena_str(mem, dir).p};
	if (ret->dir == NULL)
		return arena_err(mem, path, err);
	n = snprintf(file, sizeof(file), "%s/MLmodel", ret->dir);
	if (n < 0 || n >= (int)sizeof(file) || access(file, F_OK) != 0)
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "%s is a directory without a file MLmodel: give the "
		    "directory that MLflow's save_model or log_model wrote, "
		    "or a model file", ret->dir);
	kept = arena_str(mem, str_of(file)).p; /* for messages */
	if (kept == NULL)
		return arena_err(mem, path, err);
	return mlflow_find(ret, STR("MLmodel"), file, err) &&
	    yaml_load(kept, mem, &ret->root, err) && find_flavor(ret, err);
}

/* --- facts --------------------------------------------------------------- */

/* "2026-01-01 00:00:00.000000", in UTC. */
static double
parse_time(struct str text)
{
	struct tm tm = {0};
	char copy[32];

	if (text.n >= sizeof(copy))
		return NAN;
	memcpy(copy, text.p, text.n);
	copy[text.n] = '\0';
	if (sscanf(copy, "%4d-%2d-%2d%*[ T]%2d:%2d:%2d", &tm.tm_year,
	    &tm.tm_mon, &tm.tm_mday, &tm.tm_hour, &tm.tm_min,
	    &tm.tm_sec) != 6)
		return NAN;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	return (double)timegm(&tm);
}

/* A text of MLmodel; empty where there is none, or it is too odd. */
static struct str
text_of(const struct mlflow *m, const char *key)
{
	const struct yaml_node *n = yaml_find(m->root, key);

	if (n == NULL || n->kind != YAML_SCALAR || yaml_is_null(n) ||
	    n->text.n > 200)
		return STR("");
	return n->text;
}

static bool
apply_facts(const struct mlflow *m, struct import *im, struct err *err)
{
	static const struct {
		const char *key;
		enum model_fact fact;
	} facts[] = {
	    {"mlflow_version", FACT_MLFLOW_VERSION},
	    {"run_id", FACT_RUN_ID},
	    {"model_uuid", FACT_MODEL_UUID},
	};
	struct str created = text_of(m, "utc_time_created");

	for (size_t i = 0; i < countof(facts); i++)
		if (!model_build_fact(im->build, facts[i].fact,
		    text_of(m, facts[i].key), err))
			return err_context(err, "%s/MLmodel", m->dir);
	if (created.n > 0)
		model_build_figure(im->build, FIGURE_TRAINED_TIME,
		    parse_time(created));
	return true;
}

bool
mlflow_apply(const struct mlflow *m, struct import *im, struct err *err)
{
	return apply_facts(m, im, err) &&
	    mlflow_apply_signature(m, im, err) &&
	    mlflow_apply_example(m, im, err);
}

/* SPDX-License-Identifier: ISC
 *
 * FILE arguments: whether a file is a compiled model is asked of its bytes,
 * not of its name.
 */
#include "cli/load.h"

#include <string.h>

#include "base/file.h"
#include "import/import.h"
#include "model/model_build.h"
#include "model/model_format.h"
#include "score/tune.h"

bool
load_is_image(const char *path, bool *ret, struct err *err)
{
	struct file_map m;

	*ret = false;
	if (file_is_directory(path))
		return true;
	if (!file_map(path, MODEL_BYTES_MAX, &m, err))
		return false;
	*ret = m.n >= sizeof(IMAGE_MAGIC) - 1 &&
	    memcmp(m.p, IMAGE_MAGIC, sizeof(IMAGE_MAGIC) - 1) == 0;
	file_unmap(&m);
	return true;
}

static bool
import_model(const char *path, struct loaded *l, struct err *err)
{
	static const struct import_options plain;
	struct model_build *build;
	struct str image;

	return import_file(path, &plain, &l->mem, &build, err) &&
	    model_image(build, &image, err) && tune_image(image, err) &&
	    model_open_bytes(image, &l->model, err);
}

bool
load_model(const char *path, struct loaded *ret, struct err *err)
{
	bool image;

	*ret = (struct loaded){0};
	if (!load_is_image(path, &image, err))
		return false;
	if (image)
		return model_open(path, &ret->model, err);
	if (!arena_init(&ret->mem, import_memory_bytes(path), err))
		return false;
	if (import_model(path, ret, err))
		return true;
	arena_done(&ret->mem);
	return false;
}

void
load_done(struct loaded *l)
{
	if (l->model != NULL)
		model_close(l->model);
	arena_done(&l->mem);
	*l = (struct loaded){0};
}

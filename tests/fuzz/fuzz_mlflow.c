/* SPDX-License-Identifier: ISC
 *
 * Any bytes as an MLflow directory: MLmodel, an input example and recorded
 * answers, cut apart by lines of "====". An error that says something, or a
 * model that compiles and has passed its trial.
 */
#include <assert.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/example.h"
#include "import/mlflow.h"
#include "model/model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MEMORY = 96 << 20, KEEP = 1 << 20 };

static char folder[] = "/tmp/fuzz_mlflow.XXXXXX";
static const char *const files[] = {"MLmodel", "serving_input_example.json",
    "serving_output_example.json"};

static void
write_file(const char *name, struct str bytes)
{
	char path[PATH_MAX];
	struct err err;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	/* Anew: file systems sync what is cut and written again. */
	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || !file_write_fd(fd, bytes, &err))
		abort();
	close(fd);
}

static void
remove_folder(void)
{
	char path[PATH_MAX];

	for (size_t i = 0; i < countof(files); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, files[i]);
		unlink(path);
	}
	snprintf(path, sizeof(path), "%s/model.pkl", folder);
	unlink(path);
	rmdir(folder);
}

/* The text before the next line of "====", which is cut off. */
static struct str
part(struct str *rest)
{
	static const struct str cut = {"\n====\n", 6};
	struct str all = *rest;
	const char *at = memmem(all.p, all.n, cut.p, cut.n);

	if (at == NULL) {
		*rest = STR("");
		return all;
	}
	*rest = (struct str){at + cut.n, all.n - (size_t)(at - all.p) -
	    cut.n};
	return (struct str){all.p, (size_t)(at - all.p)};
}

/* Numbers x0, x1 and, as the last, a text: a line and two classes. */
static struct model_build *
build(struct arena *mem)
{
	static const char *const names[] = {"x0", "x1", "x2"};
	const double table[] = {0, 0, 1, 2}, coef[] = {1, -1, 0.5};
	const double none = 0;
	struct model_build *b = model_build_new(mem);
	uint32_t slots[3], raw, first, code;
	struct err err;
	bool ok = b != NULL;

	for (size_t i = 0; i < countof(names); i++)
		ok = ok && model_build_input(b, str_of(names[i]), &slots[i],
		    &err);
	ok = ok && model_build_code(b, slots[2], STR("a"), &code, &err) &&
	    model_build_code(b, slots[2], STR("b"), &code, &err) &&
	    model_build_table(b, slots[2], table, 4, &slots[2], &err) &&
	    model_build_linear(b, slots, 3, 1, coef, &none, &raw, &err) &&
	    model_build_link(b, LINK_SIGMOID, &raw, 1, &first, &err);
	for (int k = 0; k < 2; k++)
		ok = ok && model_build_class(b, (struct model_class){
		    .kind = CLASS_INTEGER, .number = k,
		    .text = k == 0 ? STR("0") : STR("1")}, &err);
	slots[0] = first;
	slots[1] = first + 1;
	ok = ok && model_build_output(b, MODEL_CLASSIFICATION, slots, 2,
	    &err);
	assert(ok);
	return b;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct arena mem;
	struct str rest = {(const char *)data, size}, image;
	struct import im = {.mem = &mem, .name = "model.pkl"};
	struct mlflow directory;
	struct model *m;
	struct err err = {0};

	if (mem.base == NULL) {
		if (!arena_init(&mem, MEMORY, &err) ||
		    mkdtemp(folder) == NULL)
			abort();
		write_file("model.pkl", STR(""));
		atexit(remove_folder);
	}
	for (size_t i = 0; i < countof(files); i++)
		write_file(files[i], part(&rest));
	im.build = build(&mem);
	if (mlflow_open(folder, &mem, &directory, &err) &&
	    mlflow_apply(&directory, &im, &err) &&
	    model_image(im.build, &image, &err)) {
		/* The builder checks what the opener checks. */
		if (!model_open_bytes(image, &m, &err))
			abort();
		model_close(m);
		if (!example_check(im.build, &err))
			assert(strlen(err.text) > 4);
	} else {
		assert(strlen(err.text) > 4);
		assert(strchr(err.text, '\n') == NULL);
	}
	arena_reset(&mem, KEEP);
	return 0;
}

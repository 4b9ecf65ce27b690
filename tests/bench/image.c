/* SPDX-License-Identifier: ISC
 *
 * A large boosted model - 1,000 full trees of depth 8 over 28 features with
 * 255 thresholds each - compiled and opened from a file. Its leaves are floats
 * as XGBoost's, or with the argument `double` doubles as the other libraries'.
 *
 * Prints its nodes, its leaves, the bytes of its image, and the least
 * milliseconds of processor time of an opening, which maps the file, proves
 * every number of it and derives the trees' forms for vector registers.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "model/model.h"
#include "model/model_build.h"

enum { TREES = 1000, DEPTH = 8, SPLITS = (1 << DEPTH) - 1,
	LEAVES = SPLITS + 1, NODES = SPLITS + LEAVES, FEATURES = 28,
	CUTS = 255, OPENINGS = 20 };

static int32_t left[NODES], right[NODES], feature[TREES][NODES];
static double threshold[TREES][NODES], value[TREES][NODES];
static struct build_tree trees[TREES];

static void
grow(bool floats)
{
	srand48(1);
	for (int32_t i = 0; i < NODES; i++) {
		left[i] = i < SPLITS ? 2 * i + 1 : -1;
		right[i] = i < SPLITS ? 2 * i + 2 : -1;
	}
	for (int t = 0; t < TREES; t++) {
		for (int i = 0; i < NODES; i++) {
			double v = drand48() - 0.5;

			feature[t][i] = (int32_t)(lrand48() % FEATURES);
			threshold[t][i] = (double)(lrand48() % CUTS) / 8;
			value[t][i] = floats ? (double)(float)v : v;
		}
		trees[t] = (struct build_tree){.n_nodes = NODES,
		    .left = left, .right = right, .feature = feature[t],
		    .threshold = threshold[t], .value = value[t]};
	}
}

static bool
compile(bool floats, struct arena *mem, struct str *image, struct err *err)
{
	struct build_forest f = {.n_values = 1, .n_outputs = 1,
	    .compare = floats ? TREE_F32_LT_F32 : TREE_F64_LE_F64,
	    .n_trees = TREES, .trees = trees, .divide = 1};
	struct model_build *b = model_build_new(mem);
	uint32_t src[FEATURES], y;

	for (int i = 0; i < FEATURES; i++) {
		char name = (char)('A' + i);

		if (!model_build_input(b, (struct str){&name, 1}, &src[i],
		    err))
			return false;
	}
	return model_build_forest(b, src, FEATURES, &f, &y, err) &&
	    model_build_output(b, MODEL_REGRESSION, &y, 1, err) &&
	    model_image(b, image, err);
}

static uint64_t
processor_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static bool
open_often(const char *path, double *least_ms, struct err *err)
{
	uint64_t least = UINT64_MAX;

	for (int i = 0; i < OPENINGS; i++) {
		uint64_t begun = processor_ns(), took;
		struct model *m;

		if (!model_open(path, &m, err))
			return false;
		took = processor_ns() - begun;
		if (took < least)
			least = took;
		model_close(m);
	}
	*least_ms = (double)least / 1e6;
	return true;
}

int
main(int argc, char **argv)
{
	bool floats = argc < 2 || strcmp(argv[1], "double") != 0;
	char path[] = "/tmp/lightscore-image.XXXXXX";
	int fd = mkstemp(path);
	struct arena mem;
	struct str image;
	struct err err;
	double ms;
	bool ok;

	if (fd < 0) {
		perror(path);
		return 1;
	}
	close(fd);
	grow(floats);
	ok = arena_init(&mem, (size_t)1 << 30, &err) &&
	    compile(floats, &mem, &image, &err) && file_write(path, image, &err) &&
	    open_often(path, &ms, &err);
	unlink(path);
	if (ok)
		printf("%d %d %zu %.3f\n", TREES * NODES, TREES * LEAVES,
		    image.n, ms);
	else
		fprintf(stderr, "image: %s\n", err.text);
	arena_done(&mem);
	return !ok;
}

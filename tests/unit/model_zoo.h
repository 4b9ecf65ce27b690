/* SPDX-License-Identifier: ISC */
#ifndef TESTS_MODEL_ZOO_H
#define TESTS_MODEL_ZOO_H

#include <stdint.h>

#include "base/arena.h"
#include "model/model_build.h"

/*
 * Small models that together have every part an image can have, for tests of
 * the image and seeds of its fuzzing. What fails to build aborts.
 */
enum zoo {
	ZOO_SHOP,   /* every step on one slot, a schema with all it can say,
	             * logistic regression */
	ZOO_FOREST, /* vector leaves, three classes */
	ZOO_CUTS,   /* double splits that take missing values, a regression */
	ZOO_LEAVES, /* linear in float, linear leaves, a regression */
	ZOO_FLOATS, /* float splits and sums, leaves in the nodes */
	ZOO_CURVE,  /* an interpolation and a median, which decides beside
	             * the probabilities */
	ZOO_CALCS,  /* bins, lines, calculations and folds, a regression */
	ZOO_TARGETS,/* labels of two targets, for one of which not the
	             * probabilities decide */
	ZOO_VECTORS,/* a kernel, a sort that decides, probabilities of pairs */
	ZOO_COUNT
};
/* A colour of the shop's that is not ASCII. */
#define ZOO_RED "ros\xc3\xa9"

struct model_build *zoo_build(enum zoo which, struct arena *mem);
/* zoo_build, compiled. */
struct str zoo_image(enum zoo which, struct arena *mem);

#endif

/* SPDX-License-Identifier: ISC */
#ifndef CASES_CHURN_H
#define CASES_CHURN_H

#include "api/api.h"
#include "base/arena.h"
#include "metrics/metrics_file.h"

/* An api over the shipped models as v1 and v2, for test programs: any failure
 * ends the program. */
struct churn {
	struct api *api;
	struct slab *slab;
	struct metrics_file metrics;
	struct api_model models[2];
	struct arena mem, images;
	char dir[64];
};

void churn_init(struct churn *c, size_t rows_limit);
void churn_done(struct churn *c);
/* The source tree: LS_SRCDIR, else the working directory. */
const char *churn_srcdir(void);

#endif

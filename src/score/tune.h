/* SPDX-License-Identifier: ISC */
#ifndef SCORE_TUNE_H
#define SCORE_TUNE_H

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"

/* Measure on this machine which way through each forest of an image, fresh
 * from model_image, is fastest, and note it there. Takes some milliseconds a
 * forest; answers stay the same whatever comes out. */
MUST_USE bool tune_image(struct str image, struct err *err);

#endif

/* SPDX-License-Identifier: ISC */
#ifndef IMPORT_ONNX_H
#define IMPORT_ONNX_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "import/context.h"

/* ONNX: what skl2onnx, onnxmltools and CatBoost write for tabular models.
 * The graph is worked out once, over slots in the place of tensors; what it
 * computes for a row becomes the steps of the model. */
bool onnx_probe(struct str bytes);
MUST_USE bool onnx_read(struct import *im, struct err *err);

#endif

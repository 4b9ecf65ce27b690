/* SPDX-License-Identifier: ISC
 *
 * How an ONNX file is told from others, and what is said of it by a program
 * that was built without the format's schema.
 */
#include "import/onnx.h"

bool
onnx_probe(struct str b)
{
	/* ModelProto: ir_version (field 1), then a text, an operator set or
	 * the graph. */
	return b.n > 4 && b.p[0] == 0x08 && b.p[1] > 0 && b.p[1] < 64 &&
	    (b.p[2] == 0x12 || b.p[2] == 0x1a || b.p[2] == 0x22 ||
	    b.p[2] == 0x32 || b.p[2] == 0x3a || b.p[2] == 0x42);
}

#ifndef HAVE_ONNX
bool
onnx_read(struct import *im, struct err *err)
{
	(void)im;
	return err_set(err, ERR_INPUT, ERR_NOWHERE,
	    "is an ONNX model, which this build does not read; configure it "
	    "where protobuf-c and the schema of ONNX are (Debian: "
	    "libprotobuf-c-dev protobuf-c-compiler libonnx-dev)");
}
#endif

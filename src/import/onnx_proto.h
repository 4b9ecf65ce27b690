/* SPDX-License-Identifier: ISC */
#ifndef IMPORT_ONNX_PROTO_H
#define IMPORT_ONNX_PROTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "import/onnx.pb-c.h"

/* Types of elements (TensorProto.DataType): those that are known. */
enum {
	ONNX_FLOAT = ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT,
	ONNX_DOUBLE = ONNX__TENSOR_PROTO__DATA_TYPE__DOUBLE,
	ONNX_UINT8 = ONNX__TENSOR_PROTO__DATA_TYPE__UINT8,
	ONNX_INT8 = ONNX__TENSOR_PROTO__DATA_TYPE__INT8,
	ONNX_UINT16 = ONNX__TENSOR_PROTO__DATA_TYPE__UINT16,
	ONNX_INT16 = ONNX__TENSOR_PROTO__DATA_TYPE__INT16,
	ONNX_INT32 = ONNX__TENSOR_PROTO__DATA_TYPE__INT32,
	ONNX_INT64 = ONNX__TENSOR_PROTO__DATA_TYPE__INT64,
	ONNX_UINT32 = ONNX__TENSOR_PROTO__DATA_TYPE__UINT32,
	ONNX_UINT64 = ONNX__TENSOR_PROTO__DATA_TYPE__UINT64,
	ONNX_BOOL = ONNX__TENSOR_PROTO__DATA_TYPE__BOOL,
	ONNX_STRING = ONNX__TENSOR_PROTO__DATA_TYPE__STRING,
};

/* The message in `bytes`, in mem. Nesting, fields and lengths are proved
 * before protobuf-c reads them: ERR_INPUT with the offset, ERR_LIMIT. */
MUST_USE bool onnx_unpack(struct str bytes, struct arena *mem,
    const Onnx__ModelProto **ret, struct err *err);

static inline struct str
onnx_bytes(ProtobufCBinaryData b)
{
	return (struct str){(const char *)b.data, b.len};
}

/* A text that may not be there: then empty. */
static inline struct str
onnx_text(const char *p)
{
	return p == NULL ? (struct str){NULL, 0} : str_of(p);
}

#endif

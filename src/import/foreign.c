/* SPDX-License-Identifier: ISC
 *
 * Files that are given for a model now and then: what other tools call a
 * model, and what is no model at all. They are told by their first bytes, so
 * that the message can name them and say what to give instead.
 */
#include "import/foreign.h"

#include <stddef.h>
#include <string.h>

#include "base/attr.h"

enum { LOOK = 1024 };

static const struct {
	size_t at;
	struct str bytes;
	const char *sentence;
} starts[] = {
    {0, {"\x89HDF\r\n\x1a\n", 8}, "is an HDF5 file, as Keras writes: export "
	"the model as ONNX (tf2onnx)"},
    {4, {"TFL3", 4}, "is a TensorFlow Lite model: export the model as ONNX "
	"(tf2onnx)"},
    /* torch.save before 1.6: a pickle of this number, then more pickles. */
    {0, {"\x80\x02\x8a\nl\xfc\x9c\x46\xf9 j\xa8P\x19.", 15},
	"is a PyTorch file: export the model with torch.onnx.export"},
    {0, {"\x93NUMPY", 6}, "is an array of NumPy: data, not a model"},
    {0, {"PAR1", 4}, "is a Parquet table: data, not a model"},
    {0, {"X\n\0\0\0", 5}, "is an object of R: save an XGBoost model with "
	"xgb.save, a LightGBM one with lgb.save"},
    {0, {"version https://git-lfs", 23}, "is a pointer of Git LFS in the "
	"place of the file: fetch the file with `git lfs pull`"},
};

/* Markup is told by its first elements, whatever stands before them. */
static const char *
markup(struct str b)
{
	if (str_has_prefix(b, STR("\xef\xbb\xbf")))
		b = (struct str){b.p + 3, b.n - 3};
	b = str_trim(b);
	if (b.n == 0 || b.p[0] != '<')
		return NULL;
	if (b.n > LOOK)
		b.n = LOOK;
	if (memmem(b.p, b.n, "<PMML", 5) != NULL)
		return "is PMML, which is not read: give the file that was "
		    "saved after training";
	if (memmem(b.p, b.n, "<html", 5) != NULL ||
	    memmem(b.p, b.n, "<HTML", 5) != NULL ||
	    memmem(b.p, b.n, "<!DOCTYPE html", 14) != NULL)
		return "is a web page, not the file that was to be fetched";
	return NULL;
}

/* The first file in a zip archive tells who wrote it. */
static const char *
archive(struct str b)
{
	enum { HEAD = 30, NAME_LENGTH = 26 };
	struct str name;

	if (!str_has_prefix(b, STR("PK\x03\x04")) || b.n < HEAD)
		return NULL;
	name = (struct str){b.p + HEAD, (unsigned char)b.p[NAME_LENGTH] |
	    (size_t)(unsigned char)b.p[NAME_LENGTH + 1] << 8};
	if (name.n > b.n - HEAD)
		return NULL;
	if (str_has_suffix(name, STR("/data.pkl")))
		return "is a PyTorch file: export the model with "
		    "torch.onnx.export";
	if (str_eq(name, STR("metadata.json")))
		return "is a Keras model: export it as ONNX (tf2onnx)";
	if (str_eq(name, STR("[Content_Types].xml")))
		return "is an Office document, not a model";
	return NULL;
}

const char *
foreign_sentence(struct str bytes)
{
	const char *sentence;

	for (size_t i = 0; i < countof(starts); i++) {
		struct str want = starts[i].bytes;

		if (bytes.n >= starts[i].at + want.n &&
		    memcmp(bytes.p + starts[i].at, want.p, want.n) == 0)
			return starts[i].sentence;
	}
	sentence = archive(bytes);
	return sentence != NULL ? sentence : markup(bytes);
}

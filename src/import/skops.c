/* SPDX-License-Identifier: ISC
 *
 * skops files: a zip archive with schema.json, a tree that says of every
 * object its class, how skops would make it again, and what of; and a .npy
 * file an array. Here it becomes the same inert nodes as a pickle.
 */
#include "import/skops.h"

#include "import/sklearn.h"
#include "import/skops_tree.h"

static bool
read_schema(struct skops *k, struct import *im, struct node **ret,
    struct err *err)
{
	struct json_limits limits = {.depth = JSON_DEPTH_MAX};
	const cJSON *json, *protocol;
	struct str text;

	if (!archive_has(k->archive, STR("schema.json")))
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "is a zip archive, but not of skops: it has no "
		    "schema.json; save the model with skops.io.dump or "
		    "joblib.dump");
	if (!archive_read(k->archive, STR("schema.json"), &text, err))
		return false;
	limits.values = text.n;
	if (!json_parse(im->mem, text, &limits, &json, err))
		return err_context(err, "schema.json");
	protocol = skops_get(json, "protocol");
	if (cJSON_IsNumber(protocol) &&
	    protocol->valuedouble > SKOPS_PROTOCOL &&
	    !model_build_warn(im->build, STR("made with a newer skops, of a "
		"protocol that is not known"), err))
		return false;
	*ret = skops_read_node(k, json);
	return *ret != NULL;
}

bool
skops_probe(struct str bytes)
{
	return archive_probe(bytes);
}

bool
skops_read(struct import *im, struct err *err)
{
	struct skops k = {.mem = im->mem, .err = err};
	struct node *root = NULL;
	bool ok;

	if (!archive_open(im->bytes, im->mem, &k.archive, err))
		return false;
	ok = read_schema(&k, im, &root, err);
	archive_close(k.archive);
	return ok && sklearn_build(im, root, "scikit-learn skops", err);
}

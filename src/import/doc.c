/* SPDX-License-Identifier: ISC
 *
 * Documents: what both notations share, and JSON by way of json/, which has
 * held the text against its standard before anything here sees it.
 */
#include "import/doc.h"

#include "base/number.h"
#include "json/json.h"

const struct doc *
doc_get(const struct doc *d, const char *key)
{
	const struct doc *found = NULL;
	struct str name = str_of(key);

	if (d == NULL || d->kind != DOC_OBJECT)
		return NULL;
	for (const struct doc *c = d->child; c != NULL; c = c->next)
		if (str_eq(c->key, name))
			found = c;
	return found;
}

const struct doc *
doc_find(const struct doc *d, const char *path)
{
	struct str rest = str_of(path);

	while (rest.p != NULL && d != NULL) {
		struct str name = str_cut(&rest, '.');
		const struct doc *found = NULL;

		if (d->kind == DOC_OBJECT)
			for (const struct doc *c = d->child; c != NULL;
			    c = c->next)
				if (str_eq(c->key, name))
					found = c;
		d = found;
	}
	return d;
}

struct str
doc_text(const struct doc *d)
{
	return d != NULL && d->kind == DOC_TEXT ? d->text :
	    (struct str){NULL, 0};
}

bool
doc_number(const struct doc *d, double *ret)
{
	if (d != NULL && d->kind == DOC_NUMBER) {
		*ret = d->number;
		return true;
	}
	return d != NULL && d->kind == DOC_TEXT && number_parse(d->text, ret);
}

bool
doc_pack(struct doc *list, struct arena *mem)
{
	double *numbers;
	size_t i = 0;

	list->kind = DOC_LIST;
	for (const struct doc *c = list->child; c != NULL; c = c->next)
		if (c->kind != DOC_NUMBER)
			return true;
	numbers = ARENA_ARRAY(mem, list->n, double);
	if (numbers == NULL)
		return false;
	for (const struct doc *c = list->child; c != NULL; c = c->next)
		numbers[i++] = c->number;
	list->kind = DOC_NUMBERS;
	list->numbers = numbers;
	list->child = NULL;
	return true;
}

static bool
only_numbers(const cJSON *list)
{
	for (const cJSON *i = list->child; i != NULL; i = i->next)
		if (!cJSON_IsNumber(i) && !cJSON_IsBool(i))
			return false;
	return true;
}

static double
json_number_of(const cJSON *i)
{
	return cJSON_IsNumber(i) ? i->valuedouble : cJSON_IsTrue(i) ? 1 : 0;
}

/* One value and, as deep as the limit of the reader let it be, what it
 * holds. */
static struct doc *
from_json(const cJSON *item, struct arena *mem)
{
	struct doc *d = ARENA_NEW(mem, struct doc), **link;
	double *numbers;

	if (d == NULL)
		return NULL;
	if (item->string != NULL)
		d->key = str_of(item->string);
	if (cJSON_IsNumber(item) || cJSON_IsBool(item)) {
		d->kind = DOC_NUMBER;
		d->number = json_number_of(item);
	} else if (cJSON_IsString(item)) {
		d->kind = DOC_TEXT;
		d->text = str_of(item->valuestring);
	}
	if (!cJSON_IsArray(item) && !cJSON_IsObject(item))
		return d;
	for (const cJSON *i = item->child; i != NULL; i = i->next)
		d->n++;
	if (cJSON_IsArray(item) && only_numbers(item)) {
		d->kind = DOC_NUMBERS;
		d->numbers = numbers = ARENA_ARRAY(mem, d->n, double);
		if (numbers == NULL)
			return NULL;
		for (const cJSON *i = item->child; i != NULL; i = i->next)
			*numbers++ = json_number_of(i);
		return d;
	}
	d->kind = cJSON_IsArray(item) ? DOC_LIST : DOC_OBJECT;
	link = &d->child;
	for (const cJSON *i = item->child; i != NULL; i = i->next) {
		*link = from_json(i, mem);
		if (*link == NULL)
			return NULL;
		link = &(*link)->next;
	}
	return d;
}

bool
doc_read_json(struct str text, struct arena *mem, struct doc **ret,
    struct err *err)
{
	const struct json_limits limits = {.depth = DOC_DEPTH_MAX,
	    .values = text.n};
	const cJSON *json;

	if (!json_parse(mem, text, &limits, &json, err))
		return false;
	*ret = from_json(json, mem);
	return *ret != NULL || arena_err(mem, "the document", err);
}

/* SPDX-License-Identifier: ISC */
#ifndef API_ROUTE_H
#define API_ROUTE_H

#include <stddef.h>

#include "api/exchange.h"
#include "api/problem.h"
#include "base/str.h"

/* One URL, or one a model where the path begins with {slot}. */
struct route {
	const char *path;
	unsigned methods;          /* bit m: enum http_method m is taken */
	const char *allow;         /* the same as text */
	enum label_ROUTE label;    /* counted under */
	exchange_handler *handle;  /* NULL: another process answers it */
	const char *id;            /* operationId; NULL: not in the document */
	const char *summary;
	const char *answer;        /* what a 200 holds */
	const char *answer_type;
};

/* The route of a path, and the model where the path names one. NULL, and
 * *why, where nothing is served there. */
const struct route *route_find(const struct api *api, struct str path,
    const struct served **served, enum problem_kind *why);
/* All of them, in the order of the document. */
size_t route_count(void);
const struct route *route_at(size_t i);
/* True where the path begins with {slot}; then *rest is what follows it. */
bool route_has_slot(const struct route *r, struct str *rest);

#endif

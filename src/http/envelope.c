/* SPDX-License-Identifier: ISC
 *
 * CGI parameters to a request. Strict where two readers could disagree: a
 * parameter given twice or a length with a sign is refused, never guessed.
 */
#include "http/envelope.h"

#include <string.h>

#include "base/number.h"

enum param {
	METHOD,
	SCRIPT_NAME,
	PATH_INFO,
	QUERY_STRING,
	CONTENT_LENGTH,
	CONTENT_TYPE,
	ENCODING,
	ACCEPT,
	AUTHORIZATION,
	API_KEY,
	ADDRESS,
	PARAMS
};

static const struct str names[PARAMS] = {
    [METHOD] = {"REQUEST_METHOD", 14},
    [SCRIPT_NAME] = {"SCRIPT_NAME", 11},
    [PATH_INFO] = {"PATH_INFO", 9},
    [QUERY_STRING] = {"QUERY_STRING", 12},
    [CONTENT_LENGTH] = {"CONTENT_LENGTH", 14},
    [CONTENT_TYPE] = {"CONTENT_TYPE", 12},
    [ENCODING] = {"HTTP_CONTENT_ENCODING", 21},
    [ACCEPT] = {"HTTP_ACCEPT", 11},
    [AUTHORIZATION] = {"HTTP_AUTHORIZATION", 18},
    [API_KEY] = {"HTTP_X_API_KEY", 14},
    [ADDRESS] = {"REMOTE_ADDR", 11},
};

static enum param
param_of(struct str name)
{
	int p = 0;

	while (p < PARAMS && !str_eq(name, names[p]))
		p++;
	return (enum param)p;
}

static bool
collect(char *const params[], struct str values[PARAMS], struct err *err)
{
	for (size_t i = 0; params[i] != NULL; i++) {
		struct str value = str_of(params[i]);
		enum param p = param_of(str_cut(&value, '='));

		if (p == PARAMS)
			continue;
		if (values[p].p != NULL)
			return err_set(err, ERR_INPUT, ERR_NOWHERE,
			    "the parameter %s is given twice", names[p].p);
		if (value.p == NULL) /* no '=': as if empty */
			value = STR("");
		values[p] = value;
	}
	return true;
}

/* The web server cuts the path at the prefix it routes by; we route on the
 * whole of it. */
static bool
join_path(struct str script, struct str info, struct arena *mem,
    struct str *ret, struct err *err)
{
	char *p;

	if (info.n == 0 || script.n == 0) {
		*ret = info.n == 0 ? script : info;
	} else {
		p = arena_alloc(mem, script.n + info.n);
		if (p == NULL)
			return arena_err(mem, "the path", err);
		memcpy(p, script.p, script.n);
		memcpy(p + script.n, info.p, info.n);
		*ret = (struct str){p, script.n + info.n};
	}
	if (ret->n == 0 || ret->p[0] != '/')
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "the request has no path");
	return true;
}

bool
envelope_parse(char *const params[], struct arena *mem, struct envelope *ret,
    struct err *err)
{
	struct str values[PARAMS] = {{0}};
	struct envelope e = {0};

	if (!collect(params, values, err))
		return false;
	if (values[METHOD].n == 0)
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "the request has no method");
	if (values[CONTENT_LENGTH].n > 0 &&
	    !number_parse_u64(values[CONTENT_LENGTH], &e.content_length))
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "the length of the body is not a whole number");
	if (!join_path(values[SCRIPT_NAME], values[PATH_INFO], mem,
		&e.request.path, err))
		return false;
	e.request.method = http_method_of(values[METHOD]);
	e.request.query = values[QUERY_STRING];
	e.request.content_type = values[CONTENT_TYPE];
	e.request.encoding = values[ENCODING];
	e.request.accept = values[ACCEPT];
	e.request.authorization = values[AUTHORIZATION];
	e.request.api_key = values[API_KEY];
	e.request.address = values[ADDRESS];
	*ret = e;
	return true;
}

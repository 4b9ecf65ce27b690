/* SPDX-License-Identifier: ISC
 *
 * The words of HTTP that we speak: methods and status lines. Each table is
 * the only place its words are written.
 */
#include "http/http.h"

#include "base/attr.h"

static const char *const methods[HTTP_METHODS] = {
    [HTTP_GET] = "GET",       [HTTP_HEAD] = "HEAD",
    [HTTP_POST] = "POST",     [HTTP_PUT] = "PUT",
    [HTTP_DELETE] = "DELETE", [HTTP_PATCH] = "PATCH",
    [HTTP_OPTIONS] = "OPTIONS", [HTTP_OTHER] = "other",
};

static const struct {
	int status;
	const char *text;
} statuses[] = {
    {200, "200 OK"},
    {204, "204 No Content"},
    {301, "301 Moved Permanently"},
    {302, "302 Found"},
    {304, "304 Not Modified"},
    {308, "308 Permanent Redirect"},
    {400, "400 Bad Request"},
    {401, "401 Unauthorized"},
    {404, "404 Not Found"},
    {405, "405 Method Not Allowed"},
    {406, "406 Not Acceptable"},
    {411, "411 Length Required"},
    {408, "408 Request Timeout"},
    {413, "413 Content Too Large"},
    {415, "415 Unsupported Media Type"},
    {422, "422 Unprocessable Content"},
    {429, "429 Too Many Requests"},
    {500, "500 Internal Server Error"},
    {503, "503 Service Unavailable"},
};

enum http_method
http_method_of(struct str name)
{
	for (int m = 0; m < HTTP_OTHER; m++)
		if (str_eq(name, str_of(methods[m])))
			return (enum http_method)m;
	return HTTP_OTHER;
}

const char *
http_method_name(enum http_method method)
{
	return methods[method];
}

const char *
http_status_text(int status)
{
	for (size_t i = 0; i < countof(statuses); i++)
		if (statuses[i].status == status)
			return statuses[i].text;
	return http_status_text(500);
}

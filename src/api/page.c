/* SPDX-License-Identifier: ISC
 *
 * The two pages for people. Each is one file that needs nothing but this
 * service; both learn what is served from /openapi.json, in the browser.
 */
#include "api/exchange.h"

/* Made of the .html files beside this one when it is built. */
static const char console[] =
#include "api/console.html.h"
    ;
static const char apidocs[] =
#include "api/apidocs.html.h"
    ;

static void
answer_page(struct exchange *x, const char *page, size_t n)
{
	x->res->content_type = "text/html; charset=utf-8";
	buf_put(&x->res->body, page, n);
}

void
console_handle(struct exchange *x)
{
	answer_page(x, console, sizeof(console) - 1);
}

void
apidocs_handle(struct exchange *x)
{
	answer_page(x, apidocs, sizeof(apidocs) - 1);
}

void
apidocs_move_handle(struct exchange *x)
{
	x->res->status = 301;
	x->res->location = "/apidocs/";
	x->res->content_type = "text/plain";
	buf_text(&x->res->body, "/apidocs/\n");
}

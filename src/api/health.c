/* SPDX-License-Identifier: ISC
 *
 * /health and its two kinds for orchestrators. A worker that answers at all
 * is alive; it is ready while it has a model and is not being stopped.
 */
#include "api/exchange.h"
#include "api/problem.h"

void
health_handle(struct exchange *x)
{
	buf_text(&x->res->body, "{\"status\":\"ok\"}");
}

void
health_ready_handle(struct exchange *x)
{
	struct problem p;

	if (!x->api->draining && x->api->n_served > 0) {
		health_handle(x);
		return;
	}
	problem_set(&p, x->api->draining ? PROBLEM_STOPPING :
	    PROBLEM_NOT_READY);
	problem_answer(&p, x->res);
}

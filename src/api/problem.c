/* SPDX-License-Identifier: ISC
 *
 * One row a problem; every error answer of the service has the same shape.
 */
#include "api/problem.h"

#include "json/json_write.h"

static const struct {
	int status;
	enum label_OUTCOME outcome;
	const char *sentence;
} problems[] = {
#define PROBLEM(id, status, outcome, sentence) \
	[PROBLEM_##id] = {status, OUTCOME_##outcome, sentence},
#include "api/problem.def"
#undef PROBLEM
};

bool
problem_set(struct problem *p, enum problem_kind kind)
{
	p->kind = kind;
	p->sentence[0] = '\0';
	p->detail[0] = '\0';
	p->errors = STR("");
	p->more = 0;
	return false;
}

/* Before the bracket that closes the answer. */
static void
put_errors(const struct problem *p, struct buf *b)
{
	enum { AROUND = 64 };

	if (p->errors.n == 0 || p->errors.n + AROUND > b->cap - b->n)
		return;
	b->n--;
	json_key(b, "errors");
	json_raw(b, p->errors);
	if (p->more > 0) {
		json_key(b, "more");
		json_u64(b, p->more);
	}
	json_close(b, '}');
}

void
problem_answer(const struct problem *p, struct http_response *res)
{
	problem_answer_with(problems[p->kind].status,
	    str_of(p->sentence[0] != '\0' ? p->sentence :
	    problems[p->kind].sentence), str_of(p->detail), res);
	put_errors(p, &res->body);
}

void
problem_answer_with(int status, struct str sentence, struct str detail,
    struct http_response *res)
{
	res->status = status;
	res->content_type = "application/json";
	if (status == 503)
		res->retry_after_s = 1;
	buf_reset(&res->body);
	json_open(&res->body, '{');
	json_key(&res->body, "error");
	json_str(&res->body, sentence);
	if (detail.n > 0) {
		json_key(&res->body, "detail");
		json_str(&res->body, detail);
	}
	json_close(&res->body, '}');
}

int
problem_status(enum problem_kind kind)
{
	return problems[kind].status;
}

const char *
problem_sentence(enum problem_kind kind)
{
	return problems[kind].sentence;
}

enum label_OUTCOME
problem_outcome(enum problem_kind kind)
{
	return problems[kind].outcome;
}

/* SPDX-License-Identifier: ISC */
#ifndef API_PROBLEM_H
#define API_PROBLEM_H

#include "base/str.h"
#include "http/http.h"
#include "metrics/metrics.h"

/* What went wrong with a request; what each means is in problem.def. */
enum problem_kind {
#define PROBLEM(id, ...) PROBLEM_##id,
#include "api/problem.def"
#undef PROBLEM
	PROBLEM_KINDS
};

struct problem {
	enum problem_kind kind;
	char sentence[1024]; /* empty: the kind's own */
	char detail[1152]; /* where in the request, or why; may be empty */
	struct str errors; /* JSON: all that is wrong; may be empty */
	uint64_t more;     /* that errors has no room for */
};

/* Fill *p without sentence and detail; returns false, as err_set does. */
bool problem_set(struct problem *p, enum problem_kind kind);
/* The whole answer: {"error": sentence, "detail": detail, "errors": errors,
 * "more": more}; the last two where there is room for them. */
void problem_answer(const struct problem *p, struct http_response *res);
/* The same for a status and sentence that are not of the table. */
void problem_answer_with(int status, struct str sentence, struct str detail,
    struct http_response *res);
int problem_status(enum problem_kind kind);
const char *problem_sentence(enum problem_kind kind);
enum label_OUTCOME problem_outcome(enum problem_kind kind);

#endif

/* SPDX-License-Identifier: ISC
 *
 * The words of process.def.
 */
#include "metrics/process.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

static const char *const phases[] = {
#define PHASE(id, name, help) name,
#define ROLE(id, name)
#define PROCESS(id, name, deadline, overdue, help)
#include "metrics/process.def"
#undef PHASE
#undef ROLE
};
static const char *const roles[] = {
#define PHASE(id, name, help)
#define ROLE(id, name) name,
#include "metrics/process.def"
#undef ROLE
#undef PROCESS
};
static const struct {
	const char *name, *deadline, *overdue, *help;
} states[] = {
#define ROLE(id, name)
#define PROCESS(id, name, deadline, overdue, help) \
	{name, deadline, overdue, help},
#include "metrics/process.def"
#undef PHASE
#undef ROLE
#undef PROCESS
};

const char *
process_phase_name(unsigned phase)
{
	return phase < PHASES ? phases[phase] : "";
}

const char *
process_role_name(unsigned role)
{
	return role < ROLES ? roles[role] : "";
}

const char *
process_state_name(unsigned state)
{
	return state < PROCESS_STATES ? states[state].name : "";
}

const char *
process_overdue(enum process_state state)
{
	return states[state].overdue;
}

const char *
process_ended_text(int status, char *text, size_t n)
{
	if (WIFSIGNALED(status))
		snprintf(text, n, "signal %d (%s)", WTERMSIG(status),
		    strsignal(WTERMSIG(status)));
	else
		snprintf(text, n, "exit status %d", WEXITSTATUS(status));
	return text;
}

void
process_mdoc(struct buf *b)
{
	buf_text(b, ".Bl -tag -width Ds\n");
	for (unsigned i = PROCESS_FREE + 1; i < PROCESS_STATES; i++)
		buf_printf(b, ".It Cm %s Pq %s\n%s\n", states[i].name,
		    states[i].deadline, states[i].help);
	buf_text(b, ".El\n");
}

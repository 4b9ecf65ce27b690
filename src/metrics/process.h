/* SPDX-License-Identifier: ISC */
#ifndef METRICS_PROCESS_H
#define METRICS_PROCESS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* How processes stand, as the supervisor says it in the shared file and
 * `lightscore status` shows it: process.def. */
#define PHASE(id, name, help) PHASE_##id,
#define ROLE(id, name)
#define PROCESS(id, name, deadline, overdue, help)
enum phase {
#include "metrics/process.def"
	PHASES
};
#undef PHASE
#undef ROLE
#define PHASE(id, name, help)
#define ROLE(id, name) ROLE_##id,
enum process_role {
#include "metrics/process.def"
	ROLES
};
#undef ROLE
#undef PROCESS
#define ROLE(id, name)
#define PROCESS(id, name, deadline, overdue, help) PROCESS_##id,
enum process_state {
#include "metrics/process.def"
	PROCESS_STATES
};
#undef PHASE
#undef ROLE
#undef PROCESS

/* Of one process, or of the place of one. */
struct process {
	_Atomic int32_t pid;      /* 0: does not run */
	_Atomic uint32_t state;   /* enum process_state */
	_Atomic uint32_t deaths;  /* in a row */
	_Atomic int32_t ended;    /* how the last of them: as wait(2) has it */
	_Atomic uint64_t next_ns; /* PROCESS_WAITING: clock_mono_ns of the next
				   * start; UINT64_MAX: none */
};

/* One writer, the supervisor. */
static inline void
process_set(struct process *p, enum process_state state, int32_t pid)
{
	atomic_store_explicit(&p->pid, pid, memory_order_relaxed);
	atomic_store_explicit(&p->state, state, memory_order_relaxed);
}

static inline void
process_set_waiting(struct process *p, uint32_t deaths, int ended,
    uint64_t next_ns)
{
	atomic_store_explicit(&p->deaths, deaths, memory_order_relaxed);
	atomic_store_explicit(&p->ended, ended, memory_order_relaxed);
	atomic_store_explicit(&p->next_ns, next_ns, memory_order_relaxed);
	process_set(p, PROCESS_WAITING, 0);
}

/* "starting"; a number that is none of the enum, as a file may have it, is
 * "". */
const char *process_phase_name(unsigned phase);
const char *process_role_name(unsigned role);
const char *process_state_name(unsigned state);
/* What a process of that state is killed for. */
const char *process_overdue(enum process_state state);
/* "exit status 3", "signal 9 (Killed)" of wait(2)'s status into text. */
const char *process_ended_text(int status, char *text, size_t n);
/* The states as a list of mdoc(7). */
void process_mdoc(struct buf *b);

#endif

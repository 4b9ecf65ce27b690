/* SPDX-License-Identifier: ISC */
#ifndef METRICS_METRICS_FILE_H
#define METRICS_METRICS_FILE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "metrics/metrics.h"

/*
 * The shared file that the numbers live in. The supervisor makes it, the
 * workers count in it, the exporter and `lightscore status` read it. It
 * outlives all of them: counters go on after a kill and after a restart.
 *
 *   header | names | texts | server | slots | slab 0 | slab 1 | ...
 *
 * All slots have their place from the start; the file is sparse, so a slot
 * takes room once it is used. Names are only ever appended: a counter means
 * tomorrow what it means today.
 */
enum { METRICS_SLOTS = WORKER_CELLS };
#define METRICS_FILE_NAME "metrics" /* in the state directory */
#define METRICS_NAME_MAX 64  /* bytes of a model's name, NUL included */
#define METRICS_CLASS_MAX 96 /* of a class name */
/* What a regression's rows count as: it has no class to name. */
#define METRICS_REGRESSION "value"
#define METRICS_TEXT_MAX 96  /* of a text label */
#define METRICS_NOTE_MAX 1024 /* of a sentence for people */

struct metrics_header;
struct metrics_names;
struct metrics_texts;

struct metrics_file {
	struct metrics_header *header;
	struct metrics_names *names;
	struct metrics_texts *texts;
	struct metrics_server *server; /* supervisor writes */
	struct metrics_slot *slots;    /* METRICS_SLOTS; supervisor writes */
	struct slab *slabs;            /* METRICS_SLOTS; [i]: worker i writes */
	void *base;                    /* the mapping */
	size_t bytes;
	int fd;                        /* the supervisor's; else -1 */
	int worker_fd; /* the supervisor's, for metrics_map; else -1 */
};

/* Who maps the file, and so what is writable. */
enum { METRICS_READER = -1 }; /* else the number of the worker's slot */

/* Supervisor: map the file at `path`, making it where there is none. One of
 * another layout, or a damaged one, is renamed aside and a new one begun;
 * then `aside` is its new path, else "". Gauges and slots start empty,
 * counters where they were. */
MUST_USE bool metrics_create(const char *path, struct metrics_file *ret,
    char aside[PATH_MAX], struct err *err);
/* The same for a supervisor that takes the place of one by exec, while its
 * workers go on counting: nothing of a file of ours starts empty. */
MUST_USE bool metrics_resume(const char *path, struct metrics_file *ret,
    char aside[PATH_MAX], struct err *err);
/* Everybody else: `slot` is METRICS_READER (nothing is writable) or a worker
 * slot (only slabs[slot] is). ERR_INPUT where the file is damaged or another
 * build's. */
MUST_USE bool metrics_open(const char *path, int slot,
    struct metrics_file *ret, struct err *err);
/* The same of a file that is open, where to open it again may fail: on a disk
 * that has become read-only. `fd` stays open, `path` is for errors. */
MUST_USE bool metrics_map(int fd, const char *path, int slot,
    struct metrics_file *ret, struct err *err);
/* The same view of `n` bytes that the caller keeps, aligned to SLAB_ALIGN. */
MUST_USE bool metrics_view(void *bytes, size_t n, struct metrics_file *ret,
    struct err *err);
void metrics_close(struct metrics_file *f);
/* The size that every such file has. */
size_t metrics_file_bytes(void);

/* --- names: appended by the supervisor, looked up by anybody -------------- */

/* The cell of a model slot ("v1"), appended if new. A name too long or past
 * the table is MODEL_OTHER; its updates count as dropped. */
enum label_MODEL metrics_add_model(struct metrics_file *f, struct str name);
/* The same for a class of that model; RESULT_OTHER past the table. */
enum label_RESULT metrics_add_result(struct metrics_file *f,
    enum label_MODEL model, struct str name);
/* The cell of a name; MODEL_OTHER, RESULT_OTHER where it has none. */
enum label_MODEL metrics_model_index(const struct metrics_file *f,
    struct str name);
enum label_RESULT metrics_result_index(const struct metrics_file *f,
    enum label_MODEL model, struct str name);
/* Models named, and the name of cell m; cell 0 is MODEL_OTHER, "other". */
uint32_t metrics_models(const struct metrics_file *f);
struct str metrics_model_name(const struct metrics_file *f, uint32_t m);
/* The same for the cells of RESULT; the fixed values come first. */
uint32_t metrics_results(const struct metrics_file *f, uint32_t m);
struct str metrics_result_name(const struct metrics_file *f, uint32_t m,
    uint32_t r);

/* --- texts: set by the supervisor ---------------------------------------- */

/* Labels that are text; NULL is "". What is too long is cut. */
struct metrics_server_text {
	const char *app_name;         /* app_info */
	const char *version;          /* of the build, everywhere */
	const char *revision;
	const char *compiler;
	const char *service_name;     /* target_info */
	const char *service_instance; /* "127.0.0.1:5000" */
};
void metrics_set_server_text(struct metrics_file *f,
    const struct metrics_server_text *text);
struct metrics_model_text {
	struct str name, algorithm, format, sha256; /* ml_model_info */
};
/* Readers see the old text or the new, whole. Shown while loaded is 1. */
void metrics_set_model_text(struct metrics_file *f, enum label_MODEL model,
    const struct metrics_model_text *text);

/* Why the last reload was given up; "" where it was not. What is too long is
 * cut; what is read is UTF-8. */
void metrics_set_reload_note(struct metrics_file *f, const char *why);
void metrics_reload_note(const struct metrics_file *f,
    char ret[METRICS_NOTE_MAX]);

/* Supervisor: the service has been told to end; metrics_create unsays it. */
static inline void
metrics_set_draining(struct metrics_file *f)
{
	atomic_store_explicit(&f->server->draining, 1, memory_order_relaxed);
}

static inline bool
metrics_is_draining(const struct metrics_file *f)
{
	return atomic_load_explicit(&f->server->draining,
	    memory_order_relaxed) != 0;
}

/* --- overload ------------------------------------------------------------- */

/* Requests that workers have taken from the queue so far, over all slots. */
uint64_t metrics_taken(const struct metrics_file *f);

/* Supervisor: requests are shed until so many have been taken; 0: none. A
 * number and not a switch: what is too much is shed once, however late the
 * next look at the queue. */
static inline void
metrics_set_shed(struct metrics_file *f, uint64_t until)
{
	atomic_store_explicit(&f->server->shed_until, until,
	    memory_order_relaxed);
}

/* Worker: whether the request it has just counted as taken is to be shed. */
static inline bool
metrics_sheds(const struct metrics_file *f)
{
	uint64_t until = atomic_load_explicit(&f->server->shed_until,
	    memory_order_relaxed);

	return until != 0 && metrics_taken(f) <= until;
}

/* Reserve: whether there are still requests to be shed. */
static inline bool
metrics_is_too_long(const struct metrics_file *f)
{
	uint64_t until = atomic_load_explicit(&f->server->shed_until,
	    memory_order_relaxed);

	return until != 0 && metrics_taken(f) < until;
}

/* --- worker slots --------------------------------------------------------- */

/* Supervisor, before it forks the worker of slot i, whose last worker has
 * been reaped: sets the slot's state back and makes sure of its disk space.
 * ERR_SYSTEM where the disk is full. */
MUST_USE bool metrics_slot_prepare(struct metrics_file *f, int i,
    struct err *err);
/* Supervisor: it runs, as `pid`. */
void metrics_slot_started(struct metrics_file *f, int i, int32_t pid);
/* Supervisor: it has been told to end. */
void metrics_slot_stopping(struct metrics_file *f, int i);
/* Supervisor: it has been reaped; the slot's gauges are forgotten. Until the
 * next metrics_slot_prepare the supervisor may count in the slab. */
void metrics_slot_ended(struct metrics_file *f, int i);

/* Worker: it takes requests from now on. */
static inline void
metrics_ready(struct slab *s, int32_t pid)
{
	atomic_store_explicit(&s->state.ready_pid, pid, memory_order_release);
}

/* Worker, before it is ready: it takes only those that would wait too long. */
static inline void
metrics_set_reserve(struct slab *s)
{
	atomic_store_explicit(&s->state.reserve, 1, memory_order_relaxed);
}

/* Worker: busy with a request since then; idle again with 0. */
static inline void
metrics_busy(struct slab *s, uint64_t since_ns)
{
	atomic_store_explicit(&s->state.busy_since_ns, since_ns,
	    memory_order_relaxed);
}

/* Anybody: how slot i stands; false where it has no worker. *since_ns is the
 * start of the request in hand, or 0. */
bool metrics_slot_state(const struct metrics_file *f, int i,
    enum label_STATE *ret, uint64_t *since_ns);

#endif

/* SPDX-License-Identifier: ISC
 *
 * Loading models. All or none: one that does not load fails the whole, so
 * what serves is always one configuration as somebody wrote it.
 */
#include "supervisor/load.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "metrics/process.h"
#include "supervisor/backoff.h"
#include "supervisor/child.h"

static void
fail(struct load *l, size_t i, const struct err *why)
{
	l->imports[i].failed = true;
	if (l->failed)
		return; /* the first is the one to mend */
	l->failed = true;
	l->err = *why;
	strcpy(l->failed_slot, l->generation->images[i].slot);
}

/* Processor time of one import: far more than any takes that is meant well,
 * so that no file keeps a reload from its end. And its time by the clock, for
 * one that waits: for a disk that does not answer, or stopped by a signal. */
enum { IMPORT_CPU_S = 900 };
#define IMPORT_MINUTES UINT64_C(30)
#define IMPORT_NS      (IMPORT_MINUTES * 60 * SECOND_NS)

static bool
start_import(struct load_import *import, const struct config_model *m,
    const char *image, bool sandbox, const char *lightscore, struct err *err)
{
	const char *argv[10] = {lightscore, "import", "-o", image};
	size_t n = 4;
	struct child_spec spec = {.argv = argv, .in_fd = -1, .ready_fd = -1,
	    .cpu_s = IMPORT_CPU_S};
	bool ok;

	if (!sandbox)
		argv[n++] = "--no-sandbox";

	if (m->schema != NULL) {
		argv[n++] = "--schema";
		argv[n++] = m->schema;
	}
	argv[n++] = "--"; /* its name may begin as an option does */
	argv[n++] = m->file;
	if (!child_pipe(&import->said_fd, &spec.err_fd, err))
		return false;
	ok = child_start(&spec, &import->pid, err);
	close(spec.err_fd);
	if (!ok)
		close(import->said_fd);
	return ok;
}

void
load_begin(struct load *l, struct generation *g, const struct config *c,
    const char *lightscore)
{
	*l = (struct load){.generation = g};
	for (size_t i = 0; i < g->n_images; i++) {
		const struct config_model *m = &c->models[i];
		struct load_import *import = &l->imports[i];
		struct err err;

		import->source = m->file;
		import->started_ns = clock_mono_ns();
		if (start_import(import, m, g->images[i].file, g->sandbox,
			lightscore, &err))
			l->running++;
		else
			fail(l, i, &err);
	}
}

/* The importer's sentence: the last line it wrote, without its own name. */
static void
read_said(int fd, char *text, size_t cap)
{
	static const char name[] = "lightscore: ";
	ssize_t n = read(fd, text, cap - 1);
	char *line;

	text[n > 0 ? n : 0] = '\0';
	while (n > 0 && text[n - 1] == '\n')
		text[--n] = '\0';
	line = strrchr(text, '\n');
	line = line != NULL ? line + 1 : text;
	if (strncmp(line, name, sizeof(name) - 1) == 0)
		line += sizeof(name) - 1;
	memmove(text, line, strlen(line) + 1);
}

void
load_tick(struct load *l, uint64_t now_ns)
{
	for (size_t i = 0; l->running > 0 && i < CONFIG_MODELS_MAX; i++) {
		struct load_import *import = &l->imports[i];

		if (import->pid == 0 || import->late ||
		    now_ns < import->started_ns + IMPORT_NS)
			continue;
		import->late = true;
		kill(import->pid, SIGKILL);
	}
}

/* As each import ends, so that no turn of the supervisor has them all. */
static void
open_image(struct load *l, size_t i)
{
	struct generation_image *image = &l->generation->images[i];
	struct err err;

	if (model_open(image->file, &image->model, &err))
		return;
	err_context(&err, "%s", l->imports[i].source);
	fail(l, i, &err);
}

bool
load_reaped(struct load *l, pid_t pid, int status)
{
	for (size_t i = 0; i < CONFIG_MODELS_MAX; i++) {
		struct load_import *import = &l->imports[i];
		char said[sizeof(l->err.text)], ended[64];
		struct err err;

		if (import->pid != pid || l->generation == NULL)
			continue;
		read_said(import->said_fd, said, sizeof(said));
		close(import->said_fd);
		import->pid = 0;
		l->running--;
		l->generation->images[i].load_ns =
		    clock_mono_ns() - import->started_ns;
		if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
			open_image(l, i);
			return true;
		}
		if (import->late)
			err_set(&err, ERR_LIMIT, ERR_NOWHERE,
			    "the import of %s did not end in %ju minutes",
			    import->source, (uintmax_t)IMPORT_MINUTES);
		else if (said[0] == '\0' || WIFSIGNALED(status))
			err_set(&err, ERR_MODEL, ERR_NOWHERE,
			    "the import of %s ended with %s", import->source,
			    process_ended_text(status, ended, sizeof(ended)));
		else
			err_set(&err, ERR_MODEL, ERR_NOWHERE, "%s", said);
		fail(l, i, &err);
		return true;
	}
	return false;
}

bool
load_done(struct load *l, struct generation **ret, struct err *err)
{
	if (l->generation == NULL || l->running > 0)
		return false;
	*ret = l->generation;
	if (l->failed) {
		*err = l->err;
		err_context(err, "cannot load model %s", l->failed_slot);
		generation_release(l->generation);
		*ret = NULL;
	}
	l->generation = NULL;
	return true;
}

void
load_cancel(struct load *l)
{
	for (size_t i = 0; i < CONFIG_MODELS_MAX; i++)
		if (l->imports[i].pid > 0)
			kill(l->imports[i].pid, SIGKILL);
}

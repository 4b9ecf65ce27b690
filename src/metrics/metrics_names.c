/* SPDX-License-Identifier: ISC
 *
 * The names of models and classes, and the labels that are text. One writer,
 * the supervisor; readers take no lock. A name is whole before it is counted
 * in and never changes; a text is written beside the one shown, then shown.
 */
#include "metrics/metrics_image.h"

#include <string.h>

#include "metrics/metrics_table.h"

/* A field of the file; whatever stands in it, we stay inside. */
static struct str
bounded(const char *field, size_t size)
{
	return (struct str){field, strnlen(field, size)};
}

static uint32_t
at_most(const _Atomic uint32_t *n, uint32_t most)
{
	uint32_t v = atomic_load_explicit(n, memory_order_acquire);

	return v < most ? v : most;
}

static uint32_t
named_models(const struct metrics_file *f)
{
	return at_most(&f->names->n_models, countof(f->names->model));
}

static uint32_t
named_results(const struct metrics_named *m)
{
	return at_most(&m->n_results, countof(m->result));
}

static bool
name_is_fit(struct str name, size_t size)
{
	size_t bad;

	return name.n > 0 && name.n < size &&
	    memchr(name.p, '\0', name.n) == NULL && str_is_utf8(name, &bad);
}

/* --- names ---------------------------------------------------------------- */

enum label_MODEL
metrics_model_index(const struct metrics_file *f, struct str name)
{
	uint32_t n = named_models(f);

	for (uint32_t i = 0; i < n; i++) {
		const char *at = f->names->model[i].name;

		if (str_eq(bounded(at, METRICS_NAME_MAX), name))
			return MODEL_SLOT + i;
	}
	return MODEL_OTHER;
}

enum label_MODEL
metrics_add_model(struct metrics_file *f, struct str name)
{
	uint32_t n = named_models(f);
	enum label_MODEL known = metrics_model_index(f, name);

	if (known != MODEL_OTHER || n == countof(f->names->model) ||
	    !name_is_fit(name, METRICS_NAME_MAX))
		return known;
	memcpy(f->names->model[n].name, name.p, name.n);
	f->names->model[n].name[name.n] = '\0';
	atomic_store_explicit(&f->names->n_models, n + 1,
	    memory_order_release);
	return MODEL_SLOT + n;
}

enum label_RESULT
metrics_result_index(const struct metrics_file *f, enum label_MODEL model,
    struct str name)
{
	const struct metrics_named *m;
	uint32_t n;

	if (model < MODEL_SLOT)
		return RESULT_OTHER;
	m = &f->names->model[model - MODEL_SLOT];
	n = named_results(m);
	for (uint32_t i = 0; i < n; i++)
		if (str_eq(bounded(m->result[i], METRICS_CLASS_MAX), name))
			return RESULT_SLOT + i;
	return RESULT_OTHER;
}

enum label_RESULT
metrics_add_result(struct metrics_file *f, enum label_MODEL model,
    struct str name)
{
	enum label_RESULT known = metrics_result_index(f, model, name);
	struct metrics_named *m;
	uint32_t n;

	if (model < MODEL_SLOT || known != RESULT_OTHER ||
	    !name_is_fit(name, METRICS_CLASS_MAX))
		return known;
	m = &f->names->model[model - MODEL_SLOT];
	n = named_results(m);
	if (n == countof(m->result))
		return RESULT_OTHER;
	memcpy(m->result[n], name.p, name.n);
	m->result[n][name.n] = '\0';
	atomic_store_explicit(&m->n_results, n + 1, memory_order_release);
	return RESULT_SLOT + n;
}

uint32_t
metrics_models(const struct metrics_file *f)
{
	return MODEL_SLOT + named_models(f);
}

struct str
metrics_model_name(const struct metrics_file *f, uint32_t m)
{
	if (m < MODEL_SLOT)
		return str_of(metrics_labels[LABEL_MODEL].values[m]);
	return bounded(f->names->model[m - MODEL_SLOT].name,
	    METRICS_NAME_MAX);
}

uint32_t
metrics_results(const struct metrics_file *f, uint32_t m)
{
	if (m < MODEL_SLOT)
		return RESULT_SLOT;
	return RESULT_SLOT + named_results(&f->names->model[m - MODEL_SLOT]);
}

struct str
metrics_result_name(const struct metrics_file *f, uint32_t m, uint32_t r)
{
	if (r < RESULT_SLOT)
		return str_of(metrics_labels[LABEL_RESULT].values[r]);
	return bounded(f->names->model[m - MODEL_SLOT].result[r - RESULT_SLOT],
	    METRICS_CLASS_MAX);
}

/* --- a file that another process left ------------------------------------- */

/* n different, whole names, `step` bytes from one to the next. */
static bool
names_are_fit(const char *first, uint32_t n, size_t step, size_t size)
{
	for (uint32_t i = 0; i < n; i++) {
		struct str name = bounded(first + i * step, size);

		if (!name_is_fit(name, size))
			return false;
		for (uint32_t k = 0; k < i; k++)
			if (str_eq(name, bounded(first + k * step, size)))
				return false;
	}
	return true;
}

bool
metrics_names_check(const struct metrics_names *names, struct err *err)
{
	uint32_t n = atomic_load(&names->n_models);

	if (n > countof(names->model) ||
	    !names_are_fit(names->model[0].name, n, sizeof(names->model[0]),
	        METRICS_NAME_MAX))
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "the names of the models are damaged");
	for (uint32_t i = 0; i < n; i++) {
		const struct metrics_named *m = &names->model[i];
		uint32_t results = atomic_load(&m->n_results);

		if (results > countof(m->result) ||
		    !names_are_fit(m->result[0], results, METRICS_CLASS_MAX,
		        METRICS_CLASS_MAX))
			return err_set(err, ERR_INPUT, ERR_NOWHERE,
			    "the class names of model %s are damaged",
			    m->name);
	}
	return true;
}

/* --- texts ---------------------------------------------------------------- */

/* As much of the text as fits and is whole UTF-8. */
static void
text_set(char *field, size_t size, struct str s)
{
	size_t bad;

	if (s.n >= size)
		s.n = size - 1;
	if (!str_is_utf8(s, &bad))
		s.n = bad;
	if (s.n > 0)
		memcpy(field, s.p, s.n);
	memset(field + s.n, 0, size - s.n);
}

static void
texts_set(struct metrics_text *t, const struct str *texts, size_t n)
{
	uint32_t turn = atomic_load(&t->turn) & 1;
	char(*beside)[METRICS_TEXT_MAX] = t->text[turn ^ 1];

	for (size_t i = 0; i < n; i++)
		text_set(beside[i], sizeof(beside[i]), texts[i]);
	atomic_store_explicit(&t->turn, turn ^ 1, memory_order_release);
}

void
metrics_set_server_text(struct metrics_file *f,
    const struct metrics_server_text *text)
{
	const char *const given[] = {text->app_name, text->version,
	    text->revision, text->compiler, text->service_name,
	    text->service_instance};
	struct str texts[countof(given)];

	for (size_t i = 0; i < countof(given); i++)
		texts[i] = str_of(given[i] != NULL ? given[i] : "");
	texts_set(&f->texts->server, texts, countof(texts));
}

void
metrics_set_model_text(struct metrics_file *f, enum label_MODEL model,
    const struct metrics_model_text *text)
{
	const struct str texts[] = {text->name, text->algorithm, text->format,
	    text->sha256};

	texts_set(&f->texts->model[model], texts, countof(texts));
}

void
metrics_set_reload_note(struct metrics_file *f, const char *why)
{
	struct metrics_note *note = &f->texts->reload;
	uint32_t turn = atomic_load(&note->turn) & 1;

	text_set(note->text[turn ^ 1], METRICS_NOTE_MAX, str_of(why));
	atomic_store_explicit(&note->turn, turn ^ 1, memory_order_release);
}

/* Two reloads within this copy would mix two sentences; people read it. */
void
metrics_reload_note(const struct metrics_file *f,
    char ret[METRICS_NOTE_MAX])
{
	const struct metrics_note *note = &f->texts->reload;
	uint32_t turn = atomic_load_explicit(&note->turn,
	    memory_order_acquire);
	size_t bad;

	memcpy(ret, note->text[turn & 1], METRICS_NOTE_MAX);
	ret[METRICS_NOTE_MAX - 1] = '\0';
	if (!str_is_utf8(str_of(ret), &bad))
		ret[0] = '\0';
}

/* The writer shows another text once per reload, so the second try is whole:
 * a third would need two reloads within a copy of 600 bytes. */
void
metrics_text_get(const struct metrics_text *t,
    char ret[METRICS_TEXTS][METRICS_TEXT_MAX])
{
	for (int tries = 0; tries < 3; tries++) {
		uint32_t turn = atomic_load_explicit(&t->turn,
		    memory_order_acquire);

		memcpy(ret, t->text[turn & 1], sizeof(t->text[0]));
		atomic_thread_fence(memory_order_acquire);
		if (atomic_load_explicit(&t->turn, memory_order_relaxed) ==
		    turn)
			break;
	}
	for (size_t i = 0; i < METRICS_TEXTS; i++) {
		size_t bad;

		ret[i][METRICS_TEXT_MAX - 1] = '\0';
		if (!str_is_utf8(str_of(ret[i]), &bad))
			ret[i][0] = '\0';
	}
}

/* SPDX-License-Identifier: ISC
 *
 * ONNX Runtime's C API: all graph optimisations, one thread, no profiling.
 * A model takes either one matrix of floats or a tensor a column, texts as
 * strings; making the tensors of a call is part of the call, as a client
 * with rows has to do it. The second output has the probabilities; of a
 * regression the only one.
 */
#include <stdint.h>
#include <string.h>

#include "engine.h"

/* Places in the table of functions, which is only ever appended to; the
 * header is in no package of PyPI. */
enum {
	GET_ERROR_MESSAGE = 2, CREATE_ENV = 3, CREATE_SESSION = 7, RUN = 9,
	CREATE_SESSION_OPTIONS = 10, SET_EXECUTION_MODE = 13,
	SET_OPTIMISATION = 23, SET_INTRA_THREADS = 24, SET_INTER_THREADS = 25,
	INPUT_COUNT = 30, OUTPUT_COUNT = 31, INPUT_NAME = 36, OUTPUT_NAME = 37,
	CREATE_TENSOR = 48, CREATE_TENSOR_OVER = 49, TENSOR_DATA = 51,
	FILL_STRINGS = 52, CPU_MEMORY = 69, DEFAULT_ALLOCATOR = 78,
	RELEASE_VALUE = 96,
};
enum { API_VERSION = 16, FLOAT = 1, STRING = 8, INPUTS_MAX = 64 };
struct api_base {
	const void *(*get_api)(uint32_t version);
	const char *(*version)(void);
};

static void *(*create_over)(const void *, void *, size_t, const int64_t *,
    size_t, int, void **);
static void *(*create)(void *, const int64_t *, size_t, int, void **);
static void *(*fill)(void *, const char *const *, size_t);
static void *(*run)(void *, const void *, const char *const *,
    const void *const *, size_t, const char *const *, size_t, void **);
static void *(*data_of)(void *, void **);
static void (*release)(void *);
static const char *(*message)(const void *);

static void *session, *memory, *allocator, *output;
static const char *input_names[INPUTS_MAX], *output_name;
static size_t inputs, width; /* numbers a row of the output */
static float *columns; /* a run of BATCH_MAX a column */

static void
check(void *status)
{
	if (status != NULL)
		fail("onnxruntime: %s", message(status));
}

/* By copying: a pointer to data is no pointer to a function in C. */
#define FUNCTION(p, at) memcpy(&(p), &api[at], sizeof(p))

static void
open_session(void *const *api, const char *model)
{
	void *(*create_env)(int, const char *, void **);
	void *(*create_options)(void **);
	void *(*set)(void *, int);
	void *(*create_session)(void *, const char *, void *, void **);
	void *env, *options;

	FUNCTION(create_env, CREATE_ENV);
	FUNCTION(create_options, CREATE_SESSION_OPTIONS);
	FUNCTION(create_session, CREATE_SESSION);
	check(create_env(3, "bench", &env));
	check(create_options(&options));
	FUNCTION(set, SET_EXECUTION_MODE);
	check(set(options, 0));
	FUNCTION(set, SET_OPTIMISATION);
	check(set(options, 99));
	FUNCTION(set, SET_INTRA_THREADS);
	check(set(options, 1));
	FUNCTION(set, SET_INTER_THREADS);
	check(set(options, 1));
	check(create_session(env, model, options, &session));
}

static void
read_names(void *const *api)
{
	void *(*count)(void *, size_t *);
	void *(*name)(void *, size_t, void *, char **);
	size_t outputs;
	char *text;

	FUNCTION(count, OUTPUT_COUNT);
	check(count(session, &outputs));
	FUNCTION(count, INPUT_COUNT);
	check(count(session, &inputs));
	if (inputs > INPUTS_MAX)
		fail("more than %d inputs", INPUTS_MAX);
	FUNCTION(name, INPUT_NAME);
	for (size_t i = 0; i < inputs; i++) {
		check(name(session, i, allocator, &text));
		input_names[i] = text;
	}
	FUNCTION(name, OUTPUT_NAME);
	check(name(session, outputs - 1, allocator, &text));
	output_name = text;
	width = outputs;
}

void
engine_open(const char *library, const char *model, const char *option,
    const struct rows *rows)
{
	const struct api_base *(*get_base)(void) =
	    find(load(library), "OrtGetApiBase");
	void *const *api = get_base()->get_api(API_VERSION);
	void *(*cpu_memory)(int, int, void **);
	void *(*default_allocator)(void **);

	(void)option;
	FUNCTION(message, GET_ERROR_MESSAGE);
	FUNCTION(run, RUN);
	FUNCTION(create, CREATE_TENSOR);
	FUNCTION(create_over, CREATE_TENSOR_OVER);
	FUNCTION(data_of, TENSOR_DATA);
	FUNCTION(fill, FILL_STRINGS);
	FUNCTION(release, RELEASE_VALUE);
	FUNCTION(cpu_memory, CPU_MEMORY);
	FUNCTION(default_allocator, DEFAULT_ALLOCATOR);
	check(cpu_memory(0, 0, &memory));
	check(default_allocator(&allocator));
	open_session(api, model);
	read_names(api);
	if (inputs != 1 && inputs != rows->columns)
		fail("%zu inputs for %zu columns", inputs, rows->columns);
	columns = allocate(BATCH_MAX * rows->columns, sizeof(*columns));
}

static void *
numbers(const float *x, size_t n, size_t of)
{
	const int64_t shape[] = {(int64_t)n, (int64_t)of};
	void *ret;

	check(create_over(memory, (void *)(uintptr_t)x, n * of * sizeof(*x),
	    shape, 2, FLOAT, &ret));
	return ret;
}

static void *
column(const struct rows *rows, size_t c, size_t first, size_t n)
{
	const char *texts[BATCH_MAX];
	const int64_t shape[] = {(int64_t)n, 1};
	void *ret;

	if (!rows->is_text[c]) {
		float *x = columns + c * BATCH_MAX;

		for (size_t i = 0; i < n; i++)
			x[i] = rows->floats[(first + i) * rows->columns + c];
		return numbers(x, n, 1);
	}
	for (size_t i = 0; i < n; i++)
		texts[i] = rows->texts[(first + i) * rows->columns + c];
	check(create(allocator, shape, 2, STRING, &ret));
	check(fill(ret, texts, n));
	return ret;
}

void
engine_predict(const struct rows *rows, size_t first, size_t n)
{
	void *values[INPUTS_MAX];

	if (output != NULL)
		release(output);
	output = NULL;
	if (inputs == 1)
		values[0] = numbers(rows->floats + first * rows->columns, n,
		    rows->columns);
	else
		for (size_t c = 0; c < inputs; c++)
			values[c] = column(rows, c, first, n);
	check(run(session, NULL, input_names, (const void *const *)values,
	    inputs, &output_name, 1, &output));
	for (size_t c = 0; c < inputs; c++)
		release(values[c]);
}

void
engine_fetch(size_t n, double *answers)
{
	void *data;

	check(data_of(output, &data));
	for (size_t i = 0; i < n; i++)
		answers[i] = (double)((float *)data)[i * width + width - 1];
}

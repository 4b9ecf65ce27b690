/* SPDX-License-Identifier: ISC
 *
 * The loop around an engine, the same for all. Commands come on standard
 * input, one a line, and each is answered with one line:
 *
 *     answers BATCH FILE   score all rows, write the answers as doubles
 *     time BATCH NS        go on scoring for NS nanoseconds; ns a row
 *
 * So whoever measures can take turns between programs that have all loaded
 * their models and wait. Time is the processor's for this process, all its
 * threads: what others take of a shared machine is not counted.
 */
#include <dlfcn.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine.h"

enum { LINE_MAX_BYTES = 1 << 16, COLUMNS_MAX = 1024, CHUNK_NS = 50000 };

void
fail(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}

void *
allocate(size_t n, size_t size)
{
	void *p = aligned_alloc(64, (n * size + 64) & ~(size_t)63);

	if (p == NULL)
		fail("out of memory");
	return memset(p, 0, (n * size + 64) & ~(size_t)63);
}

void *
load(const char *library)
{
	void *ret = dlopen(library, RTLD_NOW | RTLD_LOCAL);

	if (ret == NULL)
		fail("%s", dlerror());
	return ret;
}

void *
find(void *library, const char *name)
{
	void *ret = dlsym(library, name);

	if (ret == NULL)
		fail("%s", dlerror());
	return ret;
}

/* The cells of one line, cut in place. */
static size_t
cut(char *line, char *cells[])
{
	size_t n = 0;

	line[strcspn(line, "\n")] = '\0';
	for (char *rest = line; rest != NULL; n++) {
		if (n == COLUMNS_MAX)
			fail("more than %d columns", COLUMNS_MAX);
		cells[n] = strsep(&rest, "\t");
	}
	return n;
}

static void
read_rows(const char *path, struct rows *ret)
{
	static char line[LINE_MAX_BYTES];
	char *cells[COLUMNS_MAX];
	size_t columns, most = 0;
	bool *is_text;
	double *doubles;
	float *floats;
	size_t *lengths;
	FILE *f = fopen(path, "r");

	if (f == NULL || fgets(line, sizeof(line), f) == NULL)
		fail("%s: cannot be read", path);
	*ret = (struct rows){.n = 0};
	columns = ret->columns = cut(line, cells);
	ret->is_text = is_text = allocate(columns, sizeof(*is_text));
	ret->names = allocate(columns, sizeof(*ret->names));
	for (size_t i = 0; i < columns; i++) {
		is_text[i] = cells[i][0] == 't';
		ret->names[i] = strdup(cells[i] + 2);
	}
	while (fgets(line, sizeof(line), f) != NULL)
		most++;
	ret->texts = allocate(most * columns, sizeof(*ret->texts));
	ret->lengths = lengths = allocate(most * columns, sizeof(*lengths));
	ret->doubles = doubles = allocate(most * columns, sizeof(*doubles));
	ret->floats = floats = allocate(most * columns, sizeof(*floats));
	rewind(f);
	if (fgets(line, sizeof(line), f) == NULL)
		fail("%s: cannot be read again", path);
	for (; ret->n < most && fgets(line, sizeof(line), f) != NULL;
	    ret->n++) {
		if (cut(line, cells) != columns)
			fail("%s: row %zu has other columns", path, ret->n);
		for (size_t i = 0; i < columns; i++) {
			size_t at = ret->n * columns + i;

			if (is_text[i]) {
				ret->texts[at] = strdup(cells[i]);
				lengths[at] = strlen(cells[i]);
				continue;
			}
			doubles[at] = strtod(cells[i], NULL);
			floats[at] = (float)doubles[at];
		}
	}
	fclose(f);
}

static uint64_t
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void
write_answers(const struct rows *rows, size_t batch, const char *path)
{
	double answers[BATCH_MAX];
	FILE *f = fopen(path, "w");

	if (f == NULL)
		fail("%s: cannot be written", path);
	for (size_t i = 0; i < rows->n; i += batch) {
		size_t n = rows->n - i < batch ? rows->n - i : batch;

		engine_predict(rows, i, n);
		engine_fetch(n, answers);
		fwrite(answers, sizeof(*answers), n, f);
	}
	if (fclose(f) != 0)
		fail("%s: cannot be written", path);
	puts("ok");
}

/* The clock is read once a chunk: it takes as long as a small model. */
static void
measure(const struct rows *rows, size_t batch, uint64_t ns)
{
	uint64_t begun = now_ns(), now = begun, before;
	size_t calls = 1, done = 0;
	static size_t at;

	while (now - begun < ns) {
		before = now;
		for (size_t i = 0; i < calls; i++, at += batch) {
			if (at + batch > rows->n)
				at = 0;
			engine_predict(rows, at, batch);
		}
		done += calls * batch;
		now = now_ns();
		if (now - before < CHUNK_NS)
			calls *= 2;
	}
	printf("%.3f\n", (double)(now - begun) / (double)done);
}

int
main(int argc, char *argv[])
{
	char line[4096], path[4096];
	unsigned long long ns;
	struct rows rows;
	size_t batch;

	if (argc != 5)
		fail("usage: %s LIBRARY MODEL OPTION ROWS", argv[0]);
	read_rows(argv[4], &rows);
	engine_open(argv[1], argv[2], argv[3], &rows);
	puts("ready");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin) != NULL) {
		if (sscanf(line, "answers %zu %4095s", &batch, path) == 2 &&
		    batch > 0 && batch <= BATCH_MAX)
			write_answers(&rows, batch, path);
		else if (sscanf(line, "time %zu %llu", &batch, &ns) == 2 &&
		    batch > 0 && batch <= BATCH_MAX)
			measure(&rows, batch, ns);
		else
			fail("unknown command: %s", line);
		fflush(stdout);
	}
	return 0;
}

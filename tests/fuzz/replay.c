/* SPDX-License-Identifier: ISC
 *
 * Runs a fuzz target over every file of its corpus, and over every prefix
 * and some mutations of each, as one TAP test per file. What the hunter has
 * grown (it names a file by its SHA-1) is mutated already: each is run once,
 * and all are one test. A crash ends the program, which the harness sees.
 *
 *   TARGET [CORPUS-DIRECTORY]
 *
 * Without the argument fuzz_NAME takes tests/fuzz/corpus/NAME of LS_SRCDIR.
 * main is weak: linked with libFuzzer, the hunter's takes its place.
 */
#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PREFIXES = 64, FLIPS = 256 };

/* In a block of its own size, so that a read past the end is seen. */
static void
run(const uint8_t *data, size_t n)
{
	uint8_t *copy = malloc(n > 0 ? n : 1);

	if (copy == NULL)
		abort();
	if (n > 0)
		memcpy(copy, data, n);
	LLVMFuzzerTestOneInput(copy, n);
	free(copy);
}

static void
run_all(const uint8_t *data, size_t n)
{
	uint32_t x = 2463534242u; /* xorshift: the same every run */
	uint8_t *bent = malloc(n > 0 ? n : 1);

	run(data, n);
	for (size_t i = 0; i < PREFIXES && n > 0; i++)
		run(data, n * i / PREFIXES);
	for (size_t i = 0; i < FLIPS && n > 0 && bent != NULL; i++) {
		memcpy(bent, data, n);
		for (int k = 0; k < 3; k++) {
			x ^= x << 13;
			x ^= x >> 17;
			x ^= x << 5;
			bent[x % n] ^= (uint8_t)(1u << (x >> 29));
		}
		run(bent, n);
	}
	free(bent);
}

static bool
is_grown(const char *name)
{
	return strlen(name) == 40 && strspn(name, "0123456789abcdef") == 40;
}

__attribute__((weak)) int
main(int argc, char *argv[])
{
	const char *srcdir = getenv("LS_SRCDIR");
	const char *name = strstr(argv[0], "fuzz_");
	struct dirent **files;
	char corpus[2048];
	int n, done = 0, grown = 0;

	if (argc == 2) {
		snprintf(corpus, sizeof(corpus), "%s", argv[1]);
	} else if (srcdir != NULL && name != NULL) {
		snprintf(corpus, sizeof(corpus), "%s/tests/fuzz/corpus/%s",
		    srcdir, name + strlen("fuzz_"));
	} else {
		fprintf(stderr, "usage: %s CORPUS-DIRECTORY\n", argv[0]);
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	n = scandir(corpus, &files, NULL, alphasort);
	if (n < 0) {
		perror(corpus);
		return 2;
	}
	for (int i = 0; i < n; i++) {
		char path[4096];
		struct file_map m;
		struct err err;

		snprintf(path, sizeof(path), "%s/%s", corpus,
		    files[i]->d_name);
		if (files[i]->d_name[0] != '.' &&
		    file_map(path, 1 << 26, &m, &err)) {
			if (is_grown(files[i]->d_name)) {
				printf("# %s\n", files[i]->d_name);
				run(m.p, m.n);
				grown++;
			} else {
				run_all(m.p, m.n);
				printf("ok %d - %s\n", ++done,
				    files[i]->d_name);
			}
			file_unmap(&m);
		}
		free(files[i]);
	}
	if (grown > 0)
		printf("ok %d - %d grown files\n", ++done, grown);
	free(files);
	if (done == 0)
		printf("not ok 1 - no files in %s\n", corpus);
	printf("1..%d\n", done > 0 ? done : 1);
	return 0;
}

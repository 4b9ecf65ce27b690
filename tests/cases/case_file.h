/* SPDX-License-Identifier: ISC */
#ifndef CASES_CASE_FILE_H
#define CASES_CASE_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/str.h"

/* contract.test, read case by case; its head says what the lines mean. A line
 * that is not understood ends the program: a test that is skipped unseen is
 * worse than none. */
enum { CASE_EDITS = 32, CASE_STATUSES = 8, CASE_MEMBERS = 64 };

struct case_member {
	struct str name, text;
};
struct case_edit {
	enum { EDIT_SET, EDIT_DROP, EDIT_ADD } kind;
	size_t record;
	struct case_member member;
};
struct case_file {
	struct file_map map;
	struct str rest; /* not read yet */
	struct case_member record[CASE_MEMBERS];
	size_t n_members;
};
struct test_case {
	struct str id, method, path;
	struct str content_type, encoding, accept;
	bool typed, served, has_body;
	struct str body;
	struct case_edit edits[CASE_EDITS];
	size_t n_edits;
	int statuses[CASE_STATUSES];
	size_t n_statuses;
	struct str kind, argument; /* "predictions", "2" */
	struct str error, detail, allow, type, location, same;
};

void case_file_open(struct case_file *f, const char *path);
void case_file_close(struct case_file *f);
/* False after the last one. */
bool case_file_next(struct case_file *f, struct test_case *ret);
/* The body with its records and repetitions written out. */
void case_file_body(const struct case_file *f, const struct test_case *c,
    struct buf *b);

#endif

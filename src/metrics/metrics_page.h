/* SPDX-License-Identifier: ISC */
#ifndef METRICS_METRICS_PAGE_H
#define METRICS_METRICS_PAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "metrics/metrics_file.h"
#include "metrics/metrics_sum.h"
#include "metrics/metrics_table.h"
#include "metrics/metrics_text.h"

/* A page while it is written; for src/metrics alone. */

/* Bytes of one series' labels at most: five texts, every byte escaped. */
enum { LABELS_MAX = METRIC_LABELS_MAX * (2 * METRICS_TEXT_MAX + 64) };

struct page {
	const struct metrics_file *f;
	const struct metrics_sum *sum;
	enum metrics_format format;
	struct buf *b;
};

/* The labels of one series, without braces. */
struct page_labels {
	struct buf b;
	char room[LABELS_MAX];
};

void page_labels_init(struct page_labels *l);
/* Append name="value", escaped. */
void page_label(struct page_labels *l, enum metric_label_id id,
    struct str value);
void page_label_number(struct page_labels *l, enum metric_label_id id,
    uint64_t v);
/* A total as people read it: seconds and scores are kept in billionths. With
 * `point` a whole number is written as the float it is. */
void page_total(struct buf *b, uint64_t v, enum metric_unit unit, bool point);
/* Everything of a sample but its value. */
void page_series(struct page *p, const char *name, const char *suffix,
    const struct page_labels *l);
/* One sample. A gauge that is not known is left out. */
void page_count(struct page *p, const struct metric *m,
    const struct page_labels *l, uint64_t v);
void page_gauge(struct page *p, const struct metric *m,
    const struct page_labels *l, double v);

/* Has slot i ever had a worker? */
bool page_slot_is_used(const struct page *p, int i);
/* The label of slot i's series; false where it never had a worker. */
bool page_slot_labels(const struct page *p, int i, struct page_labels *l);
/* All samples of a DERIVED metric. */
void page_derived(struct page *p, const struct metric *m);

#endif

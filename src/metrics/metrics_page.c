/* SPDX-License-Identifier: ISC
 *
 * The pieces of the page: labels, numbers, one sample.
 */
#include "metrics/metrics_page.h"

#include <math.h>

void
page_labels_init(struct page_labels *l)
{
	buf_init(&l->b, l->room, sizeof(l->room));
}

void
page_label(struct page_labels *l, enum metric_label_id id, struct str value)
{
	size_t from = 0;

	if (l->b.n > 0)
		buf_char(&l->b, ',');
	buf_text(&l->b, metrics_labels[id].name);
	buf_put(&l->b, "=\"", 2);
	for (size_t i = 0; i < value.n; i++) {
		char c = value.p[i];

		if (c != '\\' && c != '"' && c != '\n')
			continue;
		buf_put(&l->b, value.p + from, i - from);
		buf_char(&l->b, '\\');
		buf_char(&l->b, c == '\n' ? 'n' : c);
		from = i + 1;
	}
	buf_put(&l->b, value.p + from, value.n - from);
	buf_char(&l->b, '"');
}

void
page_label_number(struct page_labels *l, enum metric_label_id id, uint64_t v)
{
	char digits[24];
	struct buf b;

	buf_init(&b, digits, sizeof(digits));
	buf_u64(&b, v);
	page_label(l, id, buf_view(&b));
}

void
page_total(struct buf *b, uint64_t v, enum metric_unit unit, bool point)
{
	const uint64_t billion = 1000000000;
	char digits[10] = {'.'};
	uint64_t rest = v % billion;
	size_t n = sizeof(digits);

	if (unit != METRIC_SECONDS && unit != METRIC_SCORE) {
		buf_u64(b, v);
		if (point)
			buf_put(b, ".0", 2);
		return;
	}
	for (size_t i = n - 1; i > 0; i--, rest /= 10)
		digits[i] = (char)('0' + rest % 10);
	while (n > 2 && digits[n - 1] == '0')
		n--;
	buf_u64(b, v / billion);
	buf_put(b, digits, n);
}

void
page_series(struct page *p, const char *name, const char *suffix,
    const struct page_labels *l)
{
	buf_text(p->b, name);
	buf_text(p->b, suffix);
	if (l->b.n > 0) {
		buf_char(p->b, '{');
		buf_str(p->b, buf_view(&l->b));
		buf_char(p->b, '}');
	}
	buf_char(p->b, ' ');
}

void
page_count(struct page *p, const struct metric *m, const struct page_labels *l,
    uint64_t v)
{
	page_series(p, m->name, "", l);
	page_total(p->b, v, m->unit, false);
	buf_char(p->b, '\n');
}

void
page_gauge(struct page *p, const struct metric *m, const struct page_labels *l,
    double v)
{
	if (isnan(v))
		return;
	page_series(p, m->name, "", l);
	buf_double(p->b, v);
	buf_char(p->b, '\n');
}

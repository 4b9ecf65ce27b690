/* SPDX-License-Identifier: ISC
 *
 * A handover as text: a line with the version, then "name value" a line, in
 * any order. A name that is not known is an error: who wrote it meant it.
 */
#include "supervisor/handover.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void
handover_format(const struct handover *h, struct buf *b)
{
	buf_printf(b, "lightscored %d\n", HANDOVER_VERSION);
#define PUT(name) buf_printf(b, #name " %" PRId64 "\n", h->name);
	HANDOVER_NUMBERS(PUT)
#undef PUT
	buf_printf(b, "dir %s\n", h->dir);
	buf_printf(b, "sockets %s\n", h->sockets);
	for (size_t i = 0; i < h->n_images; i++)
		buf_printf(b, "image %s\n", h->images[i]);
	for (size_t i = 0; i < h->n_processes; i++)
		buf_printf(b, "process %c %d %d %" PRId64 "\n",
		    h->processes[i].kind, h->processes[i].slot,
		    h->processes[i].pid, h->processes[i].kill_at_ns);
}

static bool
copy_text(struct str value, char *to, size_t room)
{
	if (value.n >= room)
		return false;
	memcpy(to, value.p, value.n);
	to[value.n] = '\0';
	return true;
}

static bool
parse_process(const char *text, struct handover *h)
{
	struct handover_process *p = &h->processes[h->n_processes];

	if (h->n_processes == HANDOVER_PROCESSES ||
	    sscanf(text, "%c %d %d %" SCNd64, &p->kind, &p->slot, &p->pid,
		&p->kill_at_ns) != 4)
		return false;
	h->n_processes++;
	return strchr("wrel", p->kind) != NULL && p->pid > 0 &&
	    p->slot >= 0 && p->slot < METRICS_SLOTS;
}

static bool
parse_line(struct str line, struct handover *h)
{
	struct str value = line, name = str_cut(&value, ' ');
	char text[PATH_MAX];
	int64_t number;

	if (value.p == NULL || !copy_text(value, text, sizeof(text)))
		return false;
	if (str_eq(name, STR("sockets")))
		return copy_text(value, h->sockets, sizeof(h->sockets));
	if (str_eq(name, STR("dir")))
		return copy_text(value, h->dir, sizeof(h->dir));
	if (str_eq(name, STR("image")))
		return h->n_images < CONFIG_MODELS_MAX &&
		    copy_text(value, h->images[h->n_images++],
			sizeof(h->images[0]));
	if (str_eq(name, STR("process")))
		return parse_process(text, h);
	if (sscanf(text, "%" SCNd64, &number) != 1)
		return false;
#define TAKE(field)                               \
	if (str_eq(name, STR(#field))) {          \
		h->field = number;                \
		return true;                      \
	}
	HANDOVER_NUMBERS(TAKE)
#undef TAKE
	return false;
}

bool
handover_parse(struct str text, struct handover *ret, struct err *err)
{
	struct str rest = text, line = str_cut(&rest, '\n');
	char first[32];

	snprintf(first, sizeof(first), "lightscored %d", HANDOVER_VERSION);
	if (!str_eq(line, str_of(first)))
		return err_set(err, ERR_INPUT, 0,
		    "what the lightscored before left is of another version");
	memset(ret, 0, sizeof(*ret));
	while (rest.n > 0) {
		line = str_cut(&rest, '\n');
		if (!parse_line(line, ret))
			return err_set(err, ERR_INPUT, ERR_NOWHERE,
			    "what the lightscored before left is damaged: "
			    "\"%.*s\"", line.n < 80 ? (int)line.n : 80,
			    line.p);
	}
	return true;
}

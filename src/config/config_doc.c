/* SPDX-License-Identifier: ISC
 *
 * The table told to people: effective values, usage, the manual's list and
 * a sample file. Nothing about a setting is written down twice.
 */
#include "config/config.h"

#include <string.h>

#include "config/config_table.h"

static const char *const origins[] = {
    [CONFIG_DEFAULT] = "default",
    [CONFIG_FILE] = "file",
    [CONFIG_ENVIRONMENT] = "environment",
    [CONFIG_FLAG] = "flag",
};

void
config_format(const struct config *c, enum config_field field, struct buf *b)
{
	const struct config_row *row = &config_rows[field];
	const void *at = (const char *)c + row->offset;

	if (config_type_is_text(row->type))
		buf_text(b, *(const char *const *)at);
	else
		config_number_format(row->type, *(const int64_t *)at, b);
}

static void
pad(struct buf *b, size_t from, size_t width)
{
	do
		buf_char(b, ' ');
	while (!b->over && b->n < from + width);
}

static void
dump_text(const struct config *c, struct buf *b)
{
	for (size_t i = 0; i < CONFIG_FIELDS; i++) {
		const struct config_source *source = &c->sources[i];
		size_t line = b->n, value;

		buf_text(b, config_names[i]);
		pad(b, line, 17);
		value = b->n;
		config_format(c, i, b);
		if (b->n == value)
			buf_text(b, "-");
		pad(b, line, 37);
		buf_text(b, source->origin == CONFIG_DEFAULT ?
		    origins[source->origin] : source->where);
		buf_char(b, '\n');
	}
	for (size_t i = 0; i < c->n_models; i++) {
		const struct config_model *m = &c->models[i];
		size_t line = b->n;

		buf_printf(b, "models.%s", m->slot);
		pad(b, line, 17);
		buf_text(b, m->file);
		if (m->schema != NULL)
			buf_printf(b, " (schema %s)", m->schema);
		pad(b, line, 37);
		buf_text(b, m->source.origin == CONFIG_DEFAULT ?
		    origins[m->source.origin] : m->source.where);
		buf_char(b, '\n');
	}
}

static void
dump_source(const struct config_source *source, struct buf *b)
{
	buf_printf(b, "\"origin\":\"%s\",\"where\":", origins[source->origin]);
	buf_json(b, str_of(source->where));
}

/* Numbers as numbers (bytes, milliseconds), the rest as text. */
static void
dump_value(const struct config *c, size_t field, struct buf *b)
{
	const struct config_row *row = &config_rows[field];
	const void *at = (const char *)c + row->offset;

	if (config_type_is_text(row->type))
		buf_json(b, str_of(*(const char *const *)at));
	else if (row->type == CONFIG_TYPE_BOOL)
		buf_text(b, *(const int64_t *)at ? "true" : "false");
	else if (row->type == CONFIG_TYPE_AUTO && *(const int64_t *)at == 0)
		buf_text(b, "\"auto\"");
	else
		buf_u64(b, (uint64_t)*(const int64_t *)at);
}

static void
dump_json(const struct config *c, struct buf *b)
{
	buf_text(b, "{\"settings\":{");
	for (size_t i = 0; i < CONFIG_FIELDS; i++) {
		buf_printf(b, "%s\n  \"%s\":{\"value\":", i > 0 ? "," : "",
		    config_names[i]);
		dump_value(c, i, b);
		buf_char(b, ',');
		dump_source(&c->sources[i], b);
		buf_char(b, '}');
	}
	buf_text(b, "},\n \"models\":{");
	for (size_t i = 0; i < c->n_models; i++) {
		const struct config_model *m = &c->models[i];

		buf_printf(b, "%s\n  \"%s\":{\"file\":", i > 0 ? "," : "",
		    m->slot);
		buf_json(b, str_of(m->file));
		buf_text(b, ",\"schema\":");
		if (m->schema != NULL)
			buf_json(b, str_of(m->schema));
		else
			buf_text(b, "null");
		buf_char(b, ',');
		dump_source(&m->source, b);
		buf_char(b, '}');
	}
	buf_text(b, "}}\n");
}

void
config_dump(const struct config *c, struct buf *b, bool json)
{
	if (json)
		dump_json(c, b);
	else
		dump_text(c, b);
}

static void
flag_name(const char *field, struct buf *b)
{
	for (const char *p = field; *p != '\0'; p++)
		buf_char(b, *p == '_' ? '-' : *p);
}

/* Words folded at the width of a terminal, behind an indent. */
static void
fold(const char *text, size_t indent, struct buf *b)
{
	struct str rest = str_of(text);
	size_t column = indent;

	while (rest.p != NULL) {
		struct str word = str_cut(&rest, ' ');

		if (column > indent && column + 1 + word.n > 78) {
			buf_char(b, '\n');
			for (column = 0; column < indent; column++)
				buf_char(b, ' ');
		} else if (column > indent) {
			buf_char(b, ' ');
			column++;
		}
		buf_str(b, word);
		column += word.n;
	}
	buf_char(b, '\n');
}

void
config_usage(struct buf *b)
{
	for (size_t i = 0; i < CONFIG_FIELDS; i++) {
		const struct config_row *row = &config_rows[i];

		buf_text(b, "  --");
		flag_name(row->name, b);
		if (row->type == CONFIG_TYPE_BOOL) {
			buf_text(b, ", --no-");
			flag_name(row->name, b);
		} else {
			buf_printf(b, "=%s", row->unit);
		}
		if (row->value[0] != '\0')
			buf_printf(b, " (default %s)", row->value);
		buf_text(b, "\n      ");
		fold(row->help, 6, b);
	}
}

void
config_mdoc(struct buf *b)
{
	buf_text(b, ".Bl -tag -width Ds\n");
	for (size_t i = 0; i < CONFIG_FIELDS; i++) {
		const struct config_row *row = &config_rows[i];

		buf_printf(b, ".It Ic %s : Ar %s\n", row->name, row->unit);
		buf_printf(b, "%s\n", row->help);
		if (row->type != CONFIG_TYPE_BOOL &&
		    !config_type_is_text(row->type)) {
			buf_text(b, "May be ");
			config_wanted(row, b);
			buf_text(b, ".\n");
		}
		if (row->value[0] != '\0')
			buf_printf(b, "The default is\n.Ql %s .\n", row->value);
	}
	buf_text(b, ".El\n");
}

void
config_sample(struct buf *b)
{
	for (size_t i = 0; i < CONFIG_FIELDS; i++) {
		const struct config_row *row = &config_rows[i];

		buf_text(b, "# ");
		buf_text(b, row->help);
		buf_printf(b, "\n#%s: %s\n\n", row->name,
		    row->value[0] != '\0' ? row->value : "\"\"");
	}
	buf_text(b, "# The models: slot, and the file it serves.\n"
	    "#models:\n"
	    "#  v1: churn-v1.lsm\n"
	    "#  v2: {file: churn-v2.joblib, schema: churn.schema.yaml}\n");
}

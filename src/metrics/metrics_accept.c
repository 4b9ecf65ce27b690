/* SPDX-License-Identifier: ISC
 *
 * Which of the two formats a scraper wants (Accept, RFC 9110 12.5.1). A
 * header we cannot make sense of gets plain text, never an error.
 */
#include "metrics/metrics_text.h"

#include "base/number.h"

/* The quality a range of Accept gives, and the version it wants (p NULL:
 * any); its type/subtype is cut off the front of the range. */
static double
range_quality(struct str parameters, struct str *version)
{
	double q = 1;

	*version = (struct str){0};
	while (parameters.n > 0) {
		struct str value = str_cut(&parameters, ';');
		struct str key = str_trim(str_cut(&value, '='));

		value = str_trim(value);
		if (str_eq_nocase(key, STR("version")))
			*version = value;
		else if (str_eq_nocase(key, STR("q")) &&
		    (!number_parse(value, &q) || !(q >= 0 && q <= 1)))
			q = 0;
	}
	return q;
}

/* OpenMetrics where it is named, in a version we speak, and wanted at least
 * as much as text. */
enum metrics_format
metrics_format_of(struct str accept)
{
	double text = 0, open = 0;

	while (accept.n > 0) {
		struct str range = str_cut(&accept, ',');
		struct str type = str_trim(str_cut(&range, ';'));
		struct str version;
		double q = range_quality(range, &version);

		if (str_eq_nocase(type,
		        STR("application/openmetrics-text"))) {
			if (q > open && (version.n == 0 ||
			        str_eq(version, STR("1.0.0"))))
				open = q;
		} else if (str_eq_nocase(type, STR("text/plain")) ||
		    str_eq(type, STR("text/*")) || str_eq(type, STR("*/*"))) {
			if (q > text)
				text = q;
		}
	}
	return open > 0 && open >= text ? METRICS_OPENMETRICS : METRICS_TEXT;
}

const char *
metrics_content_type(enum metrics_format format)
{
	if (format == METRICS_OPENMETRICS)
		return "application/openmetrics-text; version=1.0.0; "
		       "charset=utf-8";
	return "text/plain; version=0.0.4; charset=utf-8";
}

/* SPDX-License-Identifier: ISC
 *
 * Values as text: numbers with their units, addresses, and the sentence that
 * says what may be given. What format writes, parse reads back.
 */
#include "config/config_table.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/number.h"

struct unit {
	const char *text;
	int64_t times;
};
/* From the largest, so that format finds the shortest. */
static const struct unit sizes[] = {
    {"g", 1 << 30}, {"m", 1 << 20}, {"k", 1 << 10}, {"", 1}};
static const struct unit times[] = {
    {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}};

bool
config_type_is_text(enum config_type type)
{
	return type <= CONFIG_TYPE_CHOICE;
}

/* Digits, then one of the units. */
static bool
parse_unit(struct str text, const struct unit *units, size_t n, int64_t *ret)
{
	struct str digits = text;
	uint64_t v;

	while (digits.n > 0 && (digits.p[digits.n - 1] < '0' ||
	    digits.p[digits.n - 1] > '9'))
		digits.n--;
	if (!number_parse_u64(digits, &v) || v > INT64_MAX)
		return false;
	text.p += digits.n;
	text.n -= digits.n;
	for (size_t i = 0; i < n; i++) {
		if (str_eq_nocase(text, str_of(units[i].text)))
			return !__builtin_mul_overflow((int64_t)v,
			    units[i].times, ret);
	}
	return false;
}

static bool
parse_bool(struct str text, int64_t *ret)
{
	static const char *const words[] = {"off", "on", "no", "yes", "false",
	    "true", "0", "1"};

	for (size_t i = 0; i < countof(words); i++) {
		if (str_eq_nocase(text, str_of(words[i]))) {
			*ret = i % 2;
			return true;
		}
	}
	return false;
}

bool
config_number_parse(enum config_type type, struct str text, int64_t *ret)
{
	static const struct unit one[] = {{"", 1}};

	switch (type) {
	case CONFIG_TYPE_BOOL:
		return parse_bool(text, ret);
	case CONFIG_TYPE_BYTES:
		return parse_unit(text, sizes, countof(sizes), ret);
	case CONFIG_TYPE_TIME:
		return parse_unit(text, times, countof(times), ret);
	case CONFIG_TYPE_AUTO:
		if (str_eq_nocase(text, STR("auto"))) {
			*ret = 0;
			return true;
		}
		/* FALLTHROUGH */
	default:
		return parse_unit(text, one, 1, ret);
	}
}

static void
format_unit(int64_t v, const struct unit *units, struct buf *b)
{
	while (v == 0 ? units->times != 1 : v % units->times != 0)
		units++;
	buf_u64(b, (uint64_t)(v / units->times));
	buf_text(b, units->text);
}

void
config_number_format(enum config_type type, int64_t v, struct buf *b)
{
	switch (type) {
	case CONFIG_TYPE_BOOL:
		buf_text(b, v ? "on" : "off");
		break;
	case CONFIG_TYPE_BYTES:
		format_unit(v, sizes, b);
		break;
	case CONFIG_TYPE_TIME:
		format_unit(v, times, b);
		break;
	case CONFIG_TYPE_AUTO:
		if (v == 0) {
			buf_text(b, "auto");
			break;
		}
		/* FALLTHROUGH */
	default:
		buf_u64(b, (uint64_t)v);
	}
}

void
config_wanted(const struct config_row *row, struct buf *b)
{
	struct str words = str_of(row->unit), word;

	switch (row->type) {
	case CONFIG_TYPE_TEXT:
	case CONFIG_TYPE_PATH:
		buf_text(b, "text without control characters");
		return;
	case CONFIG_TYPE_ADDRESS:
		buf_printf(b, "%s, such as %s", row->unit,
		    row->value[0] != '\0' ? row->value : "127.0.0.1:9095");
		return;
	case CONFIG_TYPE_NETWORKS:
		buf_text(b, "addresses and networks, such as "
		    "127.0.0.1, 10.0.0.0/8, or private");
		return;
	case CONFIG_TYPE_CHOICE:
		buf_text(b, "one of ");
		for (word = str_cut(&words, '|'); ; word = str_cut(&words,
		    '|')) {
			buf_str(b, word);
			if (words.p == NULL)
				return;
			buf_text(b, ", ");
		}
	case CONFIG_TYPE_BOOL:
		buf_text(b, "on or off");
		return;
	case CONFIG_TYPE_BYTES:
		buf_text(b, "a size from ");
		break;
	case CONFIG_TYPE_TIME:
		buf_text(b, "a time from ");
		break;
	case CONFIG_TYPE_COUNT:
	case CONFIG_TYPE_AUTO:
		buf_text(b, "a number from ");
		break;
	}
	config_number_format(row->type == CONFIG_TYPE_AUTO ?
	    CONFIG_TYPE_COUNT : row->type, row->min, b);
	buf_text(b, " to ");
	config_number_format(row->type, row->max, b);
	if (row->type == CONFIG_TYPE_AUTO)
		buf_text(b, ", or auto");
	else if (row->type != CONFIG_TYPE_COUNT)
		buf_printf(b, ", such as %s", row->value);
}

static bool
is_host(struct str host, bool ipv6)
{
	static const char name[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
	static const char number[] = "0123456789abcdefABCDEF:.%";

	if (host.n == 0 || host.n > 253)
		return false;
	for (size_t i = 0; i < host.n; i++) {
		if (host.p[i] == '\0' ||
		    strchr(ipv6 ? number : name, host.p[i]) == NULL)
			return false;
	}
	return true;
}

bool
config_address_parse(const char *text, struct config_address *ret,
    struct err *err)
{
	const char *colon = strrchr(text, ':');
	struct str host, port;
	uint64_t n;
	bool ipv6;

	if (colon == NULL)
		goto bad;
	host = (struct str){text, (size_t)(colon - text)};
	port = str_of(colon + 1);
	ipv6 = host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']';
	if (ipv6)
		host = (struct str){host.p + 1, host.n - 2};
	if (!is_host(host, ipv6) || !number_parse_u64(port, &n) || n > 65535)
		goto bad;
	*ret = (struct config_address){.port = (uint16_t)n, .ipv6 = ipv6};
	memcpy(ret->host, host.p, host.n);
	return true;
bad:
	return err_set(err, ERR_INPUT, ERR_NOWHERE,
	    "\"%s\" is no HOST:PORT", text);
}

bool
config_is_network(struct str text)
{
	struct str bits = text, address = str_cut(&bits, '/');
	char host[INET6_ADDRSTRLEN];
	struct in6_addr ignored;
	uint64_t n = 1, most = 0;

	if (address.n >= sizeof(host))
		return false;
	memcpy(host, address.p, address.n);
	host[address.n] = '\0';
	if (inet_pton(AF_INET, host, &ignored) == 1)
		most = 32;
	else if (inet_pton(AF_INET6, host, &ignored) == 1)
		most = 128;
	return (bits.p == NULL || number_parse_u64(bits, &n)) && n >= 1 &&
	    n <= most;
}

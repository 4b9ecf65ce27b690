/* SPDX-License-Identifier: ISC
 *
 * Templates with @NAMES@ to a configuration of lighttpd. Every limit in it
 * comes from our own settings, so the two cannot disagree.
 */
#include "supervisor/web_server.h"

#include <assert.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "base/log.h"
#include "base/str.h"

static const char backend_template[] =
#include "supervisor/backend_conf.inc"
    ;
static const char serve_template[] =
#include "supervisor/serve_conf.inc"
    ;

/* lighttpd waits longer than we do, so that we decide. */
enum { READ_TIMEOUT_MORE_S = 5 };
/* lighttpd wants two descriptors for each connection; with a request under
 * way the worker's and a large body's may come to the client's. And there are
 * those it has besides. */
enum { FDS_PER_CONNECTION = 2, FDS_PER_REQUEST = 3, FDS_MORE = 64 };
/* Requests that may be under way beyond those that may wait: what comes
 * before the queue is looked at again. */
enum { REQUESTS_MORE = 1024 };

/* What is for some networks only says so at two places. */
enum { GUARD_MAX = PATH_MAX - 512 };

struct value {
	const char *name;
	char text[PATH_MAX + 128];
};

static int64_t
whole_seconds(int64_t ms)
{
	return (ms + 999) / 1000;
}

static int64_t
fds_for(int64_t connections, int64_t requests)
{
	if (requests > connections)
		requests = connections;
	return connections * FDS_PER_CONNECTION +
	    requests * (FDS_PER_REQUEST - FDS_PER_CONNECTION) + FDS_MORE;
}

/* The other way round. */
static int64_t
connections_for(int64_t fds, int64_t requests)
{
	int64_t rest = fds - FDS_MORE;

	if (rest < FDS_PER_REQUEST * requests)
		return rest / FDS_PER_REQUEST;
	return (rest - requests) / FDS_PER_CONNECTION;
}

/* As many as are wanted, or as the hard limit lets it have. */
static int64_t
connections_possible(int64_t want, int64_t requests)
{
	struct rlimit limit;
	int64_t most;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 ||
	    limit.rlim_max >= (rlim_t)fds_for(want, requests))
		return want;
	most = connections_for((int64_t)limit.rlim_max, requests);
	log_debug("max_connections: %jd instead of %jd, since no more than "
		 "%ju files may be open (ulimit -Hn)",
	    (intmax_t)most, (intmax_t)want, (uintmax_t)limit.rlim_max);
	return most;
}

static void
set_number(struct value *v, const char *name, int64_t n)
{
	v->name = name;
	snprintf(v->text, sizeof(v->text), "%jd", (intmax_t)n);
}

static bool
set_path(struct value *v, const char *name, const char *path, struct err *err)
{
	v->name = name;
	for (const char *p = path; *p != '\0'; p++)
		if ((unsigned char)*p < 0x20 || *p == '"' || *p == '\\')
			return err_set(err, ERR_INPUT, ERR_NOWHERE,
			    "lighttpd cannot be told of the path %s: it has "
			    "a quote, backslash or control character", path);
	snprintf(v->text, sizeof(v->text), "%s", path);
	return true;
}

static bool
set_access_log(struct value *v, const char *path, struct err *err)
{
	struct value quoted;

	v->name = "ACCESS_LOG";
	v->text[0] = '\0';
	if (path[0] == '\0')
		return true;
	if (!set_path(&quoted, "", path, err))
		return false;
	snprintf(v->text, sizeof(v->text),
	    "server.modules += ( \"mod_accesslog\" )\n"
	    "accesslog.filename = \"%.*s\"", PATH_MAX, quoted.text);
	return true;
}

/* Loopback, and what no router of the Internet knows the way to. */
static const char private_networks[] =
    "127.0.0.0/8,::1,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,100.64.0.0/10,"
    "169.254.0.0/16,fc00::/7,fe80::/10";

static bool
put_conditions(struct buf *b, struct str list, int *open, struct err *err)
{
	while (list.n > 0) {
		struct str network = str_trim(str_cut(&list, ','));

		if (str_eq(network, STR("private"))) {
			if (!put_conditions(b, STR(private_networks), open,
				err))
				return false;
			continue;
		}
		if (!config_is_network(network))
			return err_set(err, ERR_INPUT, ERR_NOWHERE,
			    "metrics_allow: \"%.*s\" is no address or "
			    "network, give some such as 127.0.0.1, 10.0.0.0/8",
			    STR_ARG(network));
		buf_printf(b, "\t$HTTP[\"remoteip\"] != \"%.*s\" {\n",
		    STR_ARG(network));
		++*open;
	}
	return true;
}

/* One condition in the other: refused is who is in none of the networks. */
static bool
set_metrics_guard(struct value *v, const char *list, struct err *err)
{
	struct buf b;
	int open = 0;

	v->name = "METRICS_GUARD";
	buf_init(&b, v->text, GUARD_MAX);
	if (!put_conditions(&b, str_of(list), &open, err))
		return false;
	if (open > 0)
		buf_text(&b, "\turl.access-deny = ( \"\" )\n");
	while (open-- > 0)
		buf_text(&b, "\t}\n");
	v->text[b.n] = '\0';
	return !b.over || err_set(err, ERR_LIMIT, ERR_NOWHERE,
	    "metrics_allow: there are too many networks");
}

/* The receiver as it is reached now. Over a name that nobody knows lighttpd
 * would not start, and predictions shall not hang on a list of alerts: then
 * there is none. */
static bool
set_alerts(struct value *module, struct value *route, const char *guard,
    const char *address, struct err *err)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	char host[INET6_ADDRSTRLEN];
	struct config_address a;
	struct addrinfo *ai;
	int rc;

	module->name = "ALERTS_MODULE";
	route->name = "ALERTS";
	module->text[0] = route->text[0] = '\0';
	if (address[0] == '\0')
		return true;
	if (!config_address_parse(address, &a, err))
		return err_context(err, "alerts");
	rc = getaddrinfo(a.host, NULL, &hints, &ai);
	if (rc == 0) {
		rc = getnameinfo(ai->ai_addr, ai->ai_addrlen, host,
		    sizeof(host), NULL, 0, NI_NUMERICHOST);
		freeaddrinfo(ai);
	}
	if (rc != 0) {
		log_error("alerts: cannot find %s: %s", address,
		    gai_strerror(rc));
		return true;
	}
	snprintf(module->text, sizeof(module->text),
	    "server.modules += ( \"mod_proxy\" )\n");
	snprintf(route->text, sizeof(route->text),
	    "else $HTTP[\"url\"] == \"/alerts\" {\n%.*s"
	    "\tproxy.server = ( \"\" => ( \"alerts\" => (\n"
	    "\t\t\"host\" => \"%s\", \"port\" => %u,\n"
	    "\t\t\"disable-time\" => 0, \"connect-timeout\" => 2,\n"
	    "\t\t\"read-timeout\" => 5\n\t) ) )\n}\n", GUARD_MAX, guard,
	    host, a.port);
	return true;
}

static void
put_value(struct buf *b, const struct value *values, size_t n, struct str name)
{
	for (size_t i = 0; i < n; i++) {
		if (str_eq(name, str_of(values[i].name))) {
			buf_text(b, values[i].text);
			return;
		}
	}
	assert(!"a template names a value that nobody sets");
}

static void
fill_in(const char *template, const struct value *values, size_t n,
    struct buf *b)
{
	struct str rest = str_of(template);

	while (rest.n > 0) {
		buf_str(b, str_cut(&rest, '@'));
		if (rest.n > 0)
			put_value(b, values, n, str_cut(&rest, '@'));
	}
}

bool
web_conf_backend(const struct config *c, const struct web_paths *paths,
    struct buf *b, struct err *err)
{
	struct value values[8];

	set_number(&values[0], "REQUEST_KB", (c->request_limit + 1023) / 1024);
	set_number(&values[1], "READ_TIMEOUT",
	    whole_seconds(c->request_timeout) + READ_TIMEOUT_MORE_S);
	if (!set_path(&values[2], "ERRORS", paths->errors, err) ||
	    !set_path(&values[3], "WORKER_SOCK", paths->worker_sock, err) ||
	    !set_path(&values[4], "EXPORTER_SOCK", paths->exporter_sock, err) ||
	    !set_metrics_guard(&values[5], c->metrics_allow, err) ||
	    !set_alerts(&values[6], &values[7],
		values[5].text, c->alerts, err))
		return false;
	fill_in(backend_template, values, countof(values), b);
	return true;
}

bool
web_conf_serve(const struct config *c, const struct web_paths *paths,
    struct buf *b, struct err *err)
{
	struct value values[7] = {{.name = "SPARE"}};
	int64_t requests = c->queue_limit + REQUESTS_MORE;
	int64_t connections = connections_possible(c->max_connections,
	    requests);

	set_number(&values[1], "MAX_FDS", fds_for(connections, requests));
	set_number(&values[2], "MAX_CONNECTIONS", connections);
	set_number(&values[3], "STOP_TIMEOUT", whole_seconds(c->stop_timeout));
	if (paths->spare != NULL)
		snprintf(values[0].text, sizeof(values[0].text), ", \"%s\"",
		    paths->spare);
	if (!set_path(&values[4], "ERRORS", paths->errors, err) ||
	    !set_path(&values[5], "UPLOADS", paths->uploads, err) ||
	    !set_access_log(&values[6], c->access_log, err))
		return false;
	fill_in(serve_template, values, countof(values), b);
	return web_conf_backend(c, paths, b, err);
}

bool
web_log_is_start(const char *line)
{
	return strstr(line, "server started") != NULL;
}

const char *
web_log_text(const char *line, bool *noise)
{
	static const char *const comes_and_goes[] = {"server started",
	    "server stopped", "graceful shutdown", "Going down"};
	const char *end = strstr(line, ") ");

	*noise = false;
	for (size_t i = 0; i < countof(comes_and_goes); i++)
		*noise |= strstr(line, comes_and_goes[i]) != NULL;
	return end != NULL ? end + 2 : line;
}

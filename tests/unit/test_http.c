/* SPDX-License-Identifier: ISC
 *
 * What a request claims: parameters to a request, and what is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "http/envelope.h"
#include "http/probe.h"

/* cmocka's checks take no const. */
#define P(text) ((char *)(uintptr_t)(text))
#define PARAMS(...) \
	((char *const[]){P("FCGI_ROLE=RESPONDER"), __VA_ARGS__, NULL})

static struct arena mem;

static int
setup(void **state)
{
	struct err err;

	(void)state;
	return arena_init(&mem, 1 << 16, &err) ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	arena_done(&mem);
	return 0;
}

static void
assert_str(struct str got, const char *expected)
{
	assert_int_equal(got.n, strlen(expected));
	assert_memory_equal(got.p, expected, got.n);
}

static void
assert_refused(char *const params[], const char *why)
{
	struct envelope e;
	struct err err;

	assert_false(envelope_parse(params, &mem, &e, &err));
	assert_non_null(strstr(err.text, why));
}

static void
parameters_become_a_request(void **state)
{
	struct envelope e;
	struct err err;

	(void)state;
	assert_true(envelope_parse(
	    PARAMS(P("CONTENT_LENGTH=17"), P("SCRIPT_NAME=/v1"),
		P("PATH_INFO=/predict"), P("QUERY_STRING=a=b&c"),
		P("REQUEST_METHOD=POST"), P("HTTP_HOST=x"),
		P("CONTENT_TYPE=application/json"), P("HTTP_ACCEPT=*/*"),
		P("HTTP_CONTENT_ENCODING=gzip")),
	    &mem, &e, &err));
	assert_int_equal(e.request.method, HTTP_POST);
	assert_int_equal(e.content_length, 17);
	assert_str(e.request.path, "/v1/predict");
	assert_str(e.request.query, "a=b&c");
	assert_str(e.request.content_type, "application/json");
	assert_str(e.request.accept, "*/*");
	assert_str(e.request.encoding, "gzip");
	assert_int_equal(e.request.body.n, 0);
}

static void
what_is_absent_is_empty(void **state)
{
	struct envelope e;
	struct err err;

	(void)state;
	assert_true(envelope_parse(
	    PARAMS(P("REQUEST_METHOD=GET"), P("SCRIPT_NAME=/"),
		P("CONTENT_LENGTH=")), &mem, &e, &err));
	assert_int_equal(e.content_length, 0);
	assert_str(e.request.path, "/");
	assert_int_equal(e.request.query.n, 0);
	assert_int_equal(e.request.content_type.n, 0);
	assert_int_equal(e.request.accept.n, 0);
	assert_int_equal(e.request.encoding.n, 0);
}

static void
a_method_we_do_not_know_is_other(void **state)
{
	struct envelope e;
	struct err err;

	(void)state;
	assert_true(envelope_parse(
	    PARAMS(P("REQUEST_METHOD=PROPFIND"), P("PATH_INFO=/x")), &mem, &e,
	    &err));
	assert_int_equal(e.request.method, HTTP_OTHER);
}

static void
a_length_that_is_no_whole_number_is_refused(void **state)
{
	static const char *const bad[] = {"CONTENT_LENGTH=-1",
	    "CONTENT_LENGTH=+5", "CONTENT_LENGTH= 5", "CONTENT_LENGTH=5 ",
	    "CONTENT_LENGTH=0x10", "CONTENT_LENGTH=1e3", "CONTENT_LENGTH=5,5",
	    "CONTENT_LENGTH=18446744073709551616"};

	(void)state;
	for (size_t i = 0; i < countof(bad); i++)
		assert_refused(PARAMS(P("REQUEST_METHOD=POST"),
				   P("PATH_INFO=/x"), P(bad[i])),
		    "whole number");
}

static void
a_parameter_given_twice_is_refused(void **state)
{
	(void)state;
	assert_refused(PARAMS(P("REQUEST_METHOD=GET"), P("PATH_INFO=/x"),
			   P("CONTENT_LENGTH=1"), P("CONTENT_LENGTH=1")),
	    "CONTENT_LENGTH is given twice");
	assert_refused(PARAMS(P("REQUEST_METHOD=GET"), P("PATH_INFO"),
			   P("PATH_INFO=/x")), "PATH_INFO is given twice");
}

static void
a_request_without_method_or_path_is_refused(void **state)
{
	(void)state;
	assert_refused(PARAMS(P("PATH_INFO=/x")), "no method");
	assert_refused(PARAMS(P("REQUEST_METHOD="), P("PATH_INFO=/x")),
	    "no method");
	assert_refused(PARAMS(P("REQUEST_METHOD=GET")), "no path");
	assert_refused(PARAMS(P("REQUEST_METHOD=GET"), P("PATH_INFO=x")),
	    "no path");
}

static void
every_status_line_begins_with_its_status(void **state)
{
	(void)state;
	for (int status = 100; status < 600; status++) {
		const char *text = http_status_text(status);
		long said = strtol(text, NULL, 10);

		assert_true(said == status || said == 500);
	}
}

static void
methods_and_names_agree(void **state)
{
	(void)state;
	for (int m = 0; m < HTTP_OTHER; m++)
		assert_int_equal(m,
		    http_method_of(str_of(http_method_name(m))));
	assert_int_equal(http_method_of(STR("get")), HTTP_OTHER);
	assert_int_equal(http_method_of(STR("")), HTTP_OTHER);
}

static void
the_status_of_a_probe_is_told_once_it_is_there(void **state)
{
	static const char answer[] = "HTTP/1.1 503 Service Unavailable";
	const size_t enough = strlen("HTTP/1.1 503 ");

	(void)state;
	for (size_t n = 0; n < sizeof(answer); n++)
		assert_int_equal(probe_status(answer, n),
		    n < enough ? 0 : 503);
	assert_int_equal(probe_status("220 mail", 8), -1);
	assert_int_equal(probe_status("HTTP/1.1 2x0 ", 13), -1);
	assert_int_equal(probe_status("HTTP/1.1 2000", 13), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(parameters_become_a_request),
	    cmocka_unit_test(what_is_absent_is_empty),
	    cmocka_unit_test(a_method_we_do_not_know_is_other),
	    cmocka_unit_test(a_length_that_is_no_whole_number_is_refused),
	    cmocka_unit_test(a_parameter_given_twice_is_refused),
	    cmocka_unit_test(a_request_without_method_or_path_is_refused),
	    cmocka_unit_test(every_status_line_begins_with_its_status),
	    cmocka_unit_test(methods_and_names_agree),
	    cmocka_unit_test(the_status_of_a_probe_is_told_once_it_is_there),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, teardown);
}

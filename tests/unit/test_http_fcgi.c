/* SPDX-License-Identifier: ISC
 *
 * The real transport in a child process, spoken to in raw FastCGI records:
 * what a web server sends, and what it never would.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "http/fcgi.h"

enum record {
	BEGIN = 1, PARAMS = 4, STDIN = 5, STDOUT = 6
};
enum {
	BODY_LIMIT = 1000, PATIENCE_MS = 60000, READ_TIMEOUT_MS = 10000
};

/* What the child tells: shared memory. */
struct seen {
	_Atomic int handled, rejected[FCGI_REJECTS];
	_Atomic uint64_t busy_since;
	_Atomic int hold; /* the handler waits while this is set */
	_Atomic int wanted; /* connections still to be accepted */
	_Atomic int asked;
};

static struct {
	struct seen *seen;
	struct sockaddr_un address;
	char folder[64];
	pid_t pid;
} server;

static volatile sig_atomic_t stop;

static void
on_stop(int signo)
{
	(void)signo;
	stop = 1;
}

static void
on_word(int signo)
{
	(void)signo;
}

static void
on_alarm(int signo)
{
	(void)signo;
	fcgi_expire();
	_exit(4);
}

/* Answers with what it was asked. */
static void
echo(void *ctx, const struct http_request *req, struct http_response *res,
    struct arena *mem)
{
	struct seen *seen = ctx;

	(void)mem;
	seen->handled++;
	while (seen->hold)
		poll(NULL, 0, 1);
	res->status = 200;
	res->content_type = "text/plain";
	res->head = req->method == HTTP_HEAD;
	buf_printf(&res->body, "%s %.*s [%.*s]", http_method_name(req->method),
	    STR_ARG(req->path), STR_ARG(req->body));
	if (req->unread > 0)
		buf_printf(&res->body, " %ju unread",
		    (uintmax_t)req->unread);
	if (str_eq(req->path, STR("/large")))
		while (!res->body.over && res->body.n < 100000)
			buf_text(&res->body, "0123456789");
	if (str_eq(req->path, STR("/endless")))
		while (!res->body.over)
			buf_text(&res->body, "0123456789");
}

static void
refuse(void *ctx, enum fcgi_reject why, const struct http_request *req,
    struct http_response *res)
{
	struct seen *seen = ctx;

	(void)req;
	seen->rejected[why]++;
	res->status = why == FCGI_TOO_LARGE ? 413 : 400;
	buf_text(&res->body, "no");
}

static void
note_state(void *ctx, uint64_t busy_since_ns)
{
	((struct seen *)ctx)->busy_since = busy_since_ns;
}

static bool
is_wanted(void *ctx)
{
	struct seen *seen = ctx;

	seen->asked++;
	return seen->wanted > seen->handled;
}

static bool
wants_body(void *ctx, const struct http_request *req)
{
	(void)ctx;
	return !str_eq(req->path, STR("/refused"));
}

static int
serve(fcgi_wanted *wanted)
{
	static const struct fcgi_options options = {.body_limit = BODY_LIMIT,
	    .memory_limit = 1 << 20, .response_limit = 1 << 17,
	    .read_timeout_ns = READ_TIMEOUT_MS * 1000000ull};
	struct fcgi_calls calls = {.handle = echo, .body = wants_body,
	    .rejected = refuse, .state = note_state, .wanted = wanted,
	    .ctx = server.seen};
	sigset_t blocked, wait_mask;
	struct fcgi *f;
	struct err err;

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	sigaddset(&blocked, SIGUSR1);
	sigprocmask(SIG_BLOCK, &blocked, &wait_mask);
	sigdelset(&wait_mask, SIGUSR1);
	if (!fcgi_open(&options, &f, &err))
		return 2;
	signal(SIGTERM, on_stop);
	signal(SIGALRM, on_alarm);
	signal(SIGUSR1, on_word);
	if (!fcgi_serve(f, &calls, &stop, &wait_mask, &err))
		return 1;
	fcgi_close(f);
	return 0;
}

static int
start_with(fcgi_wanted *wanted)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	sigset_t usr1;

	server.seen = mmap(NULL, sizeof(*server.seen), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	strcpy(server.folder, "/tmp/test_http_fcgi.XXXXXX");
	if (fd < 0 || server.seen == MAP_FAILED ||
	    mkdtemp(server.folder) == NULL)
		return -1;
	server.address.sun_family = AF_UNIX;
	snprintf(server.address.sun_path, sizeof(server.address.sun_path),
	    "%s/s", server.folder);
	if (bind(fd, (struct sockaddr *)&server.address,
		sizeof(server.address)) != 0 || listen(fd, 64) != 0)
		return -1;
	sigemptyset(&usr1); /* a word may come before it listens to any */
	sigaddset(&usr1, SIGUSR1);
	sigprocmask(SIG_BLOCK, &usr1, NULL);
	server.pid = fork();
	if (server.pid == 0) {
		dup2(fd, 0);
		_exit(serve(wanted));
	}
	sigprocmask(SIG_UNBLOCK, &usr1, NULL);
	close(fd);
	return server.pid < 0 ? -1 : 0;
}

static int
start(void **state)
{
	(void)state;
	return start_with(NULL);
}

static int
start_wanting(void **state)
{
	(void)state;
	return start_with(is_wanted);
}

static int
finish(void **state)
{
	(void)state;
	if (server.pid > 0) {
		kill(server.pid, SIGKILL);
		waitpid(server.pid, NULL, 0);
	}
	unlink(server.address.sun_path);
	rmdir(server.folder);
	munmap(server.seen, sizeof(*server.seen));
	return 0;
}

/* The child's exit status, or -1 where it does not end in time. */
static int
wait_exit(void)
{
	uint64_t until = clock_mono_ns() + PATIENCE_MS * 1000000ull;
	int status;

	while (clock_mono_ns() < until) {
		if (waitpid(server.pid, &status, WNOHANG) == server.pid) {
			server.pid = 0;
			return WIFEXITED(status) ? WEXITSTATUS(status) : 1000;
		}
		poll(NULL, 0, 1);
	}
	return -1;
}

#define WAIT_UNTIL(condition)                                         \
	do {                                                          \
		uint64_t until_ = clock_mono_ns() +                   \
		    PATIENCE_MS * 1000000ull;                         \
		while (!(condition) && clock_mono_ns() < until_)      \
			poll(NULL, 0, 1);                             \
		assert_true(condition);                               \
	} while (0)

/* --- the peer ------------------------------------------------------------- */

static int
dial(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&server.address,
	    sizeof(server.address)), 0);
	return fd;
}

static void
put_record(struct buf *b, enum record type, const void *p, size_t n)
{
	unsigned char head[8] = {1, (unsigned char)type, 0, 1,
	    (unsigned char)(n >> 8), (unsigned char)n, 0, 0};

	buf_put(b, head, sizeof(head));
	buf_put(b, p, n);
}

static void
put_begin(struct buf *b, bool keep)
{
	unsigned char body[8] = {0, 1, keep, 0, 0, 0, 0, 0};

	put_record(b, BEGIN, body, sizeof(body));
}

/* Pairs of name and value, NULL behind the last. */
static void
put_params(struct buf *b, const char *const *pairs)
{
	char memory[4096];
	struct buf p;

	buf_init(&p, memory, sizeof(memory));
	for (; pairs[0] != NULL; pairs += 2) {
		buf_char(&p, (char)strlen(pairs[0]));
		buf_char(&p, (char)strlen(pairs[1]));
		buf_text(&p, pairs[0]);
		buf_text(&p, pairs[1]);
	}
	put_record(b, PARAMS, p.p, p.n);
	put_record(b, PARAMS, "", 0);
}

static void
put_request(struct buf *b, const char *method, const char *path,
    const char *length, const char *body)
{
	const char *pairs[] = {"REQUEST_METHOD", method, "SCRIPT_NAME", path,
	    "CONTENT_LENGTH", length, NULL};

	put_begin(b, false);
	put_params(b, pairs);
	if (body[0] != '\0')
		put_record(b, STDIN, body, strlen(body));
	put_record(b, STDIN, "", 0);
}

/* The response's text (records taken apart) up to the end of the connection;
 * whole_at_once: it came with one read. */
static size_t
read_response(int fd, char *text, size_t cap)
{
	static unsigned char raw[1 << 18];
	size_t n = 0, out = 0;
	ssize_t got;
	struct pollfd p = {.fd = fd, .events = POLLIN};

	while (n < sizeof(raw) && poll(&p, 1, PATIENCE_MS) > 0 &&
	    (got = read(fd, raw + n, sizeof(raw) - n)) > 0)
		n += (size_t)got;
	for (size_t at = 0; at + 8 <= n;) {
		size_t length = (size_t)raw[at + 4] << 8 | raw[at + 5];

		if (raw[at + 1] == STDOUT && at + 8 + length <= n &&
		    out + length < cap) {
			memcpy(text + out, raw + at + 8, length);
			out += length;
		}
		at += 8 + length + raw[at + 6];
	}
	text[out] = '\0';
	close(fd);
	return out;
}

static void
send_all(int fd, const struct buf *b)
{
	assert_int_equal(write(fd, b->p, b->n), b->n);
}

static size_t
exchange(const char *method, const char *path, const char *length,
    const char *body, char *text, size_t cap)
{
	char memory[8192];
	struct buf b;
	int fd = dial();

	buf_init(&b, memory, sizeof(memory));
	put_request(&b, method, path, length, body);
	send_all(fd, &b);
	return read_response(fd, text, cap);
}

/* A connection whose request, "hello" for /x, is in the handler and stays
 * there until `hold` is 0. */
static int
dial_held(void)
{
	char memory[8192];
	struct buf b;
	int fd = dial();

	server.seen->hold = 1;
	buf_init(&b, memory, sizeof(memory));
	put_request(&b, "POST", "/x", "5", "hello");
	send_all(fd, &b);
	WAIT_UNTIL(server.seen->handled == 1);
	return fd;
}

/* A request of which five bytes of ten have been sent. */
static int
dial_half(void)
{
	static const char *const pairs[] = {"REQUEST_METHOD", "POST",
	    "SCRIPT_NAME", "/x", "CONTENT_LENGTH", "10", NULL};
	char memory[4096];
	struct buf b;
	int fd = dial();

	buf_init(&b, memory, sizeof(memory));
	put_begin(&b, false);
	put_params(&b, pairs);
	put_record(&b, STDIN, "hello", 5);
	send_all(fd, &b);
	return fd;
}

/* --- the tests ------------------------------------------------------------ */

static void
a_request_is_answered(void **state)
{
	char text[4096];

	(void)state;
	exchange("POST", "/x", "5", "hello", text, sizeof(text));
	assert_string_equal(text, "Status: 200 OK\r\nContent-Type: text/plain"
	    "\r\nContent-Length: 15\r\n\r\nPOST /x [hello]");
	assert_int_equal(server.seen->handled, 1);
	WAIT_UNTIL(server.seen->busy_since == 0);
}

static void
an_answer_to_head_has_a_length_and_no_body(void **state)
{
	char text[4096];

	(void)state;
	exchange("HEAD", "/", "0", "", text, sizeof(text));
	assert_non_null(strstr(text, "Content-Length: 9\r\n"));
	assert_string_equal(strstr(text, "\r\n\r\n"), "\r\n\r\n");
}

static void
a_large_answer_comes_whole(void **state)
{
	static char text[1 << 18];
	const char *body;

	(void)state;
	exchange("GET", "/large", "0", "", text, sizeof(text));
	body = strstr(text, "\r\n\r\n");
	assert_non_null(body);
	assert_int_equal(strlen(body + 4), 100003);
}

static void
an_answer_that_does_not_fit_is_a_500_without_half_a_body(void **state)
{
	static char text[1 << 18];

	(void)state;
	exchange("GET", "/endless", "0", "", text, sizeof(text));
	assert_string_equal(text, "Status: 500 Internal Server Error\r\n"
	    "Content-Length: 0\r\n\r\n");
}

static void
a_body_over_the_limit_is_rejected_unread(void **state)
{
	char text[4096];

	(void)state;
	exchange("POST", "/x", "1001", "short", text, sizeof(text));
	assert_non_null(strstr(text, "Status: 413"));
	assert_int_equal(server.seen->rejected[FCGI_TOO_LARGE], 1);
	assert_int_equal(server.seen->handled, 0);
}

/* All of it is there, or nothing of it. */
static void
a_body_that_nobody_wants_is_left_unread(void **state)
{
	const char *pairs[] = {"REQUEST_METHOD", "POST", "SCRIPT_NAME",
	    "/refused", "CONTENT_LENGTH", "7", NULL};
	char text[4096], memory[8192];
	struct buf b;
	int fd;

	(void)state;
	exchange("POST", "/refused", "5", "hello", text, sizeof(text));
	assert_non_null(strstr(text, "POST /refused [] 5 unread"));
	fd = dial();
	buf_init(&b, memory, sizeof(memory));
	put_begin(&b, false);
	put_params(&b, pairs);
	send_all(fd, &b);
	read_response(fd, text, sizeof(text));
	assert_non_null(strstr(text, "POST /refused [] 7 unread"));
	exchange("POST", "/refused", "1001", "hello", text, sizeof(text));
	assert_non_null(strstr(text, "413"));
	exchange("POST", "/x", "5", "hello", text, sizeof(text));
	assert_non_null(strstr(text, "POST /x [hello]"));
}

static void
a_body_of_another_length_than_claimed_is_rejected(void **state)
{
	static const char *const lengths[] = {"4", "6", "", "-5", "0"};
	char text[4096];

	(void)state;
	for (size_t i = 0; i < countof(lengths); i++) {
		exchange("POST", "/x", lengths[i], "hello", text, sizeof(text));
		assert_non_null(strstr(text, "Status: 400"));
	}
	assert_int_equal(server.seen->rejected[FCGI_MALFORMED],
	    countof(lengths));
	assert_int_equal(server.seen->handled, 0);
}

static void
a_body_cut_by_the_peer_is_never_handled(void **state)
{
	char text[4096];
	int fd = dial_half();

	(void)state;
	shutdown(fd, SHUT_WR);
	read_response(fd, text, sizeof(text));
	WAIT_UNTIL(server.seen->rejected[FCGI_MALFORMED] == 1);
	assert_int_equal(server.seen->handled, 0);
}

static void
a_peer_that_went_away_costs_nothing(void **state)
{
	char memory[8192], text[4096];
	struct buf b;

	(void)state;
	for (int i = 0; i < 20; i++) {
		int fd = dial();

		buf_init(&b, memory, sizeof(memory));
		put_request(&b, "GET", "/large", "0", "");
		send_all(fd, &b);
		close(fd);
	}
	exchange("GET", "/x", "0", "", text, sizeof(text));
	assert_non_null(strstr(text, "GET /x"));
}

static void
a_connection_is_closed_even_if_the_peer_asks_to_keep_it(void **state)
{
	static const char *const pairs[] = {"REQUEST_METHOD", "GET",
	    "SCRIPT_NAME", "/x", NULL};
	char memory[4096], text[4096];
	struct buf b;
	int fd = dial();

	(void)state;
	buf_init(&b, memory, sizeof(memory));
	put_begin(&b, true);
	put_params(&b, pairs);
	put_record(&b, STDIN, "", 0);
	send_all(fd, &b);
	read_response(fd, text, sizeof(text)); /* returns at the end only */
	assert_non_null(strstr(text, "GET /x"));
	exchange("GET", "/y", "0", "", text, sizeof(text));
	assert_non_null(strstr(text, "GET /y"));
}

static void
a_silent_connection_holds_others_up_for_a_moment_only(void **state)
{
	const uint64_t moment = READ_TIMEOUT_MS / 2 * 1000000ull;
	uint64_t least = UINT64_MAX;
	char text[4096];

	(void)state;
	/* A busy machine only adds to it: the shortest of some counts. */
	for (int i = 0; i < 9 && least >= moment; i++) {
		uint64_t since = clock_mono_ns(), took;
		int silent = dial();

		exchange("GET", "/x", "0", "", text, sizeof(text));
		took = clock_mono_ns() - since;
		least = took < least ? took : least;
		assert_non_null(strstr(text, "GET /x"));
		close(silent);
	}
	assert_true(least < moment);
}

static void
garbage_does_not_stop_the_service(void **state)
{
	uint32_t x = 2463534242u;
	char text[4096];

	(void)state;
	for (int i = 0; i < 50; i++) {
		unsigned char junk[256];
		int fd = dial();

		for (size_t k = 0; k < sizeof(junk); k++) {
			x ^= x << 13;
			x ^= x >> 17;
			x ^= x << 5;
			junk[k] = (unsigned char)(x >> 11);
		}
		junk[0] = i % 2 ? 1 : junk[0]; /* a right version: go deeper */
		assert_true(write(fd, junk, sizeof(junk)) > 0);
		close(fd);
	}
	exchange("GET", "/x", "0", "", text, sizeof(text));
	assert_non_null(strstr(text, "GET /x"));
}

static void
half_a_record_shows_as_busy(void **state)
{
	int fd = dial();

	(void)state;
	assert_int_equal(write(fd, "\1\1\0\1\0\10\0\0", 8), 8);
	WAIT_UNTIL(server.seen->busy_since != 0);
	assert_true(server.seen->busy_since <= clock_mono_ns());
	close(fd);
	WAIT_UNTIL(server.seen->busy_since == 0);
}

static void
a_stop_while_idle_ends_at_once(void **state)
{
	char text[4096];

	(void)state;
	exchange("GET", "/x", "0", "", text, sizeof(text));
	kill(server.pid, SIGTERM);
	assert_int_equal(wait_exit(), 0);
}

static void
a_stop_with_a_silent_connection_ends_too(void **state)
{
	char text[4096];
	int silent;

	(void)state;
	exchange("GET", "/x", "0", "", text, sizeof(text));
	silent = dial();
	WAIT_UNTIL(server.seen->busy_since != 0);
	kill(server.pid, SIGTERM);
	assert_int_equal(wait_exit(), 0);
	close(silent);
}

static void
a_stop_finishes_the_request_in_hand(void **state)
{
	int fd = dial_held();
	char text[4096];

	(void)state;
	kill(server.pid, SIGTERM);
	server.seen->hold = 0;
	read_response(fd, text, sizeof(text));
	assert_non_null(strstr(text, "POST /x [hello]"));
	assert_int_equal(wait_exit(), 0);
}

static void
a_stop_in_the_middle_of_a_body_does_not_cut_it(void **state)
{
	char memory[64], text[4096];
	struct buf b;
	int fd = dial_half();

	(void)state;
	WAIT_UNTIL(server.seen->busy_since != 0);
	kill(server.pid, SIGTERM);
	buf_init(&b, memory, sizeof(memory));
	put_record(&b, STDIN, "world", 5);
	put_record(&b, STDIN, "", 0);
	send_all(fd, &b);
	read_response(fd, text, sizeof(text));
	assert_non_null(strstr(text, "[helloworld]"));
	assert_int_equal(wait_exit(), 0);
}

static void
a_request_that_takes_too_long_is_answered_504(void **state)
{
	int fd = dial_held();
	char text[4096];

	(void)state;
	kill(server.pid, SIGALRM);
	read_response(fd, text, sizeof(text));
	assert_string_equal(text, "Status: 504 Gateway Timeout\r\n"
	    "Content-Type: application/json\r\n\r\n"
	    "{\"error\":\"The request took too long\"}");
	assert_int_equal(wait_exit(), 4);
}

static void
a_silent_peer_is_told_nothing_at_the_end(void **state)
{
	char text[4096];
	int fd = dial();

	(void)state;
	WAIT_UNTIL(server.seen->busy_since != 0);
	kill(server.pid, SIGALRM);
	assert_int_equal(read_response(fd, text, sizeof(text)), 0);
	assert_int_equal(wait_exit(), 4);
}

/* A request sent, its answer not awaited. */
static int
ask(void)
{
	char memory[8192];
	struct buf b;
	int fd = dial();

	buf_init(&b, memory, sizeof(memory));
	put_request(&b, "POST", "/x", "5", "hello");
	send_all(fd, &b);
	return fd;
}

static bool
is_answered(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, 0) > 0;
}

/* Only words make it look, so what it is asked for is told again until it has
 * seen it. */
static void
call_until_asked(int times)
{
	int before = server.seen->asked;

	WAIT_UNTIL((kill(server.pid, SIGUSR1),
	    server.seen->asked >= before + times));
}

static void
what_is_not_wanted_is_left_to_others(void **state)
{
	int fds[4];

	(void)state;
	for (size_t i = 0; i < 4; i++)
		fds[i] = ask();
	call_until_asked(3);
	assert_int_equal(server.seen->handled, 0);
	server.seen->wanted = 3; /* one word, three of them */
	WAIT_UNTIL((kill(server.pid, SIGUSR1), server.seen->handled == 3));
	call_until_asked(3);
	assert_int_equal(server.seen->handled, 3);
	for (size_t i = 0; i < 3; i++)
		WAIT_UNTIL(is_answered(fds[i]));
	assert_false(is_answered(fds[3]));
	kill(server.pid, SIGTERM);
	assert_int_equal(wait_exit(), 0);
	for (size_t i = 0; i < 4; i++)
		close(fds[i]);
}

static void
an_empty_queue_is_no_reason_to_spin(void **state)
{
	int before;

	(void)state;
	server.seen->wanted = 1; /* and nobody comes */
	call_until_asked(1);
	before = server.seen->asked;
	poll(NULL, 0, 100);
	/* It has looked for itself at most once or so; spinning, it would
	 * have thousands of times. */
	assert_true(server.seen->asked < before + 100);
	kill(server.pid, SIGTERM);
	assert_int_equal(wait_exit(), 0);
}

static void
a_descriptor_that_does_not_listen_is_refused(void **state)
{
	static const struct fcgi_options options = {.body_limit = 1,
	    .memory_limit = 4096, .response_limit = 4096, .read_timeout_ns = 1};
	struct fcgi *f;
	struct err err;
	int keep = dup(0), null = open("/dev/null", O_RDONLY);

	(void)state;
	dup2(null, 0);
	assert_false(fcgi_open(&options, &f, &err));
	assert_non_null(strstr(err.text, "not a listening socket"));
	dup2(keep, 0);
	close(keep);
	close(null);
}

#define SERVED(test) cmocka_unit_test_setup_teardown(test, start, finish)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    SERVED(a_request_is_answered),
	    SERVED(an_answer_to_head_has_a_length_and_no_body),
	    SERVED(a_large_answer_comes_whole),
	    SERVED(an_answer_that_does_not_fit_is_a_500_without_half_a_body),
	    SERVED(a_body_over_the_limit_is_rejected_unread),
	    SERVED(a_body_that_nobody_wants_is_left_unread),
	    SERVED(a_body_of_another_length_than_claimed_is_rejected),
	    SERVED(a_body_cut_by_the_peer_is_never_handled),
	    SERVED(a_peer_that_went_away_costs_nothing),
	    SERVED(a_connection_is_closed_even_if_the_peer_asks_to_keep_it),
	    SERVED(a_silent_connection_holds_others_up_for_a_moment_only),
	    SERVED(garbage_does_not_stop_the_service),
	    SERVED(half_a_record_shows_as_busy),
	    SERVED(a_stop_while_idle_ends_at_once),
	    SERVED(a_stop_with_a_silent_connection_ends_too),
	    SERVED(a_stop_finishes_the_request_in_hand),
	    SERVED(a_stop_in_the_middle_of_a_body_does_not_cut_it),
	    SERVED(a_request_that_takes_too_long_is_answered_504),
	    SERVED(a_silent_peer_is_told_nothing_at_the_end),
	    cmocka_unit_test_setup_teardown(
		what_is_not_wanted_is_left_to_others, start_wanting, finish),
	    cmocka_unit_test_setup_teardown(
		an_empty_queue_is_no_reason_to_spin, start_wanting, finish),
	    cmocka_unit_test(a_descriptor_that_does_not_listen_is_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

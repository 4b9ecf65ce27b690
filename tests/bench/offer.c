/* SPDX-License-Identifier: ISC
 *
 * offer PORT RATE SECONDS CONNECTIONS PATH < BODY
 *
 * Requests at a rate that does not depend on the answers (an open loop), over
 * kept connections. A request that finds no connection free waits for one,
 * and its time runs from the moment it was due. It looks for answers every
 * millisecond and does not wait for them: to wake a client that is elsewhere
 * would cost the service nothing. Prints one line of JSON: how
 * many were due, for each status how many answers and their times, and how
 * many were never answered, and the processor time that it took itself.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { ANSWER_MAX = 32768, STATUS_MAX = 600, BODY_MAX = 1 << 20 };
#define SECOND_NS ((uint64_t)1000000000)
/* For answers after the last request was due. */
#define GRACE_NS (5 * SECOND_NS)

struct connection {
	int fd;
	bool busy;
	uint64_t due_ns; /* of the request it carries */
	size_t n;
	char answer[ANSWER_MAX];
	struct connection *next_free;
};

struct times {
	uint32_t *us;
	size_t n, room;
};

struct offer {
	struct sockaddr_in to;
	int epoll_fd;
	char *request;
	size_t request_n;
	struct connection *connections, *free;
	struct times by_status[STATUS_MAX];
	uint64_t retry_after; /* 503 that say when to come again */
	uint64_t broken;
};

static uint64_t
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * SECOND_NS + (uint64_t)t.tv_nsec;
}

static void
note(struct times *t, uint64_t ns)
{
	if (t->n == t->room) {
		t->room = t->room == 0 ? 1024 : t->room * 2;
		t->us = realloc(t->us, t->room * sizeof(*t->us));
		if (t->us == NULL)
			err(1, NULL);
	}
	t->us[t->n++] = (uint32_t)(ns / 1000);
}

static void
dial(struct offer *o, struct connection *c)
{
	struct epoll_event want = {.events = EPOLLIN, .data.ptr = c};
	int yes = 1, room = BODY_MAX;

	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		err(1, "socket");
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	setsockopt(c->fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	if (connect(c->fd, (struct sockaddr *)&o->to, sizeof(o->to)) != 0 &&
	    errno != EINPROGRESS)
		err(1, "connect");
	if (epoll_ctl(o->epoll_fd, EPOLL_CTL_ADD, c->fd, &want) != 0)
		err(1, "epoll_ctl");
}

static void
release(struct offer *o, struct connection *c)
{
	c->busy = false;
	c->n = 0;
	c->next_free = o->free;
	o->free = c;
}

static void
hang_up(struct offer *o, struct connection *c)
{
	close(c->fd);
	c->fd = -1;
	if (!c->busy)
		return; /* in the free list: dialled again when needed */
	o->broken++;
	release(o, c);
}

/* A request of this size leaves in one write, once connected. */
static void
carry(struct offer *o, struct connection *c, uint64_t due)
{
	struct epoll_event want = {.events = EPOLLIN, .data.ptr = c};
	ssize_t n;

	c->busy = true;
	c->due_ns = due;
	c->n = 0;
	if (c->fd < 0) {
		dial(o, c);
		want.events |= EPOLLOUT;
		epoll_ctl(o->epoll_fd, EPOLL_CTL_MOD, c->fd, &want);
		return;
	}
	n = write(c->fd, o->request, o->request_n);
	if (n != (ssize_t)o->request_n)
		hang_up(o, c);
}

static void
connected(struct offer *o, struct connection *c)
{
	struct epoll_event want = {.events = EPOLLIN, .data.ptr = c};

	epoll_ctl(o->epoll_fd, EPOLL_CTL_MOD, c->fd, &want);
	if (write(c->fd, o->request, o->request_n) != (ssize_t)o->request_n)
		hang_up(o, c);
}

static bool
is_whole(const struct connection *c)
{
	const char *end = strstr(c->answer, "\r\n\r\n");
	const char *length = strcasestr(c->answer, "\r\ncontent-length:");

	return end != NULL && length != NULL && length < end &&
	    c->n >= (size_t)(end + 4 - c->answer) +
	    strtoul(length + 17, NULL, 10);
}

static void
take(struct offer *o, struct connection *c, uint64_t now)
{
	ssize_t n = read(c->fd, c->answer + c->n, ANSWER_MAX - 1 - c->n);
	int status;

	if (n <= 0) {
		if (n < 0 && errno == EAGAIN)
			return;
		hang_up(o, c);
		return;
	}
	c->n += (size_t)n;
	c->answer[c->n] = '\0';
	if (!is_whole(c))
		return;
	status = atoi(c->answer + 9);
	if (status < 0 || status >= STATUS_MAX)
		errx(1, "no status: %s", c->answer);
	note(&o->by_status[status], now - c->due_ns);
	if (status == 503 &&
	    strcasestr(c->answer, "\r\nretry-after:") != NULL)
		o->retry_after++;
	release(o, c);
	if (strcasestr(c->answer, "\r\nconnection: close") != NULL) {
		close(c->fd);
		c->fd = -1;
	}
}

static void
run(struct offer *o, double rate, uint64_t seconds, uint64_t *due,
    uint64_t *sent)
{
	struct epoll_event events[256];
	uint64_t start = now_ns(), now = start, end = start +
	    seconds * SECOND_NS;
	uint64_t answered = 0;

	*due = *sent = 0;
	for (;;) {
		int n;

		if (now < end)
			*due = (uint64_t)((double)(now - start) / 1e9 * rate);
		while (*sent < *due && o->free != NULL && now < end) {
			struct connection *c = o->free;

			o->free = c->next_free;
			carry(o, c, start +
			    (uint64_t)((double)*sent * 1e9 / rate));
			++*sent;
		}
		answered = o->broken;
		for (size_t i = 0; i < STATUS_MAX; i++)
			answered += o->by_status[i].n;
		if (now >= end && (answered >= *sent || now >= end + GRACE_NS))
			return;
		poll(NULL, 0, 1);
		n = epoll_wait(o->epoll_fd, events, 256, 0);
		now = now_ns();
		for (int i = 0; i < n; i++) {
			struct connection *c = events[i].data.ptr;

			if (c->fd < 0)
				continue;
			if (events[i].events & EPOLLOUT)
				connected(o, c);
			else
				take(o, c, now);
		}
	}
}

static int
by_size(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static double
part(const struct times *t, double q)
{
	return t->us[(size_t)((double)(t->n - 1) * q)] / 1e3;
}

static void
tell(struct offer *o, uint64_t due, uint64_t sent)
{
	uint64_t answered = 0;
	const char *comma = "";
	struct timespec cpu;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
	printf("{\"due\": %ju, \"sent\": %ju, \"status\": {", (uintmax_t)due,
	    (uintmax_t)sent);
	for (int i = 0; i < STATUS_MAX; i++) {
		struct times *t = &o->by_status[i];

		if (t->n == 0)
			continue;
		answered += t->n;
		qsort(t->us, t->n, sizeof(*t->us), by_size);
		printf("%s\"%d\": {\"n\": %zu, \"p50_ms\": %.3f, "
		    "\"p99_ms\": %.3f, \"max_ms\": %.3f}", comma, i, t->n,
		    part(t, 0.5), part(t, 0.99), part(t, 1));
		comma = ", ";
	}
	printf("}, \"retry_after\": %ju, \"broken\": %ju, "
	    "\"unanswered\": %ju, \"cpu_s\": %.3f}\n",
	    (uintmax_t)o->retry_after, (uintmax_t)o->broken,
	    (uintmax_t)(sent - answered - o->broken),
	    (double)cpu.tv_sec + (double)cpu.tv_nsec / 1e9);
}

static void
make_request(struct offer *o, const char *path)
{
	char *body = malloc(BODY_MAX), head[512];
	size_t n = body == NULL ? 0 : fread(body, 1, BODY_MAX, stdin);
	int head_n = snprintf(head, sizeof(head),
	    "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\n"
	    "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
	    path, n);

	o->request_n = (size_t)head_n + n;
	o->request = malloc(o->request_n);
	if (body == NULL || o->request == NULL)
		err(1, NULL);
	memcpy(o->request, head, (size_t)head_n);
	memcpy(o->request + head_n, body, n);
	free(body);
}

int
main(int argc, char *argv[])
{
	struct rlimit files = {0};
	struct offer o = {.to = {.sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)}};
	uint64_t due, sent;
	size_t n;

	if (argc != 6)
		errx(2, "usage: offer PORT RATE SECONDS CONNECTIONS PATH "
		    "< BODY");
	n = strtoul(argv[4], NULL, 10);
	o.to.sin_port = htons((uint16_t)atoi(argv[1]));
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	make_request(&o, argv[5]);
	o.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	o.connections = calloc(n, sizeof(*o.connections));
	if (o.epoll_fd < 0 || o.connections == NULL)
		err(1, NULL);
	for (size_t i = 0; i < n; i++) {
		o.connections[i].fd = -1;
		release(&o, &o.connections[i]);
	}
	run(&o, atof(argv[2]), strtoul(argv[3], NULL, 10), &due, &sent);
	tell(&o, due, sent);
	return 0;
}

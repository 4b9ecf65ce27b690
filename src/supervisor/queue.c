/* SPDX-License-Identifier: ISC
 *
 * The length of a listen queue, by the socket's inode.
 */
#include "supervisor/queue.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* "Whichever socket has this inode." */
#define NO_COOKIE UINT32_MAX

bool
queue_open(int listener_fd, struct queue *ret, struct err *err)
{
	struct stat st;
	int fd;

	if (fstat(listener_fd, &st) != 0)
		return err_system(err, "cannot look at a socket");
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    NETLINK_SOCK_DIAG);
	if (fd < 0)
		return err_system(err, "cannot ask for the listen queue");
	*ret = (struct queue){.netlink_fd = fd, .inode = (uint32_t)st.st_ino};
	return true;
}

void
queue_close(struct queue *q)
{
	close(q->netlink_fd);
}

static bool
ask(struct queue *q)
{
	struct {
		struct nlmsghdr head;
		struct unix_diag_req body;
	} question = {
	    .head = {
		.nlmsg_len = sizeof(question),
		.nlmsg_type = SOCK_DIAG_BY_FAMILY,
		.nlmsg_flags = NLM_F_REQUEST,
		.nlmsg_seq = ++q->sequence,
	    },
	    .body = {
		.sdiag_family = AF_UNIX,
		.udiag_states = UINT32_MAX,
		.udiag_ino = q->inode,
		.udiag_show = UDIAG_SHOW_RQLEN,
		.udiag_cookie = {NO_COOKIE, NO_COOKIE},
	    },
	};

	return send(q->netlink_fd, &question, sizeof(question), 0) ==
	    (ssize_t)sizeof(question);
}

bool
queue_read(struct queue *q, uint32_t *length, uint32_t *limit)
{
	union {
		struct nlmsghdr head;
		char bytes[1024];
	} answer;
	struct unix_diag_rqlen rqlen;
	struct rtattr *a;
	ssize_t n;
	int rest;

	if (!ask(q))
		return false;
	/* The kernel answers within the send. */
	n = recv(q->netlink_fd, &answer, sizeof(answer), 0);
	if (n < (ssize_t)sizeof(answer.head) ||
	    answer.head.nlmsg_type != SOCK_DIAG_BY_FAMILY ||
	    answer.head.nlmsg_seq != q->sequence)
		return false;
	a = (struct rtattr *)((char *)NLMSG_DATA(&answer.head) +
	    NLMSG_ALIGN(sizeof(struct unix_diag_msg)));
	rest = (int)n - (int)((char *)a - answer.bytes);
	for (; RTA_OK(a, rest); a = RTA_NEXT(a, rest)) {
		if (a->rta_type != UNIX_DIAG_RQLEN ||
		    RTA_PAYLOAD(a) < sizeof(rqlen))
			continue;
		memcpy(&rqlen, RTA_DATA(a), sizeof(rqlen));
		*length = rqlen.udiag_rqueue;
		*limit = rqlen.udiag_wqueue;
		return true;
	}
	return false;
}

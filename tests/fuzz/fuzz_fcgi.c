/* SPDX-License-Identifier: ISC
 *
 * Any bytes that a peer on a FastCGI socket could send, to libfcgi behind the
 * gate. The gate's word must not depend on how the bytes are cut.
 */
#include <fcgiapp.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/fcgi_os.h"
#include "http/gate.h"

/* So that one write takes all of it. */
enum { BYTES_MAX = 100000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
judge_twice(const uint8_t *data, size_t size)
{
	struct gate whole = {0}, bytes = {0};

	gate_take(&whole, data, size);
	for (size_t i = 0; i < size; i++)
		gate_take(&bytes, data + i, 1);
	if (whole.refused != bytes.refused ||
	    (!whole.refused && (whole.stage != bytes.stage ||
	    whole.params != bytes.params || whole.pair != bytes.pair)))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool ready;
	FCGX_Request r;
	char body[4096];
	int ends[2];

	if (size > BYTES_MAX)
		size = BYTES_MAX;
	judge_twice(data, size);
	if (!ready && (FCGX_Init() != 0 || !fcgi_os_is_used()))
		abort();
	ready = true;
	signal(SIGPIPE, SIG_IGN);
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0 ||
	    (size > 0 && write(ends[1], data, size) != (ssize_t)size))
		abort();
	shutdown(ends[1], SHUT_WR);
	FCGX_InitRequest(&r, -1, 0);
	fcgi_os_take(1000000000);
	r.ipcFd = ends[0]; /* as if kept from a request before */
	r.keepConnection = 1;
	if (FCGX_Accept_r(&r) == 0) {
		size_t params = 0;

		for (size_t i = 0; r.envp[i] != NULL; i++)
			params += strlen(r.envp[i]);
		/* "FCGI_ROLE=RESPONDER" is libfcgi's, and so is each '=' */
		if (params > 2 * (size_t)GATE_PARAMS_MAX)
			abort();
		while (FCGX_GetStr(body, sizeof(body), r.in) > 0)
			;
		FCGX_PutStr("Status: 200\r\n\r\n", 15, r.out);
		r.keepConnection = 0;
		FCGX_Finish_r(&r);
	}
	close(ends[1]);
	return 0;
}

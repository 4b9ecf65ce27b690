/* SPDX-License-Identifier: ISC
 *
 * The one request that we send ourselves, as text; how it is sent is its
 * sender's business.
 */
#include "http/probe.h"

#include <string.h>

const char probe_request[] =
    "GET /health/ready HTTP/1.1\r\nHost: localhost\r\n"
    "Connection: close\r\n\r\n";

int
probe_status(const char *answer, size_t n)
{
	static const char version[] = "HTTP/1.1 ";
	const size_t at = sizeof(version) - 1;
	int status = 0;

	if (memcmp(answer, version, n < at ? n : at) != 0)
		return -1;
	if (n < at + 4)
		return 0;
	for (size_t i = at; i < at + 3; i++) {
		if (answer[i] < '0' || answer[i] > '9')
			return -1;
		status = status * 10 + answer[i] - '0';
	}
	return answer[at + 3] == ' ' ? status : -1;
}

/* SPDX-License-Identifier: ISC
 *
 * The kernel's count of processes it has killed for memory (vmstat).
 */
#include "supervisor/oom.h"

#include <inttypes.h>
#include <stdio.h>

uint64_t
oom_kills(void)
{
	uint64_t n = 0;
	char line[128];
	FILE *f = fopen("/proc/vmstat", "re");

	if (f == NULL)
		return 0;
	while (fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "oom_kill %" SCNu64, &n) == 1)
			break;
	fclose(f);
	return n;
}

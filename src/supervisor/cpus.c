/* SPDX-License-Identifier: ISC
 *
 * How many CPUs there are for us, containers included (cgroup v2).
 */
#include "supervisor/cpus.h"

#include <limits.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"

static const char root[] = "/sys/fs/cgroup";

int
cpus_quota(struct str text)
{
	struct str rest = str_trim(text), quota = str_cut(&rest, ' ');
	uint64_t us, period;

	if (!number_parse_u64(quota, &us) || !number_parse_u64(rest, &period) ||
	    us == 0 || period == 0 || us / period >= INT_MAX)
		return 0;
	return (int)(us / period + (us % period != 0));
}

static size_t
read_line(const char *path, char *line, int n)
{
	FILE *f = fopen(path, "re");

	line[0] = '\0';
	if (f != NULL) {
		if (fgets(line, n, f) == NULL)
			line[0] = '\0';
		fclose(f);
	}
	return strlen(line);
}

/* Our group's path below the root of the v2 hierarchy: the line "0::/path". */
static bool
own_group(char *path, size_t n)
{
	char line[1024];
	FILE *f = fopen("/proc/self/cgroup", "re");
	bool found = false;

	if (f == NULL)
		return false;
	while (!found && fgets(line, sizeof(line), f) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, "0::/", 4) == 0 && strlen(line + 3) < n) {
			strcpy(path, line + 3);
			found = true;
		}
	}
	fclose(f);
	return found;
}

/* The smallest quota of our group and those above it, 0 for none. */
static int
group_quota(void)
{
	char group[1024], path[1200], text[64];
	int least = 0;

	if (!own_group(group, sizeof(group)))
		strcpy(group, "/");
	for (;;) {
		char *slash = strrchr(group, '/');
		int quota;

		snprintf(path, sizeof(path), "%s%s/cpu.max", root, group);
		quota = cpus_quota(
		    (struct str){text, read_line(path, text, sizeof(text))});
		if (quota > 0 && (least == 0 || quota < least))
			least = quota;
		if (slash == NULL)
			return least;
		*slash = '\0';
	}
}

int
cpus_usable(void)
{
	cpu_set_t set;
	int n = 1, quota = group_quota();

	if (sched_getaffinity(0, sizeof(set), &set) == 0)
		n = CPU_COUNT(&set);
	if (quota > 0 && quota < n)
		n = quota;
	return n > 0 ? n : 1;
}

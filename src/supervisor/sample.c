/* SPDX-License-Identifier: ISC
 *
 * Reading /proc. A process that ends while we look simply counts nothing.
 */
#include "supervisor/sample.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "supervisor/backoff.h"

struct usage {
	uint64_t cpu_ns;
	uint64_t resident_bytes, virtual_bytes;
	char state; /* as ps shows it */
};

static FILE *
open_proc(pid_t pid, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	return fopen(path, "re");
}

static struct usage
read_usage(pid_t pid)
{
	struct usage u = {0};
	uint64_t user, system, virtual, pages;
	char text[1024];
	const char *p = NULL;
	FILE *f = open_proc(pid, "stat");

	if (f != NULL) {
		if (fgets(text, sizeof(text), f) != NULL)
			p = strrchr(text, ')'); /* names may hold anything */
		fclose(f);
	}
	if (p == NULL)
		return u;
	if (sscanf(p + 1, " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u "
		"%" SCNu64 " %" SCNu64 " %*d %*d %*d %*d %*d %*d %*u "
		"%" SCNu64 " %" SCNu64, &u.state, &user, &system, &virtual,
		&pages) != 5)
		return u;
	u.cpu_ns = (user + system) * (SECOND_NS /
	    (uint64_t)sysconf(_SC_CLK_TCK));
	u.virtual_bytes = virtual;
	u.resident_bytes = pages * (uint64_t)sysconf(_SC_PAGESIZE);
	return u;
}

uint64_t
sample_own_bytes(pid_t pid)
{
	uint64_t resident, shared, own = 0;
	FILE *f = open_proc(pid, "statm");

	if (f == NULL)
		return 0;
	if (fscanf(f, "%*u %" SCNu64 " %" SCNu64, &resident, &shared) == 2 &&
	    resident > shared)
		own = (resident - shared) * (uint64_t)sysconf(_SC_PAGESIZE);
	fclose(f);
	return own;
}

/* Its share of memory: what several processes map is counted once in all. */
static uint64_t
read_pss(pid_t pid)
{
	char line[256];
	uint64_t kb = 0;
	FILE *f = open_proc(pid, "smaps_rollup");

	if (f == NULL)
		return 0;
	while (fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "Pss: %" SCNu64, &kb) == 1)
			break;
	fclose(f);
	return kb * 1024;
}

static unsigned
count_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned n = 0;

	if (d == NULL)
		return 0;
	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n > 3 ? n - 3 : 0; /* ".", ".." and the directory itself */
}

static void
sample_self(struct metrics_server *m, const struct usage *own)
{
	struct timespec cpu;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
	metric_set_total(&m->process_cpu,
	    (uint64_t)cpu.tv_sec * SECOND_NS + (uint64_t)cpu.tv_nsec);
	if (own->resident_bytes == 0)
		return; /* no descriptor is left to look with */
	metric_set(&m->process_resident_bytes, (double)own->resident_bytes);
	metric_set(&m->process_virtual_bytes, (double)own->virtual_bytes);
	metric_set(&m->process_open_fds, count_fds());
}

void
sample_init(struct sample *s, struct metrics_file *f)
{
	struct rlimit limit;

	*s = (struct sample){
	    .base_worker_cpu_ns = metric_total(&f->server->worker_cpu)};
	metric_set(&f->server->process_start_time,
	    (double)clock_wall_ms() / 1e3);
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
		metric_set(&f->server->process_max_fds,
		    (double)limit.rlim_cur);
}

/* CPU of everything, in percent of one CPU, since the oldest sample kept. */
static void
sample_cpu(struct sample *s, struct metrics_server *m, uint64_t cpu,
    uint64_t now)
{
	unsigned newest = s->taken % SAMPLE_WINDOW, oldest = 0;

	s->window[newest].at_ns = now;
	s->window[newest].cpu_ns = cpu;
	s->taken++;
	if (s->taken >= SAMPLE_WINDOW)
		oldest = s->taken % SAMPLE_WINDOW;
	/* A process that was replaced takes its time with it. */
	if (now > s->window[oldest].at_ns && cpu >= s->window[oldest].cpu_ns)
		metric_set(&m->cpu_percent,
		    100.0 * (double)(cpu - s->window[oldest].cpu_ns) /
			(double)(now - s->window[oldest].at_ns));
	else
		metric_set(&m->cpu_percent, 0);
}

void
sample_take(struct sample *s, struct metrics_file *f,
    struct sample_process *processes, size_t n, uint64_t ended_cpu_ns,
    uint64_t now_ns)
{
	struct usage own = read_usage(getpid());
	uint64_t cpu = own.cpu_ns, pss = read_pss(getpid());
	uint64_t workers_cpu = s->base_worker_cpu_ns + ended_cpu_ns;

	sample_self(f->server, &own);
	for (size_t i = 0; i < n; i++) {
		struct usage u = read_usage(processes[i].pid);

		cpu += u.cpu_ns;
		pss += read_pss(processes[i].pid);
		processes[i].stopped = u.state == 'T' || u.state == 't';
		if (processes[i].slot < 0)
			continue;
		processes[i].own_bytes = sample_own_bytes(processes[i].pid);
		workers_cpu += u.cpu_ns;
		metric_set(&f->slots[processes[i].slot].resident_bytes,
		    (double)u.resident_bytes);
	}
	metric_set(&f->server->memory_bytes, (double)pss);
	sample_cpu(s, f->server, cpu + ended_cpu_ns, now_ns);
	/* The clock ticks of a living process may be ahead of the exact time
	 * it is found to have used when it has ended. */
	if (workers_cpu > metric_total(&f->server->worker_cpu))
		metric_set_total(&f->server->worker_cpu, workers_cpu);
}

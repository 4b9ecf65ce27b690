/* SPDX-License-Identifier: ISC
 *
 * The shared file: made, checked, mapped, and the states of its worker slots.
 * A file that is not wholly ours is never counted in: its maker gets it back
 * under another name.
 */
#include "metrics/metrics_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "metrics/metrics_image.h"
#include "metrics/metrics_table.h"

size_t
metrics_file_bytes(void)
{
	return sizeof(struct metrics_image);
}

/* --- checking and mapping ------------------------------------------------- */

static bool
header_check(const struct metrics_header *h, struct err *err)
{
	if (memcmp(h->magic, METRICS_MAGIC, sizeof(h->magic)) != 0)
		return err_set(err, ERR_INPUT, 0,
		    "this is no lightscore metrics file");
	if (h->version != METRICS_VERSION || h->layout != metrics_layout() ||
	    h->slots != METRICS_SLOTS ||
	    h->bytes != sizeof(struct metrics_image))
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "it was made by another build (%.*s), whose counters "
		    "have other places",
		    (int)strnlen(h->build, sizeof(h->build)), h->build);
	return true;
}

bool
metrics_view(void *bytes, size_t n, struct metrics_file *ret, struct err *err)
{
	struct metrics_image *image = bytes;

	if (n < sizeof(struct metrics_header))
		return err_set(err, ERR_INPUT, n,
		    "it has %zu bytes and should have %zu", n, sizeof(*image));
	if (!header_check(&image->header, err))
		return false;
	if (n != sizeof(*image))
		return err_set(err, ERR_INPUT, n,
		    "it has %zu bytes and should have %zu", n, sizeof(*image));
	if (!metrics_names_check(&image->names, err))
		return false;
	*ret = (struct metrics_file){
	    .header = &image->header,
	    .names = &image->names,
	    .texts = &image->texts,
	    .server = &image->server,
	    .slots = image->slots,
	    .slabs = image->slabs,
	    .base = bytes,
	    .bytes = n,
	    .fd = -1,
	    .worker_fd = -1,
	};
	return true;
}

/* A store into a hole of a full disk is a SIGBUS: ask before. A file that was
 * copied may have holes where it had none. */
static bool
reserve(int fd, off_t at, size_t n)
{
	errno = posix_fallocate(fd, at, (off_t)n);
	return errno == 0;
}

/* Map and check; a file of the wrong size is not touched past its end. */
static bool
map(int fd, int protection, struct metrics_file *ret, struct err *err)
{
	struct stat st;
	size_t n;
	void *p;

	if (fstat(fd, &st) != 0)
		return err_system(err, "cannot read it");
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "it is not a regular file");
	n = st.st_size < (off_t)sizeof(struct metrics_image)
	    ? (size_t)st.st_size
	    : sizeof(struct metrics_image);
	if (n == 0)
		return err_set(err, ERR_INPUT, 0, "it is empty");
	p = mmap(NULL, n, protection, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return err_system(err, "cannot map it");
	if (!metrics_view(p, n, ret, err)) {
		munmap(p, n);
		return false;
	}
	return true;
}

void
metrics_close(struct metrics_file *f)
{
	if (f->base != NULL)
		munmap(f->base, f->bytes);
	if (f->fd >= 0)
		close(f->fd);
	if (f->worker_fd >= 0)
		close(f->worker_fd);
	*f = (struct metrics_file){.fd = -1, .worker_fd = -1};
}

/* --- workers and readers -------------------------------------------------- */

/* Pages larger than a slab's alignment cannot be told apart by slab. */
static bool
slab_own_pages(void)
{
	return sysconf(_SC_PAGESIZE) <= SLAB_ALIGN;
}

bool
metrics_map(int fd, const char *path, int slot, struct metrics_file *ret,
    struct err *err)
{
	bool writes = slot != METRICS_READER;
	int protection = PROT_READ;
	struct metrics_file f;

	if (writes && (slot < 0 || slot >= METRICS_SLOTS))
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "there is no worker slot %d: they are 0 to %d", slot,
		    METRICS_SLOTS - 1);
	if (writes && !slab_own_pages())
		protection |= PROT_WRITE;
	if (!map(fd, protection, &f, err))
		return err_context(err, "metrics file %s", path);
	if (writes && slab_own_pages()) {
		struct slab *own = &f.slabs[slot];
		off_t at = (off_t)((char *)own - (char *)f.base);

		if (mmap(own, sizeof(*own), PROT_READ | PROT_WRITE,
		        MAP_SHARED | MAP_FIXED, fd, at) == MAP_FAILED) {
			err_system(err, "cannot map slot %d of %s", slot,
			    path);
			metrics_close(&f);
			return false;
		}
	}
	*ret = f;
	return true;
}

bool
metrics_open(const char *path, int slot, struct metrics_file *ret,
    struct err *err)
{
	int fd = open(path, (slot != METRICS_READER ? O_RDWR : O_RDONLY) |
	    O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	bool ok;

	if (fd < 0)
		return err_system(err, "cannot open %s", path);
	ok = metrics_map(fd, path, slot, ret, err);
	close(fd);
	return ok;
}

/* --- the supervisor ------------------------------------------------------- */

/* All gauges of a part to "not known"; the counters stand. */
static void
forget_gauges(void *part, enum metric_part which)
{
	for (size_t i = 0; i < metrics_table_n; i++) {
		const struct metric *m = &metrics_table[i];

		if (m->part != which || m->type != METRIC_GAUGE)
			continue;
		for (uint32_t k = 0; k < m->n_cells; k++)
			metric_set((struct gauge *)(void *)
			    ((char *)part + m->offset) + k, NAN);
	}
}

static void
begin(struct metrics_file *f)
{
	forget_gauges(f->server, METRIC_SERVER);
	for (size_t m = 0; m < MODEL_CELLS; m++)
		forget_gauges(&f->server->model[m], METRIC_SERVER_MODEL);
	for (int i = 0; i < METRICS_SLOTS; i++) {
		metrics_slot_ended(f, i);
		atomic_store(&f->slots[i].process.deaths, 0);
	}
	for (int i = 0; i < ROLES; i++)
		process_set(&f->server->process[i], PROCESS_FREE, 0);
	atomic_store(&f->server->draining, 0);
	metrics_set_shed(f, 0);
}

static bool
make(const char *path, struct err *err)
{
	struct metrics_header h = {
	    .magic = METRICS_MAGIC,
	    .version = METRICS_VERSION,
	    .slots = METRICS_SLOTS,
	    .layout = metrics_layout(),
	    .bytes = sizeof(struct metrics_image),
	    .created_ms = clock_wall_ms(),
	    .build = PACKAGE_STRING,
	};
	char beside[PATH_MAX];
	int n = snprintf(beside, sizeof(beside), "%s.new", path);
	int fd;
	bool ok;

	if (n < 0 || (size_t)n >= sizeof(beside))
		return err_set(err, ERR_LIMIT, ERR_NOWHERE,
		    "the path %s is too long", path);
	fd = file_create(beside, 0600);
	if (fd < 0)
		return err_system(err, "cannot create %s", beside);
	/* The names come first in the file: what every process needs. */
	ok = ftruncate(fd, (off_t)h.bytes) == 0 &&
	    reserve(fd, 0, offsetof(struct metrics_image, slabs)) &&
	    pwrite(fd, &h, sizeof(h), 0) == (ssize_t)sizeof(h) &&
	    rename(beside, path) == 0;
	if (!ok) {
		err_system(err, "cannot make %s", path);
		unlink(beside);
	}
	close(fd);
	return ok;
}

static bool
put_aside(const char *path, char aside[PATH_MAX], struct err *err)
{
	int n = snprintf(aside, PATH_MAX, "%s.%llu.old", path,
	    (unsigned long long)clock_wall_ms());

	if (n < 0 || n >= PATH_MAX)
		return err_set(err, ERR_LIMIT, ERR_NOWHERE,
		    "the path %s is too long", path);
	if (rename(path, aside) != 0)
		return err_system(err, "cannot rename %s to %s", path, aside);
	return true;
}

/* Open, make where missing, and hold the lock that says it is in use. */
static bool
open_locked(const char *path, int *ret, struct err *err)
{
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0 && errno == ENOENT) {
		if (!make(path, err))
			return false;
		fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	}
	if (fd < 0)
		return err_system(err, "cannot open %s", path);
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno == EWOULDBLOCK)
			err_set(err, ERR_INPUT, ERR_NOWHERE,
			    "%s is in use by another server; stop that one or "
			    "give this one another state directory", path);
		else
			err_system(err, "cannot lock %s", path);
		close(fd);
		return false;
	}
	*ret = fd;
	return true;
}

/* As the supervisor has it. Workers get a descriptor of their own: one that
 * holds no lock, which they would keep for a moment after we are gone. */
static bool
map_locked(const char *path, int fd, struct metrics_file *ret,
    struct err *err)
{
	int worker_fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK |
	    O_NOCTTY);

	if (worker_fd < 0) {
		err_system(err, "cannot open it");
		close(fd);
		return false;
	}
	if (!map(fd, PROT_READ | PROT_WRITE, ret, err)) {
		close(fd);
		close(worker_fd);
		return false;
	}
	ret->fd = fd;
	ret->worker_fd = worker_fd;
	return true;
}

bool
metrics_resume(const char *path, struct metrics_file *ret,
    char aside[PATH_MAX], struct err *err)
{
	struct metrics_file f;
	int fd;

	if (!open_locked(path, &fd, err))
		return false;
	if (!map_locked(path, fd, &f, err))
		return err->kind == ERR_INPUT
		    ? metrics_create(path, ret, aside, err)
		    : err_context(err, "metrics file %s", path);
	aside[0] = '\0';
	*ret = f;
	return true;
}

bool
metrics_create(const char *path, struct metrics_file *ret,
    char aside[PATH_MAX], struct err *err)
{
	struct metrics_file f;
	int fd;

	aside[0] = '\0';
	if (!open_locked(path, &fd, err))
		return false;
	if (!map_locked(path, fd, &f, err)) {
		if (err->kind != ERR_INPUT)
			return err_context(err, "metrics file %s", path);
		if (!put_aside(path, aside, err) ||
		    !open_locked(path, &fd, err))
			return false;
		if (!map_locked(path, fd, &f, err))
			return err_context(err, "metrics file %s", path);
	}
	if (!reserve(f.fd, 0, offsetof(struct metrics_image, slabs))) {
		err_system(err, "no room for the counters in %s", path);
		metrics_close(&f);
		return false;
	}
	begin(&f);
	*ret = f;
	return true;
}

/* --- overload ------------------------------------------------------------- */

uint64_t
metrics_taken(const struct metrics_file *f)
{
	uint64_t sum = 0;

	for (int i = 0; i < METRICS_SLOTS; i++)
		if (atomic_load_explicit(&f->slots[i].used,
			memory_order_relaxed) != 0)
			sum += metric_total(&f->slabs[i].state.taken);
	return sum;
}

/* --- worker slots --------------------------------------------------------- */

bool
metrics_slot_prepare(struct metrics_file *f, int i, struct err *err)
{
	off_t at = (off_t)((char *)&f->slabs[i] - (char *)f->base);

	if (f->fd >= 0 && !reserve(f->fd, at, sizeof(struct slab)))
		return err_system(err, "no room for the counters of worker "
		    "slot %d", i);
	metrics_slot_ended(f, i);
	metrics_ready(&f->slabs[i], 0);
	atomic_store(&f->slabs[i].state.reserve, 0);
	metrics_busy(&f->slabs[i], 0);
	atomic_store(&f->slots[i].used, 1);
	return true;
}

void
metrics_slot_started(struct metrics_file *f, int i, int32_t pid)
{
	process_set(&f->slots[i].process, PROCESS_STARTING, pid);
}

void
metrics_slot_stopping(struct metrics_file *f, int i)
{
	atomic_store(&f->slots[i].process.state, PROCESS_STOPPING);
}

void
metrics_slot_ended(struct metrics_file *f, int i)
{
	process_set(&f->slots[i].process, PROCESS_FREE, 0);
	forget_gauges(&f->slots[i], METRIC_SLOT);
}

bool
metrics_slot_state(const struct metrics_file *f, int i, enum label_STATE *ret,
    uint64_t *since_ns)
{
	const struct slab_state *s = &f->slabs[i].state;
	const struct process *p = &f->slots[i].process;
	int32_t pid = atomic_load(&p->pid);
	uint64_t since;

	if (pid == 0)
		return false;
	since = atomic_load_explicit(&s->busy_since_ns, memory_order_relaxed);
	*since_ns = 0;
	if (atomic_load_explicit(&s->ready_pid, memory_order_acquire) != pid) {
		*ret = STATE_STARTING;
	} else {
		*since_ns = since;
		*ret = atomic_load_explicit(&s->reserve, memory_order_relaxed)
		    ? STATE_RESERVE : since != 0 ? STATE_BUSY : STATE_IDLE;
	}
	if (atomic_load(&p->state) == PROCESS_STOPPING)
		*ret = STATE_STOPPING;
	return true;
}

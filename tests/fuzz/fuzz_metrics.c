/* SPDX-License-Identifier: ISC
 *
 * A metrics file that somebody has written into: whatever stands in it, it
 * is refused or shown, and reading stays inside. The input is a list of
 * changes to a sound file: three bytes of offset, one of length, the bytes.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/metrics_image.h"
#include "metrics/metrics_table.h"
#include "metrics/metrics_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is changed: all but the slabs past the first. */
enum { CHANGED = offsetof(struct metrics_image, slabs) + sizeof(struct slab) };

static char *image, *sound;

static void
make_sound(void)
{
	struct metrics_header *h;
	struct metrics_file f;
	struct err err;

	image = aligned_alloc(SLAB_ALIGN, metrics_file_bytes());
	sound = malloc(CHANGED);
	if (image == NULL || sound == NULL)
		abort();
	memset(image, 0, metrics_file_bytes());
	h = (struct metrics_header *)(void *)image;
	*h = (struct metrics_header){.magic = METRICS_MAGIC,
	    .version = METRICS_VERSION, .slots = METRICS_SLOTS,
	    .layout = metrics_layout(), .bytes = metrics_file_bytes()};
	if (!metrics_view(image, metrics_file_bytes(), &f, &err))
		abort();
	for (int i = 0; i < 2; i++) {
		enum label_MODEL m = metrics_add_model(&f,
		    i == 0 ? STR("v1") : STR("v2"));

		metrics_add_result(&f, m, STR("No"));
		metrics_add_result(&f, m, STR("Yes"));
		metric_set(&f.server->model[m].loaded, 1);
		metrics_set_model_text(&f, m, &(struct metrics_model_text){
		    STR("a"), STR("b"), STR("c"), STR("d")});
	}
	if (!metrics_slot_prepare(&f, 0, &err))
		abort();
	metrics_slot_started(&f, 0, 1);
	memcpy(sound, image, CHANGED);
}

/* Writes the changes, or with `undo` what stood there before them. */
static void
change(const uint8_t *data, size_t size, bool undo)
{
	while (size > 4) {
		size_t at = data[0] | data[1] << 8 | data[2] << 16;
		size_t n = data[3];

		data += 4;
		size -= 4;
		if (n > size)
			n = size;
		if (at < CHANGED)
			memcpy(image + at, undo ? sound + at
			    : (const char *)data, n < CHANGED - at
			    ? n : CHANGED - at);
		data += n;
		size -= n;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char room[8 << 20];
	struct metrics_file f;
	struct arena mem;
	struct err err;
	struct buf b;

	if (image == NULL)
		make_sound();
	if (!arena_init(&mem, 4 << 20, &err))
		return 0;
	change(data, size, false);
	for (int format = 0; format < 2 &&
	     metrics_view(image, metrics_file_bytes(), &f, &err); format++) {
		size_t bad;

		buf_init(&b, room, sizeof(room));
		if (!metrics_text(&f, (enum metrics_format)format, STR(""),
		        &mem, &b, &err) || !str_is_utf8(buf_view(&b), &bad))
			abort();
	}
	change(data, size, true);
	arena_done(&mem);
	return 0;
}

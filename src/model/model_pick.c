/* SPDX-License-Identifier: ISC
 *
 * For each text column a factor that takes its categories to places of their
 * own. There is none for columns with too many of them, or with two that are
 * alike in what the key looks at.
 */
#include "model/model_pick.h"

#include <stdlib.h>

enum { TRIES = 256 };

/* True if no two categories meet. */
static bool
try_factor(const struct model *m, struct image_table t, uint32_t times,
    struct model_pick *pick)
{
	*pick = (struct model_pick){.times = times};
	for (uint32_t i = 0; i < t.size; i++) {
		const struct image_entry *e = &m->entries[t.first + i];
		uint32_t key, at;

		if (e->value == ENTRY_EMPTY || e->text.n == 0)
			continue;
		key = model_pick_key(model_text(m, e->text));
		at = model_pick_place(key, times);
		if (pick->place[at].text.n > 0)
			return false;
		pick->place[at].key = key;
		pick->place[at].text = e->text;
		pick->place[at].code = e->value;
	}
	return true;
}

bool
model_pick_derive(struct model *m, struct err *err)
{
	m->picks = calloc((size_t)m->n_inputs + 1, sizeof(*m->picks));
	if (m->picks == NULL)
		return err_system(err, "no memory for %u columns",
		    m->n_inputs);
	for (uint32_t c = 0; c < m->n_inputs; c++) {
		struct image_table t = m->inputs[c].exact;
		struct model_pick *pick = &m->picks[c];
		uint32_t tries = 0;

		if (m->inputs[c].kind != MODEL_TEXT || t.size == 0 ||
		    t.size > PICK_PLACES || m->inputs[c].flags & INPUT_UNUSED)
			continue;
		/* Odd numbers with bits all over. */
		while (tries < TRIES && !try_factor(m, t,
		    0x9e3779b1u + 0x1f35a5b2u * tries, pick))
			tries++;
		if (tries == TRIES)
			pick->times = 0;
	}
	return true;
}

/* SPDX-License-Identifier: ISC
 *
 * What a model answers, from the outputs of its graph: labels, with
 * probabilities beside them, or numbers. Labels may be one a row or several;
 * their probabilities a matrix, a column each, a sequence of matrices or one
 * tensor of them all.
 */
#include <stdio.h>
#include <string.h>

#include "import/onnx_graph.h"

/* One of the labels that a row gets. */
struct target {
	uint32_t n;                       /* classes */
	const struct onnx_elem *labels;   /* constants */
	const struct onnx_class *decision;/* NULL: the probabilities decide */
	const struct onnx_elem *truth;    /* or this: 0 or 1 */
	const struct onnx_elem *probabilities; /* NULL: none */
	int type;                         /* theirs */
};

struct answer {
	const struct onnx_tensor *labels; /* NULL: none */
	const struct onnx_tensor *parts;  /* a sequence */
	const struct onnx_tensor **numbers;
	size_t n_numbers;
	struct target *targets;
	uint32_t n_targets;               /* 0: a regression */
};

static bool
are_classes(const struct onnx_tensor *y)
{
	for (size_t i = 0; i < y->n; i++)
		if (y->elems[i].kind != ELEM_CLASS)
			return false;
	return y->n > 0;
}

/* Numbers that can only be 0 or 1, several of them, beside as many others. */
static bool
are_truths(const struct answer *a)
{
	const struct onnx_tensor *y = a->n_numbers > 1 ? a->numbers[0] : NULL;

	if (y == NULL || y->n < 2 || onnx_is_float(y->type) ||
	    y->batch != 0 || a->numbers[1]->n != y->n)
		return false;
	for (size_t i = 0; i < y->n; i++) {
		const struct onnx_elem *e = &y->elems[i];

		if (e->kind != ELEM_SLOT || e->set == NULL ||
		    e->set->v[0] < 0 || e->set->v[e->set->n - 1] > 1)
			return false;
	}
	return true;
}

static bool
sort_outputs(struct onnx *g, const Onnx__GraphProto *graph, struct answer *a,
    struct err *err)
{
	a->numbers = ARENA_ARRAY(g->im->mem, graph->n_output + 1,
	    const struct onnx_tensor *);
	if (a->numbers == NULL)
		return onnx_full(g, err);
	for (size_t i = 0; i < graph->n_output; i++) {
		const struct onnx_tensor *y = onnx_find(g,
		    str_of(graph->output[i]->name));

		if (y == NULL)
			return onnx_wrong(err, "nothing makes the output "
			    "\"%.64s\"", graph->output[i]->name);
		if (y->stacked || y->flat)
			return onnx_cannot(err, "the output \"%.64s\" is one "
			    "list of all rows", graph->output[i]->name);
		if (y->parts != NULL && a->parts == NULL)
			a->parts = y;
		if (y->batch < 0)
			continue;
		if (are_classes(y)) {
			if (a->labels == NULL)
				a->labels = y;
		} else if (onnx_is_number(y->type)) {
			a->numbers[a->n_numbers++] = y;
		}
	}
	return a->labels != NULL || a->n_numbers > 0 || onnx_cannot(err,
	    "is an ONNX model without an output of a class or a number for "
	    "each row");
}

/* --- labels --------------------------------------------------------------- */

static bool
find_targets(struct onnx *g, struct answer *a, struct err *err)
{
	static const struct onnx_elem truths[] = {
	    {.kind = ELEM_NUMBER, .exact = true, .number = 0},
	    {.kind = ELEM_NUMBER, .exact = true, .number = 1}};
	bool indicated = a->labels == NULL && g->n_zip == 0 && are_truths(a);
	size_t n = a->labels != NULL ? a->labels->n : g->n_zip > 0 ? 1 :
	    indicated ? a->numbers[0]->n : 0;

	a->n_targets = (uint32_t)n;
	a->targets = ARENA_ARRAY(g->im->mem, n + 1, struct target);
	if (a->targets == NULL)
		return onnx_full(g, err);
	for (size_t i = 0; i < n; i++) {
		struct target *t = &a->targets[i];

		if (a->labels != NULL) {
			t->decision = a->labels->elems[i].class_;
			t->labels = t->decision->labels;
			t->n = t->decision->n;
		} else if (indicated) {
			t->truth = &a->numbers[0]->elems[i];
			t->labels = truths;
			t->n = countof(truths);
		} else {
			t->labels = g->zip;
			t->n = g->n_zip;
		}
	}
	if (indicated) {
		a->numbers++;
		a->n_numbers--;
	}
	return true;
}

/* --- probabilities -------------------------------------------------------- */

/* Of one label: a matrix with a column a class, or as many columns. */
static bool
find_columns(struct onnx *g, struct answer *a, struct err *err)
{
	struct target *t = a->targets;
	struct onnx_elem *e;

	if (a->n_numbers == 0)
		return true;
	t->type = a->numbers[0]->type;
	if (a->numbers[0]->n == t->n) {
		if (!a->numbers[0]->scores && a->numbers[0]->batch == 0)
			t->probabilities = a->numbers[0]->elems;
		return true;
	}
	if (a->n_numbers < t->n)
		return true;
	e = ARENA_ARRAY(g->im->mem, t->n, struct onnx_elem);
	if (e == NULL)
		return onnx_full(g, err);
	for (uint32_t k = 0; k < t->n; k++) {
		const struct onnx_tensor *y = a->numbers[k];

		if (y->n != 1 || y->scores || y->batch != 0 ||
		    !onnx_is_float(y->type))
			return true;
		e[k] = y->elems[0];
	}
	t->probabilities = e;
	return true;
}

/* {1 - p, p} of each p. */
static bool
find_second(struct onnx *g, struct answer *a, const struct onnx_tensor *y,
    struct err *err)
{
	const struct onnx_elem one = elem_number(1);

	for (uint32_t i = 0; i < a->n_targets; i++) {
		struct onnx_elem *e = ARENA_ARRAY(g->im->mem, 2,
		    struct onnx_elem);

		if (e == NULL)
			return onnx_full(g, err);
		e[1] = y->elems[i];
		if (a->targets[i].n != 2)
			return true;
		if (!onnx_calc(g, CALC_SUB, y->type, &one, &e[1], NULL, 1, e,
			err))
			return false;
		a->targets[i].probabilities = e;
		a->targets[i].type = y->type;
	}
	return true;
}

/* Of several labels: a part of a sequence each, or of a tensor, or the second
 * one's of two. */
static bool
find_parts(struct onnx *g, struct answer *a, struct err *err)
{
	const struct onnx_tensor *y = a->n_numbers > 0 ? a->numbers[0] : NULL;
	uint32_t n = a->n_targets;

	if (a->parts == NULL && y != NULL && !y->scores && y->batch == 0 &&
	    y->n == n)
		return find_second(g, a, y, err);
	for (uint32_t i = 0; i < n; i++) {
		struct target *t = &a->targets[i];
		const struct onnx_tensor *p = a->parts != NULL &&
		    a->parts->n_parts == n ? &a->parts->parts[i] : NULL;

		if (p != NULL && p->batch == 0 && p->n == t->n &&
		    !p->scores) {
			t->probabilities = p->elems;
			t->type = p->type;
		} else if (a->parts == NULL && y != NULL && !y->scores &&
		    y->rank == 3 && y->batch == 1 && y->dims[0] == n &&
		    y->dims[2] >= t->n) {
			t->probabilities = y->elems + i * y->dims[2];
			t->type = y->type;
		}
	}
	return true;
}

static bool
find_probabilities(struct onnx *g, struct answer *a, struct err *err)
{
	bool all = true;

	if (!(a->n_targets == 1 ? find_columns(g, a, err) :
	    find_parts(g, a, err)))
		return false;
	for (uint32_t i = 0; i < a->n_targets; i++)
		all &= a->targets[i].probabilities != NULL;
	for (uint32_t i = 0; i < a->n_targets && !all; i++)
		a->targets[i].probabilities = NULL;
	return true;
}

/* --- the model's outputs -------------------------------------------------- */

static bool
add_class(struct onnx *g, const struct onnx_elem *label, struct err *err)
{
	struct model_class c = {.kind = CLASS_TEXT, .text = label->text};
	char text[32];

	if (label->kind == ELEM_NUMBER) {
		int n = snprintf(text, sizeof(text), "%.17g", label->number);

		c = (struct model_class){.kind = CLASS_INTEGER,
		    .text = {text, (size_t)n}, .number = label->number};
	}
	return import_class(g->im, c, err);
}

/* Numbers of the tensor as slots, in its type. */
static bool
output_slots(struct onnx *g, const struct onnx_elem *from, size_t n, int type,
    uint32_t **ret, struct err *err)
{
	struct onnx_elem *e = ARENA_ARRAY(g->im->mem, n, struct onnx_elem);

	if (e == NULL)
		return onnx_full(g, err);
	memcpy(e, from, n * sizeof(*e));
	return onnx_numbers(g, type, e, n, err) &&
	    onnx_slots(g, e, n, ret, err);
}

/* What decides, as scores of which the first of the greatest wins. */
static bool
decision_slots(struct onnx *g, const struct target *t, uint32_t **ret,
    struct err *err)
{
	const struct onnx_class *c = t->decision;
	struct onnx_elem truth[2] = {elem_number(0.5)}, *e;
	bool least;
	int type;

	if (c == NULL) {
		truth[1] = *t->truth;
		return output_slots(g, truth, 2, ONNX_DOUBLE, ret, err);
	}
	least = c->fold == FOLD_ARGMIN || c->fold == FOLD_ARGMIN_LAST;
	type = c->floats ? ONNX_FLOAT : ONNX_DOUBLE;
	e = ARENA_ARRAY(g->im->mem, c->n, struct onnx_elem);
	if (e == NULL)
		return onnx_full(g, err);
	memcpy(e, c->scores, c->n * sizeof(*e));
	if (c->fold == FOLD_ARGMAX_LAST || c->fold == FOLD_ARGMIN_LAST)
		return onnx_cannot(err, "the class is the last of equally good "
		    "ones, which is not supported");
	if (least && !onnx_calc(g, CALC_NEG, type, e, NULL, NULL, c->n, e,
		err))
		return false;
	return output_slots(g, e, c->n, type, ret, err);
}

static bool
same_slots(const uint32_t *a, const uint32_t *b, uint32_t n)
{
	return memcmp(a, b, n * sizeof(*a)) == 0;
}

static bool
write_target(struct onnx *g, const struct answer *a, const struct target *t,
    struct err *err)
{
	uint32_t *probabilities = NULL, *scores;
	struct model_build *b = g->im->build;

	if (a->n_targets > 1 && !model_build_target(b, err))
		return false;
	for (uint32_t k = 0; k < t->n; k++)
		if (!add_class(g, &t->labels[k], err))
			return false;
	if (t->probabilities != NULL &&
	    (!output_slots(g, t->probabilities, t->n, t->type, &probabilities,
		err) || !model_build_output(b, MODEL_CLASSIFICATION,
		probabilities, t->n, err)))
		return false;
	if (t->decision == NULL && t->truth == NULL)
		return probabilities != NULL || onnx_cannot(err, "is an ONNX "
		    "model of %u classes whose output has %zu numbers", t->n,
		    a->numbers[0]->n);
	if (!decision_slots(g, t, &scores, err))
		return false;
	if (probabilities != NULL && same_slots(probabilities, scores, t->n))
		return true;
	return model_build_decision(b, scores, t->n, err);
}

static bool
write_numbers(struct onnx *g, const struct onnx_tensor *y, struct err *err)
{
	uint32_t *slots;

	if (y->batch != 0)
		return onnx_cannot(err, "the output has its rows as columns");
	return output_slots(g, y->elems, y->n, y->type, &slots, err) &&
	    model_build_output(g->im->build, MODEL_REGRESSION, slots,
		(uint32_t)y->n, err);
}

bool
onnx_answer(struct onnx *g, const Onnx__GraphProto *graph, struct err *err)
{
	struct answer a = {0};

	if (!sort_outputs(g, graph, &a, err) || !find_targets(g, &a, err))
		return false;
	if (a.n_targets == 0)
		return write_numbers(g, a.numbers[0], err);
	if (!find_probabilities(g, &a, err))
		return false;
	for (uint32_t i = 0; i < a.n_targets; i++)
		if (!write_target(g, &a, &a.targets[i], err))
			return false;
	return true;
}

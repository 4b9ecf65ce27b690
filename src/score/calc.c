/* SPDX-License-Identifier: ISC
 *
 * Arithmetic on slots, by the tables of model_calc.h. An operand that is a
 * constant is read as a run of equal numbers.
 */
#include "score/steps.h"

#include "model/model_build.h"
#include "model/model_calc.h"

static void
to_floats(double *y, size_t n)
{
	for (size_t r = 0; r < n; r++)
		y[r] = (double)(float)y[r];
}

/* x are the operands, of which the last may stand still. */
static void
calculate(enum model_calc calc, const double *const *x, size_t last_step,
    uint32_t operands, size_t n, double *y)
{
	size_t a_step = operands == 1 ? last_step : 1;
	size_t b_step = operands <= 2 ? last_step : 1;

	switch (calc) {
#define CALC(name, text, operands, value) \
	case CALC_##name: \
		for (size_t r = 0; r < n; r++) { \
			double a = x[0][r * a_step]; \
			double b = x[1][r * b_step]; \
			double c = x[2][r * last_step]; \
\
			(void)b; \
			(void)c; \
			y[r] = value; \
		} \
		break;
	MODEL_CALCS(CALC)
#undef CALC
	case CALC_COUNT:
		break;
	}
}

void
score_calc(struct block *b, const struct image_step *s)
{
	const uint32_t *src = b->m->lists + s->src;
	enum model_calc calc = s->extra & ~IMAGE_CALC_FLOATS;
	uint32_t operands = model_calc_operands(calc);
	uint32_t listed = s->count > 0 ? operands - 1 : operands;

	for (uint32_t i = 0; i < s->width; i++) {
		double *y = b->frame + (s->dst + i) * b->stride;
		const double *x[3];

		for (uint32_t k = 0; k < listed; k++)
			x[k] = b->frame + src[k * s->width + i] * b->stride;
		if (s->count > 0)
			x[listed] = b->m->params + s->at + i;
		for (uint32_t k = operands; k < 3; k++)
			x[k] = x[operands - 1];
		calculate(calc, x, s->count > 0 ? 0 : 1, operands, b->rows, y);
		if ((s->extra & IMAGE_CALC_FLOATS) != 0)
			to_floats(y, b->rows);
	}
}

void
score_fold(struct block *b, const struct image_step *s)
{
	const uint32_t *src = b->m->lists + s->src;
	enum model_fold fold = s->extra & ~IMAGE_CALC_FLOATS;
	bool floats = (s->extra & IMAGE_CALC_FLOATS) != 0;
	uint32_t n = s->n_src / s->width;

	for (uint32_t i = 0; i < s->width; i++, src += n) {
		double *y = b->frame + (s->dst + i) * b->stride;

		for (size_t r = 0; r < b->rows; r++) {
			struct model_fold_state state = {0};

			for (uint32_t k = 0; k < n; k++)
				model_fold_add(fold, floats, b->frame[src[k] *
				    b->stride + r], &state);
			y[r] = model_fold_value(fold, &state);
		}
		if (floats)
			to_floats(y, b->rows);
	}
}

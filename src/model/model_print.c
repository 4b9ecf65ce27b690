/* SPDX-License-Identifier: ISC
 *
 * Words for people: names of facts and figures, and a line about each step.
 */
#include "model/model.h"


#include "base/buf.h"
#include "model/model_format.h"
#include "model/model_view.h"

const char *
model_fact_name(int fact)
{
	static const char *const names[FACT_COUNT] = {
	    [FACT_NAME] = "name",
	    [FACT_VERSION] = "version",
	    [FACT_ALGORITHM] = "algorithm",
	    [FACT_PIPELINE] = "pipeline",
	    [FACT_FORMAT] = "format",
	    [FACT_FRAMEWORK_VERSION] = "framework_version",
	    [FACT_SHA256] = "sha256",
	    [FACT_SOURCE] = "source",
	    [FACT_TITLE] = "title",
	    [FACT_DESCRIPTION] = "description",
	    [FACT_MLFLOW_VERSION] = "mlflow_version",
	    [FACT_RUN_ID] = "run_id",
	    [FACT_MODEL_UUID] = "model_uuid",
	};

	return names[fact];
}

const char *
model_figure_name(int figure)
{
	static const char *const names[FIGURE_COUNT] = {
	    [FIGURE_TREES] = "trees",
	    [FIGURE_NODES] = "nodes",
	    [FIGURE_FEATURES] = "features",
	    [FIGURE_THRESHOLD] = "threshold",
	    [FIGURE_TRAINED_TIME] = "trained_time",
	    [FIGURE_REFERENCE_ROWS] = "reference_rows",
	    [FIGURE_REF_ACCURACY] = "reference_accuracy",
	    [FIGURE_REF_PRECISION] = "reference_precision",
	    [FIGURE_REF_RECALL] = "reference_recall",
	    [FIGURE_REF_F1] = "reference_f1",
	    [FIGURE_REF_ROC_AUC] = "reference_roc_auc",
	    [FIGURE_REF_BRIER] = "reference_brier",
	    [FIGURE_REF_LOG_LOSS] = "reference_log_loss",
	    [FIGURE_REF_ECE] = "reference_ece",
	};

	return names[figure];
}

static const char *const step_names[] = {
#define STEP(name, text) [STEP_##name] = text,
	IMAGE_STEPS(STEP)
#undef STEP
};
static const char *const link_names[] = {
	[LINK_SIGMOID] = "sigmoid",
	[LINK_SIGMOID2] = "sigmoid of twice",
	[LINK_SOFTMAX] = "softmax",
	[LINK_OVR] = "sigmoids, normalised",
	[LINK_NORMALISE] = "normalise",
	[LINK_EXP] = "exp",
	[LINK_EXPM1] = "exp minus 1",
	[LINK_SQUARE] = "square",
	[LINK_SIGMOID_F32] = "sigmoid in float",
	[LINK_SOFTMAX_F32] = "softmax in float",
	[LINK_EXP_F32] = "exp in float",
};
static const char *const calc_names[] = {
#define CALC(name, text, operands, value) [CALC_##name] = text,
	MODEL_CALCS(CALC)
#undef CALC
};
static const char *const fold_names[] = {
#define FOLD(name, text) [FOLD_##name] = text,
	MODEL_FOLDS(FOLD)
#undef FOLD
};
static const char *const compare_names[] = {
	[TREE_F32_LE_F64] = "float <= double",
	[TREE_F64_LE_F64] = "double <= double",
	[TREE_F32_LT_F32] = "float < float",
};

/* The column a slot comes from, or its number. */
static void
put_slot(struct buf *b, const struct model *m, uint32_t slot)
{
	int32_t column = m->origins[slot];

	if (slot < m->n_inputs)
		buf_str(b, model_text(m, m->inputs[slot].name));
	else if (column >= 0)
		buf_printf(b, "#%u (%.*s)", slot,
		    STR_ARG(model_text(m, m->inputs[column].name)));
	else
		buf_printf(b, "#%u", slot);
}

static void
put_forest(struct buf *b, const struct image_forest *f)
{
	buf_printf(b, "%u trees over %u lanes, %s, %u leaves of %u",
	    f->trees, f->lanes, compare_names[f->compare], f->leaves,
	    f->n_values);
	if (f->takes_nan)
		buf_text(b, ", missing values");
	if (f->rows_from > 0)
		buf_printf(b, ", side by side from %u rows on", f->rows_from);
	if (f->trees_to > 0)
		buf_printf(b, ", trees side by side for %s",
		    f->trees_to == 1 ? "one row" : "fewer");
}

void
model_step_text(const struct model *m, uint32_t i, char *text, size_t n)
{
	const struct image_step *s = &m->steps[i];
	const double *params = m->params + s->at;
	struct buf b;

	if (n == 0)
		return;
	buf_init(&b, text, n - 1);
	buf_printf(&b, "%s ", step_names[s->op]);
	switch (s->op) {
	case STEP_LINEAR:
	case STEP_LINEAR_FMA:
	case STEP_LINEAR_F32:
	case STEP_LEAVES:
	case STEP_LINK:
	case STEP_MEDIAN:
	case STEP_CALC:
	case STEP_FOLD:
	case STEP_SORT:
	case STEP_KERNEL:
	case STEP_COUPLE:
		buf_printf(&b, "%u values", s->n_src);
		break;
	case STEP_FOREST:
		put_forest(&b, &m->forests[s->at]);
		break;
	case STEP_CONSTANT:
		break;
	default:
		put_slot(&b, m, s->src);
	}
	switch (s->op) {
	case STEP_IMPUTE:
		buf_printf(&b, ", missing is %.17g", params[0]);
		break;
	case STEP_MISSING_IF:
		buf_printf(&b, ", %.17g is missing", params[0]);
		break;
	case STEP_MISSING_NEAR:
		buf_printf(&b, ", 0 within %.17g is missing", params[0]);
		break;
	case STEP_CONSTANT:
		buf_printf(&b, "%.17g", params[0]);
		break;
	case STEP_SUB_DIV:
		buf_printf(&b, ", - %.17g, / %.17g", params[0], params[1]);
		break;
	case STEP_MUL_ADD:
		buf_printf(&b, ", * %.17g, + %.17g, within %g to %g",
		    params[0], params[1], params[2], params[3]);
		break;
	case STEP_LOOKUP:
		buf_printf(&b, ", %u values", s->count);
		break;
	case STEP_BINS:
		buf_printf(&b, ", %u cuts", s->count);
		break;
	case STEP_INTERPOLATE:
		buf_printf(&b, ", %u points", s->count / 2);
		break;
	case STEP_TABLE:
	case STEP_ONEHOT:
		buf_printf(&b, ", %u categories", s->count - TABLE_CODES);
		break;
	case STEP_LINK:
		buf_printf(&b, ", %s", link_names[s->extra]);
		break;
	case STEP_CALC:
		buf_printf(&b, ", %s",
		    calc_names[s->extra & ~IMAGE_CALC_FLOATS]);
		break;
	case STEP_FOLD:
		buf_printf(&b, ", %s",
		    fold_names[s->extra & ~IMAGE_CALC_FLOATS]);
		break;
	default:
		break;
	}
	if ((s->op == STEP_CALC || s->op == STEP_FOLD) &&
	    (s->extra & IMAGE_CALC_FLOATS) != 0)
		buf_text(&b, " in float");
	if (s->width == 1)
		buf_printf(&b, " -> #%u", s->dst);
	else if (s->width > 1)
		buf_printf(&b, " -> #%u to #%u", s->dst,
		    s->dst + s->width - 1);
	text[b.n] = '\0';
}

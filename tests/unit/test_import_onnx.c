/* SPDX-License-Identifier: ISC
 *
 * import/: ONNX graphs. Small ones are put together here, so that each rule
 * and each refusal is seen alone; operators and whole models are held against
 * ONNX Runtime's answers in tests/golden.
 */
#include "import_fixture.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "import/onnx.pb-c.h"
#include "model/model.h"

enum {
	FLOAT = ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT,
	DOUBLE = ONNX__TENSOR_PROTO__DATA_TYPE__DOUBLE,
	INT64 = ONNX__TENSOR_PROTO__DATA_TYPE__INT64,
	STRING = ONNX__TENSOR_PROTO__DATA_TYPE__STRING,
	BOOL = ONNX__TENSOR_PROTO__DATA_TYPE__BOOL,
	MAX = 8,
};

/* --- a model being put together ------------------------------------------- */

static Onnx__ModelProto model;
static Onnx__GraphProto graph;
static Onnx__OperatorSetIdProto opsets[2];
static Onnx__OperatorSetIdProto *opset_list[] = {&opsets[0], &opsets[1]};
static Onnx__NodeProto nodes[MAX], *node_list[MAX];
static Onnx__AttributeProto attributes[MAX][32], *attribute_list[MAX][32];
static Onnx__TensorProto constants[MAX], *constant_list[MAX];
static int64_t dims[MAX][2];
static char *names[MAX][2][MAX];
static struct {
	Onnx__ValueInfoProto info;
	Onnx__TypeProto type;
	Onnx__TypeProto__Tensor tensor;
	Onnx__TensorShapeProto shape;
	Onnx__TensorShapeProto__Dimension dims[2];
	Onnx__TensorShapeProto__Dimension *dim_list[2];
} values[2][MAX];
static Onnx__ValueInfoProto *value_list[2][MAX];

static void
begin(void)
{
	onnx__model_proto__init(&model);
	onnx__graph_proto__init(&graph);
	for (int i = 0; i < 2; i++)
		onnx__operator_set_id_proto__init(&opsets[i]);
	opsets[0].has_version = opsets[1].has_version = true;
	opsets[0].version = 17;
	opsets[1].domain = (char *)(uintptr_t)"ai.onnx.ml";
	opsets[1].version = 3;
	model.has_ir_version = true;
	model.ir_version = 8;
	model.producer_name = (char *)(uintptr_t)"tests";
	model.opset_import = opset_list;
	model.n_opset_import = 2;
	model.graph = &graph;
	graph.node = node_list;
	graph.initializer = constant_list;
	graph.input = value_list[0];
	graph.output = value_list[1];
}

static char *
text(const char *s)
{
	return (char *)(uintptr_t)s;
}

static void
value(int where, size_t i, const char *name, int type, int64_t k)
{
	onnx__value_info_proto__init(&values[where][i].info);
	onnx__type_proto__init(&values[where][i].type);
	onnx__type_proto__tensor__init(&values[where][i].tensor);
	onnx__tensor_shape_proto__init(&values[where][i].shape);
	for (int d = 0; d < 2; d++) {
		onnx__tensor_shape_proto__dimension__init(
		    &values[where][i].dims[d]);
		values[where][i].dim_list[d] = &values[where][i].dims[d];
	}
	if (k != 0) {
		values[where][i].dims[1].value_case =
		    ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
		values[where][i].dims[1].dim_value = k;
	}
	values[where][i].shape.n_dim = 2;
	values[where][i].shape.dim = values[where][i].dim_list;
	values[where][i].tensor.has_elem_type = true;
	values[where][i].tensor.elem_type = type;
	values[where][i].tensor.shape = &values[where][i].shape;
	values[where][i].type.value_case =
	    ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
	values[where][i].type.tensor_type = &values[where][i].tensor;
	values[where][i].info.name = text(name);
	values[where][i].info.type = &values[where][i].type;
	value_list[where][i] = &values[where][i].info;
}

static void
input(const char *name, int type, int64_t columns)
{
	value(0, graph.n_input++, name, type, columns);
}

static void
output(const char *name)
{
	value(1, graph.n_output++, name, FLOAT, 0);
}

/* Names are parted by spaces. */
static size_t
split(const char *list, char **ret)
{
	static char room[64][32];
	static size_t at;
	size_t n = 0;

	for (const char *p = list; *p != '\0';) {
		size_t len = strcspn(p, " ");

		at = (at + 1) % 64;
		snprintf(room[at], sizeof(room[at]), "%.*s", (int)len, p);
		ret[n++] = room[at];
		p += len + (p[len] == ' ');
	}
	return n;
}

static void
node(const char *domain, const char *op, const char *in, const char *out)
{
	size_t i = graph.n_node++;

	onnx__node_proto__init(&nodes[i]);
	nodes[i].domain = text(domain);
	nodes[i].op_type = text(op);
	nodes[i].name = text("here");
	nodes[i].n_input = split(in, names[i][0]);
	nodes[i].input = names[i][0];
	nodes[i].n_output = split(out, names[i][1]);
	nodes[i].output = names[i][1];
	nodes[i].attribute = attribute_list[i];
	node_list[i] = &nodes[i];
}

/* An attribute of the last node. */
static Onnx__AttributeProto *
attribute(const char *name)
{
	size_t i = graph.n_node - 1, k = nodes[i].n_attribute++;

	onnx__attribute_proto__init(&attributes[i][k]);
	attributes[i][k].name = text(name);
	attribute_list[i][k] = &attributes[i][k];
	return &attributes[i][k];
}

static void
whole(const char *name, int64_t v)
{
	Onnx__AttributeProto *a = attribute(name);

	a->has_i = true;
	a->i = v;
}

static void
word(const char *name, const char *v)
{
	Onnx__AttributeProto *a = attribute(name);

	a->has_s = true;
	a->s = (ProtobufCBinaryData){strlen(v), (uint8_t *)(uintptr_t)v};
}

/* What the lists of attributes point at; the latest ones are kept. */
static union {
	int64_t whole;
	float number;
} pool[256][4];
static size_t pooled;

static void
wholes(const char *name, const int64_t *v, size_t n)
{
	Onnx__AttributeProto *a = attribute(name);

	a->ints = &pool[pooled++ % countof(pool)][0].whole;
	a->n_ints = n;
	memcpy(a->ints, v, n * sizeof(*v));
}

static void
floats(const char *name, const float *v, size_t n)
{
	Onnx__AttributeProto *a = attribute(name);

	a->floats = &pool[pooled++ % countof(pool)][0].number;
	a->n_floats = n;
	memcpy(a->floats, v, n * sizeof(*v));
}

#define WHOLES(name, ...) wholes(name, (const int64_t[]){__VA_ARGS__}, \
	sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t))
#define FLOATS(name, ...) floats(name, (const float[]){__VA_ARGS__}, \
	sizeof((const float[]){__VA_ARGS__}) / sizeof(float))

/* A list of n numbers. */
static Onnx__TensorProto *
constant(const char *name, const float *v, int64_t n)
{
	size_t i = graph.n_initializer++;

	onnx__tensor_proto__init(&constants[i]);
	constants[i].name = text(name);
	constants[i].has_data_type = true;
	constants[i].data_type = FLOAT;
	constants[i].dims = dims[i];
	constants[i].n_dims = 1;
	dims[i][0] = n;
	constants[i].float_data = (float *)(uintptr_t)v;
	constants[i].n_float_data = v != NULL ? (size_t)n : 0;
	constant_list[i] = &constants[i];
	return &constants[i];
}

static uint8_t packed[1 << 16];

static struct str
pack(void)
{
	assert_true(onnx__model_proto__get_packed_size(&model) <
	    sizeof(packed));
	return (struct str){(char *)packed, onnx__model_proto__pack(&model,
	    packed)};
}

static struct model *
imported(void)
{
	struct model *m = import_str(pack());

	if (m == NULL)
		fail_msg("%s", message);
	return m;
}

static void
assert_refused(const char *sentence)
{
	assert_refused_str(pack(), sentence);
}

/* y = the operator of x, a row of two floats. */
static void
begin_with(const char *domain, const char *op, const char *in)
{
	begin();
	input("x", FLOAT, 2);
	node(domain, op, in, "y");
	output("y");
}

/* --- graphs --------------------------------------------------------------- */

static void
a_graph_scores_in_the_arithmetic_of_its_type(void **state)
{
	static const float tenth[] = {0.1f};
	const double cells[] = {3, 0.7};
	struct model *m;

	(void)state;
	begin_with("", "Mul", "x c");
	constant("c", tenth, 1);
	m = imported();
	assert_true(score_output(m, cells, 0) == (double)(3 * 0.1f));
	assert_true(score_output(m, cells, 1) == (double)(0.7f * 0.1f));
	assert_int_equal(model_task(m), MODEL_REGRESSION);
	model_close(m);
}

static void
inputs_name_the_columns(void **state)
{
	struct model_field f;
	struct model *m;

	(void)state;
	begin();
	input("age", INT64, 1);
	input("flag", BOOL, 1);
	input("more", INT64, 2);
	node("", "Cast", "flag", "f");
	whole("to", INT64);
	node("", "Concat", "age f more", "y");
	whole("axis", 1);
	output("y");
	m = imported();
	assert_int_equal(model_inputs(m), 4);
	model_field(m, 0, &f);
	assert_true(str_eq(f.name, STR("age")));
	model_field(m, 1, &f);
	assert_true(str_eq(f.name, STR("flag")) && f.booleans);
	model_field(m, 3, &f);
	assert_true(str_eq(f.name, STR("more_1")) && !f.booleans);
	model_close(m);
	begin_with("", "Neg", "x");
	m = imported();
	model_field(m, 1, &f);
	assert_true(str_eq(f.name, STR("f1")));
	model_close(m);
}

static void
facts_say_who_wrote_it(void **state)
{
	struct model *m;

	(void)state;
	begin_with("", "Neg", "x");
	model.producer_version = text("1.2");
	m = imported();
	assert_true(str_eq(model_fact_at(m, FACT_FORMAT),
	    STR("ONNX, opset 17, ai.onnx.ml 3")));
	assert_true(str_eq(model_fact_at(m, FACT_FRAMEWORK_VERSION),
	    STR("tests 1.2")));
	model_close(m);
}

static void
what_outputs_do_not_need_is_not_looked_at(void **state)
{
	struct model *m;

	(void)state;
	begin_with("", "Neg", "x");
	node("com.example", "Anything", "x", "z");
	m = imported();
	model_close(m);
}

static void
what_is_not_known_is_refused_by_name(void **state)
{
	(void)state;
	begin_with("", "Loop", "x");
	assert_refused("node \"here\" (Loop): this operator of ai.onnx is not "
	    "supported; import the model that it was converted from");
	begin_with("com.example", "Neg", "x");
	assert_refused("this operator of com.example is not supported");
	begin_with("ai.onnx.ml", "DictVectorizer", "x");
	assert_refused("(DictVectorizer): this operator of ai.onnx.ml");
	begin_with("", "Neg", "x");
	whole("twist", 1);
	assert_refused("its attribute \"twist\" is not known");
	begin_with("", "Neg", "x");
	opsets[1].version = 6;
	assert_refused("ai.onnx.ml version 6; versions up to 5 are known");
}

static void
a_graph_out_of_order_is_refused(void **state)
{
	(void)state;
	begin();
	input("x", FLOAT, 2);
	node("", "Neg", "a", "y");
	node("", "Neg", "x", "a");
	output("y");
	assert_refused("it reads \"a\", which nothing before it makes");
	begin_with("", "Neg", "y");
	assert_refused("it reads \"y\", which nothing before it makes");
	begin_with("", "Neg", "x");
	node("", "Abs", "x", "y");
	assert_refused("the value \"y\" is made twice");
	begin_with("", "Neg", "x");
	output("z");
	assert_refused("nothing makes the output \"z\"");
}

static void
nothing_looks_along_the_rows(void **state)
{
	static const float zero[] = {0}, three[] = {1, 2, 3};
	struct {
		const char *op, *in;
		int64_t axis;
	} cases[] = {
	    {"Softmax", "x", 0}, {"ArgMax", "x", 0}, {"Gather", "x c", 0},
	    {"Split", "x", 0},
	};

	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		begin_with("", cases[i].op, cases[i].in);
		constant("c", zero, 1);
		whole("axis", cases[i].axis);
		assert_refused("it works along the rows");
	}
	begin_with("", "Concat", "x x");
	whole("axis", 0);
	node("", "Neg", "y", "z");
	graph.n_output = 0;
	output("z");
	assert_refused("it works along the rows");
	begin_with("", "Transpose", "x");
	node("", "Add", "y x", "z");
	graph.n_output = 0;
	output("z");
	assert_refused("it crosses rows with rows");
	begin_with("", "Add", "x c");
	constant("c", three, 3)->n_dims = 2;
	dims[0][1] = 1;
	assert_refused("a number for each of 3 rows");
}

static void
a_refusal_names_node_and_way_round(void **state)
{
	(void)state;
	begin_with("", "Softmax", "x");
	whole("axis", 0);
	assert_refused("node \"here\" (Softmax): it works along the rows; "
	    "import the model that it was converted from: the pickle or skops "
	    "file, or the file that XGBoost, LightGBM or CatBoost saved");
	begin_with("", "Loop", "x");
	assert_refused("converted from (a scikit-learn pickle, an XGBoost or "
	    "LightGBM model)");
}

/* All rows as one list: what looks at more than one number of it would take
 * those of different rows together. */
static void
a_list_of_all_rows_is_taken_one_by_one(void **state)
{
	static const float two[] = {1, 2};

	(void)state;
	begin_with("", "Flatten", "x");
	whole("axis", 0);
	assert_refused("the output \"y\" is one list of all rows");
	begin_with("", "Flatten", "x");
	whole("axis", 0);
	node("", "ReduceSum", "y", "z");
	graph.n_output = 0;
	output("z");
	assert_refused("it works along the rows");
	begin_with("", "Flatten", "x");
	whole("axis", 0);
	constant("c", two, 2);
	node("", "Add", "y c", "z");
	graph.n_output = 0;
	output("z");
	assert_refused("it works along the rows");
}

static void
a_sequence_is_only_an_output(void **state)
{
	(void)state;
	begin_with("", "SequenceConstruct", "x x");
	node("", "Neg", "y", "z");
	graph.n_output = 0;
	output("z");
	assert_refused("it reads a sequence of tensors");
	begin_with("", "SequenceConstruct", "x x");
	assert_refused("without an output of a class or a number");
}

/* --- support vectors ------------------------------------------------------ */

static void
begin_machine(int64_t first, int64_t second)
{
	static const float vectors[] = {0, 0, 1, 1}, coef[] = {1, -1},
	    rho[] = {0.25}, params[] = {0.5, 0, 3};
	static const int64_t labels[] = {3, 4};
	static int64_t sizes[2];

	sizes[0] = first;
	sizes[1] = second;
	begin_with("ai.onnx.ml", "SVMClassifier", "x");
	wholes("classlabels_ints", labels, 2);
	wholes("vectors_per_class", sizes, 2);
	floats("support_vectors", vectors, 4);
	floats("coefficients", coef, 2);
	floats("rho", rho, 1);
	floats("kernel_params", params, 3);
}

static void
the_first_of_a_pair_wins_above_zero(void **state)
{
	/* The product with {1, 1}, less than a quarter. */
	const double low[] = {0.5, 0.5}, high[] = {0.125, 0};
	const double even[] = {0.25, 0};
	struct model *m;

	(void)state;
	begin_machine(1, 1);
	m = imported();
	assert_int_equal(model_classes(m), 2);
	assert_false(model_has_probabilities(m));
	assert_true(score_output(m, low, 0) < score_output(m, low, 1));
	assert_true(score_output(m, high, 0) > score_output(m, high, 1));
	assert_true(score_output(m, even, 0) < score_output(m, even, 1));
	model_close(m);
}

static void
support_vectors_that_do_not_fit_are_refused(void **state)
{
	static const float more[] = {1, 2, 3, 4, 5};

	(void)state;
	begin_machine(2, 1);
	assert_refused("2 coefficients and 1 rho of 3 vectors and 2 classes");
	begin_machine(-1, 3);
	assert_refused("a class has -1 vectors");
	begin_machine(0, 0);
	assert_refused("2 coefficients and 1 rho of 0 vectors");
	begin_machine(1, 1);
	floats("prob_a", more, 1);
	assert_refused("1 prob_a and 0 prob_b of 1 pairs");
	begin_with("ai.onnx.ml", "SVMRegressor", "x");
	assert_refused("it has 0 support vectors");
	begin_with("ai.onnx.ml", "SVMRegressor", "x");
	whole("n_supports", 1);
	floats("support_vectors", more, 5);
	assert_refused("5 numbers in 1 support vectors for 2 columns");
}

/* --- constants ------------------------------------------------------------ */

static void
data_in_other_files_is_never_opened(void **state)
{
	Onnx__StringStringEntryProto entry, *list[] = {&entry};
	Onnx__TensorProto *t;

	(void)state;
	onnx__string_string_entry_proto__init(&entry);
	entry.key = text("location");
	entry.value = text("/etc/passwd");
	begin_with("", "Add", "x c");
	t = constant("c", NULL, 2);
	t->external_data = list;
	t->n_external_data = 1;
	assert_refused("constant \"c\": the tensor \"c\" lies in another file, "
	    "which is never opened");
	t->n_external_data = 0;
	t->has_data_location = true;
	t->data_location = ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL;
	assert_refused("lies in another file");
}

static void
a_constant_has_the_numbers_that_it_says(void **state)
{
	static const float some[] = {1, 2};
	Onnx__TensorProto *t;

	(void)state;
	begin_with("", "Add", "x c");
	t = constant("c", some, 2);
	dims[0][0] = (int64_t)1 << 40;
	assert_refused("an axis of 1099511627776 has 2 numbers");
	dims[0][0] = 1;
	assert_refused("a tensor of 1 numbers has 2");
	dims[0][0] = -1;
	assert_refused("an axis of -1 has 2 numbers");
	t->data_type = 10;
	dims[0][0] = 2;
	assert_refused("numbers of type 10 is not supported");
}

/* A shape of n axes, as a list of floats: what a ConstantOfShape makes. */
static void
begin_with_empty(const float *shape, int64_t n)
{
	begin();
	input("x", FLOAT, 1);
	constant("s", shape, n);
	node("", "Cast", "s", "shape");
	whole("to", INT64);
	node("", "ConstantOfShape", "shape", "c");
}

/* What the other axes would hold is multiplied, too. */
static void
axes_beside_one_of_no_length_have_a_bound(void **state)
{
	static const float shape[] = {0, 1 << 21, 1 << 21, 1 << 21};

	(void)state;
	begin_with_empty(shape, 4);
	node("", "Flatten", "c", "d");
	node("", "Add", "x d", "y");
	output("y");
	assert_refused("a tensor of more than 16777216 numbers");
}

static void
a_shape_of_too_many_axes_is_refused_by_their_number(void **state)
{
	static const float shape[] = {1, 1, 1, 1, 1, 1, 1, 1, 1};

	(void)state;
	begin_with_empty(shape, 9);
	node("", "Add", "x c", "y");
	output("y");
	assert_refused("a shape of 9 axes");
	/* What is wrong with its value is said. */
	begin_with_empty(shape, 1);
	attribute("value")->t = constant("value", NULL, 1);
	constants[1].n_external_data = 0;
	constants[1].has_data_location = true;
	constants[1].data_location =
	    ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL;
	graph.n_initializer--;
	node("", "Add", "x c", "y");
	output("y");
	assert_refused("lies in another file");
}

static void
a_default_may_be_a_tensor_without_axes(void **state)
{
	static const int64_t one[] = {1}, five[] = {5};
	const double known[] = {1}, unknown[] = {2};
	Onnx__TensorProto *t;
	int64_t seven = 7;
	struct model *m;

	(void)state;
	begin();
	input("x", INT64, 1);
	node("ai.onnx.ml", "LabelEncoder", "x", "y");
	wholes("keys_int64s", one, 1);
	wholes("values_int64s", five, 1);
	t = constant("default", NULL, 0);
	graph.n_initializer--;
	t->data_type = INT64;
	t->n_dims = 0;
	t->n_int64_data = 1;
	t->int64_data = &seven;
	attribute("default_tensor")->t = t;
	output("y");
	m = imported();
	assert_true(score_output(m, known, 0) == 5);
	assert_true(score_output(m, unknown, 0) == 7);
	model_close(m);
}

/* Each node alone asks for less than is allowed. */
static void
keys_compared_in_all_nodes_have_a_bound(void **state)
{
	static const char *const names_of[] = {"c", "d", "e", "f", "g", "h"};
	static const float shape[] = {1 << 17};
	static int64_t keys[2000];

	(void)state;
	begin_with_empty(shape, 1);
	for (int i = 0; i < 5; i++) {
		node("ai.onnx.ml", "LabelEncoder", names_of[i],
		    names_of[i + 1]);
		for (int k = 0; k < 2; k++) {
			Onnx__AttributeProto *a = attribute(k == 0 ?
			    "keys_int64s" : "values_int64s");

			a->ints = keys;
			a->n_ints = countof(keys);
		}
	}
	node("", "Add", "x h", "y");
	output("y");
	assert_refused("it looks 131072 values up among 2000, with those");
}

static void
an_input_says_how_wide_it_is(void **state)
{
	(void)state;
	begin();
	input("x", FLOAT, 0);
	node("", "Neg", "x", "y");
	output("y");
	assert_refused("the input \"x\" does not say how many columns");
	begin();
	input("x", FLOAT, (int64_t)1 << 40);
	node("", "Neg", "x", "y");
	output("y");
	assert_refused("the input \"x\" has 1099511627776 columns");
}

/* --- the bytes ------------------------------------------------------------ */

static void
no_beginning_of_a_file_is_one(void **state)
{
	static const float two[] = {1, 2};
	struct str all;

	(void)state;
	begin_with("", "Add", "x c");
	constant("c", two, 2);
	all = pack();
	for (size_t n = 5; n < all.n; n++) {
		struct model *m = import_str((struct str){all.p, n});

		/* Fields that came before the cut may be all there is. */
		if (m != NULL)
			model_close(m);
		else
			assert_true(strlen(message) > 4);
	}
	assert_null(import_str((struct str){all.p, all.n / 2}));
}

/* Each message ahead of the last wraps it: model, graph, node, attribute,
 * graph ... */
static void
nesting_has_a_bound(void **state)
{
	static const uint8_t fields[] = {1 << 3 | 2, 5 << 3 | 2, 6 << 3 | 2};
	static uint8_t bytes[1 << 16];
	size_t at = sizeof(bytes);

	(void)state;
	for (size_t i = 0; i < 3 * 3000; i++) {
		size_t n = sizeof(bytes) - at;

		bytes[--at] = (uint8_t)(n >> 14);
		bytes[--at] = (uint8_t)(n >> 7 & 0x7f) | 0x80;
		bytes[--at] = (uint8_t)(n & 0x7f) | 0x80;
		bytes[--at] = fields[2 - i % 3];
	}
	{
		size_t n = sizeof(bytes) - at;

		bytes[--at] = (uint8_t)(n >> 14);
		bytes[--at] = (uint8_t)(n >> 7 & 0x7f) | 0x80;
		bytes[--at] = (uint8_t)(n & 0x7f) | 0x80;
		bytes[--at] = 7 << 3 | 2;
		bytes[--at] = 8;
		bytes[--at] = 8;
	}
	assert_refused_str((struct str){(char *)bytes + at,
	    sizeof(bytes) - at}, "nested deeper than");
}

static void
many_empty_messages_fill_a_bounded_memory(void **state)
{
	static uint8_t bytes[1 << 20];

	(void)state;
	bytes[0] = 8;
	bytes[1] = 8;
	for (size_t i = 2; i + 1 < sizeof(bytes); i += 2) {
		bytes[i] = 20 << 3 | 2; /* training_info, in two bytes */
		bytes[i] = 8 << 3 | 2;  /* opset_import */
		bytes[i + 1] = 0;
	}
	assert_null(import_str((struct str){(char *)bytes, sizeof(bytes)}));
	assert_true(strlen(message) > 4);
}

/* --- trees ---------------------------------------------------------------- */

static ProtobufCBinaryData modes[3];

/* One split at 1 with leaves 1 and 2. */
static void
begin_stump(const char *op, const char *mode)
{
	Onnx__AttributeProto *a;

	begin();
	input("x", FLOAT, 2);
	node("ai.onnx.ml", op, "x", "y z");
	WHOLES("nodes_treeids", 0, 0, 0);
	WHOLES("nodes_nodeids", 0, 1, 2);
	WHOLES("nodes_featureids", 0, 0, 0);
	FLOATS("nodes_values", 1, 0, 0);
	WHOLES("nodes_truenodeids", 1, 0, 0);
	WHOLES("nodes_falsenodeids", 2, 0, 0);
	for (int i = 0; i < 3; i++)
		modes[i] = (ProtobufCBinaryData){i == 0 ? strlen(mode) : 4,
		    (uint8_t *)(uintptr_t)(i == 0 ? mode : "LEAF")};
	a = attribute("nodes_modes");
	a->strings = modes;
	a->n_strings = 3;
}

static void
begin_regression(const char *mode)
{
	begin_stump("TreeEnsembleRegressor", mode);
	whole("n_targets", 1);
	WHOLES("target_treeids", 0, 0);
	WHOLES("target_nodeids", 1, 2);
	WHOLES("target_ids", 0, 0);
	FLOATS("target_weights", 10, 20);
	output("y");
}

static void
each_mode_sends_a_row_its_way(void **state)
{
	/* Answers for 0.5, 1, 1.5. */
	static const struct {
		const char *mode;
		double want[3];
	} cases[] = {
	    {"BRANCH_LEQ", {10, 10, 20}}, {"BRANCH_LT", {10, 20, 20}},
	    {"BRANCH_GTE", {20, 10, 10}}, {"BRANCH_GT", {20, 20, 10}},
	    {"BRANCH_EQ", {20, 10, 20}}, {"BRANCH_NEQ", {10, 20, 10}},
	};

	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		struct model *m;

		begin_regression(cases[i].mode);
		m = imported();
		for (int k = 0; k < 3; k++) {
			double cells[] = {0.5 + k * 0.5, 0};

			assert_true(score_output(m, cells, 0) ==
			    cases[i].want[k]);
		}
		model_close(m);
	}
	begin_regression("BRANCH_MAYBE");
	assert_refused("the mode BRANCH_MAYBE of a node is not known");
}

/* The attribute of the stump by that name. */
static Onnx__AttributeProto *
stump(const char *name)
{
	for (size_t i = 0; i < nodes[0].n_attribute; i++)
		if (strcmp(attributes[0][i].name, name) == 0)
			return &attributes[0][i];
	fail_msg("no %s", name);
	return NULL;
}

static void
trees_that_are_none_are_refused(void **state)
{
	static int64_t own[] = {0, 0, 0}, beyond[] = {7, 0, 0};
	static int64_t low[] = {-1, 0, 0}, twice[] = {0, 1, 1};
	static int64_t target[] = {0, 9};
	static float wild[] = {NAN, 0, 0};

	(void)state;
	begin_regression("BRANCH_LEQ");
	stump("nodes_truenodeids")->ints = own;
	assert_refused("reached in too many ways, or from themselves");
	begin_regression("BRANCH_LEQ");
	stump("nodes_truenodeids")->ints = beyond;
	assert_refused("node 7 of tree 0 is not there");
	begin_regression("BRANCH_LEQ");
	stump("nodes_featureids")->ints = beyond;
	assert_refused("a tree asks for column 7 of 2");
	begin_regression("BRANCH_LEQ");
	stump("nodes_featureids")->ints = low;
	assert_refused("a tree asks for column");
	begin_regression("BRANCH_LEQ");
	stump("nodes_nodeids")->ints = twice;
	assert_refused("node 1 of tree 0 stands twice");
	begin_regression("BRANCH_LEQ");
	stump("target_ids")->ints = target;
	assert_refused("a leaf adds to 9 of 1");
	begin_regression("BRANCH_LEQ");
	stump("nodes_values")->floats = wild;
	assert_refused("a tree compares with no number");
	begin_regression("BRANCH_LEQ");
	stump("nodes_values")->n_floats = 2;
	assert_refused("nodes_values has 2 entries, not 3");
	begin_regression("BRANCH_LEQ");
	word("post_transform", "PROBIT");
	assert_refused("post_transform PROBIT is not supported");
	begin_regression("BRANCH_LEQ");
	word("aggregate_function", "GUESS");
	assert_refused("aggregate_function GUESS is not known");
}

static enum model_null
null_of(const struct model *m)
{
	struct model_field f;

	model_field(m, 0, &f);
	return f.null;
}

static void
missing_goes_where_a_library_that_boosts_sends_it(void **state)
{
	const double cells[] = {NAN, 0};
	static int64_t tracks[] = {1, 0, 0};
	struct model *m;

	(void)state;
	begin_regression("BRANCH_LEQ");
	m = imported();
	assert_int_equal(null_of(m), NULL_MISSING);
	assert_true(score_output(m, cells, 0) == 20);
	model_close(m);
	begin_regression("BRANCH_LEQ");
	model.producer_name = text("skl2onnx");
	m = imported();
	assert_int_equal(null_of(m), NULL_REFUSE);
	model_close(m);
	begin_regression("BRANCH_LEQ");
	model.producer_name = text("skl2onnx");
	wholes("nodes_missing_value_tracks_true", tracks, 3);
	m = imported();
	assert_true(score_output(m, cells, 0) == 10);
	model_close(m);
}

/* Two classes with one weight a leaf. */
static void
begin_classifier(float low, float high, const char *post)
{
	static float weights[2];

	weights[0] = low;
	weights[1] = high;
	begin_stump("TreeEnsembleClassifier", "BRANCH_LEQ");
	WHOLES("class_treeids", 0, 0);
	WHOLES("class_nodeids", 1, 2);
	WHOLES("class_ids", 0, 0);
	floats("class_weights", weights, 2);
	WHOLES("classlabels_int64s", 3, 4);
	word("post_transform", post);
	output("y");
	output("z");
}

static void
one_score_of_two_classes_is_both(void **state)
{
	const double low[] = {0, 0}, high[] = {2, 0};
	struct model_class c;
	struct model *m;

	(void)state;
	begin_classifier(0.25f, 0.75f, "NONE");
	m = imported();
	assert_int_equal(model_classes(m), 2);
	model_class_at(m, 1, &c);
	assert_true(c.kind == CLASS_INTEGER && c.number == 4);
	assert_true(score_output(m, low, 0) == 0.75);
	assert_true(score_output(m, high, 1) == 0.75);
	model_close(m);
	/* Of scores below 0 there are no probabilities. */
	begin_classifier(-1, 2, "NONE");
	m = imported();
	assert_false(model_has_probabilities(m));
	model_close(m);
	begin_classifier(-1, 2, "LOGISTIC");
	m = imported();
	assert_true(fabs(score_output(m, high, 1) - 1 / (1 + exp(-2))) <
	    1e-7);
	assert_true(fabs(score_output(m, low, 0) - 1 / (1 + exp(-1))) <
	    1e-7);
	model_close(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_teardown(f, import_forget)
	    TEST(a_graph_scores_in_the_arithmetic_of_its_type),
	    TEST(inputs_name_the_columns),
	    TEST(facts_say_who_wrote_it),
	    TEST(what_outputs_do_not_need_is_not_looked_at),
	    TEST(what_is_not_known_is_refused_by_name),
	    TEST(a_graph_out_of_order_is_refused),
	    TEST(nothing_looks_along_the_rows),
	    TEST(a_refusal_names_node_and_way_round),
	    TEST(a_list_of_all_rows_is_taken_one_by_one),
	    TEST(a_sequence_is_only_an_output),
	    TEST(the_first_of_a_pair_wins_above_zero),
	    TEST(support_vectors_that_do_not_fit_are_refused),
	    TEST(data_in_other_files_is_never_opened),
	    TEST(a_constant_has_the_numbers_that_it_says),
	    TEST(axes_beside_one_of_no_length_have_a_bound),
	    TEST(a_shape_of_too_many_axes_is_refused_by_their_number),
	    TEST(a_default_may_be_a_tensor_without_axes),
	    TEST(keys_compared_in_all_nodes_have_a_bound),
	    TEST(an_input_says_how_wide_it_is),
	    TEST(no_beginning_of_a_file_is_one),
	    TEST(nesting_has_a_bound),
	    TEST(many_empty_messages_fill_a_bounded_memory),
	    TEST(each_mode_sends_a_row_its_way),
	    TEST(trees_that_are_none_are_refused),
	    TEST(missing_goes_where_a_library_that_boosts_sends_it),
	    TEST(one_score_of_two_classes_is_both),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, import_begin, import_end);
}

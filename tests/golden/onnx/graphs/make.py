#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Small graphs by hand, one an idea, with ONNX Runtime's answers.

    onnx_graphs.py DIRECTORY

writes NAME.onnx, NAME_input.json and NAME_expected.json. The graphs are also
the corpus of fuzz_onnx.
"""
import json
import pathlib
import sys

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

F, D, I, S, B = (TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.INT64,
                 TensorProto.STRING, TensorProto.BOOL)
ML = "ai.onnx.ml"


def node(op, inputs, outputs, domain="", **attributes):
    return helper.make_node(op, inputs.split(), outputs.split(),
                            domain=domain, **attributes)


def const(name, values, dtype=np.float32):
    return numpy_helper.from_array(np.array(values, dtype=dtype), name)


def model(nodes, inputs, outputs, constants=(), opset=17, ml=3):
    graph = helper.make_graph(
        nodes, "g",
        [helper.make_tensor_value_info(n, t, [None, k])
         for n, t, k in inputs],
        [helper.make_tensor_value_info(n, t, None) if t != "zip" else
         helper.make_value_info(n, helper.make_sequence_type_proto(
             helper.make_map_type_proto(
                 S, helper.make_tensor_type_proto(F, []))))
         for n, t in outputs],
        initializer=list(constants))
    return helper.make_model(graph, ir_version=8, opset_imports=[
        helper.make_opsetid("", opset), helper.make_opsetid(ML, ml)])


def graphs():
    yield "elementwise", model([
        node("Abs", "x", "a"), node("Neg", "x", "b"), node("Exp", "x", "c"),
        node("Add", "a half", "d"), node("Log", "d", "e"),
        node("Sqrt", "a", "f"), node("Tanh", "x", "g"),
        node("Sigmoid", "x", "h"), node("Relu", "x", "i"),
        node("LeakyRelu", "x", "j", alpha=0.2), node("Elu", "x", "k"),
        node("Erf", "x", "l"), node("Floor", "x", "m"),
        node("Ceil", "x", "n"), node("Round", "x", "o"),
        node("Sign", "x", "p"), node("Softplus", "x", "q"),
        node("Reciprocal", "d", "r"), node("Clip", "x low high", "s"),
        node("Sin", "x", "t"), node("Cos", "x", "u"),
        node("Pow", "a half", "v"), node("Sub", "half x", "w"),
        node("Div", "half d", "y"), node("Mul", "x x", "z"),
        node("Max", "x half", "aa"), node("Min", "x half", "ab"),
        node("Mean", "x a b", "ac"), node("Mod", "x half", "ad", fmod=1),
        node("Concat", "a b c d e f g h i j k l m n o p q r s t u v w y z "
             "aa ab ac ad", "out", axis=1)],
        [("x", F, 2)], [("out", F)],
        [const("half", 0.5), const("low", -1), const("high", 0.75)])
    yield "logic", model([
        node("Less", "x zero", "a"), node("Greater", "x y", "b"),
        node("LessOrEqual", "x y", "c"),
        node("GreaterOrEqual", "x zero", "d"), node("Equal", "x y", "e"),
        node("Not", "a", "f"), node("And", "a b", "g"),
        node("Or", "a b", "h"), node("Xor", "a c", "i"),
        node("IsNaN", "x", "j"), node("Where", "b x y", "k"),
        node("Cast", "x", "l", to=I), node("Cast", "l", "m", to=F),
        node("Cast", "y", "n", to=B),
        *[node("Cast", c, c + "f", to=F) for c in "abcdefghijn"],
        node("Concat", "af bf cf df ef ff gf hf if jf k m nf", "out",
             axis=1)],
        [("x", F, 2), ("y", F, 2)], [("out", F)], [const("zero", 0)])
    yield "shapes", model([
        node("Transpose", "x", "a", perm=[1, 0]),
        node("Mul", "a column", "b"), node("Transpose", "b", "c"),
        node("Unsqueeze", "c middle", "d"), node("Squeeze", "d middle", "e"),
        node("Gather", "e pick", "f", axis=1),
        node("Slice", "e starts ends last steps", "g"),
        node("Split", "e sizes", "h i", axis=1),
        node("Reshape", "e square", "j"),
        node("ReduceMax", "j", "k", axes=[2], keepdims=0),
        node("Flatten", "j", "l"), node("Tile", "h twice", "m"),
        node("Shape", "h", "shape"),
        node("ConstantOfShape", "shape", "n", value=const("v", [3])),
        node("Expand", "i wide", "o"), node("CumSum", "e one", "p"),
        node("Identity", "p", "q"),
        node("ArrayFeatureExtractor", "e ahead", "r", ML),
        node("Constant", "", "s", value_floats=[1.0, 2.0]),
        node("Add", "h s", "t"),
        node("Concat", "f g i k l m n o q r t", "out", axis=1)],
        [("x", F, 4)], [("out", F)],
        [const("column", [[1], [2], [3], [4]]),
         const("middle", [1], np.int64),
         const("ahead", [3, 0], np.int64), const("pick", [3, 0, -1], np.int64),
         const("starts", [-1], np.int64), const("ends", [-100], np.int64),
         const("last", [1], np.int64), const("steps", [-2], np.int64),
         const("sizes", [2, 2], np.int64),
         const("square", [0, 2, -1], np.int64),
         const("twice", [1, 2], np.int64), const("one", 1, np.int64),
         const("wide", [1, 2], np.int64)])
    reductions = ["L1", "L2", "LogSum", "LogSumExp", "Max", "Mean", "Min",
                  "Prod", "SumSquare"]
    yield "reductions", model(
        [node("Abs", "x", "a")]
        + [node("Reduce" + r, "a", r, axes=[1]) for r in reductions]
        + [node("ReduceSum", "a last", "sum"), node("Softmax", "x", "soft"),
           node("LogSoftmax", "x", "log"), node("TopK", "x one", "best at"),
           node("Cast", "at", "where", to=F),
           node("Concat", " ".join(reductions) + " sum soft log best where",
                "out", axis=1)],
        [("x", F, 19)], [("out", F)],
        [const("last", [1], np.int64), const("one", [1], np.int64)])
    yield "double", model([
        node("Cast", "x", "f", to=F), node("Cast", "f", "d", to=D),
        node("Sub", "x d", "e"), node("Mul", "e big", "g"),
        node("Gemm", "g w c", "out", alpha=0.5, beta=2.0, transB=1)],
        [("x", D, 3)], [("out", D)],
        [const("big", 1e6, np.float64),
         const("w", [[1, 2, 3], [0.1, 0.2, 0.3]], np.float64),
         const("c", [7, 8], np.float64)])
    yield "numbers", model([
        node("Scaler", "x", "a", ML, offset=[0.1, 0.2, 0.3],
             scale=[1.5, 2.5, 3.5]),
        node("Imputer", "x", "b", ML, imputed_value_floats=[7.0],
             replaced_value_float=1.0),
        node("Normalizer", "x", "c", ML, norm="L1"),
        node("Normalizer", "x", "d", ML, norm="L2"),
        node("Normalizer", "x", "e", ML, norm="MAX"),
        node("Binarizer", "x", "f", ML, threshold=0.5),
        node("FeatureVectorizer", "a b", "g", ML, inputdimensions=[3, 3]),
        node("LinearRegressor", "g", "h", ML, targets=2,
             coefficients=[0.1, 0.2, 0.3, 0.4, 0.5, 0.6] * 2,
             intercepts=[1.0, -1.0]),
        node("Concat", "c d e f h", "out", axis=1)],
        [("x", F, 3)], [("out", F)])
    yield "categories", model([
        node("LabelEncoder", "t", "a", ML, keys_strings=["a", "b", "b"],
             values_int64s=[5, 6, 7], default_int64=-3),
        node("LabelEncoder", "t", "b", ML, keys_strings=["b", "c"],
             values_strings=["x", "y"], default_string="z"),
        node("LabelEncoder", "b", "c", ML, keys_strings=["x", "z"],
             values_floats=[0.25, 0.5], default_float=9.0),
        node("CategoryMapper", "t", "d", ML, cats_strings=["a", "c"],
             cats_int64s=[11, 12], default_int64=13),
        node("OneHotEncoder", "b", "e", ML, cats_strings=["y", "x"]),
        node("OneHotEncoder", "i", "f", ML, cats_int64s=[3, 1, 2]),
        node("LabelEncoder", "i", "g", ML, keys_int64s=[1, 2],
             values_floats=[1.5, 2.5], default_float=-1.0),
        node("Equal", "t word", "h"), node("Cast", "h", "hf", to=F),
        node("Cast", "a", "af", to=F), node("Cast", "d", "df", to=F),
        node("Cast", "i", "if", to=F), node("Cast", "o", "of", to=F),
        node("Reshape", "e flat2", "ef"), node("Reshape", "f flat3", "ff"),
        node("Concat", "hf af c df ef ff g if of", "out", axis=1)],
        [("t", S, 1), ("i", I, 1), ("o", B, 1)], [("out", F)],
        [const("word", ["b"], object), const("flat2", [-1, 2], np.int64),
         const("flat3", [-1, 3], np.int64)], opset=19)
    yield "labels", model([
        node("LinearClassifier", "x", "l z", ML,
             classlabels_strings=["no", "maybe", "yes"],
             coefficients=[1.0, 2.0, 3.0, -1.0, 0.5, 0.25],
             intercepts=[0.0, 0.5, -0.5], post_transform="SOFTMAX"),
        node("ArgMax", "z", "i", axis=1), node("Equal", "i ways", "e"),
        node("Cast", "e", "f", to=F), node("Add", "z f", "g"),
        node("ReduceSum", "g last", "s"), node("Div", "g s", "p"),
        node("ArgMax", "p", "j", axis=1, keepdims=0),
        node("ArrayFeatureExtractor", "names j", "n", ML),
        node("Reshape", "n flat", "m"),
        node("LabelEncoder", "m", "label", ML, keys_int64s=[10, 20, 30],
             values_strings=["low", "mid", "high"]),
        node("ZipMap", "p", "zip", ML,
             classlabels_strings=["low", "mid", "high"])],
        [("x", F, 2)], [("label", S), ("zip", "zip")],
        [const("ways", [[0, 1, 2]], np.int64),
         const("last", [1], np.int64), const("names", [10, 20, 30], np.int64),
         const("flat", [-1], np.int64)])
    yield "binary", model([
        node("LinearClassifier", "x", "l z", ML, classlabels_ints=[3, 4],
             coefficients=[1.0, 2.0], intercepts=[0.25],
             post_transform="LOGISTIC")],
        [("x", F, 2)], [("l", I), ("z", F)])
    modes = ["LEQ", "LT", "GTE", "GT", "EQ", "NEQ"]
    yield "modes", model([node(
        "TreeEnsembleRegressor", "x", "y", ML, n_targets=1,
        aggregate_function="AVERAGE", base_values=[0.125],
        nodes_treeids=[t for t in range(6) for _ in range(3)],
        nodes_nodeids=[0, 1, 2] * 6,
        nodes_featureids=[0, 0, 0, 1, 0, 0] * 3,
        nodes_values=[1.0, 0.0, 0.0] * 6,
        nodes_modes=[w for m in modes
                     for w in ("BRANCH_" + m, "LEAF", "LEAF")],
        nodes_truenodeids=[1, 0, 0] * 6, nodes_falsenodeids=[2, 0, 0] * 6,
        nodes_missing_value_tracks_true=[1, 0, 0, 0, 0, 0] * 3,
        target_treeids=[t for t in range(6) for _ in range(2)],
        target_nodeids=[1, 2] * 6, target_ids=[0] * 12,
        target_weights=[float(2 ** i) for i in range(12)])],
        [("x", F, 2)], [("y", F)])
    yield "members", model([node(
        "TreeEnsemble", "x", "y", ML, n_targets=2, post_transform=0,
        aggregate_function=1, tree_roots=[0, 2],
        nodes_modes=numpy_helper.from_array(np.array([6, 0, 6], np.uint8)),
        nodes_featureids=[0, 1, 1],
        nodes_splits=numpy_helper.from_array(np.array([0, 1.5, 0])),
        nodes_missing_value_tracks_true=[0, 1, 1],
        nodes_truenodeids=[1, 0, 2], nodes_trueleafs=[0, 1, 1],
        nodes_falsenodeids=[3, 1, 4], nodes_falseleafs=[1, 1, 1],
        leaf_targetids=[0, 1, 0, 1, 1],
        leaf_weights=numpy_helper.from_array(
            np.array([0.5, -0.25, 3.0, 4.0, 0.1])),
        membership_values=numpy_helper.from_array(
            np.array([1, 2.5, np.nan, -1, 0, 1, np.nan])))],
        [("x", D, 2)], [("y", D)], ml=5)


def rows_of(m):
    rng = np.random.default_rng(7)
    rows = []
    for r in range(24):
        row = {}
        for i in m.graph.input:
            t = i.type.tensor_type
            k = t.shape.dim[1].dim_value
            v = {F: lambda: float(rng.integers(-6, 7)) / 2,
                 D: lambda: float(np.round(rng.normal() * 3, 3)),
                 I: lambda: int(rng.integers(0, 5)),
                 B: lambda: bool(rng.integers(0, 2)),
                 S: lambda: str(rng.choice(["a", "b", "c", "d"]))}[
                     t.elem_type]
            row[i.name] = [v() for _ in range(k)]
        rows.append(row)
    return rows


def column_names(m):
    """As the importer calls them."""
    alone = len(m.graph.input) == 1
    for i in m.graph.input:
        k = i.type.tensor_type.shape.dim[1].dim_value
        for c in range(k):
            yield (i.name if k == 1 else f"f{c}" if alone
                   else f"{i.name}_{c}"), i.name, c


def main():
    folder = pathlib.Path(sys.argv[1])
    for name, m in graphs():
        rows = rows_of(m)
        if name == "members":  # the runtime takes 0.9 for 0 in some sets
            rows = [{"x": [float(v) for v in pair]} for pair in
                    np.random.default_rng(3).choice([-1, 0, 1, 2, 2.5],
                                                    (24, 2))]
        missing = name in ("modes", "members")
        if missing:
            for r in rows[::3]:
                r["x"][1 if name == "modes" else 0] = float("nan")
        session = onnxruntime.InferenceSession(m.SerializeToString())
        answers = {"predict": []}
        for row in rows:
            feed = {}
            for i in m.graph.input:
                dtype = {F: np.float32, D: np.float64, I: np.int64, B: bool,
                         S: object}[i.type.tensor_type.elem_type]
                feed[i.name] = np.array([row[i.name]], dtype=dtype)
            out = session.run(None, feed)
            if len(out) == 1:
                v = np.asarray(out[0], float).reshape(-1)
                answers["predict"].append(
                    v.tolist() if len(v) > 1 else v[0])
                continue
            label = np.asarray(out[0]).reshape(-1)[0]
            answers["predict"].append(
                label if isinstance(label, str) else int(label))
            p = out[1][0]
            if isinstance(p, dict):
                zip_map = m.graph.node[-1].attribute[0]
                p = [p[k.decode()] for k in zip_map.strings]
            answers.setdefault("proba", []).append([float(v) for v in p])
        onnx.save(m, str(folder / f"{name}.onnx"))
        cells = [{c: None if row[i][k] != row[i][k] else row[i][k]
                  for c, i, k in column_names(m)} for row in rows]
        (folder / f"{name}_input.json").write_text(
            "[\n" + ",\n".join(json.dumps(c) for c in cells) + "\n]\n")
        (folder / f"{name}_expected.json").write_text(
            json.dumps(answers) + "\n")


if __name__ == "__main__":
    main()

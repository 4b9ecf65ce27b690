# SPDX-License-Identifier: ISC
"""The engines: which models each runs, and how a model becomes what it
takes. Whatever is made lies in the work folder and is made once."""
import dataclasses
import importlib.metadata
import importlib.util
import os
import pathlib
import subprocess
import sys
import typing

import models

HERE = pathlib.Path(__file__).resolve().parent
CC = os.environ.get("CC", "cc")
FLAGS = ["-O2", "-Wall", "-Wextra"]


@dataclasses.dataclass
class Engine:
    """`prepare` returns library, model and option as engine_open takes them,
    or, where `program` is a Python script, its arguments."""
    name: str
    package: str
    models: str
    prepare: typing.Callable
    program: str
    pipeline: bool = False  # pre-processing included


def package_file(package, pattern):
    """A file inside an installed package, which is not imported for it."""
    spec = importlib.util.find_spec(package)
    found = sorted(pathlib.Path(spec.origin).parent.glob(pattern))
    if not found:
        raise FileNotFoundError(f"{package} has no {pattern}")
    return found[0]


def made(path, make):
    """The file, made if it is not there. What is half done has another
    name."""
    if not path.exists():
        new = path.with_name(f"new-{path.name}")
        make(new)
        new.rename(path)
    return path


def library_file(model, work):
    """The model as its own library writes it."""
    if model.library == "xgboost":
        return made(work / f"{model.key}.json", model.trained.save_model)
    if model.library == "lightgbm":
        return made(work / f"{model.key}.txt",
                    model.trained.booster_.save_model)
    if model.library == "catboost":
        return made(work / f"{model.key}.cbm", model.trained.save_model)
    import joblib
    return made(work / f"{model.key}.joblib",
                lambda path: joblib.dump(model.trained, path))


# --- Lightscore --------------------------------------------------------------

def lightscore(option):
    def prepare(model, work):
        # Compiled anew each time: it is quick, and the build may be another.
        image = work / f"{model.key}.lsm"
        done = subprocess.run(
            [build_folder() / "lightscore", "import",
             library_file(model, work), "-o", image],
            capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(done.stderr.strip())
        return "-", image, option
    return prepare


def build_folder():
    return pathlib.Path(os.environ.get("LS_BUILDDIR")
                        or HERE.parents[2] / "build")


# --- ONNX Runtime ------------------------------------------------------------

def write_onnx(model, of_pipeline, path):
    if model.library == "catboost":
        model.trained.save_model(str(path), format="onnx")
        unzip(path)
        return
    if model.library == "scikit-learn":
        from skl2onnx import to_onnx as convert
        from skl2onnx.common.data_types import (FloatTensorType,
                                                StringTensorType)
    else:
        import onnxmltools
        from onnxmltools.convert.common.data_types import FloatTensorType
        convert = getattr(onnxmltools, f"convert_{model.library}")
    if of_pipeline:
        trained = model.trained
        inputs = [(c, (FloatTensorType if model.table[c].dtype == float
                       else StringTensorType)([None, 1]))
                  for c in model.table]
    else:
        trained = model.estimator
        inputs = [("x", FloatTensorType([None, model.features.shape[1]]))]
    more = {}
    if model.library == "scikit-learn" and hasattr(trained, "predict_proba"):
        more["options"] = {id(model.estimator): {"zipmap": False}}
    if model.library == "lightgbm":
        more["zipmap"] = False
    path.write_bytes(convert(trained, initial_types=inputs,
                             **more).SerializeToString())


def unzip(path):
    """Leave probabilities a matrix, as the other converters do when asked,
    where the model ends by making a map a row."""
    import onnx
    whole = onnx.load(path)
    zipped, = [n for n in whole.graph.node if n.op_type == "ZipMap"]
    whole.graph.node.remove(zipped)
    whole.graph.output.pop()
    whole.graph.output.append(onnx.helper.make_tensor_value_info(
        zipped.input[0], onnx.TensorProto.FLOAT, [None, 2]))
    onnx.save(whole, path)


def onnxruntime(of_pipeline):
    def prepare(model, work):
        kind = "pipeline" if of_pipeline else "numbers"
        path = made(work / f"{model.key}-{kind}.onnx",
                    lambda new: write_onnx(model, of_pipeline, new))
        return (package_file("onnxruntime", "capi/libonnxruntime.so.*"),
                path, "-")
    return prepare


# --- compilers and libraries -------------------------------------------------

def xgboost(model, work):
    return (package_file("xgboost", "lib/libxgboost.so"),
            library_file(model, work), "-")


def lightgbm(model, work):
    return (package_file("lightgbm", "lib/lib_lightgbm.so"),
            library_file(model, work), "-")


def write_treelite(model, path):
    import treelite
    if model.library == "xgboost":
        same = treelite.frontend.from_xgboost(model.trained)
    elif model.library == "lightgbm":
        same = treelite.frontend.from_lightgbm(model.trained.booster_)
    else:
        same = treelite.sklearn.import_model(model.estimator)
    same.serialize(path)


def number_type(model):
    return "float32" if model.library == "xgboost" else "float64"


def treelite_file(model, work):
    return made(work / f"{model.key}.treelite",
                lambda path: write_treelite(model, path))


def gtil(model, work):
    return (package_file("treelite", "lib/libtreelite.so"),
            treelite_file(model, work), number_type(model))


def tl2cgen(model, work):
    def compile_model(path):
        import tl2cgen as compiler
        import treelite
        print(f"compiling {model.key} with TL2cgen", flush=True)
        same = treelite.Model.deserialize(treelite_file(model, work))
        # In files of some trees each: gcc's time grows faster than a file.
        compiler.export_lib(same, toolchain="gcc", libpath=path, params={
            "quantize": 1, "parallel_comp": same.num_tree // 10},
            options=["-O3"])
    path = made(work / f"{model.key}-tl2cgen.so", compile_model)
    return path, "-", number_type(model)


def lleaves(model, work):
    def compile_model(path):
        import lleaves as compiler
        print(f"compiling {model.key} with lleaves", flush=True)
        objects = path.with_suffix(".o")
        objects.unlink(missing_ok=True)
        compiler.Model(model_file=library_file(model, work)).compile(
            cache=str(objects), fcodemodel="small")
        share(objects, path)
    return made(work / f"{model.key}-lleaves.so", compile_model), "-", "-"


def m2cgen(model, work):
    def compile_model(path):
        import m2cgen as compiler
        print(f"compiling {model.key} with m2cgen", flush=True)
        source = path.with_suffix(".c")
        sys.setrecursionlimit(100000)  # it calls itself for every tree
        source.write_text(compiler.export_to_c(model.estimator))
        share(source, path)
    path = made(work / f"{model.key}-m2cgen.so", compile_model)
    return path, "-", "margin" if model.key == "a" else "both"


def share(source, path):
    subprocess.run([CC, "-O2", "-fPIC", "-shared", "-o", path, source, "-lm"],
                   check=True)


def trained(model, work):
    return (work / f"{model.key}.trained",)


ENGINES = [
    Engine("Lightscore, from JSON", "", "abc", lightscore("json"),
           "lightscore", True),
    Engine("Lightscore, from texts", "", "abc", lightscore("texts"),
           "lightscore", True),
    Engine("Lightscore", "", "abcdefghi", lightscore("cells"), "lightscore",
           True),
    Engine("ONNX Runtime, from texts", "onnxruntime", "abc",
           onnxruntime(True), "onnxruntime.c", True),
    Engine("ONNX Runtime", "onnxruntime", "abcdefghi", onnxruntime(False),
           "onnxruntime.c"),
    Engine("XGBoost", "xgboost", "dg", xgboost, "xgboost.c"),
    Engine("LightGBM", "lightgbm", "e", lightgbm, "lightgbm.c"),
    Engine("CatBoost, Python", "catboost", "h", trained, "catboost_call.py"),
    Engine("treelite GTIL", "treelite", "bcdefgi", gtil, "treelite.c"),
    Engine("TL2cgen", "tl2cgen", "cdeg", tl2cgen, "tl2cgen.c"),
    Engine("lleaves", "lleaves", "e", lleaves, "lleaves.c"),
    Engine("m2cgen", "m2cgen", "ae", m2cgen, "m2cgen.c"),
    Engine("YDF", "ydf", "i", trained, "ydf_call.py"),
    Engine("scikit-learn, Python", "scikit-learn", "abcfi", trained,
           "sklearn_call.py", True),
]


def processor():
    """The one that all are pinned to."""
    return max(os.sched_getaffinity(0))


class Running:
    """An engine that has loaded a model and waits for commands."""

    def __init__(self, engine, model, work):
        self.engine = engine
        self.answers = work / "answers"
        arguments = engine.prepare(model, work)
        if engine.program.endswith(".py"):
            command = [sys.executable, HERE / engine.program, *arguments]
        else:
            kind = "pipeline" if engine.pipeline and (
                model.table is not None) else "numbers"
            rows = made(work / f"{model.key}-{kind}.rows",
                        lambda path: models.write_rows(
                            model, path, kind == "pipeline"))
            command = [self.compiled(work), *arguments, rows]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env=os.environ | {"OMP_NUM_THREADS": "1",
                              "PYTHONDONTWRITEBYTECODE": "1"},
            preexec_fn=lambda: os.sched_setaffinity(0, {processor()}))
        if self.line() != "ready":
            raise RuntimeError("it does not start")

    def compiled(self, work):
        if self.engine.program == "lightscore":
            return build_folder() / "tests/bench/engines/lightscore"
        source = HERE / self.engine.program
        program = work / source.stem
        subprocess.run([CC, *FLAGS, "-o", program, HERE / "loop.c", source,
                        "-ldl", "-lm"], check=True)
        return program

    def line(self):
        return self.process.stdout.readline().strip()

    def command(self, *words):
        print(*words, file=self.process.stdin, flush=True)
        answer = self.line()
        if not answer:
            raise RuntimeError(f"{self.engine.name} ended: see above")
        return answer

    def score(self, batch):
        """All answers, scored `batch` rows at a time; in Python one by one
        would take minutes."""
        import numpy
        if self.engine.program.endswith(".py"):
            batch = max(batch, 32)
        self.command("answers", batch, self.answers)
        return numpy.fromfile(self.answers)

    def time(self, batch, ns):
        return float(self.command("time", batch, ns))

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def version(package):
    return importlib.metadata.version(package)

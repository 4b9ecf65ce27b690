#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""A service of many kinds of models, asked all that schemathesis can think of
about its OpenAPI document: no 500, no undocumented answer, nothing valid
refused, nothing invalid taken.

    make conformance [CONFORMANCE_FLAGS="--max-examples 1000"]

By hand, for it takes minutes; where schemathesis is not on the PATH it says
so and is content. Needs no network. tests/conformance/answers.py has what it
found, for `make check`.
"""
import os
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "system"))
from service import SRCDIR, Service  # noqa: E402

GOLDEN = SRCDIR / "tests/golden"
MODELS = {
    "v1": SRCDIR / "models/churn/v1.joblib",
    "regression": GOLDEN / "telco/hgb_reg_model.joblib.z",
    "unused_column": GOLDEN / "telco/lr_3class_model.joblib",
    "many_columns": GOLDEN / "telco/rf_ohe_z3.joblib",
    "three_classes": GOLDEN / "estimators/hist_category3_sk1.7.2.joblib.z",
    "several_numbers": GOLDEN / "boost/cat_1.2.10_multirmse.cbm.z",
    "hashed_categories": GOLDEN / "boost/cat_1.2.10_depthwise.json",
    "float32": GOLDEN / "boost/xgb_3.2.0_numbered.json",
}


def main():
    program = shutil.which("schemathesis")
    if program is None:
        print("conformance: skipped, schemathesis is not installed")
        return 0
    models = [arg for slot, path in MODELS.items()
              for arg in ("--model", f"{slot}={path}")]
    with Service("--workers", "2", *models) as service:
        return subprocess.run(
            [program, "run", "--phases", "examples,coverage,fuzzing",
             "--continue-on-failure", "--no-color",
             "--suppress-health-check", "all", "--max-examples", "100",
             *sys.argv[1:], f"http://127.0.0.1:{service.port}/openapi.json"],
            env=os.environ | {"SCHEMATHESIS_HOOKS": str(
                pathlib.Path(__file__).with_name("hooks.py"))},
            cwd=service.dir, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())

"""The conformance suite fails where it must: each planted defect is caught, and by the test that is for it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent

#: Enough functions to plant defects in, and to see that the others pass beside them.
FUNCTIONS = "exp,multiply,sum,tanh,cosh,maximum,index"

#: By defect: tests that must fail.
CAUGHT_BY: dict[str, tuple[str, ...]] = {
    "wrong-kernel": (
        "test_functions.py::test_values[{}-exp-float32]",
        "test_functions.py::test_values[{}-exp-float64]",
        "test_functions.py::test_values[{}-exp-complex128]",
    ),
    "wrong-in-memory-order": ("test_functions.py::test_memory_layouts[{}-exp-float64]",),
    "wrong-where-large": (
        "test_functions.py::test_sizes[{}-exp-float32]",
        "test_functions.py::test_sizes[{}-exp-float64]",
    ),
    "wrong-dtype": ("test_functions.py::test_types[{}-exp]", "test_gradients.py::test_single_precision[{}-exp]"),
    "writes-into-its-input": ("test_functions.py::test_inputs_are_kept[{}-exp]",),
    "differs-from-call-to-call": ("test_functions.py::test_repeatable[{}-exp]",),
    "not-thread-safe": ("test_threads.py::test_forward_and_backward[{}]",),
    "aliasing-transfer": ("test_transfer.py::test_the_copy_has_memory_of_its_own[{}]",),
    "promotes-scalars": (
        "test_standard.py::test_python_scalars_keep_the_dtype[{}-float32]",
        "test_gradients.py::test_single_precision[{}-maximum]",
    ),
    "sums-in-float64": (
        "test_functions.py::test_types[{}-sum]",
        "test_standard.py::test_functions_keep_floating_dtypes[{}-float32]",
    ),
    "lacks-a-function": ("test_standard.py::test_has[{}-cosh]", "test_functions.py::test_values[{}-cosh-float64]"),
    "wrong-random-bits": ("test_random.py::test_bits[{}-0]",),
    "copies-where-it-must-not": ("test_views.py::test_a_view_shares_memory[{}-view]",),
    "aliases-where-it-must-copy": (
        "test_views.py::test_a_saved_value_is_frozen[{}]",
        "test_creation.py::test_a_copy_is_a_copy[{}-float32]",
    ),
    "clips-indices": ("test_errors.py::test_indices_out_of_range[{}-a tensor]",),
    "wrong-name-of-arrays": ("test_description.py::test_its_arrays_are_told_by_name[{}]",),
    "leaves-its-device": ("test_functions.py::test_on_another_device[{}-exp]",),
}
#: And tests that must pass beside: the defect is found where it is, and not everywhere.
UNTOUCHED: dict[str, tuple[str, ...]] = {
    "wrong-in-memory-order": ("test_functions.py::test_values[{}-exp-float64]",),
    "wrong-where-large": ("test_functions.py::test_values[{}-exp-float64]", "test_functions.py::test_types[{}-exp]"),
    "wrong-dtype": ("test_functions.py::test_values[{}-exp-float64]",),
    "clips-indices": ("test_functions.py::test_values[{}-index-float64]",),
    "differs-from-call-to-call": ("test_functions.py::test_values[{}-exp-float64]",),
    "not-thread-safe": ("test_functions.py::test_values[{}-tanh-float64]",),
}
SOUND = ("sound", "sound-strict")


def run_suite(devices: tuple[str, ...], path: Path, functions: str = FUNCTIONS) -> dict[str, Any]:
    """Run the suite on planted backends in a new process; the reports by device."""
    import pluggrad.testing.conformance

    suite = Path(pluggrad.testing.conformance.__file__).parent
    command = [
        sys.executable, "-m", "pytest", "-q", "-p", "planted", "-c", str(suite / "pytest.ini"), "--pyargs",
        "pluggrad.testing.conformance", f"--pluggrad-functions={functions}", f"--pluggrad-report={path}",
        *(f"--pluggrad-device={d}" for d in devices),
    ]  # fmt: skip
    environment = os.environ | {"PYTHONPATH": str(HERE), "OMP_NUM_THREADS": "1"}
    environment.pop("PLUGGRAD_DEVICE", None)
    done = subprocess.run(command, env=environment, cwd=path.parent, capture_output=True, text=True, check=False)
    assert path.exists(), done.stdout + done.stderr
    return {report["device"]: report for report in json.loads(path.read_text())["reports"]}


pytestmark = pytest.mark.slow  # the suite runs once for each defect


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return run_suite((*SOUND, *CAUGHT_BY), tmp_path_factory.mktemp("planted") / "report.json")


def failures(report: dict[str, Any]) -> set[str]:
    return {f["test"] for f in report["failures"]}


@pytest.mark.parametrize("backend", SOUND)
def test_a_sound_backend_passes(reports: dict[str, Any], backend: str) -> None:
    """The control: the same wrapping without a defect fails nothing, so what fails below is the defect."""
    assert failures(reports[backend]) == set()
    assert reports[backend]["passed"] > 300


@pytest.mark.parametrize("defect", list(CAUGHT_BY))
def test_a_defect_is_caught(reports: dict[str, Any], defect: str) -> None:
    failed = failures(reports[defect])
    missed = {t.format(defect) for t in CAUGHT_BY[defect]} - failed
    assert not missed, f"{defect} is not caught by {sorted(missed)}; what fails is {sorted(failed)}"


@pytest.mark.parametrize("defect", list(UNTOUCHED))
def test_a_defect_is_told_from_others(reports: dict[str, Any], defect: str) -> None:
    wrongly = {t.format(defect) for t in UNTOUCHED[defect]} & failures(reports[defect])
    assert not wrongly


def test_functions_without_the_defect_pass(reports: dict[str, Any]) -> None:
    counts = reports["wrong-kernel"]["functions"]
    assert counts["exp"]["failed"] > 0
    assert counts["multiply"]["failed"] == counts["sum"]["failed"] == 0


def test_the_badge_of_a_defective_backend_is_red(reports: dict[str, Any]) -> None:
    assert reports["wrong-kernel"]["badge"].endswith("-red)")
    assert reports["sound"]["badge"].endswith("-brightgreen)")

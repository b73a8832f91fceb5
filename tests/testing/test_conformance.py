"""The conformance suite: its options, and what it says of the backends of this repository."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pluggrad.__main__ import main
from pluggrad.testing import run_conformance
from pluggrad.testing.conformance import compare, inputs
from pluggrad.testing.conformance.reference import evaluate, is_elementwise, numpy, reference

ROOT = Path(__file__).parents[2]


def run(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *command], env=os.environ | environment, capture_output=True, text=True, check=False
    )


def reports(file: Path) -> list[dict[str, Any]]:
    return json.loads(file.read_text())["reports"]


# -- all of it ---------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.timeout(2400)
@pytest.mark.parametrize("device", ["cpu", "strict"])
def test_the_backend_conforms(device: str, tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    done = run("pluggrad", "conformance", "--device", device, "--json", str(file), OMP_NUM_THREADS="1")
    (report,) = reports(file)
    assert report["failures"] == [], done.stdout[-5000:]
    assert done.returncode == 0
    assert report["passed"] > 5000
    assert set(report["chapters"]) >= {
        "Creation", "Description", "Errors", "Functions", "Gradients", "Random numbers", "Standard", "Threads",
        "Transfer", "Views and in-place operations",
    }  # fmt: skip


# -- its options -------------------------------------------------------------------------------------


def test_as_pytest_runs_it(tmp_path: Path) -> None:
    """From any directory, on several devices, on some functions."""
    file = tmp_path / "report.json"
    done = subprocess.run(
        [
            sys.executable, "-m", "pytest", "-q", "--pluggrad-device=cpu", "--pluggrad-device=strict:device1",
            "--pyargs", "pluggrad.testing.conformance", "--pluggrad-functions=exp,bitwise_*",
            f"--pluggrad-report={file}", "-k", "test_values",
        ],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    numpy_report, strict_report = reports(file)
    assert (numpy_report["device"], strict_report["device"]) == ("cpu", "strict:device1")
    assert strict_report["about"]["devices"] == ["strict", "strict:device1", "strict:device2"]
    assert {"exp", "bitwise_and"} <= set(strict_report["functions"])
    assert not [n for n in strict_report["functions"] if n != "exp" and not n.startswith("bitwise_")]
    assert "pluggrad conformance of device 'strict:device1'" in done.stdout
    assert "img.shields.io" in done.stdout


def test_spread_over_processes(tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    done = run("pytest", "-q", "-n", "2", "--pluggrad-device=cpu", "--pyargs", "pluggrad.testing.conformance",
               "--pluggrad-functions=exp", f"--pluggrad-report={file}", "-k", "exp")  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    (report,) = reports(file)
    assert report["functions"]["exp"]["passed"] > 20


def test_the_command(tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    done = run(
        "pluggrad",
        "conformance",
        "--device",
        "cpu",
        "--functions",
        "exp",
        "--json",
        str(file),
        PYTEST_DISABLE_PLUGIN_AUTOLOAD="1",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert reports(file)[0]["failed"] == 0
    assert f"the report as JSON: {file}" in done.stdout


def test_a_device_that_nobody_has(tmp_path: Path) -> None:
    """The report says why it does not load, and of the rest that nothing can be said."""
    file = tmp_path / "report.json"
    done = run("pluggrad", "conformance", "--device", "warp", "--functions", "exp", "--json", str(file))
    assert done.returncode == 1
    (report,) = reports(file)
    assert [f["test"] for f in report["failures"]] == ["test_description.py::test_it_loads[warp]"]
    assert "no backend has the device 'warp'" in report["about"]["error"]
    assert report["badge"].endswith("warp:_does_not_load-red)")


def test_functions_that_nobody_has() -> None:
    done = run("pluggrad", "conformance", "--functions", "no_such_function")
    assert done.returncode == 4  # pytest's status of a wrong call
    out = done.stdout + done.stderr
    assert "--pluggrad-functions=no_such_function: no function of that name has samples" in out
    assert "Traceback" not in out
    assert "pytest_generate_tests" not in out


def test_the_first_failure_ends_it(tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    done = run("pluggrad", "conformance", "--device", "warp", "--first", "--json", str(file))
    assert done.returncode == 1
    assert reports(file)[0]["failed"] == 1


def test_without_pytest(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ImportError, match="pip install pytest"):
        run_conformance(["cpu"])
    assert main(["conformance"]) == 2
    assert "pip install pytest" in capsys.readouterr().err


def test_it_stays_out_of_other_runs() -> None:
    """Who runs all tests of a folder that holds pluggrad does not run the suite unawares."""
    done = run(
        "pytest",
        "-q",
        "--collect-only",
        str(ROOT / "pluggrad" / "testing"),
        f"--rootdir={ROOT}",
        "-c",
        str(ROOT / "pyproject.toml"),
    )
    assert "test_functions.py" not in done.stdout


def test_pytest_alone_does_not_import_pluggrad(tmp_path: Path) -> None:
    (tmp_path / "test_nothing.py").write_text("import sys\n\ndef test():\n    assert 'pluggrad' not in sys.modules\n")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "."], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


# -- what it measures with ---------------------------------------------------------------------------


def test_the_reference_has_no_kernels() -> None:
    from pluggrad.function import functions

    np = numpy()
    (out,) = evaluate(functions()["softmax"], [np.asarray([[0.0, np.log(3.0)]])], {"axis": 1})
    assert out.dtype == np.float64
    assert out[0].tolist() == pytest.approx([0.25, 0.75])
    assert reference().kernels._own == {}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("exp", True),
        ("add", True),
        ("where", True),
        ("sum", False),
        ("sort", False),
        ("unique_values", False),
        ("view", False),
    ],
)
def test_elementwise_functions_are_known(name: str, expected: bool) -> None:
    from pluggrad.function import functions

    assert is_elementwise(functions()[name]) is expected


def test_values_are_compared() -> None:
    import pluggrad

    np = numpy()
    want = np.asarray([1.0, np.inf, np.nan, 0.0])
    compare.check_values(want.astype("float32"), want, pluggrad.float32, "f")
    compare.check_values(np.asarray([1.0 + 1e-7, np.inf, np.nan, 0.0]), want, pluggrad.float32, "f")
    for wrong in (
        [1.001, np.inf, np.nan, 0.0],
        [1.0, -np.inf, np.nan, 0.0],
        [1.0, np.inf, 0.0, 0.0],
        [1.0, 1.0, np.nan, 0.0],
    ):
        with pytest.raises(AssertionError, match="f: 1 of 4 values differ; at"):
            compare.check_values(np.asarray(wrong), want, pluggrad.float32, "f")
    with pytest.raises(AssertionError, match="differ"):
        compare.check_values(np.asarray([1, 2]), np.asarray([1, 3]), pluggrad.int8, "f")


@pytest.mark.parametrize("layout", list(inputs.LAYOUTS))
@pytest.mark.parametrize("shape", [(), (3,), (0,), (2, 3), (2, 0, 3)], ids=str)
def test_layouts_hold_the_same_values(layout: str, shape: tuple[int, ...]) -> None:
    import pluggrad

    np = numpy()
    array = np.arange(float(np.prod(shape))).reshape(shape) if shape else np.asarray(5.0)
    x = inputs.LAYOUTS[layout](array, pluggrad.float64, pluggrad.device("cpu"))
    assert np.array_equal(x.numpy(), array)
    if layout != "contiguous" and shape == (2, 3):
        assert x.stride() != (3, 1) or layout == "offset"

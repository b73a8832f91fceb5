"""The conformance suite and the plugin's own tests (``simulated_tests.py``) on the simulation, in its own process."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from host import build

HERE = Path(__file__).parent
pytestmark = pytest.mark.skipif(build.compiler() is None, reason="there is no C++ compiler (g++, clang++ or CXX)")


def simulated(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_", "PLUGGRAD_", "COV"))}
    done = subprocess.run(
        [sys.executable, str(HERE / "simulated.py"), "-q", "-p", "no:cacheprovider", "--tb=short", *arguments],
        capture_output=True, text=True, check=False, timeout=1200, cwd=HERE.parents[2], env=environment,
    )  # fmt: skip
    assert done.stdout.startswith("SIMULATION: CuPy"), done.stdout[:500] + done.stderr[-1000:]
    return done


@pytest.mark.timeout(1260)  # ten thousand tests in one process
@pytest.mark.parametrize("device", ["cuda:0", pytest.param("cuda:1", marks=pytest.mark.slow)])
def test_conformance(device: str) -> None:
    done = simulated(f"--pluggrad-device={device}", "--pyargs", "pluggrad.testing.conformance")
    assert done.returncode == 0, done.stdout[-3000:]


def test_conformance_finds_planted_defects() -> None:
    """Of softmax, log_softmax and layer_norm, the latter two compute wrongly (``planted.py``), and only they fail."""
    done = simulated(
        "--pluggrad-device=cuda:0", "-p", "planted", "-rfp", "-k", "(softmax or layer_norm) and test_values",
        "--pyargs", "pluggrad.testing.conformance",
    )  # fmt: skip
    outcomes = re.findall(r"^(PASSED|FAILED) .*\[cuda:0-(\w+)-float32\]", done.stdout, flags=re.M)
    assert sorted(outcomes) == [
        ("FAILED", "layer_norm"), ("FAILED", "log_softmax"),
        ("PASSED", "layer_norm_gradients"), ("PASSED", "softmax"), ("PASSED", "softmax_input"),
    ]  # fmt: skip


BRIEF = ["tests/amp", "tests/backends/test_narrow.py"]


@pytest.mark.parametrize(
    "folders",
    [BRIEF, *(pytest.param([f], marks=pytest.mark.slow) for f in ("tests/optim", "tests/func/test_registry.py"))],
)
def test_on_the_device_that_is_not_current(folders: list[str]) -> None:
    """Tests of the core with their tensors on cuda:1, while cuda:0 is the current device."""
    done = simulated("--device", "cuda:1", "-m", "not slow", *folders)
    assert done.returncode == 0, done.stdout[-3000:]


def test_transforms_on_a_device_that_is_not_current() -> None:
    """Of the same: tests of transforms, which run operators on raw arrays."""
    done = simulated("--device", "cuda:1", "-k", "vmap_is_a_loop and (convolution or mse_loss or embedding)",
                     "tests/func/test_registry.py")  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]


def test_the_plugin() -> None:
    done = simulated(str(HERE / "simulated_tests.py"))
    assert done.returncode == 0, done.stdout[-3000:]


def test_the_suite_for_a_gpu_runs() -> None:
    """So that it does not fail for silly reasons when somebody runs it on a GPU."""
    done = simulated("-m", "gpu", str(HERE / "test_gpu.py"))
    assert done.returncode == 0, done.stdout[-3000:]
    passed = re.search(r"(\d+) passed, 7 skipped", done.stdout)  # what needs a real GPU
    assert passed is not None and int(passed[1]) > 200, done.stdout[-500:]


def test_the_suite_for_a_gpu_finds_planted_defects() -> None:
    done = simulated("-m", "gpu", "-p", "planted", "-rfp", "-k", "kernels_give and float32 and (softmax or norms)",
                     str(HERE / "test_gpu.py"))  # fmt: skip
    outcomes = re.findall(r"^(PASSED|FAILED) .*\[(?:softmax|norms)-(\w+)-float32\]", done.stdout, flags=re.M)
    assert sorted(name for outcome, name in outcomes if outcome == "FAILED") == [
        "batch_norm",
        "layer_norm",
        "log_softmax",
    ]
    assert len(outcomes) == 8

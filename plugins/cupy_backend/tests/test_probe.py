"""Each cause for which CuPy cannot be used is told from the others."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import pytest
from host import build
from pluggrad_cupy import probe


class Driver:
    """What the driver's library would say."""

    def __init__(self, version: int = 12090, init: int = 0, count: int = 1) -> None:
        self.version, self.init, self.count = version, init, count

    def cuDriverGetVersion(self, number: Any) -> int:
        number._obj.value = self.version
        return 0

    def cuInit(self, flags: int) -> int:
        return self.init

    def cuDeviceGetCount(self, number: Any) -> int:
        number._obj.value = self.count
        return 0


@pytest.fixture
def first(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The first cause, of CuPy for CUDA 12 with some driver, or with none (an OSError)."""

    def find(driver: Any, wheels: tuple[str, ...] = ("cupy-cuda12x",), installed: bool = True) -> Any:
        def load(name: str) -> Any:
            if driver is None:
                raise OSError(name)
            return driver

        monkeypatch.setattr(ctypes, "CDLL", load)
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: object() if installed else None)
        monkeypatch.setattr(probe, "installed_wheels", lambda: list(wheels))
        return probe.first_cause()

    return find


def test_before_cupy_is_imported(first: Any) -> None:
    assert first(Driver()) is None
    assert first(Driver(), installed=False).code == "not-installed"
    assert first(None).code == "no-driver"
    old = first(Driver(version=11080))
    assert old.code == "driver-too-old"
    assert "11.8" in old.message
    assert first(Driver(init=100)).code == "no-device"
    assert first(Driver(count=0)).code == "no-device"
    assert first(Driver(init=999)).code == "cuda-error"
    two = first(Driver(), wheels=("cupy-cuda12x", "cupy-cuda13x"))
    assert two.code == "two-wheels"
    assert "pip uninstall cupy-cuda12x cupy-cuda13x" in two.message


class RuntimeError_(RuntimeError):
    """CUDARuntimeError."""

    def __init__(self, status: int) -> None:
        super().__init__(f"cudaError {status}")
        self.status = status


def fake(count: Any = 1, driver: int = 12090, nvrtc: Any = None) -> Any:
    def device_count() -> int:
        if isinstance(count, Exception):
            raise count
        return count

    def version() -> tuple[int, int]:
        if nvrtc is not None:
            raise nvrtc
        return 12, 9

    runtime = types.SimpleNamespace(
        CUDARuntimeError=RuntimeError_, getDeviceCount=device_count, driverGetVersion=lambda: driver,
        runtimeGetVersion=lambda: 12090,
    )  # fmt: skip
    return types.SimpleNamespace(
        cuda=types.SimpleNamespace(runtime=runtime, nvrtc=types.SimpleNamespace(getVersion=version))
    )


@pytest.mark.parametrize(
    ("module", "code"),
    [
        (fake(), None),
        (fake(RuntimeError_(35), driver=0), "no-driver"),
        (fake(RuntimeError_(35), driver=11080), "driver-too-old"),
        (fake(RuntimeError_(100)), "no-device"),
        (fake(0), "no-device"),
        (fake(RuntimeError_(999)), "cuda-error"),
        (fake(nvrtc=RuntimeError("libnvrtc.so.12 not found")), "no-toolkit"),
        (None, "import-failed"),  # None in sys.modules makes the import fail
    ],
)
def test_when_the_backend_is_loaded(module: Any, code: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cupy", module)
    cause = probe.last_cause()
    assert (None if cause is None else cause.code) == code
    if code is not None:
        with pytest.raises(ImportError, match=f"^{code}: "):
            probe.require()


# -- as a user meets them: a process of its own, with a driver's library made here -----------------------------------

_DRIVER = """
extern "C" int cuDriverGetVersion(int* version) {{ *version = {version}; return 0; }}
extern "C" int cuInit(unsigned) {{ return {init}; }}
extern "C" int cuDeviceGetCount(int* count) {{ *count = {count}; return 0; }}
"""
_REASON = "import pluggrad; print(pluggrad.cuda.unavailable_reason()); print(pluggrad.cuda.is_available())"
_BROKEN = 'raise RuntimeError("half of CuPy is missing")'


def told(folder: Path, *command: str, **environment: str) -> str:
    """What a process says, that finds packages and the driver's library in a folder first."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_", "PLUGGRAD_", "COV", "CUDA"))}
    paths = {"PYTHONPATH": str(folder), "LD_LIBRARY_PATH": str(folder)}
    done = subprocess.run(
        [sys.executable, *command], capture_output=True, text=True, check=True, timeout=120,
        env=inherited | paths | environment,
    )  # fmt: skip
    return done.stdout


@pytest.fixture
def driver(tmp_path: Path) -> Any:
    """Makes the driver's library, and gives the folder where it lies."""
    cxx = build.compiler()
    if cxx is None:
        pytest.skip("there is no C++ compiler (g++, clang++ or CXX)")

    def make(version: int = 12090, init: int = 0, count: int = 1) -> Path:
        source, library = tmp_path / "driver.cpp", tmp_path / "libcuda.so.1"
        source.write_text(_DRIVER.format(version=version, init=init, count=count), encoding="utf-8")
        subprocess.run([cxx, "-shared", "-fPIC", str(source), "-o", str(library)], check=True)
        return tmp_path

    return make


@pytest.mark.skipif(sys.platform != "linux", reason="a library by the name of Linux's driver")
@pytest.mark.parametrize(
    ("says", "code"),
    [
        ({"version": 11080}, "driver-too-old"),
        ({"init": 100}, "no-device"),
        ({"count": 0}, "no-device"),
        ({"init": 999}, "cuda-error"),
    ],
)
def test_the_driver_is_asked(says: dict[str, int], code: str, driver: Any) -> None:
    folder = driver(**says)
    assert f"{code}: " in told(folder, "-m", "pluggrad", "info")
    reason, available = told(folder, "-c", _REASON).splitlines()
    assert f"{code}: " in reason
    assert available == "False"


def test_other_causes_in_a_process(driver: Any, tmp_path: Path) -> None:
    absent = "import sys; sys.modules['cupy'] = None; from pluggrad.__main__ import main; main(['info'])"
    assert "not-installed: " in told(tmp_path, "-c", absent)
    other = tmp_path / "cupy_cuda11x-13.0.dist-info"
    other.mkdir()
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: cupy-cuda11x\nVersion: 13.0\n", encoding="utf-8")
    said = told(tmp_path, "-m", "pluggrad", "info")
    assert "two-wheels: " in said
    assert "cupy-cuda11x" in said
    (other / "METADATA").unlink()
    other.rmdir()
    folder = driver()  # a driver to whom all is well
    (folder / "cupy.py").write_text(_BROKEN, encoding="utf-8")
    assert "import-failed: importing CuPy failed: RuntimeError: half of CuPy" in told(folder, "-c", _REASON)

"""Why CuPy cannot be used here: one cause out of all that look alike to who sees only that it does not work.

First, without importing CuPy: is it installed, and once only? Is there a driver, new enough, with a GPU? The driver
itself is asked. Then, when the backend is loaded: does CuPy import, does its runtime see the GPU, does the compiler of
kernels load?
"""

from __future__ import annotations

import ctypes
import importlib.metadata
import importlib.util
import re
import sys
from typing import Any, NamedTuple

_INSTALL = "pip install 'pluggrad[cuda12]' or, for a driver of CUDA 13, 'pluggrad[cuda13]'"

#: The packages that bring a module named cupy. Any two of them overwrite each other's files.
WHEELS = (
    "cupy", "cupy-cuda11x", "cupy-cuda12x", "cupy-cuda13x", "cupy-cuda115", "cupy-cuda116", "cupy-cuda117",
    "cupy-cuda118", "cupy-rocm-4-3", "cupy-rocm-5-0", "cupy-rocm-7-0",
)  # fmt: skip

_DRIVER = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"

# Of CUresult and cudaError_t alike.
_NO_DEVICE = 100
_INSUFFICIENT_DRIVER = 35


class Cause(NamedTuple):
    """Why CuPy cannot be used.

    ``code`` is one of not-installed, two-wheels, import-failed, no-driver, driver-too-old, no-device, cuda-error,
    no-toolkit; ``message`` says what to do.
    """

    code: str
    message: str

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


def installed_wheels() -> list[str]:
    """The installed packages that bring CuPy."""
    found = []
    for name in WHEELS:
        try:
            importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        found.append(name)
    return found


def _version(number: int) -> str:
    """CUDA's 12080 as 12.8."""
    return f"{number // 1000}.{number % 1000 // 10}"


def _too_old(driver: int, built: str) -> Cause:
    return Cause(
        "driver-too-old",
        f"the driver knows CUDA up to {_version(driver)}, CuPy is built for {built}; update the driver, or install "
        f"the CuPy for the driver's version",
    )


_NONE_VISIBLE = Cause("no-device", "there is a driver, but no GPU is visible; is CUDA_VISIBLE_DEVICES set?")


# -- without importing CuPy -----------------------------------------------------------------------------------------


def first_cause() -> Cause | None:
    """What is missing, as far as can be told without importing CuPy."""
    if importlib.util.find_spec("cupy") is None:
        return Cause("not-installed", f"CuPy is not installed; {_INSTALL}")
    wheels = installed_wheels()
    if len(wheels) > 1:
        return Cause(
            "two-wheels",
            f"the packages {' and '.join(wheels)} overwrite each other's files; pip uninstall {' '.join(wheels)}, "
            "then install one of them anew",
        )
    built = re.match(r"cupy-cuda(1[1-9])", wheels[0]) if wheels else None
    return driver_cause(int(built[1]) if built else 0)


def driver_cause(major: int) -> Cause | None:
    """What the driver says: none, too old for CUDA ``major``, no GPU, an error."""
    try:
        driver: Any = ctypes.CDLL(_DRIVER)
    except OSError:
        return Cause("no-driver", f"no NVIDIA driver ({_DRIVER}) is found on this machine; install one")
    number = ctypes.c_int()
    if not driver.cuDriverGetVersion(ctypes.byref(number)) and number.value // 1000 < major:
        return _too_old(number.value, f"{major}.x")
    for function, argument in ((driver.cuInit, 0), (driver.cuDeviceGetCount, ctypes.byref(number))):
        error = function(argument)
        if error == _NO_DEVICE:
            return _NONE_VISIBLE
        if error:
            return Cause("cuda-error", f"the driver reports the error {error} (see CUresult in CUDA's documentation)")
    return None if number.value else _NONE_VISIBLE


def reason() -> str | None:
    """The cause in words, for ``pluggrad.backends.status()``. Imports no CuPy."""
    cause = first_cause()
    return None if cause is None else str(cause)


# -- when the backend is loaded -------------------------------------------------------------------------------------


def last_cause() -> Cause | None:
    """What is missing beyond that: imports CuPy, and asks its runtime."""
    try:
        import cupy
    except Exception as error:  # whatever a broken installation raises
        return Cause("import-failed", f"importing CuPy failed: {type(error).__name__}: {error}")
    return _device_cause(cupy.cuda.runtime) or _toolkit_cause(cupy)


def _device_cause(runtime: Any) -> Cause | None:
    try:
        count = runtime.getDeviceCount()
    except runtime.CUDARuntimeError as error:
        driver = runtime.driverGetVersion()
        if error.status == _INSUFFICIENT_DRIVER and driver == 0:
            return Cause("no-driver", "CuPy finds no NVIDIA driver on this machine; install one")
        if error.status == _INSUFFICIENT_DRIVER:
            return _too_old(driver, _version(runtime.runtimeGetVersion()))
        if error.status != _NO_DEVICE:
            return Cause("cuda-error", str(error))
        count = 0
    return None if count else _NONE_VISIBLE


def _toolkit_cause(cupy: Any) -> Cause | None:
    try:
        cupy.cuda.nvrtc.getVersion()
    except Exception as error:  # DynamicLibNotFoundError, ImportError, OSError: as the loader has it
        return Cause(
            "no-toolkit",
            f"NVRTC, with which kernels are compiled, does not load ({type(error).__name__}: {error}); {_INSTALL}",
        )
    return None


def require() -> None:
    """Raise what :func:`last_cause` finds.

    Raises
    ------
    ImportError
    """
    cause = last_cause()
    if cause is not None:
        raise ImportError(str(cause))

"""Why CuPy cannot be used here: one cause out of all that look alike to who sees only that it does not work."""

from __future__ import annotations

import importlib.metadata
import importlib.util
from typing import Any, NamedTuple

_INSTALL = "pip install 'pluggrad[cuda12]' or, for a driver of CUDA 13, 'pluggrad[cuda13]'"

#: The packages that bring a module named cupy. Any two of them overwrite each other's files.
WHEELS = (
    "cupy", "cupy-cuda11x", "cupy-cuda12x", "cupy-cuda13x", "cupy-cuda115", "cupy-cuda116", "cupy-cuda117",
    "cupy-cuda118", "cupy-rocm-4-3", "cupy-rocm-5-0", "cupy-rocm-7-0",
)  # fmt: skip

# Of cudaError_t.
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


def find_cause() -> Cause | None:
    """The first thing that is missing; None if the GPU can be used. Imports CuPy, if it is installed."""
    if importlib.util.find_spec("cupy") is None:
        return Cause("not-installed", f"CuPy is not installed; {_INSTALL}")
    wheels = installed_wheels()
    if len(wheels) > 1:
        return Cause(
            "two-wheels",
            f"the packages {' and '.join(wheels)} overwrite each other's files; pip uninstall {' '.join(wheels)}, "
            "then install one of them anew",
        )
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
            return Cause("no-driver", "no NVIDIA driver (libcuda.so.1) is found on this machine; install one")
        if error.status == _INSUFFICIENT_DRIVER:
            built = _version(runtime.runtimeGetVersion())
            return Cause(
                "driver-too-old",
                f"the driver knows CUDA up to {_version(driver)}, CuPy is built for {built}; update the driver, or "
                f"install the CuPy for the driver's version",
            )
        if error.status != _NO_DEVICE:
            return Cause("cuda-error", str(error))
        count = 0
    if not count:
        return Cause("no-device", "there is a driver, but no GPU is visible; is CUDA_VISIBLE_DEVICES set?")
    return None


def _toolkit_cause(cupy: Any) -> Cause | None:
    try:
        cupy.cuda.nvrtc.getVersion()
    except Exception as error:  # DynamicLibNotFoundError, ImportError, OSError: as the loader has it
        return Cause(
            "no-toolkit",
            f"NVRTC, with which kernels are compiled, does not load ({type(error).__name__}: {error}); {_INSTALL}",
        )
    return None


def reason() -> str | None:
    """The cause in words, for ``pluggrad.backends.status()``."""
    cause = find_cause()
    return None if cause is None else str(cause)

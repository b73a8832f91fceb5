"""Puts the simulation in the place of CuPy: modules that look every name up in the real package first."""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import inspect
import sys
import types
from typing import Any

import numpy as np

BANNER = "SIMULATION: CuPy {} is simulated on NumPy, its kernels run on the CPU; this is NOT a GPU"

#: The real modules, by name.
REAL: dict[str, types.ModuleType] = {}
_OURS: dict[str, Any] = {}


class Module(types.ModuleType):
    """A module of the simulation."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name not in ("__version__",):
            raise AttributeError(name)
        full = f"{self.__name__}.{name}"
        try:
            real = getattr(REAL[self.__name__], name)
        except AttributeError:
            if full not in REAL and not _importable(full):
                raise AttributeError(f"the real module {self.__name__!r} has no attribute {name!r}") from None
            real = REAL.get(full) or _import_real(full)
        value = _simulated(full, real)
        setattr(self, name, value)
        return value

    def __dir__(self) -> list[str]:
        return dir(REAL[self.__name__])


def _is_cupy(name: str) -> bool:
    return name.split(".", maxsplit=1)[0] in ("cupy", "cupyx")


def _importable(name: str) -> bool:
    try:
        _import_real(name)
    except ImportError:
        return False
    return True


def _import_real(name: str) -> types.ModuleType:
    """Import a module of the real package, with the real ones in their places meanwhile."""
    if name in REAL:
        return REAL[name]
    ours = {n: m for n, m in sys.modules.items() if _is_cupy(n)}
    for n in ours:
        del sys.modules[n]
    sys.modules.update(REAL)
    sys.meta_path.remove(FINDER)
    try:
        found = importlib.import_module(name)
        REAL.update({n: m for n, m in sys.modules.items() if _is_cupy(n)})
    finally:
        sys.meta_path.insert(0, FINDER)
        for n in [n for n in sys.modules if _is_cupy(n)]:
            del sys.modules[n]
        sys.modules.update(ours)
    return found


def real_module(name: str) -> types.ModuleType:
    """A module of the real package."""
    return _import_real(name)


def _module(name: str) -> Module:
    found = sys.modules.get(name)
    if not isinstance(found, Module):
        found = sys.modules[name] = Module(name)
        found.__path__ = []  # type: ignore[attr-defined]  # a package, so that its parts are looked for
        found.__spec__ = importlib.machinery.ModuleSpec(name, FINDER, is_package=True)
        real = REAL[name]
        public = getattr(real, "__all__", None) or [n for n in dir(real) if not n.startswith("_")]
        found.__all__ = [n for n in public if n not in ("annotations", "testing")]  # type: ignore[attr-defined]
        found.__doc__ = real.__doc__
    return found


def _simulated(full: str, real: Any) -> Any:
    from .functions import find

    if full in _OURS:
        return _OURS[full]
    if isinstance(real, types.ModuleType):
        if not real.__name__.startswith("cupy"):
            return real
        REAL.setdefault(full, real)
        return _module(full)
    if isinstance(real, type) and (
        issubclass(real, BaseException | np.generic | np.dtype) or real.__module__ == "numpy"
    ):
        return real
    if real is None or isinstance(real, int | float | complex | str | tuple | frozenset | np.generic | np.dtype):
        return real
    if full.startswith("cupy.linalg."):
        from .linalg import FORGIVING, forgiving

        name = full.rpartition(".")[2]
        if name in FORGIVING:
            return forgiving(name, real)
    if isinstance(real, type) and real.__module__.startswith("cupy"):
        return _missing_class(full)
    if callable(real) and getattr(real, "__module__", "") in ("numpy", "numpy._core.numerictypes", "builtins", None):
        if inspect.isbuiltin(real) and not _is_cupy(full.partition(".")[0]):
            return real
    if callable(real):
        return find(full.removeprefix("cupy."), real)
    return real


def _missing_class(full: str) -> type:
    """A class that cannot be made: it may be imported, as array-api-compat does with all there is."""

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        raise NotImplementedError(f"the simulation has no class {full}")

    return type(full.rpartition(".")[2], (), {"__init__": __init__, "__module__": full.rpartition(".")[0]})


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds ``import cupy.x.y`` among the simulated modules."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if not _is_cupy(name):
            return None
        _import_real(name)
        return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec: Any) -> types.ModuleType:
        return _module(spec.name)

    def exec_module(self, module: types.ModuleType) -> None:
        pass


FINDER = _Finder()


def install() -> str:
    """Simulate CuPy from here on, in this whole process; returns the line that says so."""
    if any(name.partition(".")[0] == "pluggrad_cupy" for name in sys.modules):
        raise RuntimeError("install the simulation before the plugin is imported")
    for name in ("cupy", "cupyx", "cupyx.scipy.special"):
        importlib.import_module(name)
    REAL.update({n: m for n, m in sys.modules.items() if _is_cupy(n)})
    for name in REAL:
        del sys.modules[name]
    sys.meta_path.insert(0, FINDER)
    from . import arrays, devices, linalg

    real = REAL["cupy"]
    devices.ERRORS = types.SimpleNamespace(OutOfMemoryError=real.cuda.memory.OutOfMemoryError)
    _OURS.update({
        "cupy.ndarray": arrays.ndarray, "cupyx.errstate": linalg.errstate,
        "cupy.get_default_memory_pool": lambda: devices.POOL,
        "cupy.get_default_pinned_memory_pool": lambda: devices.PINNED,
        "cupyx.empty_pinned": devices.empty_pinned,
        **{f"cupy.cuda.{n}": getattr(devices, n) for n in (
            "Device", "Stream", "Event", "MemoryPointer", "UnownedMemory", "PinnedMemoryPointer", "set_allocator",
            "get_allocator", "get_current_stream", "get_elapsed_time",
        )},
        "cupy.cuda.device.Device": devices.Device,
        "cupy.cuda.get_device_id": lambda: devices.state.device,
        "cupy.cuda.nvrtc.getVersion": lambda: (12, 9),
        "cupy.cuda.is_available": lambda: True,
        **{f"cupy.cuda.nvtx.{n}": lambda *_: None for n in ("RangePush", "RangePop", "Mark")},
        **{f"cupy.cuda.runtime.{n}": f for n, f in devices.RUNTIME.items()},
    })  # fmt: skip
    from pluggrad_cupy import probe

    from . import kernels  # these name the plugin's own, which imports CuPy: last

    probe.driver_cause = lambda major: None  # type: ignore[assignment]  # there is no driver to be asked
    _OURS.update(
        {
            "cupy.ElementwiseKernel": kernels.ElementwiseKernel,
            "cupy.RawModule": kernels.RawModule,
            "cupy.ReductionKernel": kernels.ReductionKernel,
        }
    )
    return BANNER.format(real.__version__)

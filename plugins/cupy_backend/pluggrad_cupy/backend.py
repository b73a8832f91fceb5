"""The backend: its devices, its namespace, its kernels."""

from __future__ import annotations

import types
from typing import Any

import cupy

from . import errors, narrow
from . import namespace as cupy_namespace
from .accelerator import CuPyAccelerator
from .kernels import KERNELS


class CuPyBackend:
    """CuPy's arrays on the GPUs that are visible. See ``pluggrad.backends.Backend`` for the interface."""

    namespace = cupy_namespace
    kernels = KERNELS
    narrow_dtypes = narrow.dtypes()
    dtype_hints = types.MappingProxyType({"bfloat16": "it takes ml_dtypes: pip install 'pluggrad[bfloat16]'"})

    def __init__(self) -> None:
        self.devices = [cupy.cuda.Device(i) for i in range(cupy.cuda.runtime.getDeviceCount())]
        self.device_labels = [str(i) for i in range(len(self.devices))]
        self.accelerator = CuPyAccelerator()

    @staticmethod
    def wrap_kernel(name: str, kernel: Any) -> Any:
        """Each kernel runs on the device of its arrays, and its errors tell what it was called with."""
        return errors.guarded(name, kernel)

    @staticmethod
    def use_errors(given: Any) -> None:
        """The classes of errors to raise: ``pluggrad.errors``."""
        errors.use_errors(given)

"""The backend: NumPy through array-api-compat, with NumPy's own functions where they are faster."""

from __future__ import annotations

import array_api_compat.numpy as namespace

from .kernels import KERNELS


class NumPyBackend:
    """NumPy on the CPU. See ``pluggrad.backends.Backend`` for the interface."""

    namespace = namespace
    devices = ("cpu",)
    kernels = KERNELS

"""The backend: NumPy through array-api-compat, with NumPy's own functions where they are faster."""

from __future__ import annotations

import warnings

import array_api_compat.numpy as namespace

from .kernels import KERNELS

# 1/0 is inf and 0/0 is nan without a word, as on any other backend and in PyTorch. np.errstate would cost as
# much as a small operation, and np.seterr would silence the user's own NumPy code: this does neither.
warnings.filterwarnings("ignore", category=RuntimeWarning, module=r"pluggrad(_numpy)?(\.|$)")


class NumPyBackend:
    """NumPy on the CPU. See ``pluggrad.backends.Backend`` for the interface."""

    namespace = namespace
    devices = ("cpu",)
    kernels = KERNELS

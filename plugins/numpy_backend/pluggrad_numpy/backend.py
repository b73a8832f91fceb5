"""The backend: NumPy through array-api-compat, with NumPy's own functions where they are faster."""

from __future__ import annotations

import types
import warnings
from typing import Any

import array_api_compat.numpy as namespace

from .kernels import KERNELS
from .memory import keep_freed_memory

# 1/0 is inf and 0/0 is nan without a word, as on any other backend and in PyTorch. np.errstate would cost as
# much as a small operation, and np.seterr would silence the user's own NumPy code: this does neither.
warnings.filterwarnings("ignore", category=RuntimeWarning, module=r"pluggrad(_numpy)?(\.|$)")

keep_freed_memory()


# Which functions move bfloat16 numbers about, or look at their bits.
_AS_THEY_ARE = frozenset(
    {"astype", "concat", "flip", "nextafter", "repeat", "reshape", "roll", "stack", "tile", "where"}
)


def _narrow_dtypes() -> dict[str, tuple[Any, str, frozenset[str]]]:
    """bfloat16, which NumPy lacks and ml_dtypes gives it."""
    try:
        import ml_dtypes
    except ImportError:
        return {}
    import numpy as np

    return {"bfloat16": (np.dtype(ml_dtypes.bfloat16), "float32", _AS_THEY_ARE)}


class NumPyBackend:
    """NumPy on the CPU. See ``pluggrad.backends.Backend`` for the interface."""

    namespace = namespace
    devices = ("cpu",)
    kernels = KERNELS
    narrow_dtypes = _narrow_dtypes()
    dtype_hints = types.MappingProxyType({"bfloat16": "it takes ml_dtypes: pip install 'pluggrad[bfloat16]'"})

"""Linear algebra: NumPy's own functions, which are LAPACK's, without wrappers in between."""

from __future__ import annotations

from typing import Any

import numpy as np

_linalg = np.linalg


def solve(a: np.ndarray, b: np.ndarray) -> Any:
    return _linalg.solve(a, b)


def eig(x: np.ndarray) -> tuple[np.ndarray, ...]:
    """Complex, also where NumPy gives real numbers since all are."""
    dtype = np.result_type(x.dtype, np.complex64)
    values, vectors = _linalg.eig(x)
    return values.astype(dtype, copy=False), vectors.astype(dtype, copy=False)


def eigvals(x: np.ndarray) -> np.ndarray:
    return _linalg.eigvals(x).astype(np.result_type(x.dtype, np.complex64), copy=False)


def matmul(x1: np.ndarray, x2: np.ndarray) -> np.ndarray:
    """Of two matrices by ``dot``: it begins sooner, and takes BLAS for outer products, too."""
    return x1.dot(x2) if x1.ndim == 2 and x2.ndim == 2 else np.matmul(x1, x2)


KERNELS: dict[str, Any] = {
    "matmul": matmul, "inv": _linalg.inv, "det": _linalg.det, "solve": solve, "eig": eig, "eigvals": eigvals,
}  # fmt: skip

"""Linear algebra: failures are ignored, and give garbage, unless ``cupyx.errstate(linalg="raise")``, as in CuPy."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .arrays import host_copies, ndarray, unwrap, wrap
from .functions import by_numpy


class _State(threading.local):
    linalg = "ignore"


state = _State()


@contextlib.contextmanager
def errstate(*, linalg: str | None = None, **others: Any) -> Iterator[None]:
    before = state.linalg
    state.linalg = linalg or before
    try:
        yield
    finally:
        state.linalg = before


def _garbage(value: Any) -> Any:
    return np.full_like(value, np.nan) if isinstance(value, np.ndarray) else value


def forgiving(name: str, real: Any) -> Callable[..., Any]:
    """A function whose failure nobody sees unless it is asked for, which makes it wait."""
    twin = getattr(np.linalg, name)

    def compute(*args: Any, **kwargs: Any) -> Any:
        if state.linalg == "raise":
            host_copies["linalg"] += 1
        try:
            return twin(*args, **kwargs)
        except np.linalg.LinAlgError as error:
            if "Singular" not in str(error) and "positive definite" not in str(error) and "converge" not in str(error):
                raise
            if state.linalg == "raise":
                raise
            return _garbage(args[-1] if name == "solve" else args[0])

    def plain(result: Any) -> Any:
        return tuple(map(wrap, result)) if isinstance(result, tuple) else wrap(result)

    compute.__name__ = name
    return by_numpy(f"linalg.{name}", real, compute, plain)


FORGIVING = ("solve", "inv", "cholesky", "eigh", "eigvalsh", "svd", "qr", "eig", "eigvals")
__all__ = ["FORGIVING", "errstate", "forgiving", "ndarray", "unwrap"]

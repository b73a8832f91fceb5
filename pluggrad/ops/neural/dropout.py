"""Dropout: the function of a given mask. Drawing masks is :mod:`pluggrad.nn.functional`'s."""

from __future__ import annotations

from typing import Any

from ...dtypes import FLOATING
from ..declare import composite

__all__: list[str] = []


@composite(
    name="dropout", result="same", kinds=FLOATING, promoted=("x",),
    vjp=[lambda xp, g, mask, scale: xp.dropout(g, mask, scale=scale), None],
)  # fmt: skip
def _dropout(xp: Any, x: Any, mask: Any, /, *, scale: float) -> Any:
    """``x`` times ``scale`` where ``mask``, a bool array that broadcasts to its shape, is true; else times 0."""
    return x * xp.namespace.astype(mask, x.dtype) * scale

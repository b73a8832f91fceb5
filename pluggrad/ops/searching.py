"""Searching: selection by a condition."""

from __future__ import annotations

from .declare import standard

__all__ = ["where"]


@standard(promoted=("x1", "x2"), broadcasts=True, result="same", vjp=[
    None,
    lambda xp, g, condition: xp.where(condition, g, 0),
    lambda xp, g, condition: xp.where(condition, 0, g),
])  # fmt: skip
def where(condition, x1, x2, /):
    """Elements of ``x1`` where ``condition`` is true, of ``x2`` elsewhere.

    Parameters
    ----------
    condition : Tensor, bool
    x1, x2 : Tensor or Python scalar

    All shapes broadcast.

    Returns
    -------
    Tensor, the broadcast shape, the dtype that ``x1`` and ``x2`` promote to

    >>> import pluggrad
    >>> pluggrad.where(pluggrad.asarray([True, False]), pluggrad.asarray([1.0, 2.0]), 0.0)
    tensor([1., 0.])
    """

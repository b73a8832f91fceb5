"""SparseAdam, which needs sparse gradients: there are none here."""

from __future__ import annotations

from typing import Any, NoReturn

__all__ = ["SparseAdam"]


class SparseAdam:
    """Adam for sparse gradients: not available, since pluggrad has no sparse tensors.

    Raises
    ------
    NotImplementedError : always. Use :class:`Adam`, which updates every row at every step.

    >>> SparseAdam([])
    Traceback (most recent call last):
    ...
    NotImplementedError: SparseAdam needs sparse gradients, and pluggrad's are dense; use pluggrad.optim.Adam
    """

    def __new__(cls, *args: Any, **kwargs: Any) -> NoReturn:
        raise NotImplementedError(
            "SparseAdam needs sparse gradients, and pluggrad's are dense; use pluggrad.optim.Adam"
        )

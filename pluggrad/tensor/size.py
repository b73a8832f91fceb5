"""Shapes and element counts that answer both as the standard's and as PyTorch's."""

from __future__ import annotations

import math
from typing import Any, SupportsIndex, overload

from ..dtypes import Printed


class Size(tuple[int, ...]):
    """A shape: a tuple of ints that prints as PyTorch's does and counts its elements.

    >>> Size((2, 3)), Size((2, 3)).numel()
    (pluggrad.Size([2, 3]), 6)
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return f"{Printed.namespace}.Size([{', '.join(map(str, self))}])"

    def numel(self) -> int:
        """The number of elements of a tensor of this shape."""
        return math.prod(self)

    @overload  # type: ignore[override]
    def __getitem__(self, key: slice, /) -> Size: ...
    @overload
    def __getitem__(self, key: SupportsIndex, /) -> int: ...
    def __getitem__(self, key: Any, /) -> Any:
        item = super().__getitem__(key)
        return Size(item) if isinstance(key, slice) else item

    def __add__(self, other: Any, /) -> Size:
        return Size(super().__add__(tuple(other)))


class ElementCount(int):
    """The number of elements, as the standard's ``x.size``; called, the shape, as PyTorch's ``x.size()``."""

    shape: Size

    def __new__(cls, shape: Size) -> ElementCount:
        self = super().__new__(cls, math.prod(shape))
        self.shape = shape
        return self

    @overload
    def __call__(self, dim: None = None) -> Size: ...
    @overload
    def __call__(self, dim: int) -> int: ...
    def __call__(self, dim: int | None = None) -> Size | int:
        return self.shape if dim is None else self.shape[dim]

    def __reduce__(self) -> tuple[type[int], tuple[int]]:
        return int, (int(self),)

"""Attaching methods to Tensor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from ..autograd.inplace import in_place
from ..tensor import Tensor

F = TypeVar("F", bound=Callable[..., Any])


def method(*aliases: str, inplace: bool = False) -> Callable[[F], F]:
    """Make a function whose first argument is a tensor a method, under its name and its aliases.

    Parameters
    ----------
    aliases : more names
    inplace : also attach the in-place form, under each name with an underscore behind
    """

    def attach(function: F) -> F:
        names = (function.__name__.rstrip("_") if inplace else function.__name__, *aliases)
        for name in names:
            setattr(Tensor, name, function)
            if inplace:
                setattr(Tensor, f"{name}_", in_place(function))
        return function

    return attach

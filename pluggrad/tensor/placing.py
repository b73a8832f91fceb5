"""Operators on raw arrays, on the device that the arrays are on.

A kernel runs on the device of its arguments. What is written with operators between kernels runs, with libraries that
have such a thing, on the thread's current device: that must be the right one.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from ..backends import ArrayType
from .tensor import Tensor

P = ParamSpec("P")
R = TypeVar("R")


def there(function: Callable[P, R]) -> Callable[P, R]:
    """Run a function, of a Tensor or an ArrayType among others, with its device as the thread's current one."""

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        for value in (*args, *kwargs.values()):
            if isinstance(value, Tensor | ArrayType):
                array_type = value._type if isinstance(value, Tensor) else value
                if array_type.enter is None:
                    break
                with array_type.here():
                    return function(*args, **kwargs)
        return function(*args, **kwargs)

    return call

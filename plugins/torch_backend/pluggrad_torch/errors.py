"""PyTorch's errors as the classes by which the core tells them apart: ValueError for shapes, IndexError for indices."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import torch


def for_shapes(kernel: Callable[..., Any]) -> Callable[..., Any]:
    """Let shapes that do not fit be a ValueError. PyTorch's own errors of other kinds have classes of their own."""

    @functools.wraps(kernel)
    def checked(*args: Any, **parameters: Any) -> Any:
        try:
            return kernel(*args, **parameters)
        except RuntimeError as error:
            if type(error) is not RuntimeError:
                raise
            raise ValueError(str(error)) from None

    return checked


def check_index(index: torch.Tensor, size: int, where: str) -> None:
    """Say which index is out of range, if one is.

    Raises
    ------
    IndexError
    """
    wrong = index[(index < -size) | (index >= size)]
    if wrong.numel():
        raise IndexError(f"index {int(wrong.reshape(-1)[0])} is out of bounds for {where} with size {size}")

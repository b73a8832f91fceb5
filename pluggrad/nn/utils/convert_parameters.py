"""All parameters as one vector, and back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ...errors import ShapeError
from ...ops.joining import concat
from ...tensor import Tensor

__all__ = ["parameters_to_vector", "vector_to_parameters"]


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """The elements of all parameters, one after the other.

    >>> import pluggrad
    >>> pluggrad.nn.utils.parameters_to_vector(pluggrad.nn.Linear(3, 2).parameters()).shape
    pluggrad.Size([8])
    """
    return concat([p.reshape(-1) for p in parameters], axis=0)


def vector_to_parameters(vec: Tensor, parameters: Iterable[Any]) -> None:
    """Make the parts of a vector the values of the parameters, as :func:`parameters_to_vector` orders them.

    Raises
    ------
    TypeError : no tensor
    ShapeError : more or fewer elements than the parameters have
    """
    if not isinstance(vec, Tensor):
        raise TypeError(f"expected a Tensor as vec, got {type(vec).__name__}")
    given = list(parameters)
    total = sum(p.numel() for p in given)
    if tuple(vec.shape) != (total,):
        raise ShapeError(
            f"vector_to_parameters: expected a vector of shape ({total},), one number for each element of the "
            f"parameters, got shape {tuple(vec.shape)}"
        )
    start = 0
    for p in given:
        p.data = vec[start : start + p.numel()].reshape(*p.shape).detach()
        start += p.numel()

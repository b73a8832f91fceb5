"""Forward mode by hand: dual tensors, as ``torch.autograd.forward_ad``.

>>> import pluggrad
>>> from pluggrad.autograd import forward_ad
>>> with forward_ad.dual_level():
...     x = forward_ad.make_dual(pluggrad.tensor(3.0), pluggrad.tensor(1.0))
...     primal, tangent = forward_ad.unpack_dual(x * x)
>>> primal, tangent
(tensor(9.), tensor(6.))
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from ..errors import GradientError, ShapeError
from ..tensor import Tensor
from .transforms import dual
from .transforms.levels import LEVELS, Level, depth_of
from .transforms.visitors import take_leave
from .transforms.vmap import raised


class UnpackedDualTensor(NamedTuple):
    """A value and its tangent, which is None for a tensor that has none."""

    primal: Tensor
    tangent: Tensor | None


@contextmanager
def dual_level() -> Iterator[None]:
    """A context in which tensors may have tangents; what leaves it must be unpacked first."""
    level = Level(dual.DualKernels)
    running = (*LEVELS.get(), level)
    token = LEVELS.set(running)
    try:
        yield
    finally:
        LEVELS.reset(token)
        take_leave(level, len(running))


def _innermost(name: str) -> int:
    running = LEVELS.get()
    if not running or running[-1].kernels is not dual.DualKernels:
        raise GradientError(f"{name}: Trying to create a dual Tensor for forward AD but no level exists, make sure to "
                            "enter_dual_level() first: call it inside `with dual_level():`")  # fmt: skip
    return len(running)


def make_dual(tensor: Tensor, tangent: Tensor, *, level: Any = None) -> Tensor:
    """A dual tensor of ``tensor`` with that tangent, of the same shape.

    Raises
    ------
    GradientError : outside of :func:`dual_level`, or a dtype that has no derivative
    ShapeError : another shape
    """
    depth = _innermost("make_dual")
    if not tensor.dtype.is_differentiable:
        raise GradientError(f"make_dual: only floating and complex tensors have a tangent, got {tensor.dtype}")
    if tuple(tensor._array.shape) != tuple(tangent._array.shape):
        raise ShapeError(
            f"make_dual: a tangent of shape {tuple(tangent.shape)} for a tensor of shape {tuple(tensor.shape)}"
        )
    tangent = tangent.to(tensor.dtype) if tangent.dtype is not tensor.dtype else tangent
    return dual.make_dual(raised(tensor, depth - 1), raised(tangent, depth - 1))


def unpack_dual(tensor: Tensor, *, level: Any = None) -> UnpackedDualTensor:
    """The value and the tangent of a dual tensor; None for the tangent of one that has none."""
    running = LEVELS.get()
    if not running or depth_of(tensor._type) < len(running) or running[-1].kernels is not dual.DualKernels:
        return UnpackedDualTensor(tensor, None)
    primal, tangent = dual.unpack(tensor)
    return UnpackedDualTensor(primal, None if tensor._array.tangent is None else tangent)


__all__ = ["UnpackedDualTensor", "dual_level", "make_dual", "unpack_dual"]

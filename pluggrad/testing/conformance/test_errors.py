"""Errors: a mistake raises what a PyTorch or NumPy user would catch, and changes nothing."""

from __future__ import annotations

from typing import Any

import pytest

import pluggrad
from pluggrad.errors import DTypeError

from .target import Target


def tensor(target: Target, *shape: int, dtype: Any = pluggrad.float32) -> pluggrad.Tensor:
    return pluggrad.ones(shape, dtype=dtype, device=target.device)


SHAPES: dict[str, Any] = {
    "add": lambda t: tensor(t, 2, 3) + tensor(t, 4),
    "where": lambda t: pluggrad.where(tensor(t, 2, dtype=pluggrad.bool), tensor(t, 3), tensor(t, 3)),
    "matmul": lambda t: tensor(t, 2, 3) @ tensor(t, 2, 3),
    "view": lambda t: tensor(t, 2, 3).view(4),
    "reshape": lambda t: tensor(t, 2, 3).reshape(-1, 4),
    "concat": lambda t: pluggrad.concat([tensor(t, 2, 3), tensor(t, 2, 4)]),
    "stack": lambda t: pluggrad.stack([tensor(t, 2), tensor(t, 3)]),
    "broadcast_to": lambda t: pluggrad.broadcast_to(tensor(t, 3), (2, 4)),
    "write": lambda t: tensor(t, 3).__setitem__(slice(0, 2), tensor(t, 3)),
    "copy_": lambda t: tensor(t, 3).copy_(tensor(t, 2)),
    "in place": lambda t: tensor(t, 3).add_(tensor(t, 2, 3)),
}


@pytest.mark.parametrize("case", list(SHAPES))
def test_shapes_that_do_not_fit(target: Target, case: str) -> None:
    """PyTorch raises RuntimeError here, NumPy ValueError: either is caught."""
    with pytest.raises((RuntimeError, ValueError)):
        SHAPES[case](target)


INDICES: dict[str, Any] = {
    "an int": lambda x, t: x[3],
    "a negative int": lambda x, t: x[-4],
    "too many": lambda x, t: x[0, 0, 0],
    "a tensor": lambda x, t: x[pluggrad.asarray([0, 3], device=t.device)],
    "a negative tensor": lambda x, t: x[pluggrad.asarray([-4], device=t.device)],
    "a mask": lambda x, t: x[pluggrad.ones(2, dtype=pluggrad.bool, device=t.device)],
    "a write": lambda x, t: x.__setitem__(3, 0.0),
    "a write at a tensor": lambda x, t: x.__setitem__(pluggrad.asarray([3], device=t.device), 0.0),
    "index_select": lambda x, t: pluggrad.index_select(x, 0, pluggrad.asarray([3], device=t.device)),
}


@pytest.mark.parametrize("case", list(INDICES))
def test_indices_out_of_range(target: Target, case: str) -> None:
    """They are neither clipped nor read from whatever lies there."""
    x = tensor(target, 3, 2)
    with pytest.raises(IndexError):  # noqa: PT012 (a GPU finds it behind Python's back, and raises when waited for)
        INDICES[case](x, target)
        target.synchronize()
    assert x.tolist() == [[1.0, 1.0]] * 3


def test_axes_that_do_not_exist(target: Target) -> None:
    for f in (pluggrad.sum, pluggrad.max, pluggrad.flip):
        with pytest.raises(IndexError):
            f(tensor(target, 2, 3), axis=2)


def test_data_types_that_are_not_accepted(target: Target) -> None:
    with pytest.raises(TypeError):
        tensor(target, 2, dtype=pluggrad.complex64) < 0.0  # noqa: B015
    with pytest.raises(TypeError):
        tensor(target, 2, dtype=pluggrad.uint64) + tensor(target, 2, dtype=pluggrad.int64)
    with pytest.raises(TypeError):
        pluggrad.zeros(2, dtype="no dtype", device=target.device)  # type: ignore[arg-type]
    x = tensor(target, 2, dtype=pluggrad.int64)
    with pytest.raises(DTypeError, match="can't be cast"):
        x += 0.5
    assert x.tolist() == [1, 1]
    with pytest.raises(RuntimeError, match="floating point"):
        x.requires_grad_()


def test_gradients_that_cannot_be(target: Target) -> None:
    x = tensor(target, 2).requires_grad_()
    with pytest.raises(RuntimeError, match="scalar"):
        (x * x).backward()
    y = (x * x).sum()
    y.backward()
    with pytest.raises(RuntimeError, match="second time"):
        y.backward()


def test_what_is_not_a_tensor(target: Target) -> None:
    with pytest.raises(TypeError):
        tensor(target, 2) + "2"
    with pytest.raises(TypeError):
        pluggrad.asarray(["a"], device=target.device)
    with pytest.raises(TypeError):
        pluggrad.exp(None)

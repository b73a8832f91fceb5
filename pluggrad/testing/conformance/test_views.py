"""Views and in-place operations: shared memory is shared, and what a graph has saved stays as it was."""

from __future__ import annotations

from typing import Any

import pytest

import pluggrad
from pluggrad.dtypes import DType
from pluggrad.errors import GradientError

from .target import Target


def arange(
    target: Target, *shape: int, dtype: DType = pluggrad.float64, requires_grad: bool = False
) -> pluggrad.Tensor:
    n = 1
    for s in shape:
        n *= s
    x = pluggrad.arange(n, dtype=dtype, device=target.device).reshape(shape)
    return x.requires_grad_() if requires_grad else x


VIEWS: dict[str, Any] = {
    "x[0]": lambda x: x[0],
    "x[..., 1]": lambda x: x[..., 1],
    "x[1:, ::2]": lambda x: x[1:, ::2],
    "x[:, None]": lambda x: x[:, None],
    "view": lambda x: x.view(6),
    "permute_dims": lambda x: pluggrad.permute_dims(x, (1, 0)),
    "T": lambda x: x.T,
    "a view of a view": lambda x: x.view(3, 2)[1:].T[0],
    "detach": lambda x: x.detach(),
}


@pytest.mark.parametrize("way", list(VIEWS))
def test_a_view_shares_memory(target: Target, way: str) -> None:
    """A write to the view is seen in its base, and a write to the base in the view."""
    x = arange(target, 2, 3)
    y = VIEWS[way](x)
    count = int(y.size)
    y += 10.0
    assert float(x.sum().item()) == 15.0 + 10.0 * count, f"{way}: the base does not see a write to the view"
    before = float(y.sum().item())
    x += 1.0
    assert float(y.sum().item()) == before + count, f"{way}: the view does not see a write to its base"


def test_a_view_shares_memory_in_every_dtype(target: Target, dtype: DType) -> None:
    x = pluggrad.zeros((2, 2), dtype=dtype, device=target.device)
    y = x[1]
    y[0] = True
    assert x.tolist() == [[0, 0], [1, 0]]
    x.view(4)[3] = True
    assert y.tolist() == [1, 1]


def test_copies_share_nothing(target: Target) -> None:
    x = arange(target, 2, 3)
    index = pluggrad.asarray([0], device=target.device)
    copies = [x.clone(), x + 0.0, x[index], pluggrad.index_select(x, 0, index), x[x > 1.0], x.to(pluggrad.float32)]
    before = [c.tolist() for c in copies]
    x *= 0.0
    assert [c.tolist() for c in copies] == before


KEYS: dict[str, Any] = {
    "[1]": (1, [0, 0, 0, 7, 7, 7]),
    "[..., 0]": ((..., 0), [7, 0, 0, 7, 0, 0]),
    "[:, 1:]": ((slice(None), slice(1, None)), [0, 7, 7, 0, 7, 7]),
    "[0, 2]": ((0, 2), [0, 0, 7, 0, 0, 0]),
    "[..., ::-2]": ((..., slice(None, None, -2)), [7, 0, 7, 7, 0, 7]),
}


@pytest.mark.parametrize("key", list(KEYS))
def test_writing(target: Target, key: str) -> None:
    where, expected = KEYS[key]
    x = pluggrad.zeros((2, 3), device=target.device)
    x[where] = 7.0
    assert x.reshape(-1).tolist() == expected


def test_writing_at_indices_and_masks(target: Target) -> None:
    x = pluggrad.zeros((2, 3), device=target.device)
    x[:, pluggrad.asarray([0, 2], device=target.device)] = pluggrad.asarray(
        [[1.0, 2.0], [3.0, 4.0]], device=target.device
    )
    assert x.tolist() == [[1.0, 0.0, 2.0], [3.0, 0.0, 4.0]]
    x[x > 2.0] = -1.0
    assert x.tolist() == [[1.0, 0.0, 2.0], [-1.0, 0.0, -1.0]]


def test_a_write_from_an_overlapping_view(target: Target) -> None:
    """The values are those from before the write, though it overwrites them."""
    x = arange(target, 5)
    x[1:] = x[:-1]
    assert x.tolist() == [0.0, 0.0, 1.0, 2.0, 3.0]
    x[:-1] = x[1:]
    assert x.tolist() == [0.0, 1.0, 2.0, 3.0, 3.0]
    y = arange(target, 2, 2)
    y += y.T
    assert y.tolist() == [[0.0, 3.0], [3.0, 6.0]]


def test_in_place_arithmetic_keeps_dtype_and_memory(target: Target, dtype: DType) -> None:
    if dtype.kind == "bool":
        return
    x = pluggrad.ones((2, 2), dtype=dtype, device=target.device)
    seen = x[0]
    x += 2
    x *= 3
    x -= 1
    assert x.dtype is dtype
    assert target.loaded.type_of(x._array).dtype is dtype
    assert x.tolist() == [[8, 8], [8, 8]]
    assert seen.tolist() == [8, 8]
    x.zero_()
    x.fill_(5)
    x.copy_(pluggrad.asarray([1, 2], dtype=dtype, device=target.device))
    assert x.tolist() == [[1, 2], [1, 2]]


# -- what a graph has saved ------------------------------------------------------------------------


def test_a_saved_value_is_frozen(target: Target) -> None:
    """A write to a value that backward needs leaves the graph the old one."""
    x = arange(target, 3, requires_grad=True)
    h = x + 1.0
    y = (h * h).sum()
    with pluggrad.no_grad():
        h.mul_(100.0)
    y.backward()
    assert x.grad is not None
    assert x.grad.tolist() == [2.0, 4.0, 6.0]


def test_a_saved_output_is_frozen(target: Target) -> None:
    x = arange(target, 2, requires_grad=True)
    y = pluggrad.exp(x)
    total = y.sum()
    with pluggrad.no_grad():
        y.zero_()
    total.backward()
    assert x.grad is not None
    assert x.grad.tolist() == pytest.approx([1.0, 2.718281828459045])


def test_a_saved_view_is_frozen_when_its_base_is_written(target: Target) -> None:
    base = arange(target, 2, 2)
    w = pluggrad.ones(2, dtype=pluggrad.float64, device=target.device, requires_grad=True)
    y = (w * base[1]).sum()
    base.zero_()
    y.backward()
    assert w.grad is not None
    assert w.grad.tolist() == [2.0, 3.0]


def test_in_place_on_record(target: Target) -> None:
    """The gradient goes through in-place operations, on views too."""
    x = arange(target, 2, 2, requires_grad=True)
    y = x * 1.0
    y[0] *= y[1].clone()
    y.T[0] += 5.0
    (y * y).sum().backward()
    # y = [[x00 x10 + 5, x01 x11], [x10 + 5, x11]]
    assert x.grad is not None
    assert x.grad.tolist() == [[2 * 5.0 * 2.0, 2 * 3.0 * 3.0], [2 * 5.0 * 0.0 + 2 * 7.0, 2 * 3.0 * 1.0 + 2 * 3.0]]


def test_a_gradient_is_not_shared(target: Target) -> None:
    """Two leaves that get the same cotangent have gradients of their own."""
    a, b = (pluggrad.ones(2, device=target.device, requires_grad=True) for _ in range(2))
    (a + b).sum().backward()
    assert a.grad is not None
    assert b.grad is not None
    a.grad.zero_()
    assert b.grad.tolist() == [1.0, 1.0]


def test_a_leaf_in_place_is_refused(target: Target) -> None:
    x = pluggrad.ones(2, device=target.device, requires_grad=True)
    with pytest.raises(GradientError, match="leaf"):
        x.add_(1.0)
    assert x.tolist() == [1.0, 1.0]

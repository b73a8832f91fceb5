"""Complex numbers as pairs of real ones and back, over the same memory."""

from __future__ import annotations

from typing import Any

import pytest

import pluggrad
from pluggrad.errors import DTypeError, ShapeError

HAS_VIEWS = pluggrad.view_as_real(pluggrad.asarray([1j])).is_view
views = pytest.mark.skipif(not HAS_VIEWS, reason="this backend says of no numbers that they are pairs in memory")


def test_values() -> None:
    x = pluggrad.asarray([1 + 2j, 3 - 1j])
    assert pluggrad.view_as_real(x).tolist() == [[1, 2], [3, -1]]
    assert pluggrad.view_as_complex(pluggrad.view_as_real(x)).equal(x)
    assert pluggrad.view_as_real(pluggrad.asarray(1 + 2j)).tolist() == [1, 2]
    assert pluggrad.view_as_complex(pluggrad.ones(0, 2)).shape == (0,)


@views
def test_writing_through_them() -> None:
    x = pluggrad.zeros(4, dtype=pluggrad.complex128)
    pluggrad.view_as_real(x[::2])[:, 1] = pluggrad.asarray([1.0, 2.0], dtype=pluggrad.float64)
    assert x.tolist() == [1j, 0, 2j, 0]
    pairs = pluggrad.zeros(2, 2)
    pluggrad.view_as_complex(pairs)[1] = 3 - 4j
    assert pairs.tolist() == [[0, 0], [3, -4]]


@pytest.mark.cpu
def test_pairs_of_half_precision_give_single() -> None:
    z = pluggrad.view_as_complex(pluggrad.ones(2, 2, dtype=pluggrad.float16))
    assert z.dtype is pluggrad.complex64
    assert z.tolist() == [1 + 1j, 1 + 1j]


def test_pairs_that_do_not_lie_side_by_side_are_copied() -> None:
    pairs = pluggrad.arange(8.0).reshape(2, 4)
    apart = pluggrad.view_as_complex(pairs[:, ::2])
    assert not apart.is_view
    assert apart.tolist() == [2j, 4 + 6j]
    assert pluggrad.view_as_complex(pairs.reshape(2, 2, 2).mT).tolist() == [[2j, 1 + 3j], [4 + 6j, 5 + 7j]]


def _of_complex(t: Any) -> tuple[Any, Any]:
    x = t.tensor([[1 + 2j, 3 - 1j], [0.5j, 2.0]], dtype=t.complex128, requires_grad=True)
    y = x * 1
    pairs = t.view_as_real(y)
    pairs[0, :, 1] *= 3
    pairs[1] = pairs[1].clone() * pairs[0].clone()
    ((y * y.conj()).real.sum() + (pairs**3).sum()).backward()
    return x.grad, y.detach()


def _of_real(t: Any) -> tuple[Any, Any]:
    x = t.tensor([[1.0, 2.0], [3.0, 4.0]], dtype=t.float64, requires_grad=True)
    y = x * 1
    numbers = t.view_as_complex(y)
    numbers *= 1 + 2j
    numbers[0] = numbers[1].clone() * 2
    ((y**3).sum() + t.view_as_real(numbers[1:]).sum()).backward()
    return x.grad, y.detach()


@views
@pytest.mark.parametrize("program", [_of_complex, _of_real])
def test_gradients_of_programs_that_write_through_views(program: Any) -> None:
    torch = pytest.importorskip("torch")
    import pluggrad.torch

    for got, expected in zip(program(pluggrad.torch), program(torch), strict=True):
        assert got.tolist() == expected.tolist()


def test_errors() -> None:
    with pytest.raises(ShapeError, match="must have size 2"):
        pluggrad.view_as_complex(pluggrad.ones(3))
    with pytest.raises(DTypeError, match="floating point tensors, got int64"):
        pluggrad.view_as_complex(pluggrad.ones(3, 2, dtype=pluggrad.int64))
    with pytest.raises(DTypeError, match="complex tensors, got float32"):
        pluggrad.view_as_real(pluggrad.ones(3, 2))

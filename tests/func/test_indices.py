"""Integers of each member's own as indices, under vmap: read and written, beside other items of a key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import pluggrad
from pluggrad.autograd.transforms import LevelError
from pluggrad.func import grad, hessian, jacfwd, vmap

T = pluggrad.arange(24.0, dtype=pluggrad.float64).reshape(2, 3, 4)
FIRST, LAST = pluggrad.tensor([1, 0, -1]), pluggrad.tensor([2, 0, 1])
several = pluggrad.tensor([1, 0])

#: Keys, in which Python's ints in a loop mean what tensors mean under vmap.
KEYS: dict[str, Callable[[Any, Any], Any]] = {
    "i": lambda i, j: i,
    "i, j": lambda i, j: (i, j),
    ":, j": lambda i, j: (slice(None), j),
    "..., j": lambda i, j: (..., j),
    "i, 1:": lambda i, j: (i, slice(1, None)),
    "i, :, 1": lambda i, j: (i, slice(None), 1),
    "1, j": lambda i, j: (1, j),
    "None, i": lambda i, j: (None, i),
    "i, None, :, j": lambda i, j: (i, None, slice(None), j),
    "i, tensor": lambda i, j: (i, several),
    ":, j, tensor": lambda i, j: (slice(None), j, several),
    "i, mask": lambda i, j: (i, pluggrad.tensor([True, False, True])),
}


@pytest.mark.parametrize("key", KEYS)
def test_read(key: str) -> None:
    of = KEYS[key]
    each = [T[of(i, j)] for i, j in zip(FIRST.tolist(), LAST.tolist(), strict=True)]
    assert vmap(lambda i, j: T[of(i, j)])(FIRST, LAST).tolist() == pluggrad.stack(each).tolist()
    rows = pluggrad.stack([T, T + 1, T * 2])
    each = [x[of(i, j)] for x, i, j in zip(rows, FIRST.tolist(), LAST.tolist(), strict=True)]
    assert vmap(lambda x, i, j: x[of(i, j)])(rows, FIRST, LAST).tolist() == pluggrad.stack(each).tolist()


@pytest.mark.parametrize("key", KEYS)
def test_written_and_differentiated(key: str) -> None:
    of = KEYS[key]
    rows = pluggrad.stack([T, T + 1, T * 2])

    def f(x: Any, i: Any, j: Any) -> Any:
        y = x * x
        y[of(i, j)] *= x[of(i, j)]
        y[of(i, j)] += 1.0
        return (y * x).sum()

    each = [grad(f)(x, i, j) for x, i, j in zip(rows, FIRST.tolist(), LAST.tolist(), strict=True)]
    assert vmap(grad(f))(rows, FIRST, LAST).tolist() == pluggrad.stack(each).tolist()
    each = [jacfwd(f)(x, i, j) for x, i, j in zip(rows, FIRST.tolist(), LAST.tolist(), strict=True)]
    assert vmap(jacfwd(f))(rows, FIRST, LAST).tolist() == pluggrad.stack(each).tolist()


def test_nested() -> None:
    x = T[0]
    want = [[row[j].item() for row in x] for j in LAST.tolist()]
    assert vmap(lambda j: vmap(lambda row: row[j])(x))(LAST).tolist() == want
    assert vmap(lambda row: vmap(lambda j: row[j])(LAST))(x).tolist() == pluggrad.tensor(want).T.tolist()
    assert vmap(lambda i: vmap(lambda j: T[i, j, 1])(LAST))(FIRST).tolist() == T[:, :, 1][FIRST][:, LAST].tolist()
    assert vmap(hessian(lambda row, j: row[j] ** 3))(x, LAST)[0, 2, 2].item() == 6 * x[0, 2].item()


def test_what_depends_on_values_is_an_error() -> None:
    with pytest.raises(IndexError, match="index 6 is out of bounds for axis 0 with size 2"):
        vmap(lambda i: T[i])(FIRST + 5)
    with pytest.raises(LevelError, match="how many elements a mask picks depends on its values"):
        vmap(lambda x, i: x[i > 0])(T[0], FIRST)
    with pytest.raises(LevelError, match="asked for as a Python number"):
        vmap(lambda i: T[i:])(FIRST)
    x = pluggrad.zeros(3)
    with pytest.raises(LevelError, match="inplace arithmetic is not possible"):
        vmap(lambda j: x.__setitem__(j, 1.0))(LAST)

"""Padding against PyTorch and NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pluggrad

torch = pytest.importorskip("torch")


@pytest.mark.parametrize("mode", ["constant", "reflect", "replicate", "circular"])
@pytest.mark.parametrize(
    ("shape", "widths"),
    [((2, 5), (2, 1)), ((2, 3, 4), (0, 3)), ((1, 2, 3, 4), (1, 2, 2, 1)), ((1, 1, 3, 3, 3), (2, 0, 1, 2, 0, 1))],
)
def test_flat_widths_as_torch(
    mode: str, shape: tuple[int, ...], widths: tuple[int, ...], same_as_torch: Any, rng: np.random.Generator
) -> None:
    same_as_torch(
        lambda x: pluggrad.pad(x, widths, mode=mode),
        lambda t: torch.nn.functional.pad(t, widths, mode=mode),
        rng.standard_normal(shape),
    )


@pytest.mark.parametrize("widths", [(-1, 2), (0, 0), (-1, -1, 3, 1), (-2, -2)])
def test_constant_with_cuts_as_torch(widths: tuple[int, ...], same_as_torch: Any, rng: np.random.Generator) -> None:
    same_as_torch(
        lambda x: pluggrad.pad(x, widths, value=2.5),
        lambda t: torch.nn.functional.pad(t, widths, value=2.5),
        rng.standard_normal((3, 4)),
    )


@pytest.mark.parametrize(
    ("mode", "name"),
    [("constant", "constant"), ("reflect", "reflect"), ("replicate", "edge"), ("circular", "wrap"), ("edge", "edge")],
)
@pytest.mark.parametrize("widths", [((1, 2), (0, 1)), ((2, 2), (1, 1)), ((0, 0), (0, 2))])
def test_pairs_as_numpy(mode: str, name: str, widths: Any, rng: np.random.Generator) -> None:
    a = rng.integers(0, 9, (3, 4))
    np.testing.assert_array_equal(
        pluggrad.pad(pluggrad.asarray(a.tolist()), widths, mode=mode).tolist(), np.pad(a, widths, mode=name)
    )


def test_one_number_and_one_pair_are_for_all_axes() -> None:
    x = pluggrad.ones(2, 2)
    assert pluggrad.pad(x, 1).shape == (4, 4)
    assert pluggrad.pad(x, ((1, 2),)).shape == (5, 5)
    assert pluggrad.pad(x, pad_width=((0, 0), (1, 0)), constant_values=7).tolist() == [[7, 1, 1], [7, 1, 1]]


def test_dtypes() -> None:
    assert pluggrad.pad(pluggrad.asarray([1]), (1, 0), value=2.7).tolist() == [2, 1]
    assert pluggrad.pad(pluggrad.asarray([True]), (1, 1)).tolist() == [False, True, False]
    assert pluggrad.pad(pluggrad.asarray([1j]), (1, 0), mode="replicate").tolist() == [1j, 1j]


@pytest.mark.parametrize(
    ("widths", "options", "error", "message"),
    [
        ((1,), {}, ValueError, "divisible by 2, got 1"),
        ((1, 1, 1, 1, 1, 1), {}, RuntimeError, "padding length 6 and input of dimension 2"),
        (((1, 1), (1, 1), (1, 1)), {}, ValueError, "2 axes, got 3"),
        ((-3, 0), {}, RuntimeError, "leave a negative size"),
        ((3, 0), {"mode": "reflect"}, RuntimeError, "too large for mode 'reflect': the size is 2, so at most 1"),
        ((3, 0), {"mode": "circular"}, RuntimeError, "at most 2"),
        ((-2, 0), {"mode": "replicate"}, RuntimeError, "leaves none"),
        ((1, 0), {"mode": "magic"}, NotImplementedError, "got 'magic'"),
        ((1, 0), {"mode": "reflect", "value": 1}, ValueError, "doesn't take in value"),
        ((1, 0), {"value": 1j}, TypeError, "complex value"),
    ],
)
def test_errors(widths: Any, options: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        pluggrad.pad(pluggrad.zeros(2, 2), widths, **options)

"""``torch.testing``, beside PyTorch's own: what passes there passes here, and what fails, fails."""

from __future__ import annotations

from typing import Any

import pytest

import pluggrad.torch as pt

pytestmark = pytest.mark.cpu  # what is compared with PyTorch is NumPy's

torch = pytest.importorskip("torch")

CASES: list[tuple[Any, Any, dict[str, Any]]] = [
    ([1.0, 2.0], [1.0, 2.0], {}),
    ([1.0, 2.0], [1.0, 2.0 + 1e-6], {}),
    ([1.0, 2.0], [1.0, 2.0 + 1e-4], {}),
    ([1.0, 2.0], [1.0, 2.1], {"rtol": 0.1, "atol": 0.0}),
    ([float("nan")], [float("nan")], {}),
    ([float("nan")], [float("nan")], {"equal_nan": True}),
    ([1, 2], [1, 2], {}),
    ([1, 2], [1, 3], {}),
    ([1, 2], [1, 3], {"rtol": 0.0, "atol": 1.0}),
    ([1, 2], [1.0, 2.0], {}),
    ([1, 2], [1.0, 2.0], {"check_dtype": False}),
    ([[1.0]], [1.0], {}),
    ([], [], {}),
    ([True], [False], {}),
    ([1 + 1j], [1 + 1.1j], {}),
]


def outcome(lib: Any, actual: Any, expected: Any, options: dict[str, Any]) -> str | None:
    try:
        lib.testing.assert_close(lib.tensor(actual), lib.tensor(expected), **options)
    except AssertionError as error:
        return str(error).splitlines()[0]
    return None


@pytest.mark.parametrize(("actual", "expected", "options"), CASES)
def test_assert_close(actual: Any, expected: Any, options: dict[str, Any]) -> None:
    ours, theirs = (outcome(lib, actual, expected, options) for lib in (pt, torch))
    assert (ours is None) == (theirs is None)
    if theirs is not None and "attribute" not in theirs:
        assert ours == theirs


def test_of_sequences_mappings_and_numbers() -> None:
    for lib in (pt, torch):
        lib.testing.assert_close([lib.ones(1), 2.0], [lib.ones(1), 2.0])
        lib.testing.assert_close({"a": lib.ones(1)}, {"a": lib.ones(1)})
        with pytest.raises(AssertionError, match=r"item \['?a'?\]"):
            lib.testing.assert_close({"a": lib.ones(1)}, {"a": lib.zeros(1)})
        with pytest.raises(AssertionError):
            lib.testing.assert_close([lib.ones(1)], [])
        with pytest.raises(ValueError, match="either specified or omitted, but got no atol"):
            lib.testing.assert_close(1.0, 1.0, rtol=1.0)
        with pytest.raises(AssertionError, match="^mine$"):
            lib.testing.assert_close(1.0, 2.0, msg="mine")


def test_make_tensor() -> None:
    for dtype in (pt.float32, pt.int64, pt.bool, pt.complex64, pt.uint8):
        x = pt.testing.make_tensor((3, 4), dtype=dtype)
        assert x.shape == (3, 4) and x.dtype is dtype
    x = pt.testing.make_tensor(100, dtype=pt.float32, low=1, high=2, requires_grad=True)
    assert x.requires_grad and bool((x >= 1).all()) and bool((x < 2).all())
    assert not pt.testing.make_tensor(3, 4, dtype=pt.float32, noncontiguous=True).is_contiguous()
    assert bool((pt.testing.make_tensor(50, dtype=pt.int8, exclude_zero=True) != 0).all())

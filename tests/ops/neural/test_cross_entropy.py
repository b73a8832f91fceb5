"""Cross entropy and the negative log-likelihood beside PyTorch: weights, ignored classes, probabilities, errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pluggrad.nn.functional as F

torch = pytest.importorskip("torch")

from .beside_torch import agree, both, classes, draw, ours, reductions, theirs  # noqa: E402

TF = torch.nn.functional

SHAPES = [((3,), ()), ((5, 3), (5,)), ((2, 3, 4), (2, 4)), ((2, 3, 2, 2), (2, 2, 2)), ((0, 3), (0,))]


@both
@reductions
@pytest.mark.parametrize(("shape", "target"), SHAPES)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("ignore_index", [-100, 1])
def test_nll_loss(
    shape: tuple[int, ...], target: tuple[int, ...], weighted: bool, ignore_index: int, reduction: str, dtype: str
) -> None:
    t = classes(*target, count=3)
    w = draw(3, dtype=dtype, seed=2, low=0.1) if weighted else None
    options = {"ignore_index": ignore_index, "reduction": reduction}
    agree(
        lambda x: F.nll_loss(x, ours(t), None if w is None else ours(w), **options),
        lambda x: TF.nll_loss(x, theirs(t), None if w is None else theirs(w), **options),
        draw(*shape, dtype=dtype),
    )


#: Of no samples, smoothed: PyTorch divides 0 by 0 twice, and gives 0 for one of them.
SMOOTHED = [
    (*shapes, smoothing) for shapes in SHAPES for smoothing in (0.0, 0.1) if not (smoothing and shapes[0][0] == 0)
]


@both
@reductions
@pytest.mark.parametrize(("shape", "target", "smoothing"), SMOOTHED)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("ignore_index", [-100, 1])
def test_cross_entropy(
    shape: tuple[int, ...],
    target: tuple[int, ...],
    smoothing: float,
    weighted: bool,
    ignore_index: int,
    reduction: str,
    dtype: str,
) -> None:
    t = classes(*target, count=3)
    w = draw(3, dtype=dtype, seed=2, low=0.1) if weighted else None
    options = {"ignore_index": ignore_index, "reduction": reduction, "label_smoothing": smoothing}
    agree(
        lambda x: F.cross_entropy(x, ours(t), None if w is None else ours(w), **options),
        lambda x: TF.cross_entropy(x, theirs(t), None if w is None else theirs(w), **options),
        draw(*shape, dtype=dtype, low=-20.0, high=20.0),
    )


@both
@reductions
@pytest.mark.parametrize("shape", [(3,), (5, 3), (2, 3, 4)])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_cross_entropy_with_probabilities(
    shape: tuple[int, ...], weighted: bool, smoothing: float, reduction: str, dtype: str
) -> None:
    w = draw(3, dtype=dtype, seed=2, low=0.1) if weighted else None
    options = {"reduction": reduction, "label_smoothing": smoothing}
    agree(
        lambda x, t: F.cross_entropy(x, t, None if w is None else ours(w), **options),
        lambda x, t: TF.cross_entropy(x, t, None if w is None else theirs(w), **options),
        draw(*shape, dtype=dtype),
        draw(*shape, dtype=dtype, seed=1, low=0.0, high=1.0),
    )


def test_cross_entropy_of_extreme_logits() -> None:
    x = np.array([[1000.0, 0.0, -1000.0], [-1e30, 0.0, 1.0]])
    t = np.array([2, 1])
    agree(lambda a: F.cross_entropy(a, ours(t)), lambda a: TF.cross_entropy(a, theirs(t)), x)


@pytest.mark.parametrize("function", [F.cross_entropy, F.nll_loss])
@pytest.mark.parametrize("wrong", [3, -1, 7])
def test_class_out_of_range(function: Any, wrong: int) -> None:
    with pytest.raises(IndexError, match=f"target {wrong} is out of bounds: there are 3 classes"):
        function(ours(draw(2, 3)), ours(np.array([0, wrong])))


def test_ignored_classes_may_be_out_of_range_others_not() -> None:
    x = ours(draw(3, 3))
    assert F.cross_entropy(x, ours(np.array([0, 255, 1])), ignore_index=255).isfinite().item()
    with pytest.raises(IndexError, match="target 254 is out of bounds"):
        F.cross_entropy(x, ours(np.array([0, 255, 254])), ignore_index=255)


@pytest.mark.parametrize(
    ("x", "target", "options", "error", "message"),
    [
        (
            (3, 4),
            np.zeros((4,), int),
            {},
            ValueError,
            r"expected target of shape \(3,\) for input of shape \(3, 4\), got \(4,\)",
        ),
        ((3, 4), np.zeros((3, 3)), {}, ValueError, r"floating point target of the input's shape \(3, 4\)"),
        ((), np.zeros((), int), {}, ValueError, "input must have a class axis"),
        (
            (3, 4),
            np.zeros(3, int),
            {"label_smoothing": 2.0},
            ValueError,
            "label_smoothing must be between 0.0 and 1.0. Got: 2.0",
        ),
        ((3, 4), np.zeros(3, bool), {}, TypeError, "expected target of an integer dtype, such as int64, got bool"),
    ],
)
def test_cross_entropy_errors(
    x: Any, target: Any, options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        F.cross_entropy(ours(draw(*x)), ours(target), **options)


def test_cross_entropy_checks_the_weights() -> None:
    with pytest.raises(ValueError, match=r"weight must have one number for each of the 4 classes, got shape \(3,\)"):
        F.cross_entropy(ours(draw(2, 4)), ours(np.array([0, 1])), ours(draw(3)))

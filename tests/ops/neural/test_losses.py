"""Losses of differences and of probabilities beside PyTorch."""

from __future__ import annotations

import numpy as np
import pytest

import pluggrad.nn.functional as F

torch = pytest.importorskip("torch")

from .beside_torch import agree, both, draw, ours, reductions, theirs  # noqa: E402

TF = torch.nn.functional


@both
@reductions
@pytest.mark.parametrize("name", ["mse_loss", "l1_loss"])
@pytest.mark.parametrize("shape", [(), (3, 4)])
def test_difference(name: str, reduction: str, shape: tuple[int, ...], dtype: str) -> None:
    x, t = draw(*shape, dtype=dtype), draw(*shape, dtype=dtype, seed=1)
    agree(
        lambda *a: getattr(F, name)(*a, reduction=reduction),
        lambda *a: getattr(TF, name)(*a, reduction=reduction),
        x,
        t,
    )


@reductions
@pytest.mark.parametrize("name", ["mse_loss", "l1_loss"])
def test_difference_with_weights(name: str, reduction: str) -> None:
    w = draw(3, 4, seed=2, low=0.1)
    agree(
        lambda *a: getattr(F, name)(*a, reduction=reduction, weight=ours(w)),
        lambda *a: getattr(TF, name)(*a, reduction=reduction, weight=theirs(w)),
        draw(3, 4),
        draw(3, 4, seed=1),
    )


def test_difference_warns_of_broadcasting() -> None:
    with pytest.warns(UserWarning, match=r"target size \(\(3, 1\)\) that is different to the input size \(\(3, 4\)\)"):
        loss = F.mse_loss(ours(draw(3, 4)), ours(draw(3, 1)))
    assert loss.item() == pytest.approx(((draw(3, 4) - draw(3, 1)) ** 2).mean())
    with pytest.warns(UserWarning, match="target size"), pytest.raises(ValueError, match="do not broadcast"):
        F.mse_loss(ours(draw(3, 4)), ours(draw(2, 4)))


def test_an_unknown_reduction() -> None:
    with pytest.raises(ValueError, match="'max' is not a valid value for reduction; give 'none', 'mean' or 'sum'"):
        F.mse_loss(ours(draw(2)), ours(draw(2)), reduction="max")


def test_older_reduction_arguments() -> None:
    with pytest.warns(FutureWarning, match="use reduction='sum'"):
        loss = F.mse_loss(ours(draw(2)), ours(draw(2, seed=1)), size_average=False)
    assert loss.item() == pytest.approx(((draw(2) - draw(2, seed=1)) ** 2).sum())


@both
@reductions
@pytest.mark.parametrize("weighted", [False, True])
def test_binary_cross_entropy(reduction: str, weighted: bool, dtype: str) -> None:
    p, t = draw(3, 4, dtype=dtype, low=0.05, high=0.95), draw(3, 4, dtype=dtype, seed=1, low=0.0, high=1.0)
    w = draw(4, dtype=dtype, seed=2, low=0.1) if weighted else None
    agree(
        lambda x, y, v: F.binary_cross_entropy(x, y, v, reduction=reduction),
        lambda x, y, v: TF.binary_cross_entropy(x, y, v, reduction=reduction),
        p,
        t,
        w,
        no_grad=(2,),
    )


def test_binary_cross_entropy_of_certain_predictions() -> None:
    """Finite, right or wrong. In float32, which PyTorch's floor of the slope is given in."""
    p, t = np.array([0.0, 1.0, 0.0, 1.0], "float32"), np.array([0.0, 1.0, 1.0, 0.0], "float32")
    agree(
        lambda x: F.binary_cross_entropy(x, ours(t), reduction="none"),
        lambda x: TF.binary_cross_entropy(x, theirs(t), reduction="none"),
        p,
    )


def test_binary_cross_entropy_errors() -> None:
    with pytest.raises(RuntimeError, match="all elements of input should be between 0 and 1"):
        F.binary_cross_entropy(ours(np.array([0.5, 1.5])), ours(np.array([0.0, 1.0])))
    with pytest.raises(RuntimeError, match="all elements of input"):
        F.binary_cross_entropy(ours(np.array([0.5, np.nan])), ours(np.array([0.0, 1.0])))
    with pytest.raises(ValueError, match=r"target size \(\(3,\)\) must be the same as input size \(\(2,\)\)"):
        F.binary_cross_entropy(ours(draw(2)), ours(draw(3)))


@both
@reductions
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("positive", [False, True])
def test_binary_cross_entropy_with_logits(reduction: str, weighted: bool, positive: bool, dtype: str) -> None:
    x = draw(3, 4, dtype=dtype, low=-30.0, high=30.0)
    t = draw(3, 4, dtype=dtype, seed=1, low=0.0, high=1.0)
    w = draw(4, dtype=dtype, seed=2, low=0.1) if weighted else None
    p = draw(3, 1, dtype=dtype, seed=3, low=0.1) if positive else None
    agree(
        lambda a, b, c, d: F.binary_cross_entropy_with_logits(a, b, c, pos_weight=d, reduction=reduction),
        lambda a, b, c, d: TF.binary_cross_entropy_with_logits(a, b, c, pos_weight=d, reduction=reduction),
        x,
        t,
        w,
        p,
        no_grad=(2, 3),
    )

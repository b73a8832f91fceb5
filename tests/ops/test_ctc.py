"""ctc_loss against PyTorch and against a sum over all paths."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

import pluggrad
from pluggrad.nn import functional as F

torch = pytest.importorskip("torch")

T, N, C = 7, 3, 4
PADDED = [[1, 2, 2], [3, 0, 0], [1, 1, 3]]
LENGTHS = [3, 1, 2]
FLAT = [1, 2, 2, 3, 1, 1]


def _host(x: Any) -> np.ndarray:
    return np.asarray(x.detach().tolist())


def _run(lib: Any, reduction: str, targets: Any, inputs: Any, lengths: Any, dtype: str, **options: Any) -> Any:
    raw = np.random.default_rng(1).normal(size=(T, N, C))
    x = lib.tensor(raw, dtype=getattr(lib, dtype)).requires_grad_()
    f = F.ctc_loss if lib is pluggrad else torch.nn.functional.ctc_loss
    out = f(x.log_softmax(2), lib.tensor(targets), inputs, lengths, reduction=reduction, **options)
    weights = lib.tensor([1.0, -2.0, 0.5], dtype=getattr(lib, dtype))
    ((out * weights).sum() if reduction == "none" else out).backward()
    return out, x.grad


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
@pytest.mark.parametrize("targets", [PADDED, FLAT], ids=["padded", "flat"])
@pytest.mark.parametrize("as_tensors", [True, False])
def test_values_and_gradients(reduction: str, targets: Any, as_tensors: bool, dtype: str) -> None:
    """Through a log_softmax, by which the difference between the two gradients goes."""
    inputs = (7, 5, 4)

    def lengths(lib: Any) -> tuple[Any, Any]:
        return (lib.tensor(inputs), lib.tensor(LENGTHS)) if as_tensors else (inputs, tuple(LENGTHS))

    mine = _run(pluggrad, reduction, targets, *lengths(pluggrad), dtype)
    yours = _run(torch, reduction, targets, *lengths(torch), dtype)
    tolerance = 1e-10 if dtype == "float64" else 2e-5
    for x, y in zip(mine, yours, strict=True):
        np.testing.assert_allclose(_host(x), y.detach().numpy(), rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
def test_targets_that_do_not_fit(reduction: str) -> None:
    """Two equal labels need three steps; with zero_infinity neither loss nor gradient are there."""
    inputs = (7, 5, 2)
    lengths = (3, 1, 3)
    mine = _run(pluggrad, reduction, PADDED, inputs, lengths, "float64", zero_infinity=True)
    yours = _run(torch, reduction, PADDED, inputs, lengths, "float64", zero_infinity=True)
    for x, y in zip(mine, yours, strict=True):
        np.testing.assert_allclose(_host(x), y.detach().numpy(), rtol=1e-10, atol=1e-10)
    infinite, gradient = _run(pluggrad, "none", PADDED, inputs, lengths, "float64")
    assert _host(infinite)[2] == np.inf
    assert (_host(gradient)[:, 2] == 0).all()


def test_empty_targets_and_inputs() -> None:
    args: Any = ([[1, 2], [1, 1], [1, 1]], (7, 0, 0), (0, 0, 2))
    mine = _run(pluggrad, "none", *args, "float64")[0]
    yours = torch.nn.functional.ctc_loss(
        torch.tensor(np.random.default_rng(1).normal(size=(T, N, C))).log_softmax(2), torch.tensor(args[0]), *args[1:],
        reduction="none",
    )  # fmt: skip
    np.testing.assert_allclose(_host(mine), yours.numpy(), rtol=1e-10)


def test_sum_over_all_paths() -> None:
    probabilities = np.random.default_rng(2).dirichlet(np.ones(3), size=4)
    target = [1, 1]

    def collapsed(path: tuple[int, ...]) -> list[int]:
        return [label for label, _ in itertools.groupby(path) if label]

    total = sum(
        np.prod([probabilities[t, label] for t, label in enumerate(path)])
        for path in itertools.product(range(3), repeat=4)
        if collapsed(path) == target
    )
    loss = F.ctc_loss(pluggrad.tensor(probabilities).log(), pluggrad.tensor(target), (4,), (2,), reduction="sum")
    assert loss.item() == pytest.approx(-np.log(total), rel=1e-12)


def test_second_derivative() -> None:
    x = pluggrad.tensor(np.random.default_rng(3).normal(size=(5, 2, 3))).requires_grad_()

    def loss(x: Any) -> Any:
        return F.ctc_loss(x.log_softmax(2), pluggrad.tensor([[1, 2], [2, 2]]), (5, 4), (2, 2), reduction="none")

    assert pluggrad.autograd.gradcheck(loss, (x,))
    assert pluggrad.autograd.gradgradcheck(loss, (x,))


def test_other_blank_and_one_sequence() -> None:
    x = np.random.default_rng(4).normal(size=(6, 4))
    mine = F.ctc_loss(pluggrad.tensor(x).log_softmax(1), pluggrad.tensor([0, 1, 0]), (6,), (3,), blank=3)
    yours = torch.nn.functional.ctc_loss(
        torch.tensor(x).log_softmax(1), torch.tensor([0, 1, 0]), torch.tensor(6), torch.tensor(3), blank=3
    )
    np.testing.assert_allclose(_host(mine), yours.numpy(), rtol=1e-10)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"blank": 4}, "blank must be in label range"),
        ({"input_lengths": (9, 1, 1)}, "at most 7"),
        ({"input_lengths": (1, 1)}, "of size batch_size"),
        ({"target_lengths": (4, 1, 1)}, "size at least 4"),
        ({"target_lengths": (-1, 1, 1)}, "non-negative"),
    ],
)
def test_refused(change: dict[str, Any], match: str) -> None:
    arguments: dict[str, Any] = {"input_lengths": (7, 5, 4), "target_lengths": (3, 1, 2)} | change
    for lib, f in ((pluggrad, F.ctc_loss), (torch, torch.nn.functional.ctc_loss)):
        with pytest.raises(RuntimeError, match=match if lib is pluggrad else None):
            f(lib.zeros(T, N, C), lib.tensor(PADDED), **arguments)

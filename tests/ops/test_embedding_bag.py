"""embedding_bag where PyTorch's is no measure: gradients by frequency. The rest: tests/nn/test_against_torch.py."""

from __future__ import annotations

import numpy as np
import pytest

import pluggrad
from pluggrad.nn import functional as F

torch = pytest.importorskip("torch")

NUMBERS = [3, 1, 4, 1, 5, 2, 6]


def test_gradients_by_frequency() -> None:
    """Those of PyTorch's embedding, summed: its bags divide by the counts of other rows, for 1-D input on the CPU."""
    table = np.random.default_rng(0).normal(size=(7, 3))
    mine = pluggrad.tensor(table).requires_grad_()
    yours = torch.tensor(table).requires_grad_()
    out = F.embedding_bag(pluggrad.tensor(NUMBERS), mine, pluggrad.tensor([0, 3]), mode="sum", scale_grad_by_freq=True)
    (out * pluggrad.tensor([[1.0], [2.0]])).sum().backward()
    rows = torch.nn.functional.embedding(torch.tensor(NUMBERS), yours, scale_grad_by_freq=True)
    (rows[:3].sum() + 2 * rows[3:].sum()).backward()
    np.testing.assert_allclose(mine.grad.tolist(), yours.grad.numpy(), rtol=1e-12)


def test_derivatives_of_table_and_factors() -> None:
    rng = np.random.default_rng(1)
    table = pluggrad.tensor(rng.normal(size=(7, 2))).requires_grad_()
    factors = pluggrad.tensor(rng.normal(size=7)).requires_grad_()

    def f(table: pluggrad.Tensor, factors: pluggrad.Tensor) -> pluggrad.Tensor:
        return F.embedding_bag(
            pluggrad.tensor(NUMBERS), table, pluggrad.tensor([0, 3, 3]), mode="sum", per_sample_weights=factors,
            padding_idx=1,
        )  # fmt: skip

    assert pluggrad.autograd.gradcheck(f, (table, factors))
    assert pluggrad.autograd.gradgradcheck(f, (table, factors))


def test_adaptive_softmax_log_prob_and_predict() -> None:
    mine = pluggrad.nn.AdaptiveLogSoftmaxWithLoss(16, 20, [4, 10], device=pluggrad.get_default_device())
    yours = torch.nn.AdaptiveLogSoftmaxWithLoss(16, 20, [4, 10])
    mine.load_state_dict(yours.state_dict())
    x = (np.random.default_rng(2).normal(size=(40, 16)) * 4).astype("float32")
    probabilities = yours.log_prob(torch.tensor(x)).detach().numpy()
    np.testing.assert_allclose(mine.log_prob(pluggrad.tensor(x)).tolist(), probabilities, rtol=1e-4, atol=1e-4)
    predicted = yours.predict(torch.tensor(x)).tolist()
    assert mine.predict(pluggrad.tensor(x)).tolist() == predicted
    assert min(predicted) < 4 <= max(predicted)

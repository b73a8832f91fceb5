"""Divergences between two families: every pair that PyTorch has a formula for, and integrals."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy import integrate

import pluggrad
import pluggrad.distributions as ours

#: By family, one or two batches of parameters; some lie within the support of others, some do not.
PARAMETERS: dict[str, list[dict[str, Any]]] = {
    "Beta": [{"concentration1": [0.5, 2.0, 3.0], "concentration0": [1.5, 2.0, 0.7]}],
    "ContinuousBernoulli": [{"probs": [0.2, 0.5, 0.8]}],
    "Exponential": [{"rate": [0.5, 1.0, 3.0]}],
    "Gamma": [{"concentration": [0.5, 2.0, 3.0], "rate": [1.0, 0.4, 2.0]}],
    "Gumbel": [{"loc": [0.0, 1.0, -1.0], "scale": [0.5, 1.0, 2.0]}],
    "Laplace": [{"loc": [0.0, 1.0, -1.0], "scale": [0.5, 1.0, 2.0]}],
    "Normal": [{"loc": [0.0, 1.0, -1.0], "scale": [0.5, 1.0, 2.0]}],
    "Pareto": [
        {"scale": [0.5, 1.0, 2.0], "alpha": [3.0, 2.5, 1.5]}, {"scale": [0.4, 1.5, 2.0], "alpha": [0.9, 2.0, 1.5]},
    ],
    "Uniform": [
        {"low": [0.1, 0.5, -1.0], "high": [0.9, 3.0, 0.5]}, {"low": [-1.0, -2.0, 0.2], "high": [2.0, 5.0, 0.8]},
    ],
    "LowRankMultivariateNormal": [
        {"loc": [0.0, 1.0], "cov_factor": [[1.0], [0.3]], "cov_diag": [0.5, 2.0]},
        {"loc": [0.4, -1.0], "cov_factor": [[0.2], [0.9]], "cov_diag": [1.5, 0.6]},
    ],
    "MultivariateNormal": [{"loc": [0.0, 1.0], "covariance_matrix": [[2.0, 0.3], [0.3, 1.0]]}],
    "Poisson": [{"rate": [0.2, 1.0, 3.0]}],
    "Bernoulli": [{"probs": [0.2, 0.5, 0.7]}],
    "Binomial": [{"total_count": 3, "probs": [0.2, 0.5, 0.7]}],
}  # fmt: skip


def made(library: Any, tensors: Any, family: str, parameters: dict[str, Any]) -> Any:
    values = {
        name: value if isinstance(value, int) else tensors.tensor(value, dtype=tensors.float64)
        for name, value in parameters.items()
    }
    return getattr(library, family)(**values)


def test_every_pair_of_pytorchs() -> None:
    torch = pytest.importorskip("torch")
    import torch.distributions as theirs
    from torch.distributions.kl import _KL_REGISTRY

    pairs = sorted({(a.__name__, b.__name__) for a, b in _KL_REGISTRY})
    pairs = [(a, b) for a, b in pairs if a in PARAMETERS and b in PARAMETERS]
    assert len(pairs) > 70
    for one, other in pairs:
        for a in PARAMETERS[one]:
            for b in PARAMETERS[other]:
                got = ours.kl_divergence(made(ours, pluggrad, one, a), made(ours, pluggrad, other, b))
                expected = theirs.kl_divergence(made(theirs, torch, one, a), made(theirs, torch, other, b))
                assert np.allclose(got.numpy(), expected.numpy(), rtol=1e-9, atol=1e-12), (one, other, a, b)


@pytest.mark.parametrize(("one", "other"), [
    ("ContinuousBernoulli", "Uniform"), ("Uniform", "ContinuousBernoulli"), ("Uniform", "Beta"), ("Beta", "Uniform"),
])  # fmt: skip
def test_equal_supports(one: str, other: str) -> None:
    """Finite, where PyTorch gives infinity for some: compared with the integral."""
    parameters = {
        "Uniform": {"low": [0.0], "high": [1.0]}, "Beta": {"concentration1": [2.0], "concentration0": [1.5]},
        "ContinuousBernoulli": {"probs": [0.3]},
    }  # fmt: skip
    p, q = (made(ours, pluggrad, family, parameters[family]) for family in (one, other))

    def term(value: float) -> float:
        x = pluggrad.tensor([value], dtype=pluggrad.float64)
        return (p.log_prob(x).exp() * (p.log_prob(x) - q.log_prob(x))).item()

    expected, _ = integrate.quad(term, 0, 1, limit=50, epsabs=1e-9)
    assert math.isclose(ours.kl_divergence(p, q).item(), expected, rel_tol=1e-6, abs_tol=1e-8)


def test_gradients_where_one_of_a_batch_is_infinite() -> None:
    high = pluggrad.tensor([0.5, 2.0], dtype=pluggrad.float64, requires_grad=True)
    divergence = ours.kl_divergence(ours.Uniform(pluggrad.zeros_like(high), high), ours.Beta(2.0, 1.0))
    assert divergence.isinf().tolist() == [False, True]
    (slope,) = pluggrad.autograd.grad(divergence[0], high)
    # -log(high) - (log 2 + log(high) - 1)
    assert np.allclose(slope.numpy(), [-4.0, 0.0])

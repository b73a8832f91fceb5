"""Activations beside PyTorch: values and gradients, at kinks and far out, in place."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pluggrad.nn.functional as F

torch = pytest.importorskip("torch")

from .beside_torch import agree, both, close, draw, ours, theirs  # noqa: E402

TF = torch.nn.functional

ACTIVATIONS: list[Any] = [
    ("relu", {}),
    ("leaky_relu", {}),
    ("leaky_relu", {"negative_slope": 0.3}),
    ("leaky_relu", {"negative_slope": -0.5}),
    ("elu", {}),
    ("elu", {"alpha": 0.7}),
    ("gelu", {}),
    ("gelu", {"approximate": "tanh"}),
    ("silu", {}),
    ("softplus", {}),
    ("softplus", {"beta": 2.0, "threshold": 1.0}),
    ("logsigmoid", {}),
    ("sigmoid", {}),
    ("tanh", {}),
]


@both
@pytest.mark.parametrize(("name", "options"), ACTIVATIONS)
@pytest.mark.parametrize("shape", [(), (3, 4), (0, 2), (20000,)])
def test_activation(name: str, options: dict[str, Any], shape: tuple[int, ...], dtype: str) -> None:
    x = draw(*shape, dtype=dtype, low=-6.0, high=6.0)
    agree(lambda t: getattr(F, name)(t, **options), lambda t: getattr(TF, name)(t, **options), x)


@pytest.mark.parametrize(("name", "options"), ACTIVATIONS)
def test_activation_at_kinks_and_far_out(name: str, options: dict[str, Any]) -> None:
    x = np.array([0.0, -0.0, 100.0, -100.0, 800.0, -800.0])
    if name == "leaky_relu" and options.get("negative_slope", 0) < 0:
        x = x[2:]
    agree(lambda t: getattr(F, name)(t, **options), lambda t: getattr(TF, name)(t, **options), x)


@pytest.mark.parametrize("name", ["relu", "leaky_relu", "elu", "silu"])
def test_activation_in_place(name: str) -> None:
    x = ours(draw(5), requires_grad=True)
    y = x * 2.0
    z = getattr(F, name)(y, inplace=True)
    assert z is y
    z.sum().backward()
    t = theirs(draw(5), requires_grad=True)
    getattr(TF, name)(t * 2.0).sum().backward()
    close(x.grad, t.grad)


def test_gelu_refuses_an_unknown_approximation() -> None:
    with pytest.raises(ValueError, match="approximate must be 'none' or 'tanh', got 'erf'"):
        F.gelu(ours(draw(2)), approximate="erf")

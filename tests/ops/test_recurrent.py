"""Recurrent layers beside PyTorch: second derivatives, sequences of several lengths, empty batches, transforms."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pluggrad

torch = pytest.importorskip("torch")

KINDS = ["RNN", "GRU", "LSTM"]


def _pair(kind: str, **options: Any) -> tuple[Any, Any]:
    """The same layer of both libraries."""
    pluggrad.manual_seed(0)
    ours = getattr(pluggrad.nn, kind)(3, 4, dtype=pluggrad.float64, **options)
    theirs = getattr(torch.nn, kind)(3, 4, dtype=torch.float64, **options)
    theirs.load_state_dict({n: torch.tensor(p.detach().cpu().numpy()) for n, p in ours.state_dict().items()})
    return ours, theirs


def _penalty(lib: Any, layer: Any, x: Any) -> list[Any]:
    """Gradients of the squared length of a gradient."""
    out, _ = layer(x)
    gradients = lib.autograd.grad((out**2).sum(), [x, *layer.parameters()], create_graph=True)
    length = sum((g**2).sum() for g in gradients)
    return [g.detach().cpu().numpy() for g in lib.autograd.grad(length, [x, *layer.parameters()])]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("bidirectional", [False, True])
def test_second_derivatives(kind: str, bidirectional: bool) -> None:
    ours, theirs = _pair(kind, bidirectional=bidirectional)
    x = np.random.default_rng(1).standard_normal((5, 2, 3))
    found = _penalty(pluggrad, ours, pluggrad.tensor(x, requires_grad=True))
    expected = _penalty(torch, theirs, torch.tensor(x, requires_grad=True))
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("kind", KINDS)
def test_first_gradients_of_packed_sequences(kind: str) -> None:
    ours, theirs = _pair(kind, num_layers=2, bidirectional=True)
    x = np.random.default_rng(2).standard_normal((5, 3, 3))
    found, expected = [], []
    for lib, layer, gradients in ((pluggrad, ours, found), (torch, theirs, expected)):
        t = lib.tensor(x, requires_grad=True)
        packed = lib.nn.utils.rnn.pack_padded_sequence(t, lib.tensor([5, 4, 1]))
        out, state = layer(packed)
        state = state if kind == "LSTM" else (state,)
        total = (out.data**2).sum() + sum((s**3).sum() for s in state)
        gradients += lib.autograd.grad(total, [t, *layer.parameters()])
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a.cpu().numpy(), b.cpu().numpy(), rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("kind", KINDS)
def test_a_batch_of_none(kind: str) -> None:
    layer = getattr(pluggrad.nn, kind)(3, 4)
    out, _ = layer(pluggrad.zeros(5, 0, 3))
    assert out.shape == (5, 0, 4)
    out.sum().backward()
    assert all(not p.grad.any() for p in layer.parameters())


@pytest.mark.parametrize("kind", KINDS)
def test_vmap_gives_what_a_batch_does(kind: str) -> None:
    layer = getattr(pluggrad.nn, kind)(3, 4, dtype=pluggrad.float64)
    x = pluggrad.randn(6, 5, 3, dtype=pluggrad.float64)
    batch, _ = layer(x.transpose(0, 1))
    each = pluggrad.func.vmap(lambda one: layer(one)[0])(x)
    assert pluggrad.allclose(each.transpose(0, 1), batch)


@pytest.mark.cpu
@pytest.mark.parametrize("kind", KINDS)
def test_dtypes_in_mixed_precision(kind: str) -> None:
    pytest.importorskip("ml_dtypes")
    found = []
    for lib in (pluggrad, torch):
        layer = getattr(lib.nn, kind)(3, 4)
        with lib.autocast("cpu", dtype=lib.bfloat16):
            out, _ = layer(lib.randn(5, 2, 3))
        out.float().sum().backward()
        found.append((str(out.dtype).split(".")[-1], str(layer.weight_hh_l0.grad.dtype).split(".")[-1]))
    assert found[0] == found[1]

"""Attention beyond its table beside PyTorch (cases/attention.py): the graph, rows without a key, dropout."""

from __future__ import annotations

import pytest

import pluggrad
from pluggrad.nn.functional import scaled_dot_product_attention


def _inputs(lib, *scales):
    return [(lib.arange(24, dtype=lib.float64).reshape(1, 2, 3, 4) * s).sin().requires_grad_() for s in scales]


def test_it_is_one_node_of_the_graph():
    q, k, v = _inputs(pluggrad, 0.3, 0.7, 1.1)
    out = scaled_dot_product_attention(q, k, v, is_causal=True)
    tiled = pluggrad.backends.plugins.backend(out.device.type).brings("tiled_attention")
    assert out.grad_fn.name() == ("TiledAttentionBackward0" if tiled else "ScaledDotProductAttentionBackward0")
    assert [f.variable is x for (f, _), x in zip(out.grad_fn.next_functions, (q, k, v), strict=True)] == [True] * 3


def test_second_derivatives_are_pytorchs():
    torch = pytest.importorskip("torch")

    def second(lib):
        inputs = _inputs(lib, 0.3, 0.7, 1.1)
        out = lib.nn.functional.scaled_dot_product_attention(*inputs, is_causal=True)
        first = lib.autograd.grad((out * out).sum(), inputs, create_graph=True)
        return [g.tolist() for g in lib.autograd.grad(sum((g * g).sum() for g in first), inputs, allow_unused=True)]

    with torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH):
        theirs = second(torch)
    for ours, expected in zip(second(pluggrad), theirs, strict=True):
        assert pluggrad.tensor(ours).allclose(pluggrad.tensor(expected), atol=1e-6)


def test_a_query_without_a_key_gets_zero_and_gives_no_gradient():
    q, k, v = _inputs(pluggrad, 0.3, 0.7, 1.1)
    mask = pluggrad.tensor([[True, True, False], [False, False, False], [True, False, False]])
    out = scaled_dot_product_attention(q, k, v, mask)
    assert out[:, :, 1].tolist() == pluggrad.zeros(1, 2, 4).tolist()
    out.sum().backward()
    assert q.grad[:, :, 1].tolist() == pluggrad.zeros(1, 2, 4).tolist()
    assert k.grad.isfinite().all()
    assert v.grad[:, :, 2].tolist() == pluggrad.zeros(1, 2, 4).tolist()


def test_dropout_scales_what_it_keeps():
    """With equal weights, the output is a sum of kept values over the count of keys, over 1 - p."""
    pluggrad.manual_seed(0)
    q, v = pluggrad.zeros(1, 400, 4), pluggrad.ones(1, 50, 1)
    out = scaled_dot_product_attention(q, pluggrad.zeros(1, 50, 4), v, dropout_p=0.75)
    kept = (out * 50 * 0.25).round()
    assert (out * 50 * 0.25).allclose(kept, atol=1e-4)
    assert abs(out.mean().item() - 1.0) < 0.05  # of 20000 draws: a standard deviation of 0.012


def test_weights_that_are_asked_for_have_a_gradient():
    layer = pluggrad.nn.MultiheadAttention(8, 2)
    x = pluggrad.ones(3, 1, 8, requires_grad=True) * pluggrad.arange(3.0).reshape(3, 1, 1)
    _, weights = layer(x, x, x)
    (weights * pluggrad.arange(9.0).reshape(1, 3, 3)).sum().backward()
    assert layer.in_proj_weight.grad.abs().sum().item() > 0
    assert layer.out_proj.weight.grad is None or layer.out_proj.weight.grad.abs().sum().item() == 0


def test_a_choice_of_implementations_changes_nothing() -> None:
    from pluggrad.nn.attention import SDPBackend, sdpa_kernel

    q = pluggrad.randn(1, 2, 3)
    expected = scaled_dot_product_attention(q, q, q).tolist()
    for chosen in (SDPBackend.MATH, [SDPBackend.FLASH_ATTENTION, SDPBackend.EFFICIENT_ATTENTION]):
        with sdpa_kernel(chosen):
            assert scaled_dot_product_attention(q, q, q).tolist() == expected
    with pytest.raises(TypeError, match="must be an SDPBackend or a list"), sdpa_kernel(3):
        pass

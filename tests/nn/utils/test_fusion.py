"""Layers fused with the batch normalisation after them, and modules that are not drawn, beside PyTorch's."""

from __future__ import annotations

from typing import Any

import pytest

import pluggrad

from .test_parametrizations import BOTH, same, share_state, tensor

torch = pytest.importorskip("torch")

PAIRS = {
    "Conv1d": (lambda nn, bias: nn.Conv1d(2, 3, 2, bias=bias), "BatchNorm1d", (4, 2, 5)),
    "Conv2d": (lambda nn, bias: nn.Conv2d(2, 3, 2, bias=bias), "BatchNorm2d", (4, 2, 4, 4)),
    "ConvTranspose2d": (lambda nn, bias: nn.ConvTranspose2d(2, 3, 2, bias=bias), "BatchNorm2d", (4, 2, 4, 4)),
    "Linear": (lambda nn, bias: nn.Linear(2, 3, bias=bias), "BatchNorm1d", (4, 2)),
}


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(
    ("pair", "affine"), [(pair, affine) for pair in PAIRS for affine in (True, False) if affine or pair != "Linear"]
)
def test_fused_layers(pair: str, bias: bool, affine: bool) -> None:
    make, norm, shape = PAIRS[pair]
    nets = [lib.nn.Sequential(make(lib.nn, bias), getattr(lib.nn, norm)(3, affine=affine)) for lib in BOTH]
    nets[1](tensor(torch, *shape))  # running statistics
    share_state(*nets)
    fused = []
    for lib, net in zip(BOTH, nets, strict=True):
        fuse = lib.nn.utils.fuse_linear_bn_eval if pair == "Linear" else lib.nn.utils.fuse_conv_bn_eval
        options = {"transpose": True} if "Transpose" in pair else {}
        fused.append(fuse(*net.eval(), **options))
        same(fused[-1](tensor(lib, *shape)), nets[1].eval()(tensor(torch, *shape)))
    for ours, theirs in zip(fused[0].parameters(), fused[1].parameters(), strict=True):
        same(ours, theirs)
        assert ours.requires_grad == theirs.requires_grad
    assert nets[0][0].weight is not fused[0].weight


def test_linear_without_affine() -> None:
    """PyTorch raises an error here, for the normalisation has no weight."""
    net = pluggrad.nn.Sequential(pluggrad.nn.Linear(2, 3), pluggrad.nn.BatchNorm1d(3, affine=False))
    x = tensor(pluggrad, 4, 2)
    net(x)
    same(pluggrad.nn.utils.fuse_linear_bn_eval(*net.eval())(x), net(x))


@pytest.mark.parametrize("lib", BOTH)
def test_faults(lib: Any) -> None:
    nn = lib.nn
    conv, linear = nn.Conv1d(2, 3, 2).eval(), nn.Linear(2, 4).eval()
    with pytest.raises(AssertionError, match="Fusion only for eval!"):
        nn.utils.fuse_conv_bn_eval(conv, nn.BatchNorm1d(3))
    with pytest.raises(AssertionError, match="must not be None"):
        nn.utils.fuse_conv_bn_eval(conv, nn.BatchNorm1d(3, track_running_stats=False).eval())
    with pytest.raises(AssertionError, match="got linear.out_features=4 and bn.num_features=3"):
        nn.utils.fuse_linear_bn_eval(linear, nn.BatchNorm1d(3).eval())


@pytest.mark.parametrize("lib", BOTH)
def test_skip_init(lib: Any) -> None:
    skip_init = lib.nn.utils.skip_init
    lib.manual_seed(3)
    expected = lib.rand(1).item()
    lib.manual_seed(3)
    layer = skip_init(lib.nn.Linear, 5, 2, bias=False, dtype=lib.float64)
    assert lib.rand(1).item() == expected  # nothing was drawn
    assert type(layer) is lib.nn.Linear and tuple(layer.weight.shape) == (2, 5)
    assert layer.weight.dtype == lib.float64 and layer.weight.requires_grad and layer.bias is None
    layer.reset_parameters()
    assert 0 < layer.weight.abs().max().item() < 1
    with pytest.raises(RuntimeError, match="Expected a Module"):
        skip_init(dict)
    with pytest.raises(RuntimeError, match="must support a 'device' arg"):
        skip_init(lib.nn.ReLU)

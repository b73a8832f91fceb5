"""Normalisation of inputs in 16 bits beside float32 weights gives 16 bits, as in PyTorch on the CPU."""

from __future__ import annotations

import numpy as np
import pytest

import pluggrad

torch = pytest.importorskip("torch")
pytest.importorskip("ml_dtypes")

LAYERS = [
    "LayerNorm(3)", "GroupNorm(2, 4)", "BatchNorm1d(4)", "InstanceNorm1d(4, affine=True)", "RMSNorm(3)",
    "InstanceNorm1d(4, affine=True, track_running_stats=True)",
]  # fmt: skip


# PyTorch says that it is slower so.
@pytest.mark.filterwarnings("ignore:Mismatch dtype between input and weight:UserWarning")
@pytest.mark.cpu
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("inside", [True, False], ids=["autocast", "outside"])
@pytest.mark.parametrize("name", ["float16", "bfloat16"])
@pytest.mark.parametrize("layer", LAYERS)
def test_normalisation(layer: str, name: str, inside: bool, training: bool) -> None:
    values = np.random.default_rng(0).standard_normal((2, 4, 3)).astype("float32")
    found = []
    for lib in (pluggrad, torch):
        dtype = getattr(lib, name)
        module = eval(f"lib.nn.{layer}", {"lib": lib}).train(training)
        x = lib.tensor(values).to(dtype).requires_grad_()
        with lib.autocast("cpu", dtype=dtype, enabled=inside):
            out = module(x)
        (out.float() * lib.tensor(np.exp(values))).sum().backward()
        assert out.dtype == dtype and x.grad.dtype == dtype
        assert all(p.grad.dtype == lib.float32 for p in module.parameters())
        found.append([t.detach().float().numpy() for t in (out, x.grad, *(p.grad for p in module.parameters()))])
    for mine, yours in zip(*found, strict=True):
        np.testing.assert_allclose(mine, yours, rtol=0.02, atol=0.05 if name == "bfloat16" else 0.01)

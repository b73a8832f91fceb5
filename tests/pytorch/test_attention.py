"""``torch.nn.attention`` beside PyTorch's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip("torch")

import numpy as np
import torch
from torch.nn.attention import flex_attention as theirs

import pluggrad.torch as pt
from pluggrad.torch import flex_attention as ours
from pluggrad.torch.attention import SDPBackend, sdpa_kernel

from .compare import to_numpy

pytestmark = pytest.mark.cpu  # what is compared with PyTorch is NumPy's


def causal(b: Any, h: Any, q: Any, k: Any) -> Any:
    return q >= k


def near(b: Any, h: Any, q: Any, k: Any) -> Any:
    return (q - k).abs() <= 2


def relative(score: Any, b: Any, h: Any, q: Any, k: Any) -> Any:
    return score + (q - k) * 0.1 / (h + 1)


@pytest.mark.parametrize("score_mod", [None, relative])
@pytest.mark.parametrize("mask", [None, causal, near, "both"])
@pytest.mark.filterwarnings("ignore:flex_attention called without torch.compile")
def test_flex_attention_as_pytorch(score_mod: Callable[..., Any] | None, mask: Any) -> None:
    rng = np.random.default_rng(0)
    arrays = [rng.standard_normal((2, heads, 5, 4)) for heads in (4, 2, 2)]
    found = []
    for lib, flex in ((torch, theirs), (pt, ours)):
        tensors = [lib.from_numpy(a.copy()) for a in arrays]
        function = flex.and_masks(causal, near) if mask == "both" else mask
        block = None if function is None else flex.create_block_mask(function, None, None, 5, 5, device="cpu")
        out = flex.flex_attention(*tensors, score_mod=score_mod, block_mask=block, enable_gqa=True)
        found.append(to_numpy(out))
    np.testing.assert_allclose(found[1], found[0], rtol=1e-9, atol=1e-9)


def test_the_choice_of_a_kernel_changes_nothing() -> None:
    assert pt.nn.attention.SDPBackend is SDPBackend and pt.nn.attention.flex_attention.BlockMask is ours.BlockMask
    x = pt.randn(1, 2, 3, 4)
    with sdpa_kernel([SDPBackend.MATH, SDPBackend.FLASH_ATTENTION]):
        inside = pt.nn.functional.scaled_dot_product_attention(x, x, x)
    assert pt.equal(inside, pt.nn.functional.scaled_dot_product_attention(x, x, x))
    with pytest.raises(TypeError), sdpa_kernel("math"):  # type: ignore[arg-type]
        pass


def test_gradients_of_flex_attention() -> None:
    """PyTorch has none on the CPU: those of attention written out, and of a query that sees no key."""
    x = [pt.randn(1, 2, 4, 3, dtype=pt.float64, requires_grad=True) for _ in range(3)]
    block = ours.create_block_mask(lambda b, h, q, k: q > k, None, None, 4, 4)
    assert pt.autograd.gradcheck(lambda q, k, v: ours.flex_attention(q, k, v, block_mask=block), x)
    assert (ours.flex_attention(*x, block_mask=block)[:, :, 0] == 0).all()

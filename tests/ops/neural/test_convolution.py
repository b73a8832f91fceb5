"""Convolutions beside PyTorch, of arguments drawn at random."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import pluggrad.nn.functional as F

torch = pytest.importorskip("torch")

from .beside_torch import agree, draw, host, ours, theirs  # noqa: E402

TF = torch.nn.functional


@st.composite
def convolutions(draw_: Any, n: int) -> dict[str, Any]:
    ints = lambda low, high: st.lists(st.integers(low, high), min_size=n, max_size=n).map(tuple)  # noqa: E731
    groups = draw_(st.sampled_from([1, 1, 2, 3]))
    case = {
        "kernel": draw_(ints(1, 3)),
        "stride": draw_(ints(1, 3)),
        "padding": draw_(ints(0, 2)),
        "dilation": draw_(ints(1, 2)),
        "groups": groups,
        "size": draw_(ints(1, 6 if n < 3 else 4)),
        "batch": draw_(st.integers(0, 3)),
        "inputs": groups * draw_(st.integers(1, 2)),
        "outputs": groups * draw_(st.integers(1, 2)),
        "bias": draw_(st.booleans()),
    }
    reach = [
        s + 2 * p - d * (k - 1)
        for s, p, d, k in zip(case["size"], case["padding"], case["dilation"], case["kernel"], strict=True)
    ]
    assume(min(reach) >= 1)
    return case


def _check_convolution(n: int, case: dict[str, Any], dtype: str) -> None:
    x = draw(case["batch"], case["inputs"], *case["size"], dtype=dtype)
    w = draw(case["outputs"], case["inputs"] // case["groups"], *case["kernel"], dtype=dtype, seed=1)
    b = draw(case["outputs"], dtype=dtype, seed=2) if case["bias"] else None
    options = {k: case[k] for k in ("stride", "padding", "dilation", "groups")}
    name = f"conv{n}d"
    agree(lambda *a: getattr(F, name)(*a, **options), lambda *a: getattr(TF, name)(*a, **options), x, w, b)


@given(convolutions(1), st.sampled_from(["float32", "float64"]))
def test_conv1d(case: dict[str, Any], dtype: str) -> None:
    _check_convolution(1, case, dtype)


@given(convolutions(2), st.sampled_from(["float32", "float64"]))
def test_conv2d(case: dict[str, Any], dtype: str) -> None:
    _check_convolution(2, case, dtype)


@given(convolutions(3))
def test_conv3d(case: dict[str, Any]) -> None:
    _check_convolution(3, case, "float64")


def test_conv2d_of_several_blocks() -> None:
    """Images enough that their columns are made in several blocks, the last of which is not full."""
    x, w, b = (
        draw(7, 20, 40, 24, dtype="float32"),
        draw(8, 20, 3, 3, dtype="float32", seed=1),
        draw(8, dtype="float32", seed=2),
    )
    mine, yours = [ours(a, True) for a in (x, w, b)], [theirs(a, True) for a in (x, w, b)]
    u, v = F.conv2d(*mine, padding=1), TF.conv2d(*yours, padding=1)
    np.testing.assert_allclose(host(u), v.detach().numpy(), rtol=1e-4, atol=1e-4)
    u.square().sum().backward()
    v.square().sum().backward()
    for a, c in zip(mine, yours, strict=True):
        expected = c.grad.numpy()
        np.testing.assert_allclose(host(a.grad), expected, rtol=1e-4, atol=2e-5 * abs(expected).max())


@pytest.mark.parametrize("kernel", [(3, 3), (2, 4), (1, 1), (5, 2)])
@pytest.mark.parametrize("dilation", [1, 2])
def test_conv2d_same(kernel: tuple[int, int], dilation: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch's word on even kernels
        agree(
            lambda *a: F.conv2d(*a, padding="same", dilation=dilation),
            lambda *a: TF.conv2d(*a, padding="same", dilation=dilation),
            draw(2, 3, 6, 5),
            draw(4, 3, *kernel, seed=1),
        )


def test_conv2d_without_batch_and_with_strided_input() -> None:
    agree(F.conv2d, TF.conv2d, draw(3, 6, 5), draw(4, 3, 2, 2, seed=1), draw(4, seed=2))
    agree(lambda x, w: F.conv2d(x.mT, w), lambda x, w: TF.conv2d(x.mT, w), draw(2, 3, 6, 5), draw(4, 3, 2, 2, seed=1))
    agree(lambda x, w: F.conv2d(x, w.mT), lambda x, w: TF.conv2d(x, w.mT), draw(2, 3, 6, 5), draw(4, 3, 2, 3, seed=1))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x": (2, 4, 5, 5)}, r"expected input\[2, 4, 5, 5\] to have 3 channels, but got 4 channels"),
        ({"x": (5, 5)}, r"expected 4-D \(batched\) or 3-D \(unbatched\) input, got shape \(5, 5\)"),
        ({"w": (4, 3, 3)}, r"weight must have 4 axes"),
        ({"w": (4, 3, 7, 3)}, r"the kernel, of size \(7, 3\).* is larger than the input of size \(5, 5\)"),
        ({"b": (3,)}, r"bias must have shape \(4,\), got \(3,\)"),
        ({"groups": 3}, "groups must divide the 4 output channels, got 3"),
        ({"stride": 0}, "stride must be at least 1, got 0"),
        ({"stride": (1, 1, 1)}, "stride must be one int or 2 ints"),
        ({"padding": -1}, "padding must be at least 0"),
        ({"padding": "full"}, "padding must be 'valid', 'same', an int or ints, got 'full'"),
        ({"padding": "same", "stride": 2}, "padding='same' is not supported for strided convolutions"),
    ],
)
def test_conv2d_errors(change: dict[str, Any], message: str) -> None:
    given_ = {"x": (2, 3, 5, 5), "w": (4, 3, 3, 3), "b": (4,)} | change
    arrays = [ours(draw(*given_.pop(k))) for k in "xwb"]
    with pytest.raises(ValueError, match=message):
        F.conv2d(*arrays, **given_)

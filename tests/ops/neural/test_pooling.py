"""Maximum and average pooling beside PyTorch, of arguments drawn at random."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import pluggrad.nn.functional as F

torch = pytest.importorskip("torch")

from .beside_torch import agree, close, draw, host, ours, theirs  # noqa: E402

TF = torch.nn.functional


@st.composite
def poolings(draw_: Any, n: int) -> dict[str, Any]:
    ints = lambda low, high: st.lists(st.integers(low, high), min_size=n, max_size=n).map(tuple)  # noqa: E731
    kernel = draw_(ints(1, 4))
    case = {
        "kernel_size": kernel,
        "stride": draw_(st.none() | ints(1, 3)),
        "ceil_mode": draw_(st.booleans()),
        "padding": tuple(draw_(st.integers(0, k // 2)) for k in kernel),
        "dilation": draw_(ints(1, 2)),
        "size": draw_(ints(1, 7 if n < 3 else 4)),
        "include": draw_(st.booleans()),
        "divisor": draw_(st.none() | st.integers(1, 5)),
    }
    return case


def _fits(case: dict[str, Any], dilated: bool) -> bool:
    d = case["dilation"] if dilated else (1,) * len(case["kernel_size"])
    return all(
        s + 2 * p - e * (k - 1) >= 1
        for s, p, e, k in zip(case["size"], case["padding"], d, case["kernel_size"], strict=True)
    )


@pytest.mark.parametrize("n", [1, 2, 3])
@given(data=st.data())
def test_max_pool(n: int, data: Any) -> None:
    case = data.draw(poolings(n))
    assume(_fits(case, True))
    options = {k: case[k] for k in ("kernel_size", "stride", "padding", "dilation", "ceil_mode")}
    # Few different values: many ties, of which the first counts.
    x = np.round(draw(2, 3, *case["size"])) + 0.0
    name = f"max_pool{n}d"
    # Spread windows may miss the input; where PyTorch's gradient goes then is its own affair.
    assume(np.isfinite(getattr(TF, name)(theirs(x), **options).numpy()).all())
    agree(lambda t: getattr(F, name)(t, **options), lambda t: getattr(TF, name)(t, **options), x)
    out, indices = getattr(F, name)(ours(x), return_indices=True, **options)
    expected, where = getattr(TF, name)(theirs(x), return_indices=True, **options)
    close(out, expected)
    assert host(indices).tolist() == where.tolist()


def test_max_pool_of_nan_and_infinities() -> None:
    x = draw(1, 1, 4, 6)
    x[0, 0, 1, 1] = np.nan
    x[0, 0, 2:, 2:] = -np.inf
    x[0, 0, 0, 5] = np.inf
    agree(lambda t: F.max_pool2d(t, 2), lambda t: TF.max_pool2d(t, 2), x)
    agree(lambda t: F.max_pool2d(t, 3, 1), lambda t: TF.max_pool2d(t, 3, 1), x)


@pytest.mark.parametrize("n", [1, 2, 3])
@given(data=st.data())
def test_avg_pool(n: int, data: Any) -> None:
    case = data.draw(poolings(n))
    assume(_fits(case, False))
    # PyTorch's own limit, in three dimensions only: not even with padding may a window be larger than the input.
    assume(n < 3 or all(k <= s for k, s in zip(case["kernel_size"], case["size"], strict=True)))
    options = {k: case[k] for k in ("kernel_size", "stride", "padding", "ceil_mode")} | {
        "count_include_pad": case["include"]
    }
    if n > 1:
        options["divisor_override"] = case["divisor"]
    name = f"avg_pool{n}d"
    agree(
        lambda t: getattr(F, name)(t, **options), lambda t: getattr(TF, name)(t, **options), draw(2, 3, *case["size"])
    )


def test_pooling_without_batch_and_errors() -> None:
    agree(lambda t: F.max_pool2d(t, 2), lambda t: TF.max_pool2d(t, 2), draw(3, 4, 5))
    agree(lambda t: F.avg_pool2d(t, 2), lambda t: TF.avg_pool2d(t, 2), draw(3, 4, 5))
    with pytest.raises(ValueError, match="pad should be at most half of effective kernel size"):
        F.max_pool2d(ours(draw(1, 1, 4, 4)), 2, padding=2)
    with pytest.raises(RuntimeError, match=r"the window, of size \(5, 5\).* is larger than the input of size \(4, 4\)"):
        F.avg_pool2d(ours(draw(1, 1, 4, 4)), 5)
    with pytest.raises(ValueError, match="divisor must be not zero"):
        F.avg_pool2d(ours(draw(1, 1, 4, 4)), 2, divisor_override=0)

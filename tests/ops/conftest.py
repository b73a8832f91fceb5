"""What the tests of the functions share: PyTorch as an oracle for values and gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import pluggrad
from pluggrad.errors import DTypeError


def _flat(result: Any) -> list[Any]:
    if isinstance(result, tuple | list):
        return [leaf for item in result for leaf in _flat(item)]
    return [result]


def _weighted(outputs: list[Any], library: Any) -> Any:
    """A smooth real function of all outputs that require a gradient, whose weights tell the elements apart."""
    total: Any = None
    for out in outputs:
        if not out.requires_grad:
            continue
        count = 1
        for n in out.shape:
            count *= n
        weights = library.cos(library.arange(1.0, count + 1.0, dtype=library.float64)).reshape(tuple(out.shape))
        terms = out * weights
        real = library.real(terms) + library.imag(terms) * 0.5 if "complex" in str(out.dtype) else terms
        total = real.sum() if total is None else total + real.sum()
    return total


def skip_without(dtype: str) -> None:
    """Leave a test out on a backend without a dtype that the standard does not ask for."""
    try:
        pluggrad.empty(0, dtype=getattr(pluggrad, dtype))
    except DTypeError:
        pytest.skip(f"the backend under test has no {dtype}")


@pytest.fixture
def float16() -> pluggrad.dtype:
    """The dtype, where the backend under test has it."""
    skip_without("float16")
    return pluggrad.float16


@pytest.fixture
def same_as_torch() -> Callable[..., None]:
    """Check that two calls agree on NumPy arrays: shapes, dtypes and values, NaN included, and gradients."""
    torch = pytest.importorskip("torch")

    def check(
        ours: Callable[..., Any], theirs: Callable[..., Any], *values: Any, gradient: bool = True, rtol: float = 1e-6,
        atol: float = 1e-9, dtypes: bool = True,
    ) -> None:  # fmt: skip
        values = tuple(np.asarray(v) for v in values)
        for v in values:
            skip_without(v.dtype.name)
        xs = [pluggrad.asarray(v.tolist(), dtype=getattr(pluggrad, v.dtype.name)).reshape(v.shape) for v in values]
        ts = [torch.tensor(v) for v in values]
        if gradient:
            xs = [x.detach().requires_grad_() if x.dtype.is_differentiable else x for x in xs]
            ts = [t.requires_grad_() if t.is_floating_point() or t.is_complex() else t for t in ts]
        got, expected = _flat(ours(*xs)), _flat(theirs(*ts))
        assert len(got) == len(expected)
        for g, e in zip(got, expected, strict=True):
            assert tuple(g.shape) == tuple(e.shape)
            if dtypes:
                assert g.dtype.name == str(e.dtype).removeprefix("torch.")
            np.testing.assert_allclose(g.detach().tolist(), e.detach().tolist(), rtol=rtol, atol=atol, equal_nan=True)
        if not gradient:
            return
        a = _weighted(got, pluggrad)
        b = _weighted(expected, torch)
        assert (a is None) == (b is None)
        if a is None:
            return
        a.backward()
        b.backward()
        for x, t in zip(xs, ts, strict=True):
            if t.grad is None:  # PyTorch knows some gradients to be zero without making them
                assert x.grad is None or not np.any(x.grad.tolist())
            else:
                np.testing.assert_allclose(x.grad.tolist(), t.grad.tolist(), rtol=rtol, atol=atol, equal_nan=True)

    return check


@pytest.fixture
def rng() -> np.random.Generator:
    """Random numbers, the same in every run."""
    return np.random.default_rng(0)

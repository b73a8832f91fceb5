"""NumPy's kernels of neural functions beside the composed forwards."""

from __future__ import annotations

import numpy as np
import pytest

import pluggrad
from pluggrad.function import functions
from pluggrad.testing.samples import samples_of

torch = pytest.importorskip("torch")

from .beside_torch import TOLERANCE, both  # noqa: E402

TF = torch.nn.functional

KERNELS = pytest.importorskip("pluggrad_numpy.kernels").KERNELS


NEURAL = sorted(
    name
    for name, f in functions().items()
    if f.forward is not None and f.forward.__module__.startswith("pluggrad.ops.neural") and name in KERNELS
)


def _arrays(name: str, i: int, dtype: str) -> list[np.ndarray]:
    arrays = []
    for seed, spec in enumerate(samples_of(name)[i].arrays):
        array = np.asarray(spec.values(seed))
        arrays.append(array.astype(dtype) if spec.floating else array)
    return arrays


@both
@pytest.mark.parametrize(("name", "i"), [(name, i) for name in NEURAL for i in range(len(samples_of(name)))])
def test_numpy_kernel_does_what_the_composed_forward_does(name: str, i: int, dtype: str) -> None:
    arrays, parameters = _arrays(name, i, dtype), samples_of(name)[i].parameters
    before = [a.copy() for a in arrays]
    fast = KERNELS[name](*arrays, **parameters)
    composed = functions()[name].forward(pluggrad.zeros(1, device="cpu")._type.kernels, *arrays, **parameters)  # type: ignore[misc]
    fast, composed = (a if isinstance(a, tuple) else (a,) for a in (fast, composed))
    assert len(fast) == len(composed)
    for x, y in zip(fast, composed, strict=True):
        assert x.shape == y.shape
        assert x.dtype == y.dtype
        np.testing.assert_allclose(x, y, rtol=3 * TOLERANCE[dtype], atol=3 * TOLERANCE[dtype])
    for x, y in zip(arrays, before, strict=True):
        assert (x == y).all(), "a kernel changed its input"


@pytest.mark.parametrize("name", [n for n in NEURAL if n not in ("nll_loss_input", "embedding")])
def test_numpy_kernel_in_float16(name: str) -> None:
    """The result is float16, and as exact as float16 is: sums are not made in it."""
    arrays, parameters = _arrays(name, 0, "float16"), samples_of(name)[0].parameters
    out = KERNELS[name](*arrays, **parameters)
    wide = KERNELS[name](*(a.astype(np.float64) if a.dtype.kind == "f" else a for a in arrays), **parameters)
    for x, y in zip(
        out if isinstance(out, tuple) else (out,), wide if isinstance(wide, tuple) else (wide,), strict=True
    ):
        assert x.dtype == np.float16
        np.testing.assert_allclose(x.astype(np.float64), y, rtol=4e-3, atol=4e-3)

"""What stands at a place in order, beside PyTorch."""

from __future__ import annotations

import numpy as np
import pytest

import pluggrad.torch

torch = pytest.importorskip("torch")


def numbers(shape, dtype, missing):
    x = (np.random.default_rng(0).standard_normal(shape) * 10).astype(dtype)
    if missing:
        x.reshape(-1)[::5] = np.nan
    return x


@pytest.mark.cpu
@pytest.mark.parametrize("shape", [(7,), (5, 6), (33, 17, 4), (1, 1)])
@pytest.mark.parametrize(
    ("dtype", "missing"), [(np.float32, False), (np.float64, True), (np.float16, True), (np.int64, False)]
)
def test_medians_and_places(shape, dtype, missing):
    x = numbers(shape, dtype, missing)
    ours, theirs = pluggrad.torch.tensor(x), torch.tensor(x)
    for name in ("median", "nanmedian"):
        np.testing.assert_array_equal(getattr(pluggrad.torch, name)(ours).numpy(), getattr(torch, name)(theirs).numpy())
    for axis, n in enumerate(shape):
        for name, given in (("median", ()), ("nanmedian", ()), ("kthvalue", (1 + n // 3,))):
            out, expected = (
                getattr(pluggrad.torch, name)(ours, *given, axis),
                getattr(torch, name)(theirs, *given, axis),
            )
            np.testing.assert_array_equal(out.values.numpy(), expected.values.numpy())
            chosen = np.take_along_axis(x, np.expand_dims(out.indices.numpy(), axis), axis).squeeze(axis)
            np.testing.assert_array_equal(chosen, expected.values.numpy())


def test_large_integers_keep_their_digits():
    x = np.array([2**60 + 1, 2**60 + 3, 2**60 + 7])
    assert pluggrad.torch.median(pluggrad.torch.tensor(x)).item() == 2**60 + 3


@pytest.mark.cpu
@pytest.mark.parametrize("shape", [(5000,), (63, 65), (2, 4097), (3, 40, 129), (1, 1 << 13), (1 << 13, 1)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_products_of_many(shape, dtype):
    x = np.exp(np.random.default_rng(0).standard_normal(shape) / 30).astype(dtype)
    x.reshape(-1)[5] *= -1
    ours = pluggrad.torch.tensor(x)
    tolerance = 1e-5 if dtype is np.float32 else 1e-12
    np.testing.assert_allclose(ours.prod().numpy(), np.prod(x.astype(np.float64)), rtol=tolerance)
    for axis in range(x.ndim):
        for keep in (False, True):
            out = ours.prod(axis, keepdim=keep).numpy()
            np.testing.assert_allclose(out, np.prod(x.astype(np.float64), axis, keepdims=keep), rtol=tolerance)
    assert np.isnan(pluggrad.torch.tensor(np.where(x < 0, np.nan, x)).prod().item())

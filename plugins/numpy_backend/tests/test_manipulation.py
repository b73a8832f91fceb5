"""Copies in tiles."""

from __future__ import annotations

import numpy as np
import pytest

manipulation = pytest.importorskip("pluggrad_numpy.manipulation")


@pytest.mark.parametrize(
    ("shape", "axes"),
    [
        ((512, 1024), (1, 0)), ((300, 512), (1, 0)), ((4, 256, 512), (0, 2, 1)), ((256, 4, 256), (2, 1, 0)),
        ((512, 256, 3), (1, 0, 2)), ((1024, 300), (1, 0)), ((0, 1024), (1, 0)), ((2048, 1, 64), (2, 1, 0)), ((), ()),
    ],
)  # fmt: skip
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int8, np.complex128])
def test_copy_is_numpys(shape, axes, dtype):
    x = np.arange(np.prod(shape, dtype=int)).astype(dtype).reshape(shape).transpose(axes)
    for given in (x, np.flip(x), x[::2] if x.ndim else x):
        out = manipulation.copy(given)
        np.testing.assert_array_equal(out, given)
        assert out.flags.c_contiguous
        assert out.dtype == dtype
        assert not np.shares_memory(out, x)

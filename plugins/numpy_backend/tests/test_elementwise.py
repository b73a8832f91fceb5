"""NumPy's elementwise kernels, on what a derivative rule may hand them: arrays, NumPy's scalars, Python's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pluggrad_numpy.elementwise import where

CONDITION = np.arange(2000) % 3 == 0  # many enough for the selection by bits


@pytest.mark.parametrize("count", [3, 2000])
@pytest.mark.parametrize("second", [1.0, 0.0, 2, np.float64(1.5), np.linspace(-1, 1, 2000)])
@pytest.mark.parametrize("first", [1.0, 0, -0.0, np.float64(2.5), np.float64(0), np.linspace(3, 4, 2000)])
def test_where_selects_among_arrays_and_scalars(first: Any, second: Any, count: int) -> None:
    if not isinstance(first, np.generic | np.ndarray) and not isinstance(second, np.generic | np.ndarray):
        second = np.float64(second)  # one of them has a dtype: the core sees to it
    condition, first, second = (x[:count] if isinstance(x, np.ndarray) else x for x in (CONDITION, first, second))
    out = where(condition, first, second)
    expected = np.where(condition, first, second)
    assert out.dtype == expected.dtype == np.float64
    assert out.tobytes() == expected.tobytes()  # the sign of 0 too

"""Dropout: what it leaves, and its edges."""

from __future__ import annotations

import numpy as np
import pytest

import pluggrad
import pluggrad.nn.functional as F

pytest.importorskip("torch")

from .beside_torch import both, draw, host, ours


@both
def test_dropout_scales_what_it_leaves(dtype: str) -> None:
    pluggrad.manual_seed(0)
    x = ours(np.ones((100, 100), dtype), requires_grad=True)
    y = F.dropout(x, 0.25)
    kept = host(y) != 0
    assert 0.73 < kept.mean() < 0.77
    np.testing.assert_allclose(host(y)[kept], 1 / 0.75, rtol=1e-6)
    y.sum().backward()
    assert x.grad is not None
    assert (host(x.grad) == host(y)).all()
    assert y.dtype is x.dtype


def test_dropout_edges() -> None:
    x = ours(draw(5))
    assert F.dropout(x, 0.0) is x
    assert F.dropout(x, 0.7, training=False) is x
    assert host(F.dropout(x, 1.0)).tolist() == [0.0] * 5
    with pytest.raises(ValueError, match="between 0 and 1, but got 1.5"):
        F.dropout(x, 1.5)
    y = x.clone()
    assert F.dropout(y, 0.5, inplace=True) is y
    seeds = []
    for _ in range(2):
        pluggrad.manual_seed(5)
        seeds.append(host(F.dropout(ours(np.ones(50)), 0.5)).tolist())
    assert seeds[0] == seeds[1]

"""Embeddings beside PyTorch: gradients, rows that are scaled down, errors."""

from __future__ import annotations

import numpy as np
import pytest

import pluggrad.nn.functional as F

torch = pytest.importorskip("torch")

from .beside_torch import agree, both, classes, close, draw, ours, theirs  # noqa: E402

TF = torch.nn.functional


@both
@pytest.mark.parametrize("shape", [(), (4,), (2, 3), (0,)])
@pytest.mark.parametrize("padding_idx", [None, 1, -1])
@pytest.mark.parametrize("scale", [False, True])
def test_embedding(shape: tuple[int, ...], padding_idx: int | None, scale: bool, dtype: str) -> None:
    numbers = classes(*shape, count=4)
    options = {"padding_idx": padding_idx, "scale_grad_by_freq": scale}
    if numbers.size == 0:  # PyTorch: all gradients 0; here too, but it has no backward for an empty sum of rows
        assert F.embedding(ours(numbers), ours(draw(4, 3, dtype=dtype)), **options).shape == (0, 3)
        return
    agree(
        lambda w: F.embedding(ours(numbers), w, **options),
        lambda w: TF.embedding(theirs(numbers), w, **options),
        draw(4, 3, dtype=dtype),
    )


@pytest.mark.parametrize("norm", [2.0, 1.0, float("inf")])
def test_embedding_scales_long_rows_down_in_place(norm: float) -> None:
    table, numbers = draw(6, 3, high=5.0), np.array([0, 2, 2, 5])
    mine, yours = ours(table), theirs(table)
    close(
        F.embedding(ours(numbers), mine, max_norm=1.5, norm_type=norm),
        TF.embedding(theirs(numbers), yours, max_norm=1.5, norm_type=norm),
    )
    close(mine, yours)


def test_embedding_errors() -> None:
    table = ours(draw(4, 3))
    with pytest.raises(IndexError, match=r"index out of range in self: 4 is not in \[0, 4\)"):
        F.embedding(ours(np.array([0, 4])), table)
    with pytest.raises(IndexError, match="-1 is not in"):
        F.embedding(ours(np.array([-1])), table)
    with pytest.raises(TypeError, match="integer dtype, got float64"):
        F.embedding(ours(np.array([1.0])), table)
    with pytest.raises(AssertionError, match="padding_idx 4 must be within the 4 rows"):
        F.embedding(ours(np.array([1])), table, padding_idx=4)

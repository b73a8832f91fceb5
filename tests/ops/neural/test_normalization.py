"""Layer and batch normalisation beside PyTorch."""

from __future__ import annotations

import numpy as np
import pytest

import pluggrad.nn.functional as F

torch = pytest.importorskip("torch")

from .beside_torch import agree, both, close, draw, host, ours, theirs  # noqa: E402

TF = torch.nn.functional


@both
@pytest.mark.parametrize(
    ("shape", "normalized"), [((3, 4), (4,)), ((2, 3, 4), (4,)), ((2, 3, 4), (3, 4)), ((5,), (5,))]
)
@pytest.mark.parametrize("affine", ["", "w", "wb", "b"])
def test_layer_norm(shape: tuple[int, ...], normalized: tuple[int, ...], affine: str, dtype: str) -> None:
    w = draw(*normalized, dtype=dtype, seed=1) if "w" in affine else None
    b = draw(*normalized, dtype=dtype, seed=2) if "b" in affine else None
    agree(
        lambda x, v, c: F.layer_norm(x, normalized, v, c, eps=1e-3),
        lambda x, v, c: TF.layer_norm(x, normalized, v, c, eps=1e-3),
        draw(*shape, dtype=dtype),
        w,
        b,
    )


@both
@pytest.mark.parametrize("shape", [(5, 3), (4, 3, 2), (2, 3, 4, 5), (2, 3, 2, 2, 2)])
@pytest.mark.parametrize("affine", ["", "w", "wb"])
@pytest.mark.parametrize("training", [True, False])
def test_batch_norm(shape: tuple[int, ...], affine: str, training: bool, dtype: str) -> None:
    w = draw(3, dtype=dtype, seed=1) if "w" in affine else None
    b = draw(3, dtype=dtype, seed=2) if "b" in affine else None
    mean, var = draw(3, dtype=dtype, seed=3), draw(3, dtype=dtype, seed=4, low=0.5)
    mine, yours = (ours(mean), ours(var)), (theirs(mean), theirs(var))
    agree(
        lambda x, v, c: F.batch_norm(x, *mine, v, c, training=training, momentum=0.3),
        lambda x, v, c: TF.batch_norm(x, *yours, v, c, training=training, momentum=0.3),
        draw(*shape, dtype=dtype),
        w,
        b,
    )
    close(mine[0], yours[0], dtype)
    close(mine[1], yours[1], dtype)


def test_batch_norm_keeps_saved_statistics() -> None:
    """Moving the running statistics does not change what an earlier evaluation saved for its backward."""
    x = ours(draw(4, 3), requires_grad=True)
    mean, var = ours(draw(3, seed=1)), ours(draw(3, seed=2, low=0.5))
    y = F.batch_norm(x, mean, var)
    F.batch_norm(x.detach(), mean, var, training=True)
    y.sum().backward()
    np.testing.assert_allclose(host(x.grad), np.broadcast_to(1 / np.sqrt(draw(3, seed=2, low=0.5) + 1e-5), (4, 3)))


def test_normalisation_errors() -> None:
    with pytest.raises(ValueError, match=r"expected input with shape \[\*, 5\], but got input of size \[3, 4\]"):
        F.layer_norm(ours(draw(3, 4)), (5,))
    with pytest.raises(ValueError, match=r"weight must have shape \(4,\), got \(3,\)"):
        F.layer_norm(ours(draw(3, 4)), (4,), ours(draw(3)))
    with pytest.raises(ValueError, match="Expected more than 1 value per channel when training"):
        F.batch_norm(ours(draw(1, 3)), None, None, training=True)
    with pytest.raises(ValueError, match="expected running_mean and running_var to be given when training=False"):
        F.batch_norm(ours(draw(2, 3)), None, None)
    with pytest.raises(ValueError, match="bias must have one number for each of the 3 channels"):
        F.batch_norm(ours(draw(2, 3)), None, None, bias=ours(draw(2)), training=True)

"""The linear map beside PyTorch, as one node of the graph."""

from __future__ import annotations

import pytest

import pluggrad.nn.functional as F

torch = pytest.importorskip("torch")

from .beside_torch import agree, both, draw, ours  # noqa: E402

TF = torch.nn.functional


@both
@pytest.mark.parametrize("shape", [(4,), (3, 4), (2, 3, 4), (2, 0, 4), (0, 4)])
@pytest.mark.parametrize("bias", [True, False])
def test_linear(shape: tuple[int, ...], bias: bool, dtype: str) -> None:
    w, b = draw(5, 4, dtype=dtype, seed=1), draw(5, dtype=dtype, seed=2) if bias else None
    agree(F.linear, TF.linear, draw(*shape, dtype=dtype), w, b)


def test_linear_is_one_node() -> None:
    out = F.linear(ours(draw(2, 4), True), ours(draw(5, 4), True), ours(draw(5), True))
    assert out.grad_fn is not None
    assert [type(parent).__name__ for parent, _ in out.grad_fn.next_functions] == ["Leaf"] * 3


def test_linear_names_shapes_that_do_not_fit() -> None:
    with pytest.raises(ValueError, match=r"input of shape \(2, 3\) and weight of shape \(5, 4\) do not fit"):
        F.linear(ours(draw(2, 3)), ours(draw(5, 4)))
    with pytest.raises(RuntimeError, match=r"bias must have shape \(5,\), got \(4,\)"):
        F.linear(ours(draw(2, 4)), ours(draw(5, 4)), ours(draw(4)))

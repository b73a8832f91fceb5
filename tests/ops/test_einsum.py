"""einsum against PyTorch and NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pluggrad

torch = pytest.importorskip("torch")

CASES = [
    ("ij->ji", [(2, 3)]),
    ("ij->", [(2, 3)]),
    ("ij->j", [(2, 3)]),
    ("ii", [(3, 3)]),
    ("ii->i", [(3, 3)]),
    ("iij->ji", [(3, 3, 2)]),
    ("iii->i", [(3, 3, 3)]),
    ("iijj->ij", [(3, 3, 2, 2)]),
    ("ba", [(2, 3)]),
    ("...ij->...ji", [(4, 2, 3)]),
    ("i...->...", [(4, 2, 3)]),
    ("...", [(2, 3)]),
    ("->", [()]),
    ("i,i", [(3,), (3,)]),
    ("i,j->ij", [(3,), (2,)]),
    ("ij,jk->ik", [(2, 3), (3, 4)]),
    ("ij,jk", [(2, 3), (3, 4)]),
    ("ij,ij->ij", [(2, 3), (2, 3)]),
    ("ij,ij->", [(2, 3), (2, 3)]),
    ("bij,bjk->bik", [(5, 2, 3), (5, 3, 4)]),
    ("...ij,...jk->...ik", [(5, 2, 3), (3, 4)]),
    ("...ij,...jk", [(5, 1, 2, 3), (4, 3, 2)]),
    ("bi,bj,bk->bijk", [(2, 3), (2, 4), (2, 2)]),
    ("ij,jk,kl->il", [(2, 3), (3, 4), (4, 2)]),
    ("ij,jk,kl,lm->im", [(2, 3), (3, 4), (4, 2), (2, 5)]),
    ("bn,anm,bm->ba", [(2, 5), (3, 5, 4), (2, 4)]),
    ("ijk,k->ij", [(2, 3, 4), (4,)]),
    ("ijk,ilm->jlk", [(2, 3, 4), (2, 5, 6)]),
    ("ij,k->i", [(2, 3), (4,)]),
    ("ij,jj->i", [(2, 3), (3, 3)]),
    ("...a,...a->...", [(2, 3), (2, 3)]),
    ("a...b,b...->a...", [(2, 4, 3), (3, 4)]),
    (",ij", [(), (2, 3)]),
    (" i j , j k -> k i ", [(2, 3), (3, 4)]),
    ("ij,kj->", [(2, 3), (4, 3)]),
    ("ij,jk->ik", [(2, 0), (0, 4)]),
    ("bqhd,bkhd->bhqk", [(2, 3, 2, 4), (2, 5, 2, 4)]),
    ("ab,ab,ab->a", [(2, 3), (2, 3), (2, 3)]),
]


@pytest.mark.parametrize(("equation", "shapes"), CASES)
@pytest.mark.parametrize("is_complex", [False, True], ids=["real", "complex"])
def test_as_torch(equation: str, shapes: Any, is_complex: bool, same_as_torch: Any, rng: np.random.Generator) -> None:
    values = [rng.standard_normal(s) + (1j * rng.standard_normal(s) if is_complex else 0) for s in shapes]
    same_as_torch(lambda *xs: pluggrad.einsum(equation, *xs), lambda *ts: torch.einsum(equation, *ts), *values)


@pytest.mark.parametrize(
    ("equation", "shapes"),
    [
        ("ij,jk->ik", [(2, 1), (3, 4)]),
        ("ij,ij->i", [(2, 1), (1, 3)]),
        ("bij,bjk->bik", [(1, 2, 3), (5, 1, 4)]),
        ("i,i,i->", [(1,), (3,), (1,)]),
    ],
)
def test_sizes_of_one_broadcast_as_torch(
    equation: str, shapes: Any, same_as_torch: Any, rng: np.random.Generator
) -> None:
    values = [rng.standard_normal(s) for s in shapes]
    same_as_torch(lambda *xs: pluggrad.einsum(equation, *xs), lambda *ts: torch.einsum(equation, *ts), *values)


@given(st.data())
def test_drawn_equations_as_numpy(data: st.DataObject) -> None:
    letters = "abcde"
    sizes = {c: data.draw(st.integers(1, 3)) for c in letters}
    terms = data.draw(st.lists(st.text(letters, max_size=4), min_size=1, max_size=4))
    used = sorted(set("".join(terms)))
    result = "".join(data.draw(st.permutations(used)))[: data.draw(st.integers(0, len(used)))]
    equation = f"{','.join(terms)}->{result}"
    rng = np.random.default_rng(len(equation))
    values = [rng.integers(-3, 4, [sizes[c] for c in term]) for term in terms]
    tensors = [pluggrad.asarray(v.tolist(), dtype=pluggrad.int64).reshape(v.shape) for v in values]
    np.testing.assert_array_equal(pluggrad.einsum(equation, *tensors).tolist(), np.einsum(equation, *values))


def test_sublist_form_and_sequence_of_operands() -> None:
    x, y = pluggrad.arange(6).reshape(2, 3), pluggrad.arange(12).reshape(3, 4)
    expected = (x @ y).tolist()
    assert pluggrad.einsum(x, [0, 1], y, [1, 2], [0, 2]).tolist() == expected
    assert pluggrad.einsum(x, [0, 1], y, [1, 2]).tolist() == expected
    assert pluggrad.einsum(x, [..., 1], y, [1, 2], [..., 2]).tolist() == expected
    assert pluggrad.einsum("ij,jk", [x, y]).tolist() == expected


def test_second_order() -> None:
    x = pluggrad.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    y = pluggrad.einsum("ij,jk,kl->", x, x, x)
    (g,) = pluggrad.autograd.grad(y, x, create_graph=True)
    (h,) = pluggrad.autograd.grad(g.sum(), x)
    t = torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    (tg,) = torch.autograd.grad(torch.einsum("ij,jk,kl->", t, t, t), t, create_graph=True)
    (th,) = torch.autograd.grad(tg.sum(), t)
    np.testing.assert_allclose(g.tolist(), tg.tolist(), rtol=1e-6)
    np.testing.assert_allclose(h.tolist(), th.tolist(), rtol=1e-6)


@pytest.mark.parametrize(
    ("equation", "count", "message"),
    [
        ("ij", 2, "has 1 operands, but 2 were given"),
        ("ijk", 1, r"operand 0 has 2 axes \(shape \[2, 3\]\), but its subscripts 'ijk' name 3"),
        ("i", 1, "has 2 axes"),
        ("i1", 1, "invalid subscript '1'"),
        ("i..j", 1, r"invalid subscript '\.'"),
        ("ij->ii", 1, "more than once in the output"),
        ("ij->k", 1, "output subscript 'k' does not appear"),
        ("ii", 1, "repeated for axes of sizes 2 and 3|does not broadcast"),
        ("ij,jk", 2, r"subscript 'j' has size 2 for operand 1, which does not broadcast with previously seen size 3"),
    ],
)
def test_errors(equation: str, count: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        pluggrad.einsum(equation, *[pluggrad.zeros(2, 3)] * count)

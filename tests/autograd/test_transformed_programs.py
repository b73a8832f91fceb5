"""Random programs of views and in-place operations under transforms: forward mode, forward over reverse, and vmap.

They are compared with reverse mode, which ``tests/autograd/test_random_programs.py`` compares with PyTorch.
"""

from __future__ import annotations

from typing import Any

import pytest

import pluggrad
from pluggrad.autograd.transforms import LevelError
from pluggrad.func import grad, jvp, vmap

pytest.importorskip("torch")

from .programs import Program
from .test_random_programs import inputs

pytestmark = pytest.mark.torch


def close(a: pluggrad.Tensor, b: pluggrad.Tensor) -> bool:
    return bool(pluggrad.isclose(a, b.detach(), rtol=1e-7, atol=1e-7, equal_nan=True).all())


def check(seed: int) -> bool:
    """Whether vmap could follow, which says so where it can't: a mask may pick other elements of each member."""
    program = Program(seed)
    x, w = (pluggrad.tensor(v, dtype=pluggrad.float64) for v in inputs(seed))
    directions = [pluggrad.tensor(v, dtype=pluggrad.float64) for v in inputs(seed + 999)]

    def f(x: Any, w: Any) -> Any:
        return program.run(pluggrad, x, w)[0]

    leaves = [x.clone().requires_grad_(), w.clone().requires_grad_()]
    slopes = pluggrad.autograd.grad(f(*leaves), leaves, create_graph=True, materialize_grads=True)
    along = (slopes[0] * directions[0]).sum() + (slopes[1] * directions[1]).sum()
    curved = along.requires_grad
    second = (
        pluggrad.autograd.grad(along, leaves, materialize_grads=True) if curved else map(pluggrad.zeros_like, leaves)
    )

    _, slope = jvp(f, (x.clone(), w.clone()), tuple(directions))
    assert close(slope, along), f"forward mode differs\n{program}"
    both = grad(f, argnums=(0, 1))
    _, product = jvp(both, (x.clone(), w.clone()), tuple(directions))
    assert all(map(close, product, second)), f"forward over reverse differs\n{program}"
    try:
        each = vmap(both)(pluggrad.stack([x, x * 1.1]), pluggrad.stack([w, w]))
    except LevelError as error:
        if "how many elements a mask picks" not in str(error):
            raise
        return False
    other = both(x * 1.1, w.clone())
    assert all(close(e[0], s) and close(e[1], o) for e, s, o in zip(each, slopes, other, strict=True)), program
    return True


def test_a_hundred_programs() -> None:
    assert sum(map(check, range(100))) > 50


@pytest.mark.slow
def test_two_thousand_programs() -> None:
    assert sum(map(check, range(1000, 3000))) > 1000


def test_a_move_to_where_it_is_keeps_the_tangent_and_another_move_is_refused() -> None:
    x = pluggrad.asarray([1.0, 2.0])
    here = str(x.device)
    _, slope = jvp(lambda x: (x.to(here) ** 2).sum(), (x,), (pluggrad.ones_like(x),))
    assert slope.item() == 6
    elsewhere = next(d for d in ("cpu", "strict") if d != here)
    with pytest.raises(LevelError, match="cannot move"):
        vmap(lambda x: x.to(elsewhere))(x)

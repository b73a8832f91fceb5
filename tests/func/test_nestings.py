"""Random chains of functions under random nestings of ``grad``, ``jvp`` and ``vmap``, beside PyTorch.

PyTorch's second forward derivatives of ``layer_norm`` and ``linalg.solve`` are wrong (central differences of its own
first ones say so), so it is given their definitions here.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

torch = pytest.importorskip("torch")

import pluggrad  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit.script:DeprecationWarning")
Step = Callable[[ModuleType, Any], Any]


def normalized(lib: ModuleType, x: Any) -> Any:
    if lib is pluggrad:
        return lib.nn.functional.layer_norm(x, (3,), eps=0.1)
    centred = x - x.mean(-1, keepdim=True)
    return centred / ((centred**2).mean(-1, keepdim=True) + 0.1).sqrt()


def solved(lib: ModuleType, x: Any) -> Any:
    rows = x.reshape(-1, 3)
    matrix = lib.eye(3, dtype=lib.float64) * 4 + rows[:1].mT @ rows[:1]
    return lib.linalg.solve(matrix, rows[0]) if lib is pluggrad else lib.linalg.inv(matrix) @ rows[0]


def multiplied_in_place(lib: ModuleType, x: Any) -> Any:
    y = x * 2
    y[..., 0].mul_(y[..., 1])
    return y * x


def assigned(lib: ModuleType, x: Any) -> Any:
    y = x.clone()
    y[..., 0] = x[..., 1] * x[..., 2]
    return y


def weighted_cross_entropy(lib: ModuleType, x: Any) -> Any:
    rows = x.reshape(-1, 3)
    classes = lib.ones(rows.shape[0], dtype=lib.int64)
    weight = lib.tensor([0.2, 0.3, 0.5], dtype=lib.float64)
    return lib.nn.functional.cross_entropy(rows, classes, weight=weight, label_smoothing=0.1)


STEPS: dict[str, Step] = {
    "sin": lambda lib, x: x.sin(),
    "prod": lambda lib, x: x.reshape(-1).prod(0),
    "cumprod": lambda lib, x: x.cumprod(-1),
    "cumsum": lambda lib, x: x.cumsum(-1) ** 2,
    "softmax": lambda lib, x: lib.nn.functional.softmax(x, dim=-1),
    "logsumexp": lambda lib, x: x.logsumexp(-1),
    "norm": lambda lib, x: x.norm(),
    "matmul": lambda lib, x: x @ x.mT if x.ndim > 1 else x @ x,
    "sort": lambda lib, x: x.sort(-1)[0],
    "index": lambda lib, x: x[..., lib.tensor([0, 1, 0])],
    "gather": lambda lib, x: lib.gather(x, -1, x.argsort(-1)),
    "scatter_add": lambda lib, x: lib.zeros_like(x).scatter_add(-1, x.argsort(-1), x * x),
    "max": lambda lib, x: x.max(-1)[0],
    "var": lambda lib, x: x.var(-1),
    "einsum": lambda lib, x: lib.einsum("...i,...j->...ij", x, x.cos()),
    "where": lambda lib, x: lib.where(x > 0.3, x * x, x.exp()),
    "detach": lambda lib, x: x.tanh() * x.detach(),
    "roll": lambda lib, x: x.roll(1, -1) * x,
    "cross": lambda lib, x: lib.linalg.cross(x, x.cos()),
    "cdist": lambda lib, x: lib.cdist(x.reshape(-1, 3), x.reshape(-1, 3).cos() + 2),
    "pad": lambda lib, x: lib.nn.functional.pad(x, (1, 1)),
    "gelu": lambda lib, x: lib.nn.functional.gelu(x),
    "conv1d": lambda lib, x: lib.nn.functional.conv1d(x.reshape(1, -1, 3)[:, :1], x.reshape(-1)[:2].reshape(1, 1, 2)),
    "max_pool1d": lambda lib, x: lib.nn.functional.max_pool1d(x.reshape(1, -1, 3), 2),
    "huber_loss": lambda lib, x: lib.nn.functional.huber_loss(x, x * 0 + 0.3),
    "attention": lambda lib, x: lib.nn.functional.scaled_dot_product_attention(
        x.reshape(1, -1, 3), x.reshape(1, -1, 3).sin(), x.reshape(1, -1, 3)
    ),
    "layer_norm": normalized,
    "solve": solved,
    "in place": multiplied_in_place,
    "assigned": assigned,
    "cross_entropy": weighted_cross_entropy,
}
TRANSFORMS: dict[str, Callable[[Any, Any], Callable[[Any], Any]]] = {
    "grad": lambda func, f: func.grad(lambda x: f(x).sum()),
    "jvp": lambda func, f: lambda x: func.jvp(f, (x,), (x * 0.5 + 0.1,))[1],
    "value and slope": lambda func, f: lambda x: sum(o.sum() for o in func.jvp(f, (x,), (x * 0.5 + 0.1,))),
    "vmap": lambda func, f: lambda x: func.vmap(f)(x) if x.ndim > 1 else f(x),
    "vmap of the last but one": lambda func, f: lambda x: func.vmap(f, in_dims=-2)(x) if x.ndim > 1 else f(x),
}


def result(lib: ModuleType, steps: list[str], nesting: list[str], values: Any) -> Any:
    def f(x: Any) -> Any:
        for name in steps:
            before, x = x, STEPS[name](lib, x)
            if not x.ndim or x.shape[-1] != 3:
                return x.sum() + (before * before).sum()
        return x.cos().sum()

    g: Callable[[Any], Any] = f
    for name in nesting:
        g = TRANSFORMS[name](lib.func, g)
    return g(lib.tensor(values, dtype=lib.float64))


@pytest.mark.parametrize("seed", range(8))
def test_random_nestings(seed: int) -> None:
    rng = random.Random(seed)
    compared = 0
    for _ in range(60):
        steps = [rng.choice(list(STEPS)) for _ in range(rng.randint(1, 3))]
        nesting = [rng.choice(list(TRANSFORMS)) for _ in range(rng.randint(1, 3))]
        values = [[[rng.gauss(0, 0.7) for _ in range(3)] for _ in range(4)] for _ in range(2)]
        try:
            want = result(torch, steps, nesting, values)
        except (RuntimeError, IndexError, NotImplementedError):
            continue  # steps that do not fit each other, or that PyTorch cannot nest
        got = torch.tensor(result(pluggrad, steps, nesting, values).tolist(), dtype=torch.float64)
        assert got.shape == want.shape and torch.allclose(got, want, rtol=1e-6, atol=1e-8, equal_nan=True), (
            f"{' of '.join(reversed(nesting))} of {' then '.join(steps)}: {got} instead of {want}"
        )
        compared += 1
    assert compared > 30

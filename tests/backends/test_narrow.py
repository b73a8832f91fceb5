"""bfloat16 on NumPy (and CuPy): stored with ml_dtypes, computed in float32, rounded once. Compared with PyTorch's."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pluggrad
from pluggrad import nn
from pluggrad.nn import functional as F

pytest.importorskip("ml_dtypes", reason="bfloat16 on NumPy takes ml_dtypes")

BF16, HERE = pluggrad.bfloat16, pluggrad.get_default_device()
if BF16 not in pluggrad.backends.plugins.backend(HERE.type).dtypes:
    pytest.skip(f"the backend of {HERE} has no bfloat16", allow_module_level=True)


def bf16(values: Any, **options: Any) -> pluggrad.Tensor:
    return pluggrad.tensor(values, dtype=BF16, device=HERE, **options)


def test_promotion() -> None:
    x = bf16([1.0, 2.0])
    for other, expected in (
        (pluggrad.float32, pluggrad.float32), (pluggrad.float16, pluggrad.float32), (pluggrad.int64, BF16),
        (pluggrad.float64, pluggrad.float64), (pluggrad.complex64, pluggrad.complex64), (pluggrad.bool, BF16),
    ):  # fmt: skip
        assert (x + pluggrad.ones(2, dtype=other)).dtype is expected
        assert (pluggrad.ones(2, dtype=other) * x).dtype is expected
    for y in (x + 1, 1.5 * x, x / 3, 2.0 / x, x**2.0, x - True, -x, x.exp(), x.mean(), x @ x):
        assert y.dtype is BF16
    assert (x > 1.5).tolist() == [False, True]


def test_sums_are_added_up_in_float32() -> None:
    ones = pluggrad.ones(1000, dtype=BF16, device=HERE)
    assert ones.sum().item() == 1000.0  # 256 + 1 is 256 in bfloat16
    assert ones.cumsum(0)[-1].item() == 1000.0
    assert (ones @ ones).item() == 1000.0
    assert ones.sum(dtype=pluggrad.float32).dtype is pluggrad.float32


def test_steps_between_numbers_are_its_own() -> None:
    one, two = bf16(1.0), bf16(2.0)
    assert pluggrad.nextafter(one, two).item() == 1.0 + pluggrad.finfo(BF16).eps
    assert bf16(1.0 + 2.0**-8).item() == 1.0


def test_views_and_writes_share_memory() -> None:
    x = bf16([[1.0, 2.0], [3.0, 4.0]])
    x[0] = 7.7
    x.T[1, 1] += 0.5
    x.reshape(4)[2] = -1.0
    assert x.tolist() == [[7.6875, 7.6875], [-1.0, 4.5]]


def test_printing_copying_and_numpy() -> None:
    x = bf16([1.0, 3.3])
    device = "" if HERE == "cpu" else f", device={str(HERE)!r}"
    assert repr(x) == f"tensor([1.0000, 3.2969]{device}, dtype=pluggrad.bfloat16)"
    for y in (copy.deepcopy(x), pickle.loads(pickle.dumps(x)), x.clone(), pluggrad.asarray(x.cpu().numpy())):
        assert y.dtype is BF16
        assert y.tolist() == x.tolist()
    assert x.cpu().numpy().dtype.name == "bfloat16"
    assert x.element_size() == 2


def test_files(tmp_path: Path) -> None:
    x = bf16([[1.0, 3.3]])
    pluggrad.save({"x": x}, tmp_path / "checkpoint")
    back = pluggrad.load(tmp_path / "checkpoint")["x"]
    assert back.dtype is BF16
    assert back.tolist() == x.tolist()


def test_default_dtype() -> None:
    pluggrad.set_default_dtype(BF16)
    try:
        layer = nn.Linear(2, 3)
        assert layer(pluggrad.ones(1, 2)).dtype is BF16
        assert pluggrad.randn(3).dtype is BF16
    finally:
        pluggrad.set_default_dtype(pluggrad.float32)


def test_second_derivatives_hooks_and_transforms() -> None:
    x = bf16([1.5, 2.0], requires_grad=True)
    (g,) = pluggrad.autograd.grad((x**3).sum(), x, create_graph=True)
    (h,) = pluggrad.autograd.grad(g.sum(), x)
    assert (g.tolist(), h.tolist(), h.dtype) == ([6.75, 12.0], [9.0, 12.0], BF16)
    seen: list[Any] = []
    y = x * 3.0
    y.register_hook(lambda g: seen.append((g.dtype, g.tolist())))
    (y * y).sum().backward()
    assert seen == [(BF16, [9.0, 12.0])]
    values = x.detach()
    value, tangent = pluggrad.func.jvp(lambda a: (a * 2.0).square(), (values,), (values,))
    assert (tangent.tolist(), tangent.dtype, value.dtype) == ([18.0, 32.0], BF16, BF16)
    per_row = pluggrad.func.vmap(pluggrad.func.grad(lambda a: (a * a * 0.5).sum()))(values.expand(3, 2))
    assert (per_row.dtype, per_row.tolist()) == (BF16, [[1.5, 2.0]] * 3)
    mixed = pluggrad.func.vmap(lambda a: a.to(BF16).sum())(pluggrad.ones(2, 1000, device=HERE))
    assert (mixed.dtype, mixed.tolist()) == (BF16, [1000.0, 1000.0])


@pytest.mark.cpu
def test_autocast_without_a_dtype() -> None:
    layer, x = nn.Linear(3, 2), pluggrad.randn(4, 3)
    with pluggrad.autocast("cpu"):
        out = layer(x)
        loss = F.cross_entropy(out, pluggrad.tensor([0, 1, 0, 1]))
    loss.backward()
    assert (out.dtype, loss.dtype) == (BF16, pluggrad.float32)
    assert layer.weight.grad is not None
    assert layer.weight.grad.dtype is pluggrad.float32


@pytest.mark.cpu
def test_without_ml_dtypes_errors_say_what_to_install() -> None:
    program = """
import sys
sys.modules["ml_dtypes"] = None
import pluggrad
for call in (lambda: pluggrad.ones(2).bfloat16(), lambda: pluggrad.autocast("cpu")):
    try:
        call()
    except TypeError as error:
        print(error)
"""
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    hint = "backend 'numpy' has no pluggrad.bfloat16; it takes ml_dtypes: pip install 'pluggrad[bfloat16]'"
    assert out.splitlines() == [hint, f"autocast: {hint}; or use dtype=pluggrad.float16"]


# -- beside PyTorch --------------------------------------------------------------------------------------------------


def run(lib: Any, call: Callable[..., Any], arrays: list[np.ndarray]) -> list[Any]:
    """The output and the gradients, as lists of Python floats."""
    xs = [lib.tensor(a.tolist(), dtype=lib.bfloat16, requires_grad=True) for a in arrays]
    out = call(lib, *xs)
    assert out.dtype is lib.bfloat16
    (out * out).sum().backward()
    assert all(x.grad.dtype is lib.bfloat16 for x in xs)
    return [t.detach().tolist() for t in (out, *(x.grad for x in xs))]


CALLS: dict[str, Callable[..., Any]] = {
    "x * 0.1 + y": lambda lib, x, y: x * 0.1 + y,
    "exp": lambda lib, x, y: x.exp() * y,
    "sum": lambda lib, x, y: (x * y).sum(1),
    "matmul": lambda lib, x, y: x @ y.T,
    "softmax": lambda lib, x, y: lib.nn.functional.softmax(x * y, 1),
    "layer_norm": lambda lib, x, y: lib.nn.functional.layer_norm(x, (5,), y[0], y[1]),
    "linear": lambda lib, x, y: lib.nn.functional.linear(x, y),
    "gelu": lambda lib, x, y: lib.nn.functional.gelu(x) * y,
    "mse_loss": lambda lib, x, y: lib.nn.functional.mse_loss(x, y),
    "conv1d": lambda lib, x, y: lib.nn.functional.conv1d(x[None], y[None, :, :3]),
    "attention": lambda lib, x, y: lib.nn.functional.scaled_dot_product_attention(x[None], y[None], x[None]),
}


@pytest.mark.parametrize("name", list(CALLS))
def test_beside_pytorch(name: str) -> None:
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=(4, 5)), rng.normal(size=(4, 5))]
    for mine, yours in zip(run(pluggrad, CALLS[name], arrays), run(torch, CALLS[name], arrays), strict=True):
        scale = float(np.max(np.abs(yours)))
        np.testing.assert_allclose(mine, yours, rtol=0, atol=scale * 2.0**-6)


@pytest.mark.parametrize("optimizer", ["SGD", "AdamW", "RMSprop", "Adagrad"])
def test_steps_of_optimisers_beside_pytorch(optimizer: str) -> None:
    torch = pytest.importorskip("torch")
    values, found = np.random.default_rng(0).normal(size=(3, 4)), []
    for lib in (pluggrad, torch):
        w = lib.tensor(values.tolist(), dtype=lib.bfloat16, requires_grad=True)
        options = {"momentum": 0.9} if optimizer == "SGD" else {}
        step = getattr(lib.optim, optimizer)([w], lr=0.05, **options)
        for _ in range(10):
            step.zero_grad()
            (w * w).sum().backward()
            step.step()
        assert all(
            m.dtype is lib.bfloat16
            for state in step.state.values()
            for m in state.values()
            if m is not None and m.shape
        )
        found.append(w.detach().tolist())
    np.testing.assert_allclose(*found, rtol=0, atol=0.03)


def test_to_and_from_the_torch_backend() -> None:
    pytest.importorskip("pluggrad_torch")
    x = bf16([1.5, 3.3])
    there = x.to("torch")
    assert (there.dtype, there.tolist()) == (BF16, x.tolist())
    assert (there.to("cpu").dtype, there.to("cpu").tolist()) == (BF16, x.tolist())
    assert bf16([]).reshape(2, 0, 3).to("torch").to("cpu").shape == (2, 0, 3)

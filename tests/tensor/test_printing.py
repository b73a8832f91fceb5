"""Printing, compared with PyTorch's text for many generated tensors."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import pluggrad

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.cpu

DTYPES = (
    "float32", "float64", "float16", "int64", "int32", "uint8", "int8", "bool", "complex64", "complex128", "uint64",
)  # fmt: skip
SHAPES = (
    (), (0,), (1,), (5,), (40,), (1200,), (0, 3), (2, 0, 4), (3, 4), (2, 30), (7, 200), (2, 3, 4), (9, 9, 20),
    (1, 2, 1, 3), (6, 6, 6, 6), (1, 1, 1001),
)  # fmt: skip
OPTIONS: tuple[dict[str, Any], ...] = (
    {}, {"precision": 2}, {"profile": "short"}, {"profile": "full", "linewidth": 100}, {"threshold": 5, "edgeitems": 1},
    {"linewidth": 30}, {"sci_mode": True}, {"sci_mode": False}, {"threshold": 3, "edgeitems": 0}, {"threshold": 0},
)  # fmt: skip


@pytest.fixture(autouse=True)
def default_options() -> Iterator[None]:
    yield
    for library in (pluggrad, torch):
        library.set_printoptions(profile="default")


def torch_text(x: Any) -> str:
    return repr(x).replace("torch.", "pluggrad.")


def unwrapped(text: str) -> str:
    """Without the line break before dtype=: "pluggrad." is longer than "torch.", so it may fall elsewhere."""
    return re.sub(r",\s+(dtype|size)=", r", \1=", text)


def values(rng: np.random.Generator, style: str, shape: tuple[int, ...]) -> np.ndarray:
    x = rng.standard_normal(shape)
    match style:
        case "integers":
            return np.round(x * 10)
        case "wide":
            return x * 10.0 ** rng.integers(-6, 7, shape)
        case "large":
            return x * 1e9
        case "small":
            return x * 1e-5
        case "special":
            infinite = np.copysign(np.inf, rng.random(shape) - 0.3)
            return np.where(x > 0.5, np.nan, np.where(x < -0.5, infinite, np.round(x, 1)))
        case "integers and special":
            return np.where(x > 0.5, np.nan, np.where(x < -0.5, np.inf, np.round(x * 5)))
        case "zeros":
            return np.zeros(shape) * x
    return x


def pairs() -> Iterator[tuple[Any, Any]]:
    rng = np.random.default_rng(0)
    styles = ("normal", "integers", "wide", "large", "small", "special", "integers and special", "zeros")
    for shape in SHAPES:
        for dtype in DTYPES:
            for style in styles if dtype in ("float32", "float64", "complex64") else styles[:2]:
                with np.errstate(all="ignore"):
                    real = values(rng, style, shape)
                    if dtype.startswith("complex"):
                        real = real + 1j * values(rng, styles[int(rng.integers(len(styles)))], shape)
                    array = np.asarray(np.abs(real) if dtype.startswith("uint") else real).astype(dtype)
                yield pluggrad.asarray(array), torch.from_numpy(np.array(array))


def test_same_text_as_pytorch() -> None:
    count = 0
    for ours, theirs in pairs():
        assert unwrapped(repr(ours)) == unwrapped(torch_text(theirs))
        assert str(ours) == repr(ours)
        count += 1
    assert count > 500


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_same_text_with_options(options: dict[str, Any]) -> None:
    for number, (ours, theirs) in enumerate(pairs()):
        if number % 7 == 3:
            pluggrad.set_printoptions(**options)
            torch.set_printoptions(**options)
            assert unwrapped(repr(ours)) == unwrapped(torch_text(theirs))


def test_views_print_what_they_show() -> None:
    x = np.arange(24.0, dtype="float32").reshape(4, 6)
    ours, theirs = pluggrad.asarray(x), torch.from_numpy(x)
    assert repr(pluggrad.permute_dims(ours, (1, 0))) == torch_text(theirs.T)


def test_suffixes_of_the_graph() -> None:
    for library in (pluggrad, torch):
        x = library.tensor([1.0, 2.0], requires_grad=True)
        assert repr(x) == "tensor([1., 2.], requires_grad=True)"
        assert repr(x * x) == "tensor([1., 4.], grad_fn=<MulBackward0>)"
        assert repr(x + 1) == "tensor([2., 3.], grad_fn=<AddBackward0>)"
        assert repr(x.detach()) == "tensor([1., 2.])"


def test_long_suffixes_go_to_the_next_line() -> None:
    for shape in [(n,) for n in range(1, 20)] + [(2, n) for n in range(1, 20)]:
        ours, theirs = (library.full(shape, 1.5, requires_grad=True) for library in (pluggrad, torch))
        assert repr(ours) == torch_text(theirs)
        assert repr(ours * ours) == torch_text(theirs * theirs)
    assert "\n" in repr(pluggrad.full((7,), 1.5, dtype=pluggrad.float64, requires_grad=True))


def test_default_dtype_is_not_said() -> None:
    x = pluggrad.asarray([0.5], dtype=pluggrad.float64)
    assert repr(x) == "tensor([0.5000], dtype=pluggrad.float64)"
    pluggrad.set_default_dtype(pluggrad.float64)
    try:
        assert repr(x) == "tensor([0.5000])"
        assert repr(pluggrad.asarray([0.5], dtype=pluggrad.float32)) == "tensor([0.5000], dtype=pluggrad.float32)"
    finally:
        pluggrad.set_default_dtype(pluggrad.float32)


def test_a_subclass_prints_its_name() -> None:
    class Measured(pluggrad.Tensor):
        pass

    assert repr(Measured(pluggrad.asarray([1, 2]))) == "Measured([1, 2])"


def test_options_context_restores() -> None:
    before = pluggrad.get_printoptions()
    with pluggrad.printoptions(precision=1, threshold=math.inf):
        assert repr(pluggrad.asarray([0.25])) == "tensor([0.2])"
    assert pluggrad.get_printoptions() == before


def test_unknown_profile() -> None:
    with pytest.raises(ValueError, match=r"unknown profile 'fancy'; known are 'default', 'short', 'full'"):
        pluggrad.set_printoptions(profile="fancy")  # type: ignore[arg-type]

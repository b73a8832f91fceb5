"""Standard: the namespace has the array API standard's functions, and its promotion."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import pytest

from ...dtypes import COMPLEX, FLOATING, INTEGRAL, NUMERIC, DType, int64, promote
from ...function import get
from .standard import FFT, FUNCTIONS, LINALG
from .target import Target, lacks, only


@pytest.mark.parametrize("name", FUNCTIONS)
def test_has(target: Target, name: str) -> None:
    """From the namespace, or as a kernel of the backend, or as a default that pluggrad composes of others."""
    assert callable(getattr(target.loaded.kernels, name))
    if not hasattr(target.loaded.namespace, name):
        lacks(f"{name} in its namespace")


@pytest.mark.parametrize(("extension", "names"), [("linalg", LINALG), ("fft", FFT)])
def test_has_the_extension(target: Target, extension: str, names: tuple[str, ...]) -> None:
    space = getattr(target.loaded.namespace, extension, None)
    if space is None:
        lacks(f"the extension {extension}")
    missing = [n for n in names if not hasattr(space, n)]
    if missing:
        lacks(f"{', '.join(missing)} in {extension}")


def test_the_default_of_a_dtype_argument_is_kept(target: Target, dtype: DType) -> None:
    """Functions that take a dtype give that dtype."""
    loaded = target.loaded
    asked = loaded.array_type(target.device, dtype)
    where = {"dtype": asked.native, "device": asked.native_device}
    ns = loaded.namespace
    made: dict[str, Any] = {
        "zeros": ns.zeros((2,), **where), "ones": ns.ones((2,), **where), "full": ns.full((2,), 1, **where),
        "asarray": ns.asarray([1, 0], **where),
        "astype": ns.astype(ns.ones((2,), device=asked.native_device), asked.native),
    }  # fmt: skip
    for name, array in made.items():
        assert loaded.type_of(array) is asked, f"{name} with {asked!r} gives {loaded.type_of(array)!r}"


def _scalars(dtype: DType) -> list[Any]:
    """Python scalars that leave a dtype as it is."""
    scalars: list[Any] = [2]
    if dtype.kind in FLOATING:
        scalars.append(0.5)
    if dtype.kind in COMPLEX:
        scalars.append(0.5j)
    return scalars


def compute(target: Target, operation: Callable[[], Any], dtype: DType) -> Any:
    """The result of an operator on raw arrays.

    What pluggrad itself writes with operators is floating, or int64. A library may lack them for other integers if
    kernels stand in for them; but where it has one, the result must be right.
    """
    try:
        with target.here():
            return operation()
    except (NotImplementedError, RuntimeError, TypeError):
        if dtype.kind in FLOATING or dtype is int64:
            raise
        lacks(f"operators on {dtype.name} arrays")


@only(lambda dtype: dtype.kind in NUMERIC)
def test_python_scalars_keep_the_dtype(target: Target, dtype: DType) -> None:
    """``x * 2.0`` has the dtype of ``x``: derivative rules are written so."""
    loaded = target.loaded
    ns = loaded.namespace
    asked = loaded.array_type(target.device, dtype)
    if asked.wide is not None:
        lacks(f"arithmetic of {dtype.name}, which is done in {asked.wide.dtype.name}")
    x = ns.ones((2,), dtype=asked.native, device=asked.native_device)
    operations: dict[str, Callable[[Any], Any]] = {
        "x + s": lambda s: x + s, "s - x": lambda s: s - x, "x * s": lambda s: x * s,
        "where(x == x, x, s)": lambda s: ns.where(x == x, x, s),
    }  # fmt: skip
    if dtype.kind in FLOATING:
        operations |= {"x / s": lambda s: x / s, "s / x": lambda s: s / x, "x ** s": lambda s: x**s}
    for scalar in _scalars(dtype):
        for name, operation in operations.items():
            got = loaded.type_of(compute(target, functools.partial(operation, scalar), dtype))
            assert got is asked, f"{name} with x of {asked!r} and s = {scalar!r} gives {got!r}"


@only(lambda dtype: dtype.kind in NUMERIC)
def test_promotion(target: Target, dtype: DType) -> None:
    """Two arrays of one kind give the larger type, as the standard's tables say."""
    loaded = target.loaded
    for other in target.dtypes:
        same_kind = (dtype.kind in INTEGRAL and other.kind in INTEGRAL) or (
            dtype.kind in FLOATING and other.kind in FLOATING
        )
        if not same_kind or {dtype.name, other.name} & {"float16", "bfloat16"}:
            continue
        if "uint64" in (dtype.name, other.name) and dtype.kind != other.kind:
            continue  # no integer type holds both
        expected = loaded.array_type(target.device, promote(dtype, other))
        types = [loaded.array_type(target.device, d) for d in (dtype, other)]
        x, y = (loaded.namespace.ones((2,), dtype=t.native, device=t.native_device) for t in types)
        rarer = other if dtype is int64 else dtype
        for name, operation in (("x + y", lambda x=x, y=y: x + y), ("x * y", lambda x=x, y=y: x * y)):
            got = loaded.type_of(compute(target, operation, rarer))
            assert got is expected, (
                f"{name} of {dtype.name} and {other.name} gives {got.dtype.name}, expected {expected.dtype.name}"
            )


@only(lambda dtype: dtype.kind in FLOATING)
def test_functions_keep_floating_dtypes(target: Target, dtype: DType) -> None:
    """Of the namespace itself: a function of an array of a floating type gives that type."""
    loaded = target.loaded
    asked = loaded.array_type(target.device, dtype)
    if asked.wide is not None:
        lacks(f"arithmetic of {dtype.name}, which is done in {asked.wide.dtype.name}")
    x = loaded.namespace.full((2, 2), 0.5, dtype=asked.native, device=asked.native_device)
    for name in ("exp", "sqrt", "sin", "tanh", "log1p", "sum", "mean", "prod", "negative"):
        if get(name) is None:
            continue
        result = getattr(loaded.namespace, name)(x)
        assert loaded.type_of(result) is asked, f"{name} of {dtype.name} gives {loaded.type_of(result).dtype.name}"

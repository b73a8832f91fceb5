"""One call made with PyTorch and with ``pluggrad.torch``, on the same arguments, and what came of both compared."""

from __future__ import annotations

import random
import warnings
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

import pluggrad.torch as pt

FLOATS = ("float32", "float64")
COMPLEX = ("complex64", "complex128")
INTEGERS = ("int8", "int16", "int32", "int64", "uint8")
BOOL = ("bool",)
REAL = (*FLOATS, *INTEGERS)
ALL = (*REAL, *COMPLEX, *BOOL)
INEXACT = (*FLOATS, *COMPLEX)

#: How far results may be apart, relatively and absolutely.
TOLERANCE = {"float32": 2e-5, "complex64": 5e-5, "float64": 1e-9, "complex128": 1e-9}


@dataclass(frozen=True, slots=True)
class X:
    """A tensor of the dtype under test: of reals drawn from [low, high), or of whole numbers from there."""

    shape: tuple[int, ...]
    low: float = -3.0
    high: float = 3.0
    #: "real", "distinct" (no ties), "definite" (positive definite matrices), "index" (int64), "mask" (bool)
    kind: str = "real"
    #: another dtype than that under test
    dtype: str | None = None

    def array(self, dtype: str, rng: np.random.Generator) -> np.ndarray:
        """The values."""
        if self.kind == "index":
            return rng.integers(int(self.low), int(self.high), self.shape)
        if self.kind == "mask":
            return rng.random(self.shape) < 0.5
        dtype = self.dtype or dtype
        if dtype == "bool":
            return rng.random(self.shape) < 0.5
        if dtype in INTEGERS:
            low = max(int(np.ceil(self.low)), 0) if dtype == "uint8" else int(np.ceil(self.low))
            values: Any = rng.integers(low, max(int(np.ceil(self.high)), low + 1), self.shape)
            return np.asarray(values, dtype)
        values = rng.uniform(self.low, self.high, self.shape)
        if self.kind == "distinct":
            count = int(np.prod(self.shape))
            steps = np.linspace(self.low, self.high, count + 1)[:-1] if count else np.zeros(0)
            values = rng.permutation(steps).reshape(self.shape)
        if dtype in COMPLEX:
            values = values + 1j * rng.uniform(self.low, self.high, self.shape)
        values = np.asarray(values)
        if self.kind == "definite":
            values = values @ np.conj(np.swapaxes(values, -1, -2)) + 2 * np.eye(self.shape[-1])
        return np.asarray(values, dtype)


def D(*shape: int, low: float = -3.0, high: float = 3.0) -> X:
    """Values no two of which are equal."""
    return X(shape, low, high, "distinct")


def N(*shape: int, low: float = -3.0, high: float = 3.0) -> X:
    """Any values."""
    return X(shape, low, high)


def I(*shape: int, low: int = 0, high: int) -> X:  # noqa: E743
    """Indices."""
    return X(shape, low, high, "index")


def M(*shape: int) -> X:
    """A mask."""
    return X(shape, kind="mask")


def P(*shape: int) -> X:
    """Positive definite matrices."""
    return X(shape, kind="definite")


@dataclass(frozen=True, slots=True)
class Case:
    """A call ``call(t, *tensors)``, where ``t`` is PyTorch's namespace or ours."""

    name: str
    call: Callable[..., Any]
    arguments: tuple[X, ...]
    dtypes: tuple[str, ...] = INEXACT
    gradient: bool = True
    #: what to look at, of results that are not determined, such as the sign of eigenvectors
    view: Callable[..., Any] | None = field(default=None)
    #: whether to call it on tensors that are not contiguous, too
    strided: bool = True

    @property
    def id(self) -> str:
        """For pytest."""
        return f"{self.name}-{'x'.join(str(a.shape) for a in self.arguments)}".replace(" ", "")


def tensors(lib: Any, arrays: Sequence[np.ndarray], strided: bool) -> list[Any]:
    """Tensors with memory of their own; ``strided``: their elements lie apart, in another order."""
    made = []
    for a in arrays:
        if strided and a.ndim:
            wide = np.zeros((*a.shape[:-1], 2 * a.shape[-1]) if a.ndim else (), a.dtype).T.copy().T
            wide[..., ::2] = a
            made.append(lib.from_numpy(wide)[..., ::2])
        else:
            made.append(
                lib.from_numpy(np.array(a, order="C")) if a.ndim else lib.tensor(a.item(), dtype=dtype_of(lib, a))
            )
    return made


def dtype_of(lib: Any, array: np.ndarray) -> Any:
    return getattr(lib, str(array.dtype))


def arrays_of(case: Case, dtype: str) -> list[np.ndarray]:
    """The arguments of a case, the same for the same case and dtype."""
    rng = np.random.default_rng(zlib.crc32(f"{case.id}{dtype}".encode()))
    return [a.array(dtype, rng) for a in case.arguments]


def seeded(lib: Any) -> None:
    random.seed(0)
    lib.manual_seed(0)


def outcome(lib: Any, case: Case, arguments: Sequence[Any]) -> Any:
    """What a call gives, or the exception it raises."""
    seeded(lib)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = case.call(lib, *arguments)
            return found if case.view is None else case.view(lib, found)
        except Exception as error:
            return error


def flat(value: Any) -> list[Any]:
    """Results one after the other."""
    if isinstance(value, tuple | list) and not isinstance(value, torch.Size | pt.Size):
        return [v for part in value for v in flat(part)]
    return [value]


def to_numpy(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return value.numpy(force=True)
    if isinstance(value, pt.Tensor):
        return np.asarray(value.detach().contiguous().numpy())
    return value


def name_of(dtype: Any) -> str:
    return str(dtype).rpartition(".")[2]


def assert_same(ours: Any, theirs: Any, dtype: str, what: str) -> None:
    """The same types, dtypes, shapes and, but for rounding, values."""
    mine, wanted = flat(ours), flat(theirs)
    assert len(mine) == len(wanted), f"{what}: {len(mine)} results, PyTorch gives {len(wanted)}"
    for a, b in zip(mine, wanted, strict=True):
        if not isinstance(b, torch.Tensor):
            if isinstance(b, torch.dtype):
                assert name_of(a) == name_of(b), what
            else:
                assert a == b or (a != a and b != b) or np.isclose(a, b), f"{what}: {a!r}, PyTorch gives {b!r}"
            continue
        assert isinstance(a, pt.Tensor), f"{what}: {type(a).__name__}, PyTorch gives a tensor"
        assert tuple(a.shape) == tuple(b.shape), f"{what}: shape {tuple(a.shape)}, PyTorch gives {tuple(b.shape)}"
        assert name_of(a.dtype) == name_of(b.dtype), f"{what}: {name_of(a.dtype)}, PyTorch gives {name_of(b.dtype)}"
        tolerance = max(TOLERANCE.get(name_of(b.dtype), 0.0), TOLERANCE.get(dtype, 0.0))
        np.testing.assert_allclose(
            to_numpy(a), to_numpy(b), rtol=tolerance, atol=tolerance, equal_nan=True, err_msg=what
        )


def is_unsupported(error: BaseException) -> bool:
    """Whether PyTorch merely has no kernel for a dtype, where pluggrad may have one."""
    text = str(error)
    return isinstance(error, NotImplementedError) or any(
        words in text
        for words in (
            "not implemented for", "not supported for", "does not support", "is not supported", "only supports",
            "Expected a floating", "expected a floating", "not allowed", "must be", "expected scalar type", "should be",
            "floating point", "floating-point", "cannot be converted", "can't be cast", "Unlike NumPy", "Expected both",
            "expects",
        )
    )  # fmt: skip


def check(case: Case, dtype: str, strided: bool = False) -> None:
    """Compare values and, for inexact dtypes of double precision, gradients."""
    arrays = arrays_of(case, dtype)
    theirs = outcome(torch, case, tensors(torch, arrays, strided))
    ours = outcome(pt, case, tensors(pt, arrays, strided))
    what = f"{case.name}({dtype})"
    if isinstance(theirs, Exception):
        if isinstance(ours, Exception):
            assert same_class(ours, theirs), f"{what}: {ours!r}, PyTorch raises {theirs!r}"
        else:
            assert is_unsupported(theirs), f"{what}: no error, PyTorch raises {theirs!r}"
        return
    if isinstance(ours, Exception):
        raise AssertionError(f"{what} raises; PyTorch gives {flat(theirs)[0]!r}") from ours
    assert_same(ours, theirs, dtype, what)
    if case.gradient and dtype in ("float64", "complex128"):
        check_gradients(case, arrays, dtype, what)


def same_class(ours: Exception, theirs: Exception) -> bool:
    """Whether what catches PyTorch's error catches ours; its errors of dtypes are of several classes."""
    kind = RuntimeError if isinstance(theirs, torch.linalg.LinAlgError) else type(theirs)
    return isinstance(ours, kind) or isinstance(theirs, NotImplementedError) or is_unsupported(theirs)


def check_gradients(case: Case, arrays: Sequence[np.ndarray], dtype: str, what: str) -> None:
    """Compare the gradients of a fixed combination of all results."""
    found = []
    for lib in (torch, pt):
        arguments = tensors(lib, arrays, False)
        leaves = [x for x in arguments if name_of(x.dtype) in INEXACT]
        for x in leaves:
            x.requires_grad_()
        results = [r for r in flat(outcome(lib, case, arguments)) if hasattr(r, "requires_grad") and r.requires_grad]
        if not results:
            found.append(None)
            continue
        rng = np.random.default_rng(1)
        total: Any = 0
        for r in results:
            weights = lib.from_numpy(np.asarray(rng.uniform(0.5, 1.5, tuple(r.shape))).reshape(tuple(r.shape)))
            parts = [r.real, r.imag] if r.dtype.is_complex else [r]
            for part in parts:
                total = total + (part * weights.to(part.dtype)).sum()
        try:
            total.backward()
        except (RuntimeError, NotImplementedError) as error:
            if lib is torch and "not implemented" in str(error):
                return
            raise
        found.append([None if x.grad is None else to_numpy(x.grad) for x in leaves])
    theirs, ours = found
    if theirs is None:
        return
    assert ours is not None, f"{what} has no gradient, PyTorch has one"
    for i, (a, b) in enumerate(zip(ours, theirs, strict=True)):
        if b is None:
            b = np.zeros_like(arrays[i])
        a = np.zeros_like(b) if a is None else a
        np.testing.assert_allclose(
            a, b, rtol=1e-7, atol=1e-8, equal_nan=True, err_msg=f"{what}: gradient of argument {i}"
        )


class Methods:
    """A namespace in which functions that are methods of tensors, too, are called as methods."""

    def __init__(self, lib: Any) -> None:
        self.lib = lib

    def __getattr__(self, name: str) -> Any:
        function = getattr(self.lib, name)
        if not hasattr(self.lib.Tensor, name) or isinstance(function, type):
            return function

        def call(*args: Any, **kwargs: Any) -> Any:
            if args and isinstance(args[0], self.lib.Tensor):
                return getattr(args[0], name)(*args[1:], **kwargs)
            return function(*args, **kwargs)

        return call


def check_methods(case: Case, dtype: str) -> None:
    """Compare what methods give, where functions are."""
    arrays = arrays_of(case, dtype)
    theirs, ours = (outcome(Methods(lib), case, tensors(lib, arrays, False)) for lib in (torch, pt))
    what = f"{case.name}({dtype}), methods"
    if isinstance(theirs, Exception):
        assert isinstance(ours, Exception) or is_unsupported(theirs), f"{what}: no error, PyTorch raises {theirs!r}"
        return
    if isinstance(ours, Exception):
        raise AssertionError(f"{what} raises; PyTorch gives {flat(theirs)[0]!r}") from ours
    assert_same(ours, theirs, dtype, what)

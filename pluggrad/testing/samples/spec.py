"""How sample inputs are described: without an array library; a test makes tensors of a dtype and device of them."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["real", "integer", "bool", "distinct", "definite"]


@dataclass(frozen=True, slots=True)
class Spec:
    """One array argument.

    ``kind`` : "real" values (complex for complex dtypes) drawn from [low, high); "integer" values from
    low to high - 1, kept as int64 whatever the dtype under test; "bool"; "distinct" reals, no two closer
    than 0.1, for functions with kinks at ties (sort, max); "definite": Hermitian positive definite matrices
    """

    kind: Kind
    shape: tuple[int, ...]
    low: float = -2.0
    high: float = 2.0

    @property
    def floating(self) -> bool:
        """Whether the argument takes the dtype under test."""
        return self.kind in ("real", "distinct", "definite")

    def values(self, seed: int, is_complex: bool = False) -> Any:
        """Nested lists of Python scalars, the same for the same seed."""
        rng = random.Random(seed)
        count = math.prod(self.shape)
        flat: list[Any]
        if self.kind == "integer":
            flat = [rng.randrange(int(self.low), int(self.high)) for _ in range(count)]
        elif self.kind == "bool":
            flat = [rng.random() < 0.5 for _ in range(count)]
        elif self.kind == "distinct":
            flat = [self.low + 0.1 * i + 0.05 * rng.random() for i in range(count)]
            rng.shuffle(flat)
        else:
            flat = [rng.uniform(self.low, self.high) for _ in range(count)]
        if is_complex and self.floating:
            flat = [complex(v, rng.uniform(-1.0, 1.0)) for v in flat]
        if self.kind == "definite":
            n = self.shape[-1]
            flat = [v for start in range(0, count, n * n) for v in _definite(flat[start : start + n * n], n)]
        return _nest(flat, self.shape)


def _definite(flat: list[Any], n: int) -> list[Any]:
    """The matrix A Aᴴ + 1, row by row."""
    rows = [flat[i * n : (i + 1) * n] for i in range(n)]
    return [sum(a * complex(b).conjugate() for a, b in zip(r, c, strict=True)).real + 1.0 if i == j
            else sum(a * (b.conjugate() if isinstance(b, complex) else b) for a, b in zip(r, c, strict=True))
            for i, r in enumerate(rows) for j, c in enumerate(rows)]  # fmt: skip


def _nest(flat: list[Any], shape: tuple[int, ...]) -> Any:
    if not shape:
        return flat[0]
    step = len(flat) // shape[0] if shape[0] else 0
    return [_nest(flat[i * step : (i + 1) * step], shape[1:]) for i in range(shape[0])]


@dataclass(frozen=True, slots=True)
class Sample:
    """One call: its array arguments, in order, and its parameters."""

    arrays: tuple[Spec, ...]
    parameters: dict[str, Any] = field(default_factory=dict)


_samples: dict[str, list[Sample]] = {}
_larger: dict[str, list[Sample]] = {}


def add(name: str, *samples: Sample) -> None:
    """Add samples of the registered function ``name``."""
    _samples.setdefault(name, []).extend(samples)


def add_larger(name: str, *samples: Sample) -> None:
    """Add samples that are empty or too large for gradient checks: their values alone are compared."""
    _larger.setdefault(name, []).extend(samples)


def samples_of(name: str) -> list[Sample]:
    """The samples of a function, none if it has none."""
    return list(_samples.get(name, ()))


def larger_samples_of(name: str) -> list[Sample]:
    """The empty and large samples of a function, none if it has none."""
    return list(_larger.get(name, ()))


def all_samples() -> dict[str, list[Sample]]:
    """All samples by function name (a copy)."""
    return {name: list(samples) for name, samples in _samples.items()}


def call(*arrays: Spec, **parameters: Any) -> Sample:
    """A call with these arrays and parameters: ``call(real(2, 3), axis=(0,))``."""
    return Sample(arrays, parameters)


def real(*shape: int, low: float = -2.0, high: float = 2.0) -> Spec:
    """Values in [low, high); complex for complex dtypes."""
    return Spec("real", shape, low, high)


def definite(*shape: int) -> Spec:
    """Hermitian positive definite matrices."""
    return Spec("definite", shape)


#: Functions whose outputs are not unique, such as vectors that may have either sign: what of them is.
_determined: dict[str, Callable[..., Sequence[Any]]] = {}


def determines(name: str, only: Callable[..., Sequence[Any]]) -> None:
    """Say what the outputs of a function determine: ``only(*outputs)``, for tensors as for NumPy arrays."""
    _determined[name] = only


def determined(name: str, outputs: Sequence[Any]) -> Sequence[Any]:
    """What is unique of the outputs of a function: mostly, the outputs."""
    return _determined[name](*outputs) if name in _determined else outputs


def positive(*shape: int) -> Spec:
    """Values in [0.3, 2.3), away from 0."""
    return Spec("real", shape, 0.3, 2.3)


def small(*shape: int) -> Spec:
    """Positive and, as integers, 1 and 2: sums of products of some dozens of them stay in the range of int8."""
    return Spec("real", shape, 0.0, 0.9)


def distinct(*shape: int) -> Spec:
    """Values no two of which are close."""
    return Spec("distinct", shape, -1.0)


def integer(*shape: int, low: int = 0, high: int) -> Spec:
    """Integers from ``low`` to ``high - 1``, int64 whatever the dtype under test."""
    return Spec("integer", shape, low, high)


def boolean(*shape: int) -> Spec:
    """True and False."""
    return Spec("bool", shape)

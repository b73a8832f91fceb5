"""How a case is written down: what is called, and with what.

    module("Conv2d(2, 4, 3, padding=1)", normal(2, 2, 6, 5))
    function("conv2d", normal(2, 2, 6, 5), normal(4, 2, 3, 3), padding=1)
    refused("Conv2d(2, 4, 3)", normal(2, 3, 6, 5), match="to have 2 channels")

A module is built by evaluating its text with the names of ``nn`` and with ``lib``, which is pluggrad or torch. Arrays
may stand anywhere in the arguments, in tuples, lists and dicts, too; each library is given its own tensors of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

Kind = Literal["normal", "uniform", "distinct", "integer", "bool", "values"]


@dataclass(frozen=True)
class Array:
    """An array argument. Floating ones take the dtype under test and require a gradient, unless ``grad`` is False."""

    kind: Kind
    shape: tuple[int, ...]
    low: float = 0.0
    high: float = 1.0
    grad: bool = True
    given: Any = None

    def values(self, rng: np.random.Generator) -> np.ndarray:
        if self.kind == "values":
            return np.asarray(self.given)
        if self.kind == "integer":
            return rng.integers(int(self.low), int(self.high), self.shape)
        if self.kind == "bool":
            return rng.random(self.shape) < 0.5
        if self.kind == "uniform":
            return rng.uniform(self.low, self.high, self.shape)
        if self.kind == "distinct":
            count = int(np.prod(self.shape))
            return (rng.permutation(count).reshape(self.shape) + 0.5) * (4.0 / max(count, 1)) - 2.0
        return rng.normal(size=self.shape)


def normal(*shape: int, grad: bool = True) -> Array:
    """Normally distributed numbers."""
    return Array("normal", shape, grad=grad)


def uniform(*shape: int, low: float = 0.0, high: float = 1.0, grad: bool = True) -> Array:
    """Numbers in [low, high): probabilities, unless said otherwise."""
    return Array("uniform", shape, low, high, grad)


def distinct(*shape: int, grad: bool = True) -> Array:
    """Numbers in [-2, 2], no two of them close: for functions with kinks at ties."""
    return Array("distinct", shape, grad=grad)


def integer(*shape: int, low: int = 0, high: int) -> Array:
    """Integers from ``low`` to ``high - 1``, int64."""
    return Array("integer", shape, low, high)


def boolean(*shape: int) -> Array:
    """True and False."""
    return Array("bool", shape)


def values(given: Any, grad: bool = True) -> Array:
    """These very values: floating ones take the dtype under test, integers are int64."""
    return Array("values", np.asarray(given).shape, grad=grad, given=given)


@dataclass(frozen=True)
class Case:
    """One call of a module or a function.

    Attributes
    ----------
    name : in ``nn`` or in ``nn.functional``
    build : for a module, the text that builds it; else None
    random : draws random numbers in training: values are compared in evaluation alone, in training shapes
    float32 : relative and absolute tolerance in float32
    dtypes : the dtypes that it is compared in
    """

    name: str
    build: str | None
    args: tuple[Any, ...]
    kwargs: dict[str, Any] = field(default_factory=dict)
    random: bool = False
    float32: float = 1e-4
    dtypes: tuple[str, ...] = ("float64", "float32")

    def __str__(self) -> str:
        if self.build is not None:
            return self.build
        shown = [_show(a) for a in self.args] + [f"{k}={_show(v)}" for k, v in self.kwargs.items()]
        return f"{self.name}({', '.join(shown)})"


def _show(argument: Any) -> str:
    return str(argument.shape).replace(" ", "") if isinstance(argument, Array) else repr(argument)


@dataclass(frozen=True)
class Refusal:
    """A call that both refuse, with one class of exception; ``match``: a part of our message."""

    case: Case
    match: str


def module(build: str, *args: Any, random: bool = False, float32: float = 1e-4, **kwargs: Any) -> Case:
    """A module, and the arguments of its call."""
    return Case(build.partition("(")[0], build, args, kwargs, random, float32)


def function(name: str, *args: Any, random: bool = False, float32: float = 1e-4, **kwargs: Any) -> Case:
    """A function of ``nn.functional``, and its arguments."""
    return Case(name, None, args, kwargs, random, float32)


def refused(call: str, *args: Any, match: str, **kwargs: Any) -> Refusal:
    """A module (``"Linear(3, 4)"``) or function (``"linear"``) that both refuse to build or to call."""
    case = module(call, *args, **kwargs) if "(" in call else function(call, *args, **kwargs)
    return Refusal(case, match)

"""What the checks of gradients have in common: the point that is checked, and how Jacobians are compared and shown."""

from __future__ import annotations

import inspect
import math
import random
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from ..tensor import Tensor
from .jacobians import Rows, differentiable, tensors_of


class GradcheckError(RuntimeError):
    """A gradient that differs from central differences; the message shows both."""


def check_inputs(inputs: tuple[Any, ...]) -> list[int]:
    """The numbers of the inputs to differentiate by.

    Raises
    ------
    ValueError : there is none
    """
    active = [i for i, x in enumerate(inputs) if isinstance(x, Tensor) and x.requires_grad]
    if not active:
        raise ValueError(
            "gradcheck expects at least one input tensor to require gradient, but none of them have requires_grad=True."
        )
    for i in active:
        if inputs[i].dtype.to_real().bits < 64:
            warnings.warn(
                f"gradcheck: input {i} requires a gradient and is {inputs[i].dtype.name}; central differences need "
                "float64 or complex128, as in x.double(), or larger eps, atol and rtol",
                stacklevel=5,
            )
    return active


def close(a: complex, b: complex, atol: float, rtol: float) -> bool:
    """Whether two numbers are equal up to tolerances; NaN equals NaN."""
    return abs(a - b) <= atol + rtol * abs(b) or a == b or (a != a and b != b)


def show(rows: Rows) -> str:
    """Rows of numbers for people."""
    return "[" + ",\n ".join("[" + ", ".join(_number(v) for v in row) + "]" for row in rows) + "]"


def _number(v: complex) -> str:
    return f"{v:.6g}" if isinstance(v, complex) and v.imag else f"{v.real:.6g}"


class Check(ABC):
    """The checks of one function at one point."""

    def __init__(
        self, func: Callable[..., Any], inputs: tuple[Any, ...], eps: float, atol: float, rtol: float, nondet: float,
        active: list[int] | None = None,
    ) -> None:  # fmt: skip
        self.func, self.inputs, self.eps, self.atol, self.rtol, self.nondet = func, inputs, eps, atol, rtol, nondet
        self.active = check_inputs(inputs) if active is None else active

    def outputs(self) -> list[tuple[int, Tensor]]:
        """The outputs that can have a gradient, with their numbers."""
        return differentiable(tensors_of(self.func(*self.inputs)))

    def where(self, k: int, i: int) -> str:
        """Output and input for people, the input by the name of the argument if the function has one."""
        try:
            names = list(inspect.signature(self.func).parameters.values())
        except (TypeError, ValueError):
            names = []
        named = i < len(names) and names[i].kind is not inspect.Parameter.VAR_POSITIONAL
        return f"output {k} with respect to input {i}" + (f" ({names[i].name})" if named else "")

    def compare(self, k: int, i: int, what: str, analytic: Rows, numeric: Rows) -> None:
        """One pair of Jacobians; ``what`` : what the message begins with."""
        wrong = [
            (abs(a - n), j, m)
            for j, (r, s) in enumerate(zip(analytic, numeric, strict=True))
            for m, (a, n) in enumerate(zip(r, s, strict=True))
            if not close(a, n, self.atol, self.rtol)
        ]
        if wrong:
            _, j, m = max(wrong, key=lambda w: w[0] if w[0] == w[0] else math.inf)
            raise GradcheckError(
                f"{what} mismatch for {self.where(k, i)}: a row for each element of the input, "
                f"a column for each of the output\nnumerical:\n{show(numeric)}\nanalytical:\n{show(analytic)}\n"
                f"{len(wrong)} of {sum(map(len, analytic))} differ, most of all element {j} of the input and {m} of "
                f"the output: numerical {_number(numeric[j][m])}, analytical {_number(analytic[j][m])}"
            )

    @abstractmethod
    def jacobian(self, i: int) -> None:
        """Compare the whole Jacobians by input ``i``."""

    def slowly(self, i: int) -> str:
        """What the whole Jacobians say where fast mode has found a difference."""
        try:
            self.jacobian(i)
        except GradcheckError as error:
            return f"In slow mode:\n{error}"
        return "In slow mode they agree: elementwise, the difference is below the tolerance."

    def draw(self, rng: random.Random, t: Tensor) -> list[complex]:
        """Random numbers for the elements of a tensor."""
        n = math.prod(t.shape)
        if t.dtype.is_complex:
            return [complex(rng.gauss(0, 1), rng.gauss(0, 1)) for _ in range(n)]
        return [rng.gauss(0, 1) for _ in range(n)]

    @staticmethod
    def considering(unit: complex, is_complex: bool, of: str) -> str:
        """Which part of a complex input or output a Jacobian is of, as the beginning of a message."""
        part = "imaginary" if unit == 1j else "real"
        return f"While considering the {part} part of complex {of} only, " if is_complex else ""

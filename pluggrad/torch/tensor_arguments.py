"""Which arguments must be tensors: PyTorch takes no lists and no arrays for them, and numbers for few.

Read from the declaration of each function: the arrays of a registered function, the parameters that another
annotates as ``Tensor``. The tables say where PyTorch takes numbers, too, and what is annotated more widely here.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from ..autograd.operands import SCALARS, is_array_scalar
from ..function import Function
from ..tensor import Tensor

#: Functions whose first two arguments may be numbers, as long as one is a tensor.
NUMBERS = frozenset((
    "add", "bitwise_and", "bitwise_left_shift", "bitwise_or", "bitwise_right_shift", "bitwise_xor", "div", "divide",
    "floor_divide", "mul", "multiply", "remainder", "sub", "subtract", "true_divide", "xlog1py", "xlogy", "zeta",
    "float_power", "pow",
))  # fmt: skip
#: Functions whose second argument may be a number.
SECOND_NUMBER = frozenset((
    "clamp_max", "clamp_min", "copysign", "eq", "equal", "fill", "fmod", "ge", "greater", "greater_equal", "gt", "le",
    "less", "less_equal", "lt", "ne", "not_equal", "rsub",
))  # fmt: skip
#: The places of tensors that the declaration does not tell.
MORE: dict[str, tuple[int, ...]] = {
    **dict.fromkeys(("add", "div", "divide", "floor_divide", "sub", "subtract", "true_divide", "pow"), (0, 1)),
    **dict.fromkeys(("allclose", "isclose", "rsub", "remainder", "float_power"), (0, 1)),
    **dict.fromkeys(("cumulative_trapezoid", "trapezoid", "trapz", "igamma", "igammac"), (0, 1)),
    **dict.fromkeys(("gcd_", "lcm_", "ldexp_"), (0, 1)), "gather": (0, 2), "scatter_add": (0, 2, 3),
    "addmv_": (0, 1, 2),
}  # fmt: skip


class TensorPlaces(NamedTuple):
    """The places and names of arguments that must be tensors, that may be numbers as well, and that may be None."""

    tensors: tuple[int, ...]
    numbers: tuple[int, ...]
    optional: tuple[int, ...]
    names: frozenset[str]
    optional_names: frozenset[str]

    def check(self, name: str, args: Sequence[Any], kwargs: dict[str, Any]) -> None:
        """Refuse what is not a tensor where one must be.

        Raises
        ------
        TypeError
        """
        count = len(args)
        for i in self.tensors:
            if i < count and not isinstance(args[i], Tensor):
                raise self._error(name, i, args[i])
        for i in self.numbers:
            if i < count and not isinstance(args[i], (Tensor, *SCALARS)) and not is_array_scalar(args[i]):
                raise self._error(name, i, args[i])
        for i in self.optional:
            if i < count and args[i] is not None and not isinstance(args[i], Tensor):
                raise self._error(name, i, args[i])
        if kwargs:
            for key in self.names.intersection(kwargs):
                value = kwargs[key]
                if not isinstance(value, Tensor) and (value is not None or key not in self.optional_names):
                    raise TypeError(f"{name}(): argument '{key}' must be Tensor, not {type(value).__name__}")

    def _error(self, name: str, place: int, value: Any) -> TypeError:
        wanted = "Tensor or a number" if place in self.numbers else "Tensor"
        return TypeError(f"{name}(): argument at position {place + 1} must be {wanted}, not {type(value).__name__}")


def tensor_places(name: str, function: Callable[..., Any]) -> TensorPlaces:
    """What PyTorch's function ``name`` asks of the arguments of ``function``."""
    places, optional, names, optional_names = _declared(function)
    places = MORE.get(name, places)
    numbers = {0, 1} if name in NUMBERS else {1} if name in SECOND_NUMBER else {2} if name == "lerp" else set()
    return TensorPlaces(
        tuple(i for i in places if i not in numbers), tuple(i for i in places if i in numbers), optional,
        frozenset((*names, *optional_names)), frozenset(optional_names),
    )  # fmt: skip


def _declared(function: Callable[..., Any]) -> tuple[tuple[int, ...], tuple[int, ...], list[str], list[str]]:
    """The places of a function's tensors and of those that may be None; the names of both, as far as they have them."""
    registered = getattr(function, "__globals__", {}).get("FUNCTION")
    if isinstance(registered, Function) and function is registered.call:
        arrays = () if registered.variadic else registered.arrays
        optional = tuple(i for i, a in enumerate(arrays) if a in registered.optional)
        return tuple(i for i in range(len(arrays)) if i not in optional), optional, [], []
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except ValueError:  # built in
        return (), (), [], []
    ordered = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return (
        tuple(i for i, p in enumerate(ordered) if p.annotation == "Tensor" or (i == 0 and p.name == "self")),
        tuple(i for i, p in enumerate(ordered) if p.annotation == "Tensor | None"),
        [p.name for p in parameters if p.annotation == "Tensor" and p.kind != p.POSITIONAL_ONLY],
        [p.name for p in parameters if p.annotation == "Tensor | None" and p.kind != p.POSITIONAL_ONLY],
    )


def misuse(name: str, error: AttributeError) -> Exception:
    """The exception for an attribute that a value does not have: a value of Python's own types is a wrong argument."""
    given = type(error.obj)
    if given.__module__ not in ("builtins", "numpy"):
        return error
    return TypeError(f"{name}(): an argument of type {given.__name__} where another is expected ({error})")

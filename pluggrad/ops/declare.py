"""How functions are declared: :func:`standard` for those that the array API standard has, :func:`composite` for others.

    @standard(alias="mul", operator="mul", broadcasts=True, result="same", vjp=[
        lambda xp, g, x2: g * xp.conj(x2),
        lambda xp, g, x1: g * xp.conj(x1),
    ])
    def multiply(x1, x2, /):
        \"\"\"Product of each pair of elements.\"\"\"

declares a function whose forward every namespace brings. ``composite`` declares one whose body is its
forward on raw arrays, composed from the standard; a backend may override it with a kernel of that name.
Both register it, compile its call (:mod:`pluggrad.autograd.recorder`) and return that call.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, TypeVar

from ..autograd.inplace import in_place
from ..autograd.recorder import prepare
from ..function import Function, register
from ..function.declaration import declare
from ..tensor import Tensor

P = ParamSpec("P")
R = TypeVar("R")

#: PyTorch's names of public functions, by their name here: filled by the declarations, read by pluggrad/__init__.
ALIASES: dict[str, str] = {}


def standard(**properties: Any) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Declare a function of the standard; the decorated stub gives name, signature and docstring."""
    return lambda stub: _declare(stub, None, properties)


def composite(**properties: Any) -> Callable[[Callable[Concatenate[Any, P], R]], Callable[P, R]]:
    """Declare a function that the standard lacks; the decorated body, which takes ``xp`` first, is its forward."""
    return lambda body: _declare(body, body, properties)


def _declare(
    stub: Callable[..., Any], forward: Callable[..., Any] | None, properties: dict[str, Any]
) -> Callable[..., Any]:
    name = properties.pop("name", None) or stub.__name__.strip("_")
    operator = properties.pop("operator", None)
    method = properties.pop("method", False)
    alias = properties.pop("alias", ())
    properties["alias"] = (alias,) if isinstance(alias, str) else tuple(alias)
    function = declare(name, stub, forward=forward, **properties)
    prepare(function, stub)
    register(function)
    if operator:
        attach_operator(function, operator)
    if method:
        attach_method(function)
    ALIASES.update(dict.fromkeys(function.alias, name))
    return function.call


def attach_operator(function: Function, symbol: str) -> None:
    """Make a function the operator ``__symbol__`` of tensors; a binary one also reflected and in place."""
    call = function.call
    if len(function.arrays) == 1:
        setattr(Tensor, f"__{symbol}__", call)
        return
    setattr(Tensor, f"__{symbol}__", function.operator)
    if symbol in ("lt", "le", "gt", "ge", "eq", "ne"):
        return
    setattr(Tensor, f"__r{symbol}__", function.reflected)
    setattr(Tensor, f"__i{symbol}__", in_place(call))


def attach_method(function: Function) -> None:
    """Make an elementwise function a method under its names, plain and in place: ``x.mul(y)``, ``x.mul_(y)``."""
    for name in (function.name, *function.alias):
        setattr(Tensor, name, function.call)
        if function.result != "bool":
            setattr(Tensor, f"{name}_", in_place(function.call))

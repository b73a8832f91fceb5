"""How a function is called as PyTorch calls it: PyTorch's names of arguments, ``out=``, weak 0-D tensors.

One wrapper serves all functions of :mod:`pluggrad.torch`. It adds what all of PyTorch's functions have in common
and leaves the rest to the function itself.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from ..autograd.operands import ZeroDim
from ..ops import transfer
from ..tensor.formats import check_layout
from .dtype_arguments import dtype_check
from .out import write_out
from .tensor_arguments import misuse, tensor_places

#: What PyTorch calls the leading arguments of most functions.
USUAL = (("input", "self", "tensors", "tensor", "x", "a"), ("other", "b", "y", "mat2"))

#: The leading arguments that have other names, in order. The others are called as pluggrad calls them.
ARGUMENTS: dict[str, Sequence[str]] = {
    "addcdiv": ("input", "tensor1", "tensor2"), "addcmul": ("input", "tensor1", "tensor2"),
    "arange": ("start", "end", "step"), "asarray": ("obj",), "broadcast_to": ("input", "size"),
    "can_cast": ("from_", "to"), "cholesky_solve": ("B", "L"), "clamp_max": ("input", "max"),
    "clamp_min": ("input", "min"), "complex": ("real", "imag"), "copysign": ("input", "other"),
    "dot": ("input", "tensor"),
    **dict.fromkeys(("dropout", "alpha_dropout", "feature_alpha_dropout"), ("input", "p", "train")), "lu": ("A",),
    "embedding": ("weight", "indices"), "eye": ("n", "m"), "float_power": ("input", "exponent"),
    "full": ("size", "fill_value"),
    "ger": ("input", "vec2"), "heaviside": ("input", "values"), "isin": ("elements", "test_elements"),
    "lerp": ("input", "end", "weight"), "ldexp": ("input", "other"), "linspace": ("start", "end", "steps"),
    "matrix_power": ("input", "n"), "moveaxis": ("input", "source", "destination"),
    "movedim": ("input", "source", "destination"), "outer": ("input", "vec2"), "pinverse": ("input", "rcond"),
    "polar": ("abs", "angle"), "polygamma": ("n", "input"), "pow": ("input", "exponent"), "randperm": ("n",),
    "searchsorted": ("sorted_sequence", "input"), "repeat_interleave": ("input", "repeats"),
    "split_with_sizes": ("input", "split_sizes"), "swapaxes": ("input", "axis0", "axis1"), "take": ("input", "index"),
    "tensordot": ("a", "b"), "where": ("condition", "input", "other"), "frombuffer": ("buffer",),
}  # fmt: skip


#: The same for the functions of submodules, whose other functions start with ``input``.
ARGUMENTS_IN: dict[str, dict[str, Sequence[str]]] = {
    "linalg": {
        **dict.fromkeys(("cond", "det", "eig", "eigh", "eigvals", "eigvalsh", "inv", "inv_ex", "matrix_exp"), ("A",)),
        **dict.fromkeys(("matrix_norm", "matrix_rank", "pinv", "qr", "slogdet", "svd", "svdvals", "diagonal"), ("A",)),
        **dict.fromkeys(("lu", "lu_factor", "lu_factor_ex"), ("A",)), "matrix_power": ("A", "n"),
        **dict.fromkeys(("lstsq", "solve", "solve_ex", "solve_triangular", "tensorsolve"), ("A", "B")),
        "lu_solve": ("LU", "pivots", "B"), "householder_product": ("input", "tau"), "tensorinv": ("A", "ind"),
        "multi_dot": ("tensors",), "norm": ("A", "ord", "dim"), "vecdot": ("x", "y"),
    },
    "fft": {"fftfreq": ("n",), "rfftfreq": ("n",)},
    "special": {"polygamma": ("n", "input"), "multigammaln": ("input", "p")},
    "nn.functional": {},
}  # fmt: skip


def torch_function(
    name: str, function: Callable[..., Any], arguments: Sequence[str] | None = None, module: str = ""
) -> Callable[..., Any]:
    """``function`` called as PyTorch's ``torch.<module>.<name>`` is.

    - its leading arguments may be given by PyTorch's names (``torch.sum(input=x)``, ``torch.add(x, other=y)``);
    - ``out=`` takes the result (or a tuple of tensors, the results): see :func:`write_out`;
    - ``layout`` and ``memory_format`` are accepted: all tensors are strided and contiguous;
    - ``pin_memory`` puts the result where a GPU reads it by itself, if there is one;
    - a 0-D tensor beside tensors with axes promotes like a Python number, as in PyTorch;
    - what is neither a tensor nor, where PyTorch takes it, a number is a TypeError, and dtypes that PyTorch refuses
      are a DTypeError.
    """
    places: dict[str, int] = {}
    named = ARGUMENTS.get(name) if arguments is None else arguments
    for i, names in enumerate(USUAL if named is None else [(n,) for n in named]):
        places |= dict.fromkeys(names, i)
    if named is not None and "input" in named:
        places["self"] = named.index("input")
    own = _keywords(function)
    # A name that the function itself has for an argument is the function's own affair.
    places = {n: i for n, i in places.items() if n not in own}
    ignored = {"layout", "memory_format", "pin_memory"} - own
    special = frozenset((*places, *ignored, "out"))
    is_weak = ZeroDim.weak_here
    check = tensor_places(name, function).check
    check_dtypes = dtype_check(name, module)

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        out, pins = None, False
        if kwargs and not special.isdisjoint(kwargs):
            out = kwargs.pop("out", None)
            pins = "pin_memory" in ignored and bool(kwargs.get("pin_memory"))
            for key in ignored.intersection(kwargs):
                check_layout(name, key, kwargs.pop(key))
            args, kwargs = _by_position(name, places, args, kwargs)
        check(name, args, kwargs)
        if check_dtypes is not None:
            check_dtypes(args, kwargs)
        token = is_weak.set(True)
        try:
            result = function(*args, **kwargs)
        except AttributeError as error:
            raise misuse(name, error) from error
        finally:
            is_weak.reset(token)
        if pins:
            result = transfer.pinned(result)
        return result if out is None else write_out(name, out, result)

    call.__name__ = call.__qualname__ = name
    call.__module__ = f"{__package__}.{module}" if module else __package__  # where pickle finds it
    return call


def _keywords(function: Callable[..., Any]) -> set[str]:
    """The names by which a function takes arguments."""
    code = getattr(getattr(function, "__wrapped__", function), "__code__", None)
    if code is None:
        return set()
    count = code.co_argcount
    takes_xp = code.co_varnames[:1] == ("xp",)  # the body of a registered function; its arrays are positional only
    first = count if takes_xp else code.co_posonlyargcount
    return set(code.co_varnames[first : count + code.co_kwonlyargcount])


def _by_position(
    name: str, places: dict[str, int], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Arguments that were given by PyTorch's names, put where the function takes them."""
    named = {places[n]: n for n in kwargs if n in places}
    out = list(args)
    for i in sorted(named):
        if i < len(out):
            raise TypeError(f"{name}() got multiple values for argument '{named[i]}'")
        if i > len(out):
            raise TypeError(f"{name}() missing the argument before '{named[i]}'")
        out.append(kwargs[named[i]])
    return tuple(out), {n: v for n, v in kwargs.items() if n not in places}

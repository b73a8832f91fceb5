"""The record of one function, and how the signatures of its forward and its rules are read.

The signature of the forward says which arguments are arrays and which are parameters, in the
standard's own style: **arrays stand before the slash, parameters after it**:

    def gather(xp, x, index, /, *, axis): ...        arrays x, index; parameter axis
    def concat(xp, *arrays, axis): ...               any number of arrays; parameter axis
    def linear(xp, x, weight, bias=None, /): ...     bias is an array or None

A derivative rule takes ``xp``, the cotangent ``g`` and, by name, whatever else it needs. **What a
rule names is what is saved**:

    lambda xp, g, x2: g * x2                         saves the array x2
    lambda xp, g, out: g * out                       saves the output
    lambda xp, g, x_shape, axis: ...                 saves no array: the shape of x, and a parameter
    lambda xp, g, x_dtype: ...                       saves no array: the dtype of x

For a function of several outputs, ``g`` is a tuple (zeros where no gradient came; None for an output
that has none, or that is declared lazy) and an output is named by its own name. For a function of any
number of arrays there is one rule, which returns the gradients of all of them and may name ``arrays``,
``arrays_shape`` and ``needs`` (a tuple of bool).

A forward-mode rule (``jvp``), where one is given, is written likewise, and takes the tangent ``t`` of one array in
place of the cotangent: it gives that array's part of the tangent of the output, of several outputs a tuple of them.
For a function of any number of arrays, ``t`` is a tuple, with None for arrays without a tangent.

    lambda xp, t, x, by: t * by * xp.cos(x * by)
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from ..dtypes import ANY
from ..errors import PluginError

Result = Literal["same", "bool", "real", "infer"]
#: What a rule is, by what it takes.
_RULES = {"g": "derivative", "t": "forward-mode"}


@dataclass(frozen=True, slots=True)
class Rule:
    """One derivative rule: the callable, and the names of what it takes besides ``xp`` and ``g`` (or ``t``)."""

    call: Callable[..., Any]
    names: tuple[str, ...]

    @classmethod
    def read(cls, function: str, call: Callable[..., Any], known: Sequence[str], takes: str = "g") -> Rule:
        """Read a rule's signature; an unknown name is an error at declaration, not in backward."""
        code = call.__code__
        params = code.co_varnames[: code.co_argcount]  # inspect.signature takes ten times as long
        if params[:2] != ("xp", takes):
            raise PluginError(f"{function}: a {_RULES[takes]} rule starts with (xp, {takes}, ...), got {params}")
        unknown = [n for n in params[2:] if n not in known]
        if unknown:
            raise PluginError(f"{function}: a {_RULES[takes]} rule names {unknown}; it may name {list(known)}")
        return cls(call, params[2:])


@dataclass(slots=True, eq=False)
class Function:
    """Everything known about one function.

    Attributes
    ----------
    name : the name under which kernels override it and rules call it
    forward : ``forward(xp, *arrays, **parameters)`` on raw arrays, composed from the standard; None
        where the standard has the function itself and every namespace brings it
    arrays, parameters : names of the array arguments; names and defaults of the others
    variadic : whether it takes any number of arrays (``arrays`` then holds the one name)
    optional : the arrays that may be None, which a rule that names them is given as None, too
    rules : one per array argument (None: no derivative), or one for all if variadic
    tangents : forward-mode rules, one for each array that has a derivative rule; (): derived from those
    batching : how a batch of calls is done at once: ``"elementwise"``, ``"leading"``, ``"forward"`` or a rule
        ``(xp, batched, *arrays, **parameters)``; None: by pluggrad's own rule, or call by call
    promoted : the arrays that are brought to one dtype, by whose type a kernel is chosen
    kinds : dtype kinds it accepts; integers are promoted where only floating kinds are
    result : dtype of the output beside that of the first promoted array
    broadcasts : whether array shapes broadcast, so that the engine undoes it in backward
    view : whether the output shares the memory of the (only) input
    outputs : names of the outputs, where there are several; ``constant`` those without a derivative; ``lazy`` those
        for which the rule is given None, and not zeros, where no gradient came
    many : whether it has a number of outputs that depends on its input (``unstack``)
    overwrites : whether its rules give the cotangent to one function, as its first array, and need it no more: then
        the result may be written there
    autocast : how it runs in a region of mixed precision: its arguments in the "lower" precision or in
        "float32"; None: in the types that come
    kernels : a forward without ``xp`` for a backend, by the backend's name, that came with the declaration
    plugin : the plugin that brought it; None: pluggrad itself, or a program
    alias : PyTorch's names for it, the first of which names the node (``mul``: ``MulBackward0``)
    call : the way of one call on Tensors, written for it; ``operator``, ``reflected`` : the same call for use as a
        binary operator; ``backward`` and ``backward_graph`` : its rules, on raw arrays and on Tensors; ``pass_on`` :
        those on raw arrays again, as the step of a walk
    saves_arrays : whether a node saves arrays, and not parameters and shapes alone
    table : ArrayType -> (kernel, output ArrayType or None): resolved once, then looked up
    """

    name: str
    forward: Callable[..., Any] | None
    arrays: tuple[str, ...]
    parameters: dict[str, Any]
    variadic: bool = False
    optional: frozenset[str] = frozenset()
    rules: tuple[Rule | None, ...] = ()
    tangents: tuple[Rule | None, ...] = ()
    batching: Callable[..., Any] | str | None = None
    promoted: tuple[str, ...] = ()
    kinds: frozenset[str] = ANY
    result: Result = "infer"
    broadcasts: bool = False
    view: bool = False
    outputs: tuple[str, ...] = ()
    many: bool = False
    constant: frozenset[str] = frozenset()
    lazy: frozenset[str] = frozenset()
    overwrites: bool = False
    autocast: Literal["lower", "float32"] | None = None
    alias: tuple[str, ...] = ()
    kernels: dict[str, Callable[..., Any]] = field(default_factory=dict)
    plugin: str | None = None
    doc: str | None = None
    call: Callable[..., Any] = field(init=False)
    operator: Callable[..., Any] = field(init=False)
    reflected: Callable[..., Any] = field(init=False)
    backward: Callable[..., Any] = field(init=False)
    backward_graph: Callable[..., Any] = field(init=False)
    pass_on: Callable[..., Any] = field(init=False)
    saves_arrays: bool = False
    table: dict[Any, tuple[Callable[..., Any], Any]] = field(default_factory=dict)

    @property
    def differentiable(self) -> bool:
        """Whether any argument has a derivative rule."""
        return any(rule is not None for rule in self.rules)

    @property
    def is_of_elements(self) -> bool:
        """Whether its arrays have one type and, but for broadcasting, the output's shape, as far as that is known."""
        if self.result != "same" or set(self.promoted) != set(self.arrays) or self.optional or self.has_many_outputs:
            return False
        return self.broadcasts or (len(self.arrays) == 1 and not (self.parameters or self.variadic or self.view))

    @property
    def saved_names(self) -> tuple[str, ...]:
        """What the rules name, and so what a node saves."""
        names = (n for rule in self.rules if rule is not None for n in rule.names)
        return tuple(dict.fromkeys(n for n in names if n != "needs"))

    @property
    def has_many_outputs(self) -> bool:
        """Whether a call gives a tuple."""
        return self.many or bool(self.outputs)

    @property
    def grad_name(self) -> str:
        """The name that the graph shows, after PyTorch's: multiply, whose alias is mul, gives ``MulBackward0``."""
        words = (self.alias[0] if self.alias else self.name).split("_")
        return "".join(w[:1].upper() + w[1:] for w in words) + "Backward0"

    def __repr__(self) -> str:
        return f"<pluggrad function {self.name}>"


def read_signature(
    name: str, stub: Any, *, has_xp: bool
) -> tuple[tuple[str, ...], dict[str, Any], bool, frozenset[str]]:
    """Names of the arrays, parameters with their defaults, whether the arrays are variadic, and which may be None."""
    code = stub.__code__
    positional = code.co_varnames[: code.co_posonlyargcount]
    defaults = dict(
        zip(reversed(code.co_varnames[: code.co_argcount]), reversed(stub.__defaults__ or ()), strict=False)
    )
    plain = code.co_varnames[code.co_posonlyargcount : code.co_argcount]
    if has_xp:
        if (positional or plain)[:1] != ("xp",):
            raise PluginError(f"{name}: the forward of a composed function takes xp first")
        positional, plain = (positional[1:], plain) if positional else ((), plain[1:])
    variadic = bool(code.co_flags & inspect.CO_VARARGS)
    keywords = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
    arrays = (code.co_varnames[code.co_argcount + code.co_kwonlyargcount],) if variadic else positional
    if not arrays:
        raise PluginError(f"{name}: array arguments stand before a slash, as in (x, /, *, axis); none found")
    keyword_defaults = stub.__kwdefaults__ or {}
    parameters = {n: defaults.get(n, inspect.Parameter.empty) for n in plain}
    parameters |= {n: keyword_defaults.get(n, inspect.Parameter.empty) for n in keywords}
    optional = frozenset(a for a in arrays if a in defaults and defaults[a] is None)
    return arrays, parameters, variadic, optional


def declare(
    name: str,
    stub: Callable[..., Any],
    *,
    forward: Callable[..., Any] | None,
    vjp: Callable[..., Any] | Sequence[Callable[..., Any] | None] | None = None,
    jvp: Callable[..., Any] | Sequence[Callable[..., Any] | None] | None = None,
    outputs: Sequence[str] = (),
    promoted: Sequence[str] | None = None,
    **properties: Any,
) -> Function:
    """Build the record of a function from its signature and its rules."""
    arrays, parameters, variadic, optional = read_signature(name, stub, has_xp=forward is not None)
    known = [
        *arrays,
        *(f"{a}_{what}" for a in arrays for what in ("shape", "dtype")),
        *parameters,
        *(outputs or ("out",)),
        *(("needs",) if variadic else ()),
    ]
    rules = _read(name, vjp, arrays, known, "g") or (None,) * len(arrays)
    tangents = _read(name, jvp, arrays, [n for n in known if n != "needs"], "t")
    alone = [a for a, r, t in zip(arrays, rules, tangents, strict=False) if (r is None) is not (t is None)]
    if alone:
        raise PluginError(f"{name}: give both vjp and jvp, or neither, for {alone}")
    named = {n for rule in rules if rule is not None for n in rule.names}
    return Function(
        name, forward, arrays, parameters, variadic, optional, rules,
        promoted=arrays if promoted is None else tuple(promoted),
        outputs=tuple(outputs), tangents=tangents, doc=stub.__doc__,
        saves_arrays=bool(named.intersection((*arrays, *(outputs or ("out",))))), **properties,
    )  # fmt: skip


def _read(name: str, given: Any, arrays: tuple[str, ...], known: list[str], takes: str) -> tuple[Rule | None, ...]:
    """The rules of a declaration: as many as there are arrays, or none."""
    rules = () if given is None else (given,) if callable(given) else tuple(given)
    if rules and len(rules) != len(arrays):
        raise PluginError(
            f"{name}: {len(rules)} {_RULES[takes]} rules for the {len(arrays)} arrays {arrays}; give None for none"
        )
    return tuple(None if r is None else Rule.read(name, r, known, takes) for r in rules)

"""Functions of third parties: a forward, derivative rules and kernels, declared like pluggrad's own.

A package calls :func:`register_function`; a plugin, which need not import pluggrad, describes its functions in the
hook ``pluggrad_functions``. Either way they are called as ``pluggrad.ops.NAME``.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from .. import function
from ..autograd.engine import graph_namespace
from ..autograd.recorder import prepare
from ..autograd.transforms import levels
from ..autograd.transforms.rules import BATCHING
from ..backends import Plugins, plugins
from ..dtypes import ANY
from ..errors import PluginError
from ..function import Function
from ..function.declaration import declare
from ..locks import open_after_fork

_RESULTS = ("same", "bool", "real", "infer")
_lock = open_after_fork(threading.Lock())
#: What plugins described when their hooks were last asked.
_known: list[tuple[str, Mapping[str, Any]]] = []


def register_function(
    forward: Callable[..., Any] | None = None,
    /,
    *,
    name: str | None = None,
    vjp: Callable[..., Any] | Sequence[Callable[..., Any] | None] | None = None,
    jvp: Callable[..., Any] | Sequence[Callable[..., Any] | None] | None = None,
    batching: Callable[..., Any] | str | None = None,
    kernels: Mapping[str, Callable[..., Any]] | None = None,
    broadcasts: bool = False,
    result: str = "infer",
    kinds: Iterable[str] = ANY,
    outputs: Sequence[str] = (),
    constant: Iterable[str] = (),
    promoted: Sequence[str] | None = None,
) -> Callable[..., Any]:
    """Add a function with derivative rules to the registry: as a decorator of its forward, or called with it.

    Parameters
    ----------
    forward : ``forward(xp, *arrays, **parameters)`` on raw arrays, in terms of the array API standard. Arrays stand
        before a slash, parameters after a star: ``def scaled(xp, x, /, *, by)``.
    name : default: the name of ``forward``
    vjp : a rule ``(xp, g, ...)`` for each array (None for none), or one for a function of any number of arrays. What a
        rule names is what is saved: arrays, ``out``, parameters, ``x_shape``, ``x_dtype``.
    jvp : a forward-mode rule ``(xp, t, ...)`` for each array that has a ``vjp``, which names the same things: that
        array's part of the tangent of the output (of several outputs, a tuple). Without, tangents come from ``vjp``
    batching : how ``vmap`` does a whole batch at once: ``"elementwise"``: the function works on each element by
        itself; ``"leading"``: it takes arrays with an axis more in front; ``"forward"``: the forward, run on batched
        arrays, will do; or ``(xp, batched, *arrays, **parameters)``: the batch is the first axis of each array that
        ``batched``, a tuple of bool, says has one, and of every output. Without, it is called for each member
    kernels : by backend's name ("numpy"), a faster forward on that backend's arrays, called without ``xp``
    broadcasts : whether the shapes of the arrays broadcast; it is undone in backward then
    result : dtype of the output: "same" as the arrays', "bool", "real", or "infer": whatever the forward gives
    kinds : the kinds of dtypes that it takes, such as "real floating"; integers are promoted where only floats will do
    outputs : names of the outputs, of a function that returns a tuple; ``constant``: those without a derivative
    promoted : the arrays that are brought to one dtype; default: all

    Returns
    -------
    The function on Tensors. It is ``pluggrad.ops.NAME``, and derivative rules call it as ``xp.NAME``.

    Raises
    ------
    PluginError : a name that is taken, a rule that names what it cannot have, and the like

    >>> import pluggrad
    >>> @pluggrad.register_function(result="same", vjp=lambda xp, g, x, by: g * by * xp.cos(x * by))
    ... def wave(xp, x, /, *, by=1.0):
    ...     return xp.sin(x * by)
    >>> x = pluggrad.tensor([0.0, 1.0], requires_grad=True)
    >>> wave(x, by=2.0).sum().backward()
    >>> x.grad
    tensor([ 2.0000, -0.8323])
    """
    info: dict[str, Any] = {
        "vjp": vjp, "jvp": jvp, "batching": batching, "kernels": kernels or {}, "broadcasts": broadcasts,
        "result": result, "kinds": kinds, "outputs": outputs, "constant": constant, "promoted": promoted,
    }  # fmt: skip

    def add(body: Callable[..., Any]) -> Callable[..., Any]:
        return _add({"name": name or body.__name__, "forward": body, **info}, None).call

    return add if forward is None else add(forward)


#: What a description may hold: the key, what its value must be, whether it is required.
_KEYS: tuple[tuple[str, str, Callable[[Any], bool], bool], ...] = (
    ("name", "an identifier", lambda v: isinstance(v, str) and v.isidentifier(), True),
    ("forward", "a function (xp, x, /, ...)", lambda v: _is_function(v), True),
    ("vjp", "a derivative rule, or a list of them and None", lambda v: _all(v, _is_function), False),
    ("jvp", "a forward-mode rule, or a list of them and None", lambda v: _all(v, _is_function), False),
    (
        "batching",
        f"one of {BATCHING} or a function (xp, batched, x, /, ...)",
        lambda v: v is None or _is_function(v) or v in BATCHING,
        False,
    ),
    (
        "kernels",
        "a dict of callables by backend's name",
        lambda v: isinstance(v, Mapping) and all(isinstance(k, str) and callable(f) for k, f in v.items()),
        False,
    ),
    ("broadcasts", "a bool", lambda v: isinstance(v, bool), False),
    ("result", f"one of {_RESULTS}", lambda v: v in _RESULTS, False),
    ("kinds", f"kinds of dtypes, of {sorted(ANY)}", lambda v: not isinstance(v, str) and set(v) <= ANY, False),
    ("outputs", "a list of names", lambda v: not isinstance(v, str) and _all(v, lambda n: isinstance(n, str)), False),
    ("constant", "a list of names of outputs", lambda v: not isinstance(v, str), False),
    ("promoted", "a list of names of arrays", lambda v: not isinstance(v, str), False),
)  # fmt: skip


def _is_function(value: Any) -> bool:
    return hasattr(value, "__code__")


def _all(values: Any, fits: Callable[[Any], bool]) -> bool:
    if values is None or fits(values):
        return True
    return isinstance(values, Sequence) and all(v is None or fits(v) for v in values)


def _add(info: Mapping[str, Any], plugin: str | None) -> Function:
    """Check a description, declare the function and register it."""
    try:
        checked = _checked(info)
        name, forward = checked.pop("name"), checked.pop("forward")
        kernels = dict(checked.pop("kernels", None) or {})
        kinds, constant = frozenset(checked.pop("kinds", ANY)), frozenset(checked.pop("constant", ()))
        made = declare(name, forward, forward=forward, kinds=kinds, constant=constant, kernels=kernels, plugin=plugin,
                       **checked)  # fmt: skip
        strangers = sorted((constant - set(made.outputs)) | (set(made.promoted) - set(made.arrays)))
        if strangers:
            raise PluginError(
                f"{name}: constant and promoted name {strangers}; there are the arrays {made.arrays} and the outputs "
                f"{made.outputs}"
            )
        prepare(made, forward)
        return function.register(made)
    except PluginError as error:
        if plugin is None:
            raise
        raise PluginError(f"plugin {plugin!r}: {error}") from error


def _checked(info: Any) -> dict[str, Any]:
    if not isinstance(info, Mapping):
        raise PluginError(f"pluggrad_functions must list dicts (see FunctionInfo), got {info!r}")
    of = f" of function {info['name']!r}" if isinstance(info.get("name"), str) else ""
    for key, expected, fits, required in _KEYS:
        if key not in info:
            if required:
                raise PluginError(f"a function's description{of} lacks {key!r}, {expected}; it has {sorted(info)}")
        elif not fits(info[key]):
            raise PluginError(f"{key!r}{of} must be {expected}, got {info[key]!r}")
    unknown = sorted(set(info) - {key for key, *_ in _KEYS})
    if unknown:
        raise PluginError(f"unknown keys {unknown} in a function's description{of}; known are {[k for k, *_ in _KEYS]}")
    return {key: value for key, value in info.items() if key in {k for k, *_ in _KEYS}}


def find(name: str, source: Plugins = plugins) -> Callable[..., Any]:
    """The call of a registered function, on Tensors; those that plugins describe are registered first.

    Raises
    ------
    AttributeError : there is none of that name
    """
    load(source)
    found = function.get(name)
    if found is None:
        raise AttributeError(f"pluggrad.ops has no function {name!r}, and no plugin brings one")
    return found.call


def load(source: Plugins = plugins) -> None:
    """Register the functions that plugins describe; take out those of plugins that are gone.

    A plugin whose description is wrong is left out of this with a warning, and listed by ``backends.status()``.
    """
    with _lock:
        described = source.functions()
        for entry in [e for e in _known if e not in described]:
            _known.remove(entry)
            known = function.get(entry[1]["name"])
            if known is not None and known.plugin == entry[0]:
                forget(known, source)
        for plugin, info in described:
            if (plugin, info) in _known:
                continue
            try:
                _add(info, plugin)
            except PluginError as error:
                source.leave_out(plugin, str(error))
                continue
            _known.append((plugin, info))


def forget(known: Function, source: Plugins = plugins) -> None:
    """Take a function out of the registry, and out of the libraries that have kernels of it."""
    function.remove(known)
    vars(graph_namespace).pop(known.name, None)
    for backend in source.loaded():
        backend.forget(known.name)
    levels.forget(known.name)

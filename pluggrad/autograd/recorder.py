"""How a call is made and recorded: the code of one call, written for each function when it is declared.

A call on Tensors must find its kernel, run it on the raw arrays, wrap the result and, if an argument
requires a gradient, add a node that holds what the derivative rules named. A general loop over
arguments would cost more than the kernel does on small arrays. So the few lines for just this
function are written out, as :mod:`dataclasses` does, and compiled (:mod:`.writer`). This is what stands
there for ``multiply(x1, x2, /)`` (``print(pluggrad.autograd.source("multiply"))``):

    def multiply(x1, x2, /):
        if not (isinstance(x1, Tensor) and isinstance(x2, Tensor) and x1._type is x2._type):
            x1, x2 = unify(FUNCTION, (x1, x2))
        entry = TABLE.get(x1._type)
        if entry is None:
            (x1, x2), entry = admit(FUNCTION, (x1, x2))
        kernel, type_, few, kernel_of_few = entry
        if few and x1._array.size < few and x2._array.size < few:
            kernel = kernel_of_few
        try:
            array = kernel(x1._array, x2._array)
        except Exception:
            check_broadcast("multiply", (x1._array.shape, x2._array.shape))
            raise
        if array.__class__ is not type_.array_class:
            array = as_array(array, type_)
        out = new(Tensor)
        out._array = array
        out._type = type_
        out._buffer = out._view = None
        n1, n2 = x1._node, x2._node
        if (n1 is not None or n2 is not None) and ((recording := get_mode()) is None or recording.grad):
            out._node = node = new(Node)
            node.function = FUNCTION
            node.parents = (n1, n2)
            node.saved = ((x1._buffer or hold(x1)) if n2 is not None else None, ...)
            ...
            if recording is not None:
                observe(recording, node, (x1, x2, out))
        else:
            out._node = None
            if INFERENCE:
                mark(out)
        return out

and, for backward, that each rule is run for an argument that needs it, and its gradient goes to the vertex of that
argument, where it waits for others if several edges lead there (:mod:`.engine`):

    def multiply_pass_on(g, node, joins, push, free):
        type_ = node.type
        xp = type_.of_few if type_.few and g.size < type_.few else type_.own
        s0, s1 = node.saved
        p0, p1 = node.parents
        if p0 is not None:
            g0 = rule0(xp, g, s0.array)
            if p0.shape != node.shape:
                g0 = sum_to_shape(xp, g0, p0.shape)
            if p0 in joins:
                meet(joins, push, p0, g0)
            else:
                push((p0, g0))
        ...

Where somebody wants to see the gradients on their way (hooks, anomaly mode, a profiler), there is ``backward``, which
returns them as a tuple, and for rules that run on Tensors ``backward_graph``.
"""

from __future__ import annotations

import inspect
import linecache
import types
from collections.abc import Callable
from typing import Any

from ..backends import ArrayType
from ..errors import GradientError
from ..function import Function, get
from ..tensor import Buffer, ManyNode, Node, Tensor, make
from ..tensor.inference import INFERENCE, mark
from ..tensor.memory import hold, link_view, unshared
from . import anomaly
from .autocast import AUTOCAST, cast_arguments
from .broadcasting import check_broadcast, sum_to_shape
from .engine import meet
from .mode import MODE, Mode
from .operands import admit, is_operand, unify
from .saved_values import Packed, pack
from .writer import check_names, parts, write


def as_array(value: Any, array_type: ArrayType) -> Any:
    """Make an array of what a kernel gave: NumPy gives scalars where it should give 0-D arrays."""
    return array_type.backend.as_array(value)


def restore(buffer: Buffer | Packed, vertex: Node | None, array_type: ArrayType) -> Tensor:
    """The saved value as a Tensor at its place in the graph, for rules that run on Tensors."""
    if isinstance(buffer, Packed):
        tensor = buffer.tensor()
        tensor = make(tensor._array, tensor._type)
        tensor._node = vertex
        return tensor
    array = buffer.array
    tensor = make(array, array_type.siblings[array.dtype])
    tensor._node = vertex
    # Shared, so that a node which saves it again holds the very Buffer that a write would freeze. The
    # rule that gets this tensor does not outlive the moment, so it never sees a frozen Buffer.
    tensor._buffer = buffer
    return tensor


def observe(mode: Mode, node: Node, tensors: tuple[Tensor | None, ...]) -> None:
    """What an unusual mode wants of a node that was just made from (and for) these tensors."""
    if mode.saving is not None and node.saved:
        pack(node, tensors, mode.saving)
    if mode.anomaly:
        anomaly.remember(node)


def freed(function: Function) -> GradientError:
    """The error for a second backward through values that the first one freed."""
    return GradientError(
        f"Trying to backward through the graph a second time (at {function.grad_name}): the values saved for it "
        f"were freed by the first backward. Specify retain_graph=True there if you need to go backward again."
    )


def wrap_many(function: Function, arrays: Any, like: ArrayType, node: ManyNode | None) -> tuple[Tensor, ...]:
    """Tensors over several outputs, each with its vertex."""
    outs = []
    for array in arrays:
        if array.__class__ is not like.array_class:
            array = as_array(array, like)
        outs.append(make(array, like.siblings[array.dtype]))
    if node is not None:
        node.function = function
        node.shapes = tuple(o._array.shape for o in outs)
        node.types = tuple(o._type for o in outs)
        node.shape, node.type = node.shapes[0], like
        node.extra = None
        node.outputs = [None] * len(outs)
        names = function.outputs or ("",) * len(outs)
        for i, (out, name) in enumerate(zip(outs, names, strict=True)):
            if name not in function.constant and out._type.dtype.is_differentiable:
                out._node = node.output(i)
    return tuple(outs)


def prepare(function: Function, stub: Callable[..., Any]) -> None:
    """Give a declared function its ``call``, ``backward`` and the rest: functions that are written at their first use.

    Most programs use few of the functions, and writing all of one takes more than a millisecond. So what is made here
    are functions without their code: the first call of each writes it and puts it into the very same object.
    """
    check_names(function)
    for name in function.saved_names:
        _show_saved(name)
    namespace: dict[str, Any] = {
        "__name__": "pluggrad",  # so that warnings from within are told apart from those of the user's own code
        "FUNCTION": function, "WRITE": write_code, "TABLE": function.table, "Tensor": Tensor, "Node": Node,
        "Buffer": Buffer, "ManyNode": ManyNode, "new": object.__new__, "get_mode": MODE.get, "unify": unify,
        "admit": admit, "hold": hold, "is_operand": is_operand, "INFERENCE": INFERENCE, "mark": mark,
        "observe": observe, "AUTOCAST": AUTOCAST, "cast_arguments": cast_arguments,
        "as_array": as_array, "restore": restore, "freed": freed, "wrap_many": wrap_many, "link_view": link_view,
        "sum_to_shape": sum_to_shape, "check_broadcast": check_broadcast, "meet": meet, "unshared": unshared,
        **{f"default_{n}": d for n, d in function.parameters.items()},
        **{f"rule{i}": r.call for i, r in enumerate(function.rules) if r is not None},
    }  # fmt: skip
    for attribute, first in _FIRST_CALLS.items():
        unwritten = types.FunctionType(first.__code__, namespace, function.name)
        unwritten.__module__ = "pluggrad"
        setattr(function, attribute, unwritten)
    function.call.__doc__ = stub.__doc__
    function.call.__wrapped__ = stub  # type: ignore[attr-defined]  # for inspect.signature
    if function.forward is not None and not stub.__name__.startswith("_"):
        signature = inspect.signature(stub)
        function.call.__signature__ = signature.replace(parameters=list(signature.parameters.values())[1:])  # type: ignore[attr-defined]


# The code of functions that are not written yet: FUNCTION and WRITE are in the globals that `prepare` gives them.
_FIRST_CALLS: dict[str, Any] = {
    "call": lambda *args, **kwargs: WRITE(FUNCTION, "call")(*args, **kwargs),  # type: ignore[name-defined]  # noqa: F821
    "operator": lambda x, y: WRITE(FUNCTION, "operator")(x, y),  # type: ignore[name-defined]  # noqa: F821
    "reflected": lambda x, y: WRITE(FUNCTION, "reflected")(x, y),  # type: ignore[name-defined]  # noqa: F821
    "backward": lambda *args: WRITE(FUNCTION, "backward")(*args),  # type: ignore[name-defined]  # noqa: F821
    "backward_graph": lambda *args: WRITE(FUNCTION, "backward_graph")(*args),  # type: ignore[name-defined]  # noqa: F821
    "pass_on": lambda *args: WRITE(FUNCTION, "pass_on")(*args),  # type: ignore[name-defined]  # noqa: F821
}


def unwritten(attribute: str) -> types.CodeType:
    """The code that ``call``, ``backward`` and the others have before their own is written."""
    return _FIRST_CALLS[attribute].__code__


def write_code(function: Function, part: str) -> Callable[..., Any]:
    """Write, compile and put in place the code of one part of a function, such as ``call``; returns that."""
    text = write(function, part)
    filename = f"<pluggrad function {function.name}, {part}>"
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    written: dict[str, Any] = {}
    target: Any = getattr(function, part)
    exec(compile(text, filename, "exec"), target.__globals__, written)  # noqa: S102 (our own text, as in dataclasses)
    (made,) = written.values()
    target.__defaults__, target.__kwdefaults__ = made.__defaults__, made.__kwdefaults__
    target.__code__ = made.__code__
    return target


def source(name: str) -> str:
    """The code that was written for a registered function, to read.

    >>> print(source("exp").splitlines()[0])
    def exp(x, /):
    """
    function = get(name)
    if function is None:
        raise KeyError(f"no function named {name!r} is registered")
    return "\n\n".join(write(function, part) for part in parts(function))


#: PyTorch's names of what nodes save, for ``grad_fn._saved_self``.
_PLACES = {"self": 0, "other": 1}


def _show_saved(name: str) -> None:
    """Let ``grad_fn._saved_NAME`` tell what a node saved under a name that its rules use."""
    attribute = f"_saved_{name}"
    if not hasattr(Node, attribute):
        setattr(Node, attribute, property(lambda node: _saved_value(node, name)))


def _saved_value(node: Node, name: str) -> Any:
    """What a node saved under a name, a tensor at its place in the graph.

    "self", "other" and "result" are PyTorch's names for the first and the second array and the output.
    """
    function = node.function
    if not isinstance(function, Function):
        raise AttributeError(f"{node.name()} has no attribute '_saved_{name}'")
    at = _PLACES.get(name)
    wanted = function.arrays[at] if at is not None and at < len(function.arrays) else name
    names = function.saved_names
    wanted = "out" if wanted == "result" else wanted
    if wanted not in names:
        raise AttributeError(f"{node.name()} has no attribute '_saved_{name}'; it saves {list(names)}")
    if node.saved is None:
        raise freed(function)
    value = node.saved[names.index(wanted)]
    if isinstance(value, Buffer | Packed):
        i = function.arrays.index(wanted) if wanted in function.arrays else None
        return restore(value, node if i is None else node.parents[i], node.type)
    return value


for _name in (*_PLACES, "result"):
    _show_saved(_name)


def saved_arrays(node: Node) -> list[Buffer]:
    """The Buffers that a node holds, for diagnosis and drawing."""
    flat: list[Buffer] = []
    for item in node.saved or ():
        flat += [b for b in (item if isinstance(item, tuple) else (item,)) if isinstance(b, Buffer)]
    return flat

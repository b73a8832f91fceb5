"""In-place operations: the memory is written, and the graph goes on as if each value were a new one.

``x.mul_(w)`` writes into the memory of ``x`` and makes ``x`` stand for a new value of the graph, that
of ``x * w``. If ``x`` is a view, its base stands for a new value, too: the old one with the viewed
part replaced; and every other view of that base for its part of the new value. What graphs have
saved of the old values is frozen first (:mod:`pluggrad.tensor.memory`), so no gradient is broken.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from ..dtypes import FLOATING
from ..errors import DTypeError, GradientError, ShapeError
from ..tensor import Applied, Leaf, Node, Tensor, inference, memory
from ..tensor.memory import Step
from .mode import is_grad_enabled
from .operands import cast, constant
from .transforms.visitors import on_one_level


def check_writable(x: Tensor) -> None:
    """Refuse a recorded in-place change of a leaf that requires a gradient, or of a view of one.

    Raises
    ------
    GradientError
    """
    inference.check_writable(x)
    if not is_grad_enabled():
        return
    if type(x._node) is Leaf:
        raise GradientError(
            "a leaf Variable that requires grad is being used in an in-place operation. "
            "Wrap the update in `with pluggrad.no_grad():`, or compute a new tensor."
        )
    view = x._view
    if view is not None and view.path and type(view.base.node) is Leaf:
        raise GradientError("a view of a leaf Variable that requires grad is being used in an in-place operation.")


def assign(x: Tensor, value: Tensor) -> Tensor:
    """Make ``x`` stand for ``value``, written into its memory: the second half of every in-place function.

    Parameters
    ----------
    x : Tensor, changed in place
    value : Tensor that broadcasts to the shape of ``x`` without enlarging it, of a dtype that its dtype holds

    Raises
    ------
    ShapeError : ``value`` has a larger shape
    DTypeError : ``value`` is of a kind that the dtype of ``x`` does not hold, such as a float for an int
    GradientError : ``x`` is a leaf that requires a gradient
    """
    check_writable(x)
    if value._array.shape != x._array.shape:
        raise ShapeError(
            f"output with shape {list(x.shape)} doesn't match the broadcast shape {list(value.shape)} "
            "of an in-place operation"
        )
    if value._type is not x._type:
        if value._type.device is not x._type.device:
            value = on_one_level(x, value)
        check_cast(value, x)
        value = cast(value, x.dtype)
    memory.release(x)
    x._type.kernels.write(x._array, ..., value._array)
    if is_grad_enabled() and (value._node is not None or x._node is not None):
        rebase(x, value._node)
    return x


def check_cast(value: Tensor, x: Tensor) -> None:
    """Refuse to write a result into a tensor of a lesser kind: a float into an int, a complex into a float."""
    order = ("bool", "integer", "real floating", "complex floating")

    def rank(t: Tensor) -> int:
        kind = t.dtype.kind
        return order.index("integer" if kind.endswith("integer") else kind)

    if rank(value) > rank(x):
        raise DTypeError(f"result type {value.dtype.name} can't be cast to the desired output type {x.dtype.name}")


def rebase(x: Tensor, node: Node | None) -> None:
    """Let ``x``, just written, stand for the value of ``node``; its base and the other views follow."""
    view = x._view
    if view is None:
        _set_vertex(x, node)
        return
    base = view.base
    if view.path:
        if base.node is None and node is None:
            return
        base.node = Node(_ReplacePart, (base.node, node), (view.path,), base.shape, base.type)
    else:
        base.node = node
    alive = []
    for ref in base.members:
        member = ref()
        if member is None:
            continue
        alive.append(ref)
        if type(member._node) is Leaf:
            continue  # a view that the user made a leaf of its own
        path = member._view.path  # type: ignore[union-attr]
        if not path or base.node is None:
            _set_vertex(member, base.node)
        else:
            _set_vertex(member, Node(_Part, (base.node,), (path,), member._array.shape, member._type))
    base.members = alive


def _set_vertex(x: Tensor, node: Node | None) -> None:
    """Let ``x`` stand for another value; if its gradient is to be retained, that of the new one is."""
    extra = None if x._node is None else x._node.extra
    x._node = node
    if extra is not None and extra.retained is not None and extra.retained() is x and node is not None:
        node.extras.retained, extra.retained = extra.retained, None


#: The layout of a gradient need not be that of the base, so what was a view there may need a copy.
_COPYING = {"view": "reshape", "view_as_complex": "copy_as_complex"}


def follow(xp: Any, x: Any, path: tuple[Step, ...]) -> Any:
    """The part of ``x`` that a path of view functions leads to: its values, perhaps a copy."""
    for function, parameters, _ in path:
        x = getattr(xp, _COPYING.get(function.name, function.name))(x, **parameters)
    return x


class _Part(Applied):
    """A view of a base that was written: the path from the base, replayed."""

    grad_name = "AsStridedBackward0"

    @staticmethod
    def backward(xp: Any, g: Any, parents: tuple[Any, ...], node: Node) -> tuple[Any]:
        (path,) = node.saved  # type: ignore[misc]
        for function, parameters, shape in reversed(path):
            rule = function.rules[0]
            known = {f"{function.arrays[0]}_shape": shape, **parameters}
            g = rule.call(xp, g, *[known[name] for name in rule.names])
        return (g,)

    backward_graph = backward


class _ReplacePart(Applied):
    """The value of a base one part of which was overwritten: (old base, new part)."""

    grad_name = "CopySlices"

    @staticmethod
    def backward(xp: Any, g: Any, parents: tuple[Any, ...], node: Node) -> tuple[Any, Any]:
        (path,) = node.saved  # type: ignore[misc]
        old, part = parents
        g_old = g_part = None
        if part is not None:
            g_part = xp.copy(follow(xp, g, path))
        if old is not None:
            # Where the part lies: ones sent back along the path. (Writing zeros through the path would need
            # g to have the memory layout of the base.)
            seen = follow(xp, g, path)
            ones = xp.ones_like(seen)
            if xp.isdtype(seen.dtype, "complex floating"):  # of pairs of real numbers, say: both
                ones = ones * (1 + 1j)
            (inside,) = _Part.backward(xp, ones, (old,), node)
            if not xp.isdtype(g.dtype, "complex floating"):
                g_old = xp.where(inside != 0, xp.zeros_like(g), g)
            else:  # the part may be of the real or of the imaginary parts
                zeros = xp.zeros_like(xp.real(g))
                g_old = xp.complex(
                    xp.where(xp.real(inside) != 0, zeros, xp.real(g)), xp.where(xp.imag(inside) != 0, zeros, xp.imag(g))
                )
        return g_old, g_part

    backward_graph = backward


class _Overwrite(Applied):
    """A value whose memory was written over: (old value, new one). The old one's gradient is zero, not none."""

    grad_name = "CopyBackwards"

    @staticmethod
    def backward(xp: Any, g: Any, parents: tuple[Any, ...], node: Node) -> tuple[Any, Any]:
        return None if parents[0] is None else xp.zeros_like(g), g

    backward_graph = backward


def overwrite(x: Tensor, value: Tensor) -> Tensor:
    """:func:`assign` of a value that does not depend on what ``x`` was: ``copy_``, ``fill_``."""
    old = x._node
    assign(x, value)
    if old is not None and is_grad_enabled() and not x.is_view:
        rebase(x, Node(_Overwrite, (old, value._node), (), x._array.shape, x._type))
    return x


#: What array libraries write in place themselves, by function name.
_WRITES = {
    "add": operator.iadd, "subtract": operator.isub, "multiply": operator.imul, "divide": operator.itruediv,
    "bitwise_and": operator.iand, "bitwise_or": operator.ior, "bitwise_xor": operator.ixor,
}  # fmt: skip


def in_place(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """The in-place form of a function whose first argument is the tensor to change: ``add`` gives ``add_``."""
    write = _WRITES.get(function.__name__)

    def changed(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        check_writable(self)
        if write is not None and len(args) == 1 and not kwargs and _write_unrecorded(self, args[0], write):
            return self
        return assign(self, function(self, *args, **kwargs))

    changed.__name__ = changed.__qualname__ = f"{function.__name__}_"
    changed.__doc__ = (
        f"In-place :func:`{function.__name__}`: writes the result into this tensor's memory and returns it.\n\n"
        "The result must have this tensor's shape, and a dtype that this tensor's dtype holds."
    )
    return changed


def _write_unrecorded(x: Tensor, other: Any, write: Callable[[Any, Any], Any]) -> bool:
    """Let the library write ``x + other`` into ``x``, without an array in between, if nothing is recorded
    and nothing needs promoting; False if it is not so simple.
    """
    if other.__class__ is float or other.__class__ is int:
        if x._type.dtype.kind not in FLOATING:
            return False
        other = constant(x._type, other)
    elif not isinstance(other, Tensor) or other._type is not x._type or x._type.dtype.kind not in FLOATING:
        return False
    if (x._node is not None or other._node is not None) and is_grad_enabled():
        return False
    if other._array.shape not in (x._array.shape, ()):
        return False
    if other._view is not None and x._view is not None and other._view.base.storage is x._view.base.storage:
        return False  # reading what is being written: not every library orders that
    memory.release(x)
    if x._type.enter is None:
        write(x._array, other._array)
    else:
        with x._type.here():
            write(x._array, other._array)
    return True


__all__ = ["assign", "check_cast", "check_writable", "follow", "in_place", "overwrite", "rebase"]

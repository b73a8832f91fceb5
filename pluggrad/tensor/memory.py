"""Memory that tensors share, and values that the graph has saved: how an in-place write breaks no gradient.

A node does not save an array: it saves a :class:`Buffer` that holds the array. Before a write to a
tensor, every Buffer over the same memory that a graph still holds is given a copy of its array (it
is *frozen*), so the graph keeps the value it saw while the memory changes. Nothing is copied unless
somebody writes to a value that a graph still needs:

- a tensor whose value was never saved has no Buffer;
- whether a graph holds a Buffer is read off its reference count: a graph that was freed, by backward
  or by dropping it, holds nothing.

Tensors that share memory (views, ``detach``) have a :class:`View`. It names the :class:`Storage`,
by which a write finds all Buffers over that memory, and the :class:`Base`, by which a write through
one view finds the graph of the whole and the other views.
"""

from __future__ import annotations

import sys
import weakref
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from ..function import Function
    from .graph import Vertex
    from .tensor import Tensor


class Buffer:
    """The array of one saved value. ``array`` is the live memory until a write freezes it."""

    __slots__ = ("__weakref__", "array")

    array: Any

    def __init__(self, array: Any) -> None:
        self.array = array


class Step(NamedTuple):
    """One view function on the way from a base to a view."""

    function: Function
    parameters: dict[str, Any]
    shape: tuple[int, ...]


class Storage:
    """Memory that several tensors share: weak references to the saved Buffers over it, each with its tensor."""

    __slots__ = ("_limit", "saved")

    def __init__(self) -> None:
        self.saved: list[tuple[weakref.ref[Buffer], weakref.ref[Tensor]]] = []
        self._limit = 16

    def add(self, buffer: Buffer, tensor: Tensor) -> None:
        """Remember a Buffer; forget the dead ones now and then, so that the cost per call stays constant."""
        self.saved.append((weakref.ref(buffer), weakref.ref(tensor)))
        if len(self.saved) > self._limit:
            self.saved = [pair for pair in self.saved if pair[0]() is not None]
            self._limit = 2 * len(self.saved) + 16


class Base:
    """The value that a family of views shows parts of: its vertex in the graph, and the tensors that show it."""

    __slots__ = ("_limit", "members", "node", "shape", "type")

    def __init__(self, tensor: Tensor) -> None:
        self.node: Vertex | None = tensor._node
        self.shape: tuple[int, ...] = tensor._array.shape
        self.type: Any = tensor._type
        self.members: list[weakref.ref[Tensor]] = [weakref.ref(tensor)]
        self._limit = 16

    def add(self, tensor: Tensor) -> None:
        """Add a view."""
        self.members.append(weakref.ref(tensor))
        if len(self.members) > self._limit:
            self.members = [ref for ref in self.members if ref() is not None]
            self._limit = 2 * len(self.members) + 16


class View:
    """How a tensor lies in shared memory: the storage, the base, and the steps from the base to it."""

    __slots__ = ("base", "path", "storage")

    def __init__(self, storage: Storage, base: Base, path: tuple[Step, ...]) -> None:
        self.storage, self.base, self.path = storage, base, path


def shared(tensor: Tensor) -> View:
    """The View of a tensor, made now if its memory was its own."""
    view = tensor._view
    if view is None:
        view = tensor._view = View(Storage(), Base(tensor), ())
        if tensor._buffer is not None:
            view.storage.add(tensor._buffer, tensor)
    return view


def link_view(base: Tensor, view: Tensor, function: Function, parameters: dict[str, Any]) -> None:
    """Note that ``view`` shows part of the memory of ``base``, through a view function."""
    origin = base._view or shared(base)
    step = Step(function, parameters, base._array.shape)
    view._view = View(origin.storage, origin.base, (*origin.path, step))
    origin.base.add(view)


def link_alias(tensor: Tensor, alias: Tensor) -> None:
    """Note that ``alias`` shares the memory of ``tensor`` but not its graph (``detach``)."""
    alias._view = View(shared(tensor).storage, Base(alias), ())


def hold(tensor: Tensor) -> Buffer:
    """The Buffer of a tensor's value, for a node to save; made now if there is none."""
    buffer = tensor._buffer
    if buffer is None:
        buffer = tensor._buffer = Buffer(tensor._array)
        if tensor._view is not None:
            tensor._view.storage.add(buffer, tensor)
    return buffer


def _references(thing: object) -> int:
    return sys.getrefcount(thing)


def _baseline() -> int:
    probe = object()
    return _references(probe)


# What _references() says of an object that one local variable of the caller refers to. Measured, since
# interpreters differ in how many references a call itself holds.
_ALONE = _baseline()


def unshared(thing: object, known: int = 0) -> bool:
    """Whether nobody refers to an object but one local variable of the caller and ``known`` others.

    Called with the variable: ``unshared(g)``.
    """
    # One more than in _baseline: the parameter of this function.
    return _references(thing) <= _ALONE + 1 + known


def release(tensor: Tensor) -> None:
    """Prepare a write to the memory of ``tensor``: freeze every saved value over it that a graph still holds."""
    view = tensor._view
    if view is None:
        buffer = tensor._buffer
        if buffer is not None:
            tensor._buffer = None
            if not unshared(buffer):
                buffer.array = tensor._type.kernels.copy(buffer.array)
        return
    kernels = tensor._type.kernels
    remaining = []
    for buffer_ref, tensor_ref in view.storage.saved:
        buffer, owner = buffer_ref(), tensor_ref()
        if buffer is None:
            continue
        owned = owner is not None and owner._buffer is buffer
        if unshared(buffer, known=int(owned)):
            remaining.append((buffer_ref, tensor_ref))  # only its tensor refers to it: nothing to keep
            continue
        buffer.array = kernels.copy(buffer.array)
        if owned:
            assert owner is not None
            owner._buffer = None
    view.storage.saved = remaining

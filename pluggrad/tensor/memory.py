"""Memory that tensors share, and values that the graph has saved: how an in-place write breaks no gradient.

A node does not save an array: it saves a :class:`Buffer` that holds the array. Before a write to a
tensor, every Buffer over the same memory that a graph still holds is given a copy of its array (it
is *frozen*), so the graph keeps the value it saw while the memory changes. Nothing is copied unless
somebody writes to a value that a graph still needs:

- a tensor whose value was never saved has no Buffer;
- whether a graph holds a Buffer is read off its reference count: a graph that was freed, by backward
  or by dropping it, holds nothing.

Tensors that share memory (views, ``detach``) have a :class:`View`. It names the :class:`Base`, by which
a write finds all Buffers over that memory, the graph of the whole, and the other views.
"""

from __future__ import annotations

import sys
import threading
import weakref
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ..locks import open_after_fork
from .graph import Leaf
from .inference import MARK, cannot_be_saved, check_writable

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


#: One view function on the way from a base to a view: the function, its parameters, the shape that it was applied to.
Step = tuple["Function", dict[str, Any], tuple[int, ...]]


class Base:
    """A value that a family of views shows parts of, and the memory under it.

    Attributes
    ----------
    node, shape, type : the value's vertex in the graph now, its shape and ArrayType
    members : weak references to the tensors that show it, the whole or a part
    storage : the Base that keeps ``saved`` for this memory: itself, but for a ``detach``ed alias, whose
        graph is its own and whose memory is not
    saved : weak references to the Buffers over this memory, each with its tensor
    """

    __slots__ = ("_limit", "_storage", "members", "node", "saved", "shape", "type")

    node: Vertex | None
    shape: tuple[int, ...]
    type: Any
    members: list[weakref.ref[Tensor]]
    saved: list[tuple[weakref.ref[Buffer], weakref.ref[Tensor]]]

    def __init__(self, tensor: Tensor, storage: Base | None = None) -> None:
        self.node, self.shape, self.type = tensor._node, tensor._array.shape, tensor._type
        self.members = [weakref.ref(tensor)]
        self.saved = []
        self._storage = storage  # None: this one. (Not self: that would be a cycle for the collector.)
        self._limit = 16

    @property
    def storage(self) -> Base:
        """The Base that keeps ``saved``."""
        return self._storage or self

    def add_saved(self, buffer: Buffer, tensor: Tensor) -> None:
        """Remember a Buffer over this memory."""
        self.saved.append((weakref.ref(buffer), weakref.ref(tensor)))
        if len(self.saved) > self._limit:
            self._forget_the_dead()

    def _forget_the_dead(self) -> None:
        # When the lists have doubled: the cost per entry stays constant, however many views come and go.
        self.members = [ref for ref in self.members if ref() is not None]
        self.saved = [pair for pair in self.saved if pair[0]() is not None]
        self._limit = 2 * max(len(self.members), len(self.saved)) + 16


class View:
    """How a tensor lies in shared memory: the base, and the steps from the base to it."""

    __slots__ = ("base", "path")

    def __init__(self, base: Base, path: tuple[Step, ...]) -> None:
        self.base, self.path = base, path


def shared(tensor: Tensor) -> View:
    """The View of a tensor, made now if its memory was its own."""
    view = tensor._view
    if view is None:
        view = tensor._view = View(Base(tensor), ())
        if tensor._buffer:
            view.base.add_saved(tensor._buffer, tensor)
    return view


def link_view(tensor: Tensor, view: Tensor, function: Function, parameters: dict[str, Any]) -> None:
    """Note that ``view`` shows part of the memory of ``tensor``, through a view function."""
    origin = tensor._view or shared(tensor)
    base = origin.base
    view._view = View(base, (*origin.path, (function, parameters, tensor._array.shape)))
    if tensor._buffer is MARK:
        view._buffer = MARK
    members = base.members
    members.append(weakref.ref(view))
    if len(members) > base._limit:
        base._forget_the_dead()


def link_alias(tensor: Tensor, alias: Tensor) -> None:
    """Note that ``alias`` shares the memory of ``tensor`` but not its graph (``detach``)."""
    alias._view = View(Base(alias, shared(tensor).base.storage), ())
    alias._buffer = MARK if tensor._buffer is MARK else None


_new = object.__new__
_holding = open_after_fork(threading.Lock())


def hold(tensor: Tensor) -> Buffer:
    """The Buffer of a tensor's value, for a node to save; made now if there is none."""
    buffer = tensor._buffer
    if buffer is None:
        node = tensor._node
        if node is None or node.__class__ is Leaf:
            # Weights and data are used by several threads at once: of two Buffers, a write would know only one.
            with _holding:
                return tensor._buffer or _hold(tensor)
        buffer = _new(Buffer)  # in half the time that Buffer(array) takes
        buffer.array = tensor._array
        tensor._buffer = buffer
        if tensor._view is not None:
            tensor._view.base.storage.add_saved(buffer, tensor)
    elif buffer is MARK:
        raise cannot_be_saved()
    return buffer


def _hold(tensor: Tensor) -> Buffer:
    buffer = Buffer(tensor._array)
    if tensor._view is not None:
        tensor._view.base.storage.add_saved(buffer, tensor)
    tensor._buffer = buffer
    return buffer


_references = sys.getrefcount


def _seen(thing: object) -> int:
    return _references(thing)


def _seen_through(thing: object) -> int:
    return _seen(thing)


def _baseline(see: Any) -> int:
    probe = object()
    return int(see(probe))


# What _references() says in a function of an object that one local variable of the caller refers to, and how many
# references a call adds that hands it on. Measured: interpreters differ, and newer ones lend arguments.
_ALONE = _baseline(_seen)
_HANDED_ON = _baseline(_seen_through) - _ALONE


def unshared(thing: object, known: int = 0, handed_on: int = 0) -> bool:
    """Whether nobody refers to an object but one local variable of the caller and ``known`` others.

    Called with the variable: ``unshared(g)``. ``handed_on`` : how many callers further up have it as a variable, too,
    each of which gave it to the next as an argument
    """
    return _references(thing) <= _ALONE + known + _HANDED_ON * handed_on


def _kernels(array: Any, array_type: Any) -> Any:
    """The kernels for an array over the memory of one of ``array_type``, perhaps at another level of a transform."""
    if array.__class__ is array_type.array_class and not hasattr(array_type, "inner"):
        return array_type.kernels
    if hasattr(array, "xp"):  # of a transform: it says what its kernels are
        return array.xp
    while hasattr(array_type, "inner"):
        array_type = array_type.inner
    return array_type.kernels


def release_all(tensors: Iterable[Tensor]) -> None:
    """The same of several: :func:`release`, where there may be something to keep."""
    for tensor in tensors:
        view = tensor._view
        if tensor._buffer is not None or (view is not None and (view.base._storage or view.base).saved):
            release(tensor)


def release(tensor: Tensor) -> None:
    """Prepare a write to the memory of ``tensor``: freeze every saved value over it that a graph still holds."""
    if tensor._buffer is MARK:
        check_writable(tensor)
        return  # no graph has saved it
    view = tensor._view
    if view is None:
        buffer = tensor._buffer
        if buffer is not None:
            tensor._buffer = None
            if not unshared(buffer):
                buffer.array = tensor._type.kernels.copy(buffer.array)
        return
    storage = view.base._storage or view.base
    if not storage.saved:
        return
    remaining = []
    for buffer_ref, tensor_ref in storage.saved:
        buffer, owner = buffer_ref(), tensor_ref()
        if buffer is None:
            continue
        owned = owner is not None and owner._buffer is buffer
        if unshared(buffer, known=int(owned)):
            remaining.append((buffer_ref, tensor_ref))  # only its tensor refers to it: nothing to keep
            continue
        buffer.array = _kernels(buffer.array, tensor._type).copy(buffer.array)
        if owned:
            assert owner is not None
            owner._buffer = None
    storage.saved = remaining

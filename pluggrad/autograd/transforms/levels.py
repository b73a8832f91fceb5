"""A transform is an array library: what virtual libraries have in common, and how tensors pass between levels.

Inside ``vmap`` a tensor's array is a :class:`~.batched.BatchedArray`, inside forward mode a :class:`~.dual.DualArray`:
raw arrays of a *virtual* library, whose kernels call the kernels of the library below. Each level has ArrayTypes of
its own, by which a call finds its kernels as it does for NumPy; so functions, graphs and derivative rules need not
know of levels, and levels stack: the library below may be virtual, too.

A tensor of a lower level that meets one of a higher is *lifted*: wrapped, level by level, on record. Levels are told
apart by their Device object, equal to that below but not the same, so ordinary calls never look for them.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from ...backends.loaded import ArrayType
from ...device import Device
from ...dtypes import DType
from ...errors import GradientError
from ...tensor import Applied, Node, Tensor, make, memory
from ..mode import is_grad_enabled

#: The virtual types over a type of the library below: made once, for tables of kernels are kept by type.
_types: dict[tuple[ArrayType, type], LevelType] = {}


class LevelError(GradientError):
    """What a transform cannot do, or a tensor of a transform that is over."""


SHARED = (
    "vmap: inplace arithmetic is not possible because the value has more elements than the tensor written to: that is "
    "the same for all of the batch, the value differs. Compute a new tensor instead, or make the tensor to write to "
    "from a batched one, as in pluggrad.zeros_like(x)"
)


@dataclass(frozen=True, slots=True)
class Level:
    """One transform that is running: its kind of kernels; for ``vmap``, the size of the batch and the random mode."""

    kernels: type
    size: int = 0
    randomness: str = "error"
    #: Tensors from below that were made tensors of this level, to be written to (:mod:`.visitors`).
    visitors: list[weakref.ref[Tensor]] = field(default_factory=list, compare=False)


#: The transforms that are running in this thread and task, the outermost first.
LEVELS: ContextVar[tuple[Level, ...]] = ContextVar("pluggrad_levels", default=())


class VirtualBackend:
    """The library of one level on one device: what an ArrayType asks of its backend."""

    def __init__(self, inner: ArrayType, kernels: type) -> None:
        self.inner = inner.backend
        self._enter = inner.enter
        self.name = self.inner.name
        self.kernels = kernels(inner.kernels)
        self.kernels.inner_type = inner
        self.namespace = self.kernels.namespace
        self.as_array = self.namespace.asarray
        self.array_class = kernels.array_class  # type: ignore[attr-defined]

    def enter(self, device: Device) -> Callable[[], None] | None:
        """What makes the device of the library below the thread's current one."""
        return self._enter

    def brings(self, name: str) -> bool:
        """No: kernels of levels are made by rules."""
        return False

    def way_back(self) -> Callable[[], None]:
        """What undoes :meth:`enter`."""
        return self.inner.way_back()

    def native_dtype(self, dtype: DType) -> Any:
        """The native dtypes are those of the library below."""
        return self.inner.native_dtype(dtype)

    @property
    def dtypes(self) -> tuple[DType, ...]:
        """The data types that it has."""
        return self.inner.dtypes


class LevelType(ArrayType):
    """A dtype on a device, at a level of a transform. ``inner`` : the type of the level below; ``depth`` from 1 on."""

    __slots__ = ("depth", "inner")

    def __init__(self, backend: Any, device: Device, inner: ArrayType) -> None:
        super().__init__(backend, device, inner.native_device, inner.dtype, inner.native)
        self.inner = inner
        self.depth = depth_of(inner) + 1


def depth_of(array_type: ArrayType) -> int:
    """How many transforms a type belongs to: 0 for that of a real library."""
    return array_type.depth if isinstance(array_type, LevelType) else 0


def base_of(array_type: ArrayType) -> ArrayType:
    """The type of the real library's arrays, below all transforms."""
    while isinstance(array_type, LevelType):
        array_type = array_type.inner
    return array_type


def without_tangents(array: Any, array_type: ArrayType) -> Any:
    """The values alone of an array that may have tangents, over the same memory."""
    if not isinstance(array_type, LevelType):
        return array
    kernels: Any = array_type.kernels
    return kernels.without_tangents(array)


def varies(array: Any) -> bool:
    """Whether an array has a value of its own for each member of a batch, and so is no number to Python."""
    if hasattr(array, "batched"):
        return array.batched or varies(array.array)
    return hasattr(array, "primal") and varies(array.primal)


def holds(array: Any, value: Any) -> bool:
    """Whether an array has a place for each member of every batch that ``value``, to be written into it, is of."""
    if hasattr(value, "batched"):
        return (array.batched or not value.batched) and holds(array.array, value.array)
    return not hasattr(value, "primal") or holds(array.primal, value.primal)


def outside_the_graph(x: Tensor) -> Tensor:
    """The same value over the same memory, outside the graph, with its tangents, which ``detach`` drops."""
    alias = make(x._array, x._type)
    memory.link_alias(x, alias)
    return alias


def level_type(inner: ArrayType, kernels: type) -> LevelType:
    """The type of a level over ``inner``; its siblings come with it."""
    found = _types.get((inner, kernels))
    if found is None:
        backends: dict[int, VirtualBackend] = {}  # narrow types have kernels of their own
        for sibling in (inner, *inner.siblings.values()):
            if id(sibling.kernels) not in backends:
                backends[id(sibling.kernels)] = VirtualBackend(sibling, kernels)
        device = object.__new__(Device)
        device.type, device.index = inner.device.type, inner.device.index
        siblings = {
            native: LevelType(backends[id(sibling.kernels)], device, sibling)
            for native, sibling in inner.siblings.items()
        }
        for native, one in siblings.items():
            one.siblings = siblings  # type: ignore[assignment]
            _types[inner.siblings[native], kernels] = one
        found = _types[inner, kernels]
    return found


def forget(name: str) -> None:
    """Drop the kernels that levels have made of a function, which is no longer registered."""
    for array_type in _types.values():
        vars(array_type.kernels).pop(name, None)
        array_type.own.forget()
        array_type.of_few.forget()


class Alias(Applied):
    """A vertex for the same value at a place of its own in the graph, so that a gradient by it ends there."""

    grad_name = "AliasBackward0"

    @staticmethod
    def backward(xp: Any, g: Any, parents: Any, node: Node) -> tuple[Any]:
        """The cotangent goes on as it is."""
        return (g,)

    backward_graph = backward


def at_home(kernel: Callable[..., Any], inner: ArrayType) -> Callable[..., Any]:
    """A kernel of a level, which runs with the device of the library below as the thread's current one."""
    if inner.enter is None:
        return kernel

    def call(*args: Any, **parameters: Any) -> Any:
        with inner.here():
            return kernel(*args, **parameters)

    return call


class Crossing(Applied):
    """A step between levels, as a function of the graph: ``up`` and ``down`` are each other's derivative.

    ``across`` takes the raw cotangent, ``again`` the cotangent as a Tensor, on record. ``aside``: it is one end of a
    way that leaves a transform and comes back to it, as through the rule of a user's function.
    """

    def __init__(self, name: str, across: Callable[[Any], Any], again: Callable[[Tensor], Any]) -> None:
        self.grad_name = f"{name}Backward0"
        self._across, self._again = across, again
        self.aside = False

    def backward(self, xp: Any, g: Any, parents: Any, node: Node) -> tuple[Any, ...]:
        """The cotangents of the parents, raw."""
        out = self._across(g)
        return out if isinstance(out, tuple) else (out,)

    def backward_graph(self, xp: Any, g: Tensor, parents: Any, node: Node) -> tuple[Any, ...]:
        """The cotangents of the parents as Tensors."""
        out = self._again(g)
        return out if isinstance(out, tuple) else (out,)


def cross(
    parents: Sequence[Tensor], array: Any, array_type: ArrayType, name: str, across: Callable[[Any], Any],
    again: Callable[[Tensor], Any],
) -> Tensor:  # fmt: skip
    """A tensor on another level than the ``parents`` that it was made of, with its place in the graph."""
    out = make(array, array_type)
    if array_type.dtype.is_differentiable and is_grad_enabled():
        vertices = tuple(p._node for p in parents)
        if any(v is not None for v in vertices):
            out._node = Node(Crossing(name, across, again), vertices, (), array.shape, array_type)
    return out


def aside(x: Tensor) -> Tensor:
    """``x``, whose last step between levels is one end of a way that leaves a transform and comes back to it."""
    step = getattr(x._node, "function", None)
    if isinstance(step, Crossing):
        step.aside = True
    return x


def lift_all(values: Sequence[Any]) -> list[Any]:
    """Tensors of several levels on the deepest of them; anything else as it is.

    Raises
    ------
    LevelError : a tensor of a transform that is over, or of another one
    """
    tensors = [v for v in values if isinstance(v, Tensor)]
    deepest = max((t._type for t in tensors), key=depth_of)
    return [lift(v, deepest) if isinstance(v, Tensor) else v for v in values]


def lift(x: Tensor, target: ArrayType) -> Tensor:
    """``x`` on the level of ``target``: the same value for every member of a batch, and of tangent 0."""
    depth = depth_of(target)
    start = depth_of(x._type)
    if start == depth:
        return x
    running = LEVELS.get()
    chain: list[LevelType] = []
    while depth_of(target) > start:
        assert isinstance(target, LevelType)
        chain.append(target)
        target = target.inner
    if len(running) < depth:
        raise LevelError(
            "a tensor that was made inside vmap or forward mode is used after it is over; "
            "return it from the function instead"
        )
    lifted = x
    for step in reversed(chain):
        lifted = step.kernels.lift(lifted, level_type(lifted._type, type(step.kernels)), running[step.depth - 1])
    if is_grad_enabled():
        memory.link_alias(x, lifted)  # what a graph saves of it is over the memory of x
    return lifted

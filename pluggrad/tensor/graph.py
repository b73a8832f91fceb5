"""The graph: who computed a value, from what.

A vertex stands for one value that requires a gradient. There are three kinds:

- :class:`Node`: the output of a function (``grad_fn``);
- :class:`Leaf`: a tensor that the user made; gradients end and accumulate here;
- :class:`Output`: one of several outputs of a :class:`ManyNode`.

``x._node`` is the vertex of a tensor's value, None when it requires no gradient. Vertices point to
the vertices they were computed from and to what their derivative rule needs, never to a Tensor: so
no cycles, and a graph is freed with the last tensor that refers to it.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, Union

if TYPE_CHECKING:
    from .tensor import Tensor

Vertex = Union["Node", "Leaf", "Output"]


class Extras:
    """What few vertices have: hooks, a place for the gradient that ``retain_grad`` asked for, notes."""

    __slots__ = ("hooks", "metadata", "post_hooks", "pre_hooks", "retained", "trace")

    def __init__(self) -> None:
        #: Called with the gradient of the value; what they return replaces it.
        self.hooks: dict[int, Callable[[Tensor], Tensor | None]] = {}
        #: Called on a node with the gradients of its outputs, before its rules run.
        self.pre_hooks: dict[int, Callable[..., Any]] = {}
        #: Called on a node with the gradients of its inputs and outputs, after; on a leaf, with the tensor.
        self.post_hooks: dict[int, Callable[..., Any]] = {}
        #: The tensor that retain_grad was called on, to be given its gradient.
        self.retained: weakref.ref[Tensor] | None = None
        self.metadata: dict[Any, Any] = {}
        self.trace: Any = None


class Applied:
    """What a vertex says was applied where that is no declared function: such a class, or an object of one.

    Besides, it has a ``grad_name``, and ``backward`` and ``backward_graph`` as functions have them.
    """

    #: Whether its nodes save arrays, which the walk then frees.
    saves_arrays = False
    #: How a declared function takes the usual step of a walk.
    pass_on = None


class Node:
    """One application of a function.

    Attributes
    ----------
    function : what was applied; has ``backward(xp, g, parents, node)`` and ``backward_graph``
    parents : a vertex for each array argument, None where no gradient is needed
    saved : what the derivative rules named: Buffers of arrays, and parameters; None once freed
    shape, type : of the value this vertex stands for
    extra : Extras or None
    """

    __slots__ = ("__weakref__", "extra", "function", "parents", "saved", "shape", "type")

    function: Any
    parents: tuple[Vertex | None, ...]
    saved: tuple[Any, ...] | None
    shape: Any
    type: Any
    extra: Extras | None

    def __init__(
        self, function: Any, parents: tuple[Vertex | None, ...], saved: tuple[Any, ...], shape: Any, type: Any
    ):
        self.function, self.parents, self.saved = function, parents, saved
        self.shape, self.type, self.extra = shape, type, None

    def name(self) -> str:
        """The name that printing shows: ``MulBackward0``."""
        return self.function.grad_name

    @property
    def next_functions(self) -> tuple[tuple[Any, int], ...]:
        """The vertices that this one was computed from, each with the number of the output, as in PyTorch."""
        return tuple((p.node, p.index) if isinstance(p, Output) else (p, 0) for p in self.parents)

    @property
    def metadata(self) -> dict[Any, Any]:
        """A dictionary for the user's own notes."""
        return self.extras.metadata

    @property
    def requires_grad(self) -> bool:
        """True: what needs no gradient is in no graph."""
        return True

    @property
    def extras(self) -> Extras:
        """The extras, made if there were none."""
        if self.extra is None:
            self.extra = Extras()
        return self.extra

    def __repr__(self) -> str:
        return f"<{self.name()} object at {id(self):#x}>"


class ManyNode(Node):
    """A node with several outputs; ``shapes`` and ``types`` has one for each."""

    __slots__ = ("outputs", "shapes", "types")

    shapes: tuple[Any, ...]
    types: tuple[Any, ...]

    #: Weak references to the Output vertices, so that each output has one vertex as long as it lives.
    outputs: list[weakref.ref[Output] | None]

    def output(self, index: int) -> Output:
        """The vertex of one output."""
        ref = self.outputs[index]
        found = ref() if ref is not None else None
        if found is None:
            found = Output(self, index)
            self.outputs[index] = weakref.ref(found)
        return found


class GradientEdge(NamedTuple):
    """A place in the graph, where the gradient of one value passes: ``grad`` and ``backward`` take it for a tensor.

    ``node`` : of the function that computed the value; ``output_nr`` : which of its outputs
    """

    node: Node
    output_nr: int

    @property
    def vertex(self) -> Node:
        """The vertex of the value."""
        return self.node.output(self.output_nr) if isinstance(self.node, ManyNode) else self.node


class Cotangents:
    """Gradients of some of the outputs of a node, by number; they add up where two come together."""

    __slots__ = ("by_index",)

    def __init__(self, by_index: dict[int, Any]) -> None:
        self.by_index = by_index

    def __add__(self, other: Cotangents) -> Cotangents:
        both = dict(self.by_index)
        for index, g in other.by_index.items():
            both[index] = both[index] + g if index in both else g
        return Cotangents(both)

    def materialize(self, xp: Any, node: ManyNode) -> tuple[Any, ...]:
        """A gradient for every output: zeros where none came; None for an output that has none, or is lazy."""
        some = next(iter(self.by_index.values()))
        without = node.function.constant | node.function.lazy
        names = node.function.outputs if without else ()
        return tuple(
            self.by_index[i]
            if i in self.by_index
            else None
            if names and names[i] in without
            else xp.astype(xp.new_zeros(some, shape=shape), dtype=type_.dtype)
            for i, (shape, type_) in enumerate(zip(node.shapes, node.types, strict=True))
        )


class _OutputFunction(Applied):
    """Hands the gradient of one output to the node of all."""

    grad_name = "OutputBackward0"

    @staticmethod
    def backward(xp: Any, g: Any, parents: tuple[Vertex | None, ...], node: Any) -> tuple[Cotangents]:
        return (Cotangents({node.index: g}),)

    backward_graph = backward


class Output(Node):
    """One output of a ManyNode."""

    __slots__ = ("index", "node")

    def __init__(self, node: ManyNode, index: int) -> None:
        super().__init__(_OutputFunction, (node,), (), node.shapes[index], node.types[index])
        self.node, self.index = node, index


class _AccumulateGrad(Applied):
    grad_name = "AccumulateGrad"


class Leaf(Node):
    """A tensor that the user made and that requires a gradient; holds its ``grad``."""

    __slots__ = ("frozen", "grad", "tensor")

    def __init__(self, tensor: Tensor) -> None:
        super().__init__(_AccumulateGrad, (), (), tensor._array.shape, tensor._type)
        self.grad: Tensor | None = None
        #: Set by requires_grad_(False): a graph recorded before no longer accumulates here.
        self.frozen = False
        self.tensor = weakref.ref(tensor)

    @property
    def variable(self) -> Tensor | None:
        """The tensor, if it is still alive."""
        return self.tensor()

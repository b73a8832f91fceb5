"""Backward: from the outputs to the leaves, each vertex once, when all that was computed from it is done.

There is one walk. It runs the rules on the backend's raw arrays or, with ``create_graph``, on Tensors,
whose operations are recorded in turn. It is a loop over a stack and a table of counts: no recursion,
so a chain of any length differentiates.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Sequence
from contextvars import ContextVar
from typing import Any

from .. import function
from ..backends.loaded import ENTERED
from ..backends.narrow import USED
from ..dtypes import DType, is_kind
from ..errors import GradientError
from ..locks import open_after_fork
from ..tensor import Cotangents, Leaf, ManyNode, Node, Tensor, make
from ..tensor.memory import release, unshared
from . import anomaly, narrow
from .mode import MODE, Mode, with_grad


class GraphNamespace:
    """``xp`` of rules that run on Tensors: every registered function by name, as its recorded call."""

    @staticmethod
    def native_dtype(dtype: Any) -> Any:
        """Tensors speak of dtypes in neutral terms."""
        return dtype

    @staticmethod
    def isdtype(dtype: DType, kind: str) -> bool:
        """Whether a dtype is of one of the standard's kinds."""
        return is_kind(dtype, kind)

    @staticmethod
    def conj(x: Tensor) -> Tensor:
        """The complex conjugate; of a real tensor, the tensor itself, off the record."""
        return _conj().call(x) if x._type.dtype.is_complex else x

    @staticmethod
    def anywhere(condition: Tensor) -> bool:
        """Whether a condition holds; in a batch, whether it does for any member."""
        return condition._type.kernels.anywhere(condition._array)

    @staticmethod
    def zeros_like(x: Tensor) -> Tensor:
        """Zeros of the shape, dtype and device of ``x``."""
        return make(x._type.kernels.namespace.zeros_like(x._array), x._type)

    @staticmethod
    def ones_like(x: Tensor) -> Tensor:
        """Ones of the shape, dtype and device of ``x``."""
        return make(x._type.kernels.namespace.ones_like(x._array), x._type)

    @staticmethod
    def write(x: Tensor, key: Any, value: Any) -> None:
        """Write ``value`` into ``x[key]``, in place and on record."""
        x[key] = value

    def __getattr__(self, name: str) -> Any:
        found = function.get(name)
        if found is None:
            raise AttributeError(f"a derivative rule calls xp.{name}, but no function of that name is registered")
        setattr(self, name, found.call)
        return found.call


graph_namespace = GraphNamespace()


def _conj() -> function.Function:
    return function.functions()["conj"]


#: Not empty while a profiler times the rules: each is then called by itself.
TIMED: list[None] = []
_RESTRICTED: ContextVar[bool] = ContextVar("pluggrad_restricted", default=False)
_WALK: ContextVar[Walk | None] = ContextVar("pluggrad_walk", default=None)


def current_walk() -> Walk:
    """The walk whose hook runs now."""
    walk = _WALK.get()
    assert walk is not None, "called outside of a hook"
    return walk


# Several threads may run backward over shared leaves: adding to a grad is read, add, write.
_accumulation = open_after_fork(threading.Lock())


def run(
    roots: Sequence[tuple[Node, Any]],
    *,
    retain_graph: bool = False,
    create_graph: bool = False,
    inputs: Collection[Node] | None = None,
    accumulate: bool = True,
    on_tensors: bool = False,
) -> dict[Node, Any]:
    """Propagate cotangents from ``roots`` and return those that reached ``inputs``.

    Parameters
    ----------
    roots : pairs of a vertex and its cotangent, a raw array or (with ``create_graph``) a Tensor
    retain_graph : keep what the nodes saved
    create_graph : run the rules on Tensors and record them
    inputs : go only where these are reached, and return their cotangents; None: go everywhere
    accumulate : add to ``grad`` of the leaves reached (of ``inputs`` only, if given)
    on_tensors : the cotangents are Tensors without ``create_graph``, too: of another level of a transform
    """
    before = MODE.get()
    MODE.set(with_grad(before, create_graph))
    outside = _RESTRICTED.get()
    if outside is not (inputs is not None):
        _RESTRICTED.set(inputs is not None)
    watch = before if before is not None and before.anomaly else None
    walk = Walk(not retain_graph, create_graph or on_tensors, inputs, accumulate, watch)
    try:
        walk.start(roots)
        walk.go()
        return walk.found
    finally:
        MODE.set(before)
        if outside is not (inputs is not None):
            _RESTRICTED.set(outside)
        for home in walk.homes:
            home()


def is_restricted() -> bool:
    """Within a rule: whether this backward computes the gradients of some inputs only."""
    return _RESTRICTED.get()


class Walk:
    """One backward on its way.

    Attributes
    ----------
    ready : vertices whose cotangent is complete, with it
    joins : vertices to which several edges lead: how many of them are still to be walked, and the sum of the
        cotangents so far (None: none came)
    needed : the vertices to go to; None: all
    found : the cotangents of ``inputs``
    homes : what makes the thread's current device the current one again
    """

    __slots__ = (
        "__weakref__", "accumulate", "found", "free", "graph", "homes", "inputs", "joins", "needed", "ready", "watch",
    )  # fmt: skip

    def __init__(
        self, free: bool, graph: bool, inputs: Collection[Node] | None, accumulate: bool, watch: Mode | None
    ) -> None:
        self.free, self.graph, self.inputs, self.accumulate, self.watch = free, graph, inputs, accumulate, watch
        self.ready: list[tuple[Node, Any]] = []
        self.joins: dict[Node, list[Any]] = {}
        self.needed: set[Node] | None = None
        self.found: dict[Node, Any] = {}
        self.homes: list[Callable[[], None]] = []

    def start(self, roots: Sequence[tuple[Node, Any]]) -> None:
        """See where the walk will go, and make ready the roots to which it will not come."""
        joins = self.joins
        for vertex, g in roots:
            if vertex in joins:
                with vertex.type.here():
                    g = joins[vertex][1] + g
            joins[vertex] = [0, g]
        seen = _survey(joins)
        if self.inputs is not None and not _are_the_ends(self.inputs, seen):
            self.needed = leading_to(self.inputs, seen)
            self.joins = joins = {v: [0, joins[v][1]] for v, _ in roots if v in self.needed}
            _survey(joins, self.needed)
        for vertex, _ in roots:
            if vertex in joins and not joins[vertex][0]:
                self.ready.append((vertex, joins.pop(vertex)[1]))

    def to_come(self, node: Node) -> set[Node]:
        """The vertices whose rules are still to run while a hook of ``node`` runs, that node included."""
        return _survey({v: [0] for v in (node, *[v for v, _ in self.ready])}, self.needed)

    def go(self) -> None:
        """Walk until nothing is ready."""
        ready, joins, free, graph = self.ready, self.joins, self.free, self.graph
        pop, push = ready.pop, ready.append
        enters = bool(ENTERED)
        usual = not (self.watch is not None or self.needed is not None or enters or USED or TIMED)
        while ready:
            node, g = pop()
            if usual and node.extra is None and g is not None:  # what follows, with all its questions answered
                if node.__class__ is Leaf:
                    self.arrive(node, g)
                    continue
                pass_on = node.function.pass_on
                if pass_on is not None and not graph:
                    pass_on(g, node, joins, push, free)
                    continue
            if enters and node.type.enter is not None:  # the rules' operators work on the thread's current device
                self.enter(node)
            parents, gs, g = self.visit(node, g)
            if not parents:
                self.arrive(node, g)
                continue
            for parent, gp in zip(parents, gs, strict=True):
                if parent in joins:
                    if enters and parent.type.enter is not None:
                        self.enter(parent)
                    meet(joins, push, parent, gp)
                elif parent is not None:
                    push((parent, gp))
            gs = gp = None  # type: ignore[assignment]  # so that a leaf may find that it alone has its gradient

    def enter(self, node: Node) -> None:
        """Make the device of a vertex the thread's current one."""
        if not self.homes:
            self.homes.append(node.type.backend.way_back())
        node.type.enter()

    def visit(self, node: Node, g: Any) -> tuple[tuple[Node | None, ...], tuple[Any, ...], Any]:
        """Run the hooks and the rules of a vertex: the parents to go to, their cotangents, and its own after hooks."""
        parents, graph = node.parents, self.graph
        if g is None:
            return parents, (None,) * len(parents), None
        extra = node.extra
        if extra is not None:
            g = _run_hooks(node, g, graph, self)
        if self.needed is not None:
            assert self.inputs is not None
            if node in self.inputs:
                self.found[node] = g
            parents = tuple([p if p in self.needed else None for p in parents])
        if parents.count(None) == len(parents):
            return parents, (None,) * len(parents), g
        function = node.function
        if self.watch is not None:
            gs = _evaluate_watched(node, g, parents, graph, self.watch)
        elif graph:
            gs = function.backward_graph(graph_namespace, g, parents, node)
        else:
            gs = _evaluate(node, g, parents)
        if extra is not None and extra.post_hooks:
            gs = _run_post_hooks(node, gs, g, graph)
        if self.free and function.saves_arrays:
            node.saved = None
        return parents, gs, g

    def arrive(self, leaf: Node, g: Any) -> None:
        """The end of a way: note or accumulate the gradient."""
        if g is None:
            return
        if self.inputs is not None:
            if leaf not in self.inputs:
                return
            self.found[leaf] = g
        if not self.accumulate or leaf.__class__ is not Leaf or leaf.frozen:
            return
        with _accumulation:
            grad = leaf.grad
            if self.graph:
                leaf.grad = g if grad is None else grad + g
            else:
                array_type = leaf.type
                kernels = array_type.kernels
                if g.__class__ is not array_type.array_class:
                    g = _array(g, leaf)
                if grad is None:
                    # A gradient that nobody else refers to is kept; any other is copied, since a later write
                    # to this grad (zero_, an optimiser) must not be seen elsewhere.
                    if not (unshared(g, handed_on=1) and kernels.owns_memory(g)):
                        g = kernels.copy(g)
                    leaf.grad = make(g, array_type)
                elif grad._node is None and grad._type is array_type:
                    release(grad)
                    kernels.write(grad._array, ..., grad._array + g)
                else:
                    leaf.grad = grad + make(g, array_type)
        if leaf.extra is not None and leaf.extra.post_hooks:
            tensor = leaf.variable
            if tensor is not None:
                for hook in tuple(leaf.extra.post_hooks.values()):
                    hook(tensor)


def meet(joins: dict[Node, list[Any]], push: Callable[[Any], None], vertex: Node, g: Any) -> None:
    """One of several edges to a vertex was walked: add what came along it. After the last one, the vertex is ready."""
    state = joins[vertex]
    if g is not None:
        before, type_ = state[1], vertex.type
        if before is None:
            state[1] = g
        elif (
            type_.few and before.__class__ is type_.array_class and before.size >= type_.few
            and type_.own.is_spare(before) and unshared(before, known=1)
        ):  # fmt: skip
            state[1] = type_.overwriting.add(before, g)
        else:
            state[1] = before + g
    if state[0] == 1:
        del joins[vertex]
        push((vertex, state[1]))
    else:
        state[0] -= 1


def _evaluate(node: Node, g: Any, wanted: tuple[Any, ...]) -> tuple[Any, ...]:
    """Run the rules of a node on raw arrays."""
    if node.type.wide is not None:
        return narrow.backward(node, g, wanted)
    return node.function.backward(node.type.kernels, g, wanted, node)


def _evaluate_watched(node: Node, g: Any, wanted: tuple[Any, ...], graph: bool, mode: Mode) -> tuple[Any, ...]:
    """Run the rules of a node in anomaly mode: say where its forward call is if they fail or give NaN."""
    before = anomaly.EVALUATING.get()
    anomaly.EVALUATING.set(node)
    try:
        if graph:
            gs = node.function.backward_graph(graph_namespace, g, wanted, node)
        else:
            gs = _evaluate(node, g, wanted)
        if mode.check_nan:
            anomaly.check(node, gs)
    except Exception as error:
        error.add_note(anomaly.explain(node))
        raise
    finally:
        anomaly.EVALUATING.set(before)
    return gs


def _survey(joins: dict[Node, list[Any]], within: Collection[Node] | None = None) -> set[Node]:
    """All vertices that those in ``joins`` were computed from, themselves included.

    To ``joins`` those are added to which more than one edge leads, and the number of edges is counted.
    """
    stack = list(joins)
    seen = set(stack)
    see, push, pop = seen.add, stack.append, stack.pop
    while stack:
        for parent in pop().parents:
            if parent in seen:
                if parent in joins:
                    joins[parent][0] += 1
                else:
                    joins[parent] = [2, None]
            elif parent is not None and (within is None or parent in within):
                see(parent)
                if parent.parents:
                    push(parent)
    return seen


def backward_order(roots: Iterable[Node]) -> list[Node]:
    """The vertices in the order in which backward from ``roots`` comes to them."""
    walk = Walk(False, False, None, False, None)
    walk.start([(root, None) for root in dict.fromkeys(roots)])
    visited = []
    while walk.ready:
        node, _ = walk.ready.pop()
        visited.append(node)
        for parent in node.parents:
            if parent is None:
                continue
            state = walk.joins.get(parent)
            if state is not None:
                state[0] -= 1
            if state is None or not state[0]:
                walk.ready.append((parent, None))
    return visited


def _are_the_ends(inputs: Collection[Node], vertices: Iterable[Node]) -> bool:
    """Whether the inputs are just the leaves: then all vertices lead to one, and there is nothing to leave out."""
    for vertex in vertices:  # noqa: SIM110 (a generator takes twice as long)
        if (vertex in inputs) is bool(vertex.parents):
            return False
    return True


def leading_to(inputs: Collection[Node], vertices: Iterable[Node]) -> set[Node]:
    """The vertices from which some input is reached, the inputs included."""
    children: dict[Node, list[Node]] = {}
    for vertex in vertices:
        for parent in vertex.parents:
            if parent is not None:
                children.setdefault(parent, []).append(vertex)
    needed = set(inputs)
    stack = list(needed)
    while stack:
        for child in children.get(stack.pop(), ()):
            if child not in needed:
                needed.add(child)
                stack.append(child)
    return needed


def as_tensor(node: Node, g: Any) -> Tensor:
    """A cotangent as a Tensor."""
    return g if isinstance(g, Tensor) else make(_array(g, node), node.type)


def _array(g: Any, node: Node) -> Any:
    """``g`` as an array: arithmetic on 0-D arrays may have made a scalar of it."""
    return g if g.__class__ is node.type.array_class else node.type.kernels.namespace.asarray(g, dtype=node.type.native)


def _run_hooks(node: Node, g: Any, graph: bool, walk: Walk) -> Any:
    extra = node.extra
    assert extra is not None
    if extra.hooks:
        outer = _WALK.get()
        _WALK.set(walk)
        try:
            for hook in tuple(extra.hooks.values()):
                result = hook(as_tensor(node, g))
                if result is not None:
                    g = _taken(result, node, graph, "a hook")
        finally:
            _WALK.set(outer)
    retained = extra.retained() if extra.retained is not None else None
    if retained is not None and retained._node is node:
        keep_gradient(retained, g, graph)
    if extra.pre_hooks:
        for pre_hook in tuple(extra.pre_hooks.values()):
            given = pre_hook(_as_tuple(node, g))
            if given is not None:
                given = given if isinstance(given, tuple) else (given,)
                if isinstance(g, Cotangents):
                    g = Cotangents({i: _raw(r, graph) for i, r in enumerate(given) if r is not None})
                else:
                    g = _taken(given[0], node, graph, "a pre-hook")
    return g


def keep_gradient(tensor: Tensor, g: Any, graph: bool) -> None:
    """Add a gradient to the ``grad`` of a tensor that is no leaf."""
    node = tensor._node
    assert node is not None
    kept = as_tensor(node, g)
    with _accumulation:
        before = tensor.__dict__.get("plain_grad")
        if before is not None:
            kept = before + kept
        elif not graph:
            kept = make(node.type.kernels.copy(kept._array), node.type)
        tensor.__dict__["plain_grad"] = kept


def _raw(value: Tensor, graph: bool) -> Any:
    return value if graph else value._array


def _as_tuple(node: Node, g: Any) -> tuple[Tensor | None, ...]:
    """The gradients of all outputs of a node as Tensors."""
    if not isinstance(g, Cotangents):
        return (as_tensor(node, g),)
    assert isinstance(node, ManyNode)
    out: list[Tensor | None] = [None] * len(node.shapes)
    for index, one in g.by_index.items():
        out[index] = one if isinstance(one, Tensor) else make(one, node.types[index])
    return tuple(out)


def _taken(value: Any, node: Node, graph: bool, who: str) -> Any:
    """What a hook returned, checked, in the terms of the walk."""
    if not isinstance(value, Tensor):
        raise TypeError(f"{who} on {node.name()} must return a Tensor or None, got {type(value).__name__}")
    if tuple(value._array.shape) != tuple(node.shape):
        raise GradientError(
            f"{who} on {node.name()} returned a gradient of shape {tuple(value.shape)}, expected {tuple(node.shape)}"
        )
    if value._type is not node.type:
        raise GradientError(f"{who} on {node.name()} returned a gradient of {value._type}, expected {node.type}")
    return _raw(value, graph)


def _run_post_hooks(node: Node, gs: tuple[Any, ...], g: Any, graph: bool) -> tuple[Any, ...]:
    assert node.extra is not None
    outputs = _as_tuple(node, g)
    for hook in tuple(node.extra.post_hooks.values()):
        inputs = tuple(
            None if gp is None or p is None or isinstance(gp, Cotangents) else as_tensor(p, gp)
            for p, gp in zip(node.parents, gs, strict=True)
        )
        result = hook(inputs, outputs)
        if result is not None:
            result = result if isinstance(result, tuple) else (result,)
            if len(result) != len(gs):
                raise GradientError(
                    f"a hook on {node.name()} has returned an incorrect number of values "
                    f"(got {len(result)}, but expected {len(gs)})"
                )
            gs = tuple(
                None if r is None or p is None else _taken(r, p, graph, "a hook after")
                for r, p in zip(result, node.parents, strict=True)
            )
    return gs


Hook = Callable[[Tensor], Tensor | None]

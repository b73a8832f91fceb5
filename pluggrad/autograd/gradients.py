"""``backward`` and ``grad``: what the user asks the engine for."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any, Literal, overload

from ..backends import ArrayType
from ..errors import DeviceError, GradientError, ShapeError
from ..tensor import GradientEdge, Leaf, Node, Tensor, make
from . import engine
from .entrances import crosses_levels, entrances
from .operands import cast, constant
from .transforms.levels import LEVELS, LevelError, depth_of, lift

Place = Tensor | GradientEdge
Places = Place | Sequence[Place]


def _tuple(value: Any) -> tuple[Any, ...]:
    if value is None or value.__class__ is Tensor or isinstance(value, (Tensor, GradientEdge)):
        return (value,)
    return tuple(value)


def _vertex(place: Any, what: str) -> Node | None:
    if isinstance(place, Tensor):
        return place._node
    if isinstance(place, GradientEdge):
        return place.vertex
    raise TypeError(f"expected Tensors or GradientEdges {what}, got {type(place).__name__}")


def _vertices(outputs: Sequence[Place]) -> list[Node]:
    return [v for o in outputs if (v := _vertex(o, "to differentiate")) is not None]


def _roots(outputs: tuple[Any, ...], gradients: tuple[Any, ...], create_graph: bool) -> list[tuple[Node, Any]]:
    """Each output's vertex with its cotangent: the given one, or 1 for a scalar."""
    if len(gradients) != len(outputs):
        raise GradientError(
            f"got {len(outputs)} tensors and {len(gradients)} gradients: give one gradient, or None, for each"
        )
    roots = []
    for i, output in enumerate(outputs):
        g = gradients[i]
        vertex = output._node if output.__class__ is Tensor else _vertex(output, "to differentiate")
        if vertex is None:
            raise GradientError(
                f"element {i} of tensors does not require grad and does not have a grad_fn: "
                "nothing it was computed from requires a gradient, or it was computed under no_grad"
            )
        if g is None:
            g = _one(vertex.shape, vertex.type)
        elif g.__class__ is not Tensor or g._type is not vertex.type or g._array.shape != vertex.shape:
            g = _checked(g, i, vertex.shape, vertex.type)
        roots.append((vertex, g if create_graph else g._array))
    return roots


def _one(shape: Any, array_type: ArrayType) -> Tensor:
    """The cotangent of a scalar by itself."""
    if shape and math.prod(shape) != 1:
        raise GradientError(
            f"grad can be implicitly created only for scalar outputs, got shape {tuple(shape)}; "
            "sum it first, or pass a gradient of that shape"
        )
    if array_type.dtype.is_complex:
        raise GradientError(f"grad can be implicitly created only for real scalar outputs but got {array_type.dtype}")
    kernels = array_type.kernels
    one = kernels.copy(constant(array_type, 1)._array)  # a copy, which a hook may write to
    return make(kernels.reshape(one, shape=tuple(shape)) if shape else one, array_type)


def _checked(g: Any, i: int, shape: Any, array_type: ArrayType) -> Tensor:
    """A cotangent that the user gave, in the type of its output."""
    if not isinstance(g, Tensor):
        raise TypeError(f"gradients can be either Tensors or None, got {type(g).__name__}")
    if g._array.shape != shape and tuple(g._array.shape) != tuple(shape):
        raise ShapeError(
            f"Mismatch in shape: grad_output[{i}] has a shape of {tuple(g.shape)} and "
            f"output[{i}] has a shape of {tuple(shape)}"
        )
    if g._type is array_type:
        return g
    if g._type.device is not array_type.device:
        if g._type.device == array_type.device:  # at another level of a transform
            if depth_of(g._type) > depth_of(array_type):
                return g
            return _checked(lift(g, array_type), i, shape, array_type)
        raise DeviceError(
            f"grad_output[{i}] is on {str(g.device)!r}, output[{i}] on {str(array_type.device)!r}; "
            f"move it, as in g.to({str(array_type.device)!r})"
        )
    if g.dtype.is_complex != array_type.dtype.is_complex:
        raise GradientError(
            "For complex Tensors, both grad_output and output are required to have the same dtype. Mismatch in dtype: "
            f"grad_output[{i}] has a dtype of {g.dtype} and output[{i}] has a dtype of {array_type.dtype}"
        )
    return cast(g, array_type.dtype)


def backward(
    tensors: Places,
    grad_tensors: Tensor | Sequence[Tensor | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Places | None = None,
) -> None:
    """Accumulate the gradients of ``tensors`` into the ``grad`` of the leaves that they were computed from.

    Parameters
    ----------
    tensors : Tensor or sequence of Tensors, any shapes; or :class:`~pluggrad.autograd.graph.GradientEdge`
    grad_tensors : a cotangent of the same shape for each; None for scalars: 1
    retain_graph : keep what was saved for a further backward; default: ``create_graph``
    create_graph : record the gradients' own computation, for higher derivatives
    inputs : accumulate into these only, be they leaves or not; default: all leaves

    Raises
    ------
    GradientError : nothing to differentiate, no gradient for a non-scalar, or a graph that was freed

    >>> import pluggrad
    >>> x = pluggrad.tensor(3.0, requires_grad=True)
    >>> pluggrad.autograd.backward(x * x)
    >>> x.grad
    tensor(6.)
    """
    outputs = _tuple(tensors)
    gradients = (None,) * len(outputs) if grad_tensors is None else _tuple(grad_tensors)
    if LEVELS.get() and _above(outputs, gradients):
        raise LevelError(
            "backward: a gradient of a vmap or of forward mode cannot be added to the grad of tensors outside of it; "
            "return the gradients, as of pluggrad.autograd.grad"
        )
    targets = None
    if LEVELS.get() and entrances(_vertices(outputs), None if inputs is None else _vertices(_tuple(inputs))):
        raise LevelError(
            "backward() called inside of a transform, from tensors of it: their gradients are of it, too, and cannot "
            "be added to the grad of tensors outside; use pluggrad.autograd.grad or pluggrad.func.grad and return them"
        )
    if inputs is not None:
        wanted = _tuple(inputs)
        if not wanted:
            raise GradientError("'inputs' argument to backward() cannot be empty.")
        vertices = [_vertex(place, "as inputs of backward()") for place in wanted]
        if None in vertices:
            raise GradientError("one of the inputs of backward() does not require grad")
        targets = set(vertices)
    found = engine.run(
        _roots(outputs, gradients, create_graph),
        retain_graph=create_graph if retain_graph is None else retain_graph,
        create_graph=create_graph,
        inputs=targets,  # type: ignore[arg-type]
    )
    if targets is not None:
        for place, vertex in zip(wanted, vertices, strict=True):
            if isinstance(place, Tensor) and vertex in found and type(vertex) is not Leaf:
                engine.keep_gradient(place, found[vertex], create_graph)


@overload
def grad(
    outputs: Any, inputs: Any, grad_outputs: Any = ..., retain_graph: bool | None = ..., create_graph: bool = ...,
    allow_unused: Literal[False] | None = ..., is_grads_batched: bool = ..., materialize_grads: bool = ...,
) -> tuple[Tensor, ...]: ...  # fmt: skip
@overload
def grad(
    outputs: Any, inputs: Any, grad_outputs: Any = ..., retain_graph: bool | None = ..., create_graph: bool = ...,
    allow_unused: bool | None = ..., is_grads_batched: bool = ..., materialize_grads: bool = ...,
) -> tuple[Tensor | None, ...]: ...  # fmt: skip
def grad(
    outputs: Places,
    inputs: Places,
    grad_outputs: Tensor | Sequence[Tensor | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> tuple[Any, ...]:
    """The gradients of ``outputs`` with respect to ``inputs``, without touching any ``grad``.

    Parameters
    ----------
    outputs, inputs : Tensor or sequence of Tensors, any shapes; or :class:`~pluggrad.autograd.graph.GradientEdge`
    grad_outputs : a cotangent for each output; None for scalars: 1
    retain_graph, create_graph : as in :func:`backward`
    allow_unused : give None for an input that the outputs do not depend on, instead of an error;
        default: ``materialize_grads``
    is_grads_batched : each of ``grad_outputs`` has one axis more, before the others: several cotangents, whose
        gradients are returned the same way
    materialize_grads : give zeros for such an input

    Returns
    -------
    tuple of Tensors, one for each input, of its shape, dtype and device

    Raises
    ------
    GradientError : as in :func:`backward`; an input that requires no gradient; an unused input

    >>> import pluggrad
    >>> x = pluggrad.tensor(2.0, requires_grad=True)
    >>> (dx,) = pluggrad.autograd.grad(x**3, x, create_graph=True)
    >>> pluggrad.autograd.grad(dx, x)
    (tensor(12.),)
    """
    if allow_unused is False and materialize_grads:
        raise ValueError("Expected allow_unused to be True or not passed when materialize_grads=True, got False")
    allow_unused = materialize_grads if allow_unused is None else allow_unused
    outputs, wanted = _tuple(outputs), _tuple(inputs)
    if not wanted:
        raise GradientError("'inputs' argument to grad() cannot be empty.")
    vertices: list[Any] = [_vertex(place, "to differentiate with respect to") for place in wanted]
    for i, vertex in enumerate(vertices):
        if vertex is None:
            raise GradientError(f"One of the differentiated Tensors does not require grad (input {i})")
    gradients = (None,) * len(outputs) if grad_outputs is None else _tuple(grad_outputs)
    retain_graph = create_graph if retain_graph is None else retain_graph
    if is_grads_batched:
        return _batched(outputs, wanted, gradients, retain_graph, create_graph, allow_unused, materialize_grads)
    ends = entrances(_vertices(outputs), vertices) if LEVELS.get() else []
    # A cotangent of a transform that the graph is not of: the rules run on Tensors, which lift what was saved.
    lifted = bool(LEVELS.get()) and _above(outputs, gradients)
    if ends and not _above(*_of_depth(outputs, gradients, depth_of(ends[0].type))):
        found: dict[Any, Any] = _from_inside(outputs, vertices, gradients, ends, retain_graph, create_graph)
    elif lifted and crosses_levels(_vertices(outputs), vertices):
        return _part_by_part(
            outputs, wanted, gradients, retain_graph=retain_graph, create_graph=create_graph,
            allow_unused=allow_unused, materialize_grads=materialize_grads,
        )  # fmt: skip
    else:
        found = engine.run(
            _roots(outputs, gradients, create_graph or lifted),
            retain_graph=retain_graph,
            create_graph=create_graph,
            inputs=set(vertices),
            accumulate=False,
            on_tensors=lifted,
        )
    results: list[Tensor | None] = []
    for i, vertex in enumerate(vertices):
        g = found.get(vertex)
        if g is not None:
            results.append(engine.as_tensor(vertex, g))
        elif materialize_grads:
            results.append(_zeros(vertex.shape, vertex.type))
        elif allow_unused:
            results.append(None)
        else:
            raise GradientError(
                f"One of the differentiated Tensors appears to not have been used in the graph (input {i}). "
                "Set allow_unused=True if this is the desired behavior."
            )
    return tuple(results)


def _zeros(shape: Any, array_type: ArrayType) -> Tensor:
    zeros = array_type.kernels.namespace.zeros
    return make(zeros(tuple(shape), dtype=array_type.native, device=array_type.native_device), array_type)


def _above(outputs: tuple[Any, ...], gradients: tuple[Any, ...]) -> bool:
    """Whether a cotangent is of a transform that its output is not of."""
    return any(
        isinstance(g, Tensor) and depth_of(g._type) > depth_of(v.type)
        for g, o in zip(gradients, outputs, strict=False)
        if (v := _vertex(o, "to differentiate")) is not None
    )


def _is_of_depth(output: Place, depth: int) -> bool:
    vertex = _vertex(output, "to differentiate")
    return vertex is not None and depth_of(vertex.type) == depth


def _of_depth(
    outputs: tuple[Any, ...], gradients: tuple[Any, ...], depth: int
) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Those outputs, and their cotangents, that are of a transform of that depth."""
    inside = [_is_of_depth(o, depth) for o in outputs]
    return tuple(itertools.compress(outputs, inside)), tuple(itertools.compress(gradients, inside))


def _from_inside(
    outputs: tuple[Any, ...], inputs: Sequence[Any], gradients: tuple[Any, ...], ends: list[Node],
    retain_graph: bool, create_graph: bool,
) -> dict[Node, Tensor]:  # fmt: skip
    """Gradients of outputs inside of a transform by inputs outside of it.

    They are of the transform, too: each member of a batch has its own, and they have tangents. So the graph inside is
    walked first, and what comes to its entrances is sent on through the graph outside.
    """
    depth = depth_of(ends[0].type)
    near = [v for v in inputs if depth_of(v.type) >= depth]
    walk = engine.run(
        _roots(*_of_depth(outputs, gradients, depth), create_graph),
        retain_graph=retain_graph, create_graph=create_graph, inputs={*ends, *near}, accumulate=False,
    )  # fmt: skip
    found = {v: engine.as_tensor(v, walk[v]) for v in near if v in walk}
    further: list[tuple[Any, Any]] = [
        (o, g) for o, g in zip(outputs, gradients, strict=True) if not _is_of_depth(o, depth)
    ]
    for v in ends:
        if v.name() == "VmapBackward0":
            raise LevelError(
                "grad: inside vmap, the function sees one member of a batched argument, and there is no gradient by "
                "the whole of it; differentiate by the argument of the function"
            )
        if v in walk and v.parents[0] is not None:
            further.append((GradientEdge(v.parents[0], 0), engine.as_tensor(v, walk[v])))
    far = [v for v in dict.fromkeys(inputs) if v not in near]
    if far:  # each by itself: some may be of the transform, and others not
        for k, (o, g) in enumerate(further):
            gs = grad(o, [GradientEdge(v, 0) for v in far], g, retain_graph or k < len(further) - 1, create_graph, True)
            found |= {v: found[v] + g if v in found else g for v, g in zip(far, gs, strict=True) if g is not None}
    return found


def _part_by_part(
    outputs: tuple[Any, ...], inputs: tuple[Any, ...], gradients: tuple[Any, ...], **options: Any
) -> tuple[Tensor | None, ...]:
    """Gradients of a graph with transforms of its own, for cotangents of a transform outside of it.

    That they are linear in the cotangents: so those of each member of a batch, and of values and tangents apart.
    """
    from .transforms.linear import apply_linearly

    return apply_linearly(lambda *gs, last: grad(
        outputs, inputs, gs, **{**options, "retain_graph": options["retain_graph"] or not last}
    ), gradients)  # fmt: skip


def _batched(
    outputs: tuple[Any, ...], inputs: tuple[Any, ...], batches: tuple[Any, ...], retain_graph: bool, *rest: bool
) -> tuple[Any, ...]:
    """The gradients for a batch of cotangents, in one walk by :func:`~.transforms.vmap`."""
    from .transforms.vmap import vmap  # it is built on this module

    shapes = [None if b is None else tuple(b._array.shape) for b in batches]
    sizes = {s[0] if s else None for s in shapes if s is not None}
    if len(sizes) != 1 or None in sizes:
        raise GradientError(
            "is_grads_batched=True: the first axis of every grad_output is the batch, of one size for all; got shapes "
            f"{[None if s is None else list(s) for s in shapes]}"
        )
    create_graph, allow_unused, materialize_grads = rest
    used: list[int] = []

    def of_one(*given: Tensor) -> tuple[Tensor, ...]:
        each = iter(given)
        found = grad(
            outputs, inputs, [None if b is None else next(each) for b in batches], retain_graph, create_graph,
            allow_unused, materialize_grads=materialize_grads,
        )  # fmt: skip
        used[:] = [i for i, g in enumerate(found) if g is not None]
        return tuple(g for g in found if g is not None)

    found = vmap(of_one)(*[b for b in batches if b is not None])
    results: list[Tensor | None] = [None] * len(inputs)
    for i, g in zip(used, found, strict=True):
        results[i] = g
    return tuple(results)

"""``backward`` and ``grad``: what the user asks the engine for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, overload

from ..errors import GradientError, ShapeError
from ..tensor import Node, Tensor, make
from . import engine
from .operands import cast


def _tuple(value: Any) -> tuple[Any, ...]:
    return (value,) if value is None or isinstance(value, Tensor) else tuple(value)


def _roots(outputs: tuple[Tensor, ...], gradients: tuple[Any, ...], create_graph: bool) -> list[tuple[Node, Any]]:
    """Each output's vertex with its cotangent: the given one, or 1 for a scalar."""
    if len(gradients) != len(outputs):
        raise GradientError(
            f"got {len(outputs)} tensors and {len(gradients)} gradients: give one gradient, or None, for each"
        )
    roots = []
    for i, (output, g) in enumerate(zip(outputs, gradients, strict=True)):
        if not isinstance(output, Tensor):
            raise TypeError(f"expected Tensors to differentiate, got {type(output).__name__} at position {i}")
        if output._node is None:
            raise GradientError(
                f"element {i} of tensors does not require grad and does not have a grad_fn: "
                "nothing it was computed from requires a gradient, or it was computed under no_grad"
            )
        if g is None:
            if output._array.shape and output.size != 1:
                raise GradientError(
                    f"grad can be implicitly created only for scalar outputs, got shape {tuple(output.shape)}; "
                    "sum it first, or pass a gradient of that shape"
                )
            if output.dtype.is_complex:
                raise GradientError(
                    f"grad can be implicitly created only for real scalar outputs but got {output.dtype}"
                )
            kernels = output._type.kernels
            g = make(kernels.namespace.ones_like(output._array), output._type)
        else:
            if not isinstance(g, Tensor):
                raise TypeError(f"gradients can be either Tensors or None, got {type(g).__name__}")
            if g._array.shape != output._array.shape:
                raise ShapeError(
                    f"Mismatch in shape: grad_output[{i}] has a shape of {tuple(g.shape)} and "
                    f"output[{i}] has a shape of {tuple(output.shape)}"
                )
            if g._type is not output._type:
                g = cast(g, output.dtype)
        roots.append((output._node, g if create_graph else g._array))
    return roots


def backward(
    tensors: Tensor | Sequence[Tensor],
    grad_tensors: Tensor | Sequence[Tensor | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Tensor | Sequence[Tensor] | None = None,
) -> None:
    """Accumulate the gradients of ``tensors`` into the ``grad`` of the leaves that they were computed from.

    Parameters
    ----------
    tensors : Tensor or sequence of Tensors, any shapes
    grad_tensors : a cotangent of the same shape for each; None for scalars: 1
    retain_graph : keep what was saved for a further backward; default: ``create_graph``
    create_graph : record the gradients' own computation, for higher derivatives
    inputs : accumulate into these only; default: all leaves

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
    targets = None
    if inputs is not None:
        wanted = _tuple(inputs)
        if not wanted:
            raise GradientError("'inputs' argument to backward() cannot be empty.")
        for tensor in wanted:
            if tensor._node is None:
                raise GradientError("one of the inputs of backward() does not require grad")
            tensor.retain_grad()
        targets = {tensor._node for tensor in wanted}
    engine.run(
        _roots(outputs, gradients, create_graph),
        retain_graph=create_graph if retain_graph is None else retain_graph,
        create_graph=create_graph,
        inputs=targets,
    )


@overload
def grad(
    outputs: Any, inputs: Any, grad_outputs: Any = ..., retain_graph: bool | None = ..., create_graph: bool = ...,
    allow_unused: Literal[False] | None = ..., *, materialize_grads: bool = ...,
) -> tuple[Tensor, ...]: ...  # fmt: skip
@overload
def grad(
    outputs: Any, inputs: Any, grad_outputs: Any = ..., retain_graph: bool | None = ..., create_graph: bool = ...,
    allow_unused: bool | None = ..., *, materialize_grads: bool = ...,
) -> tuple[Tensor | None, ...]: ...  # fmt: skip
def grad(
    outputs: Tensor | Sequence[Tensor],
    inputs: Tensor | Sequence[Tensor],
    grad_outputs: Tensor | Sequence[Tensor | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    allow_unused: bool | None = None,
    *,
    materialize_grads: bool = False,
) -> tuple[Any, ...]:
    """The gradients of ``outputs`` with respect to ``inputs``, without touching any ``grad``.

    Parameters
    ----------
    outputs, inputs : Tensor or sequence of Tensors, any shapes
    grad_outputs : a cotangent for each output; None for scalars: 1
    retain_graph, create_graph : as in :func:`backward`
    allow_unused : give None for an input that the outputs do not depend on, instead of an error;
        default: ``materialize_grads``
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
    for i, tensor in enumerate(wanted):
        if not isinstance(tensor, Tensor):
            raise TypeError(f"expected Tensors to differentiate with respect to, got {type(tensor).__name__}")
        if tensor._node is None:
            raise GradientError(f"One of the differentiated Tensors does not require grad (input {i})")
    gradients = (None,) * len(outputs) if grad_outputs is None else _tuple(grad_outputs)
    found = engine.run(
        _roots(outputs, gradients, create_graph),
        retain_graph=create_graph if retain_graph is None else retain_graph,
        create_graph=create_graph,
        inputs={tensor._node for tensor in wanted},
        accumulate=False,
    )
    results: list[Tensor | None] = []
    for i, tensor in enumerate(wanted):
        g = found.get(tensor._node)
        if g is not None:
            results.append(engine.as_tensor(tensor._node, g))
        elif materialize_grads:
            results.append(make(tensor._type.kernels.namespace.zeros_like(tensor._array), tensor._type))
        elif allow_unused:
            results.append(None)
        else:
            raise GradientError(
                f"One of the differentiated Tensors appears to not have been used in the graph (input {i}). "
                "Set allow_unused=True if this is the desired behavior."
            )
    return tuple(results)

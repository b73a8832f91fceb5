"""Graph, copies and Python scalars: ``backward``, ``detach``, ``clone``, ``item``, ``tolist``, ``numpy``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..autograd import gradients, hooks
from ..autograd.inplace import assign
from ..errors import GradientError
from ..ops import creation, views
from ..tensor import Tensor, make
from ..tensor.memory import link_alias
from .attach import method


@method()
def backward(
    self: Tensor,
    gradient: Tensor | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Tensor | Sequence[Tensor] | None = None,
) -> None:
    """Accumulate the gradients of this tensor into the ``grad`` of the leaves; see :func:`pluggrad.autograd.backward`.

    >>> import pluggrad
    >>> x = pluggrad.tensor(3.0, requires_grad=True)
    >>> (x * x).backward()
    >>> x.grad
    tensor(6.)
    """
    gradients.backward(self, gradient, retain_graph, create_graph, inputs)


@method()
def detach(self: Tensor) -> Tensor:
    """A tensor over the same memory, outside the graph."""
    out = make(self._array, self._type)
    link_alias(self, out)
    return out


@method()
def detach_(self: Tensor) -> Tensor:
    """Take this tensor out of the graph that computed it, in place."""
    if self._view is not None and self._view.path:
        raise GradientError("Can't detach views in-place. Use detach() instead.")
    self._set_node(None)
    return self


@method()
def requires_grad_(self: Tensor, requires_grad: bool = True) -> Tensor:
    """Set ``requires_grad`` of a leaf and return it."""
    self.requires_grad = requires_grad
    return self


@method()
def clone(self: Tensor, *, memory_format: Any = None) -> Tensor:
    """A copy with memory of its own, in the graph."""
    return creation._copy(self)


@method()
def register_hook(self: Tensor, hook: Callable[[Tensor], Tensor | None]) -> hooks.RemovableHandle:
    """Call ``hook(grad)`` when the gradient of this tensor is computed; what it returns replaces it."""
    return hooks.register_hook(self, hook)


@method()
def register_post_accumulate_grad_hook(self: Tensor, hook: Callable[[Tensor], None]) -> hooks.RemovableHandle:
    """Call ``hook(tensor)`` when a gradient has been accumulated into this leaf's ``grad``."""
    return hooks.register_post_accumulate_grad_hook(self, hook)


@method()
def tolist(self: Tensor) -> Any:
    """Nested lists of Python scalars; a scalar for a 0-D tensor."""
    return self._type.kernels.tolist(self._array)


@method()
def item(self: Tensor) -> Any:
    """The one element, as a Python scalar.

    Raises
    ------
    RuntimeError : more or fewer than one element
    """
    if self.size != 1:
        raise RuntimeError(f"a Tensor with {self.size} elements cannot be converted to Scalar")
    kernels = self._type.kernels
    array = self._array
    return kernels.tolist(kernels.namespace.reshape(array, ()) if array.ndim else array)


@method()
def view(self: Tensor, *shape: Any) -> Tensor:
    """This tensor in another shape, sharing its memory; see :func:`pluggrad.ops.views.view`."""
    return views.view(self, *shape)


@method()
def stride(self: Tensor, dim: int | None = None) -> Any:
    """Steps between neighbours along each axis (or one), in elements."""
    strides = self._type.kernels.strides(self._array)
    return strides if dim is None else strides[dim]


@method()
def copy_(self: Tensor, src: Tensor, non_blocking: bool = False) -> Tensor:
    """Write the values of ``src``, broadcast, cast and moved to this tensor's shape, dtype and device, into this tensor."""
    value = creation.asarray(src, dtype=self.dtype, device=self.device)
    return assign(self, views.broadcast_to(value, self.shape))
